internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// A source of values under a mapping: which column, what its values are, what stands in for
/// those that are missing.
struct BoundValues: Sendable {
    /// Nil when the mapping has no such field.
    var field: String?
    var kind: ValueKind
    var decoding = NumberDecoding.same
    var display = ValueDisplay.raw
    var missingKey: Int64?
    var missingBytes: [UInt8]?

    /// Neither a field nor anything in its place: no document has a value.
    var isUnmapped: Bool { field == nil && missingKey == nil && missingBytes == nil }

    func numbers(in segment: SegmentContext) -> SegmentNumbers {
        SegmentNumbers(
            column: field.flatMap { segment.view.field($0)?.numbers }, decoding: decoding,
            missing: missingKey)
    }

    func ordinals(in segment: SegmentContext) -> SegmentOrdinals {
        SegmentOrdinals(
            column: field.flatMap { segment.view.field($0)?.bytes }, missing: missingBytes)
    }
}

/// The numbers of the documents of one segment, as keys.
struct SegmentNumbers {
    let column: NumberColumn?
    let decoding: NumberDecoding
    let missing: Int64?

    /// Calls back with each value of each document of a block, those of one in ascending order.
    @inline(__always)
    func forEach(_ block: DocBlock, _ body: (_ place: Int, _ key: Int64) -> Void) {
        guard let column else {
            if let missing { for place in block.docs.indices { body(place, missing) } }
            return
        }
        let docs = block.docs
        if column.isDense {
            let numbers = column.numbers
            for place in docs.indices {
                body(place, decoding.key(numbers.value(at: Int(docs[place]))))
            }
            return
        }
        for place in docs.indices {
            let range = column.range(of: Int(docs[place]))
            if range.isEmpty, let missing { body(place, missing) }
            for at in range { body(place, decoding.key(column.numbers.value(at: at))) }
        }
    }

    /// The keys of one document.
    func keys(of doc: Int) -> [Int64] {
        var keys = column?.values(of: doc).map { decoding.key($0) } ?? []
        if keys.isEmpty, let missing { keys = [missing] }
        return keys
    }

    func hasValue(_ doc: Int) -> Bool { missing != nil || (column?.hasValue(doc) ?? false) }
}

/// The byte strings of the documents of one segment, as ordinals of its dictionary. What stands
/// in for missing ones comes behind the last.
struct SegmentOrdinals {
    let column: BytesColumn?
    let missing: [UInt8]?

    var missingOrdinal: Int { column?.dictionary.count ?? 0 }
    var count: Int { missingOrdinal + (missing == nil ? 0 : 1) }

    func bytes(at ordinal: Int) -> [UInt8] {
        if let column, ordinal < column.dictionary.count { return column.bytes(at: ordinal) }
        return missing ?? []
    }

    @inline(__always)
    func forEach(_ block: DocBlock, _ body: (_ place: Int, _ ordinal: Int) -> Void) {
        let docs = block.docs
        guard let column else {
            if missing != nil { for place in docs.indices { body(place, 0) } }
            return
        }
        let limit = column.dictionary.count - 1
        let ordinals = column.ordinals
        if ordinals.isDense {
            let numbers = ordinals.numbers
            for place in docs.indices {
                body(place, max(0, min(Int(numbers.value(at: Int(docs[place]))), limit)))
            }
            return
        }
        for place in docs.indices {
            let range = ordinals.range(of: Int(docs[place]))
            if range.isEmpty, missing != nil { body(place, missingOrdinal) }
            for at in range { body(place, column.ordinal(at: at)) }
        }
    }

    func ordinals(of doc: Int) -> [Int] {
        let found = column?.ordinals.range(of: doc).map { column?.ordinal(at: $0) ?? 0 } ?? []
        return found.isEmpty && missing != nil ? [missingOrdinal] : found
    }

    func hasValue(_ doc: Int) -> Bool { missing != nil || (column?.hasValue(doc) ?? false) }
}
