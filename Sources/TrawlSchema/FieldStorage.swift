/// How a field's values are kept in a segment. All that the floors below the mapping know of a
/// field type: a segment stores by this and never by the type's name.
package struct FieldStorage: Sendable, Hashable {
    /// What an inverted list keeps of each occurrence. Each case keeps what the one before does.
    package enum Postings: UInt8, Sendable, Comparable, CaseIterable {
        case none, documents, frequencies, positions, offsets

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// A column: values by document, for sorting, aggregating, ranges and `exists`.
    package enum Column: UInt8, Sendable, CaseIterable {
        case none
        /// 64-bit integers whose signed order is the order of the values (see `SortableNumber`).
        case number
        /// Byte strings, kept as ordinals over a sorted dictionary.
        case bytes
    }

    package var postings: Postings
    /// Lengths, one byte a document as Lucene keeps them, and exactly.
    package var norms: Bool
    package var column: Column
    /// Values of a number column sorted with their documents, for range queries.
    package var points: Bool

    package init(
        postings: Postings = .none, norms: Bool = false, column: Column = .none,
        points: Bool = false
    ) {
        self.postings = postings
        self.norms = norms
        self.column = column
        self.points = points
    }

    package static let text = FieldStorage(postings: .positions, norms: true)
    package static let keyword = FieldStorage(postings: .documents, column: .bytes)
    package static let number = FieldStorage(column: .number, points: true)
}

/// A field's place in the list of fields of its index. Given in order of appearance and never
/// used again for another field; a segment keeps names, so it only matters in memory.
package struct FieldNumber: Hashable, Sendable, Comparable {
    package var value: Int32

    package init(_ value: Int) { self.value = Int32(value) }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Numbers as 64-bit integers whose signed order is the order of the numbers.
package enum SortableNumber {
    /// Order of the result: -infinity, negative, -0, 0, positive, infinity, NaN.
    @inlinable package static func encode(_ value: Double) -> Int64 {
        let bits = Int64(bitPattern: value.bitPattern)
        return bits ^ ((bits >> 63) & Int64.max)
    }

    @inlinable package static func decodeDouble(_ value: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: value ^ ((value >> 63) & Int64.max)))
    }

    @inlinable package static func encode(_ value: Float) -> Int64 {
        let bits = Int32(bitPattern: value.bitPattern)
        return Int64(bits ^ ((bits >> 31) & Int32.max))
    }

    @inlinable package static func decodeFloat(_ value: Int64) -> Float {
        let bits = Int32(truncatingIfNeeded: value)
        return Float(bitPattern: UInt32(bitPattern: bits ^ ((bits >> 31) & Int32.max)))
    }

    /// `unsigned_long`: the sign bit flipped.
    @inlinable package static func encode(unsigned value: UInt64) -> Int64 {
        Int64(bitPattern: value ^ (1 << 63))
    }

    @inlinable package static func decodeUnsigned(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value) ^ (1 << 63)
    }
}
