/// Names a segment of one shard: a number that only grows, and that no other segment of the
/// shard ever had.
package struct SegmentID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) { self.number = number }

    /// The segment of this one's nested documents; see `NestedFormat`. Has no other number, so
    /// that nothing but the segment itself needs to know of it.
    package var nested: SegmentID { SegmentID(number | Self.nestedBit) }
    package var isNested: Bool { number & Self.nestedBit != 0 }
    /// The segment whose nested documents this one has, or itself.
    package var root: SegmentID { SegmentID(number & ~Self.nestedBit) }

    private static let nestedBit: UInt64 = 1 << 63

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// Eight digits, so that a directory lists its segments in order; an `n` before them for
    /// nested documents.
    package var description: String {
        let digits = String(root.number)
        return (isNested ? "n" : "") + String(repeating: "0", count: max(0, 8 - digits.utf8.count))
            + digits
    }
}
