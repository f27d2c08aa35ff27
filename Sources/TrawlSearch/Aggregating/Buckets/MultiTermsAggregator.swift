internal import TrawlBytes
internal import TrawlQuery
internal import TrawlSegment

/// `multi_terms`: one bucket for each combination of values.
final class MultiTermsAggregator: TermsCollector {
    private let sources: [BoundValues]
    private var tuples = TupleInterner()
    private var readers: [TupleReader] = []

    init(
        _ request: Aggregation, _ sources: [BoundValues], options: TermsOptions,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        self.sources = sources
        try super.init(request, context, children: children, options: options)
    }

    override func begin(_ segment: SegmentContext) throws {
        readers = sources.map { TupleReader($0, segment) }
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try sort(block, besides: tuples.memoryByteCount) { sorter in
            for place in block.places {
                let parts = readers.map { $0.keys(of: block.doc(place)) }
                if parts.contains(where: \.isEmpty) { continue }
                tuples.forEachCombination(of: parts) { sorter.put(block, place, key: Int64($0)) }
            }
        }
    }

    override func key(of bucket: Int) -> BucketKey {
        .tuple(tuples.keys[Int(key(at: bucket))])
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        let isUnmapped = sources.contains(where: \.isUnmapped)
        return try termsPartial(
            of: bucket, kind: isUnmapped ? nil : .text, display: sources.map(\.display),
            tupleKinds: sources.map(\.kind))
    }
}

/// The values of one source of a tuple in one segment.
struct TupleReader {
    private let kind: ValueKind
    private let numbers: SegmentNumbers
    private let ordinals: SegmentOrdinals

    init(_ values: BoundValues, _ segment: SegmentContext) {
        kind = values.kind
        numbers = values.numbers(in: segment)
        ordinals = values.ordinals(in: segment)
    }

    /// Each once, ascending.
    func keys(of doc: Int) -> [BucketKey] {
        if kind.isNumber {
            var last: Int64?
            return numbers.keys(of: doc).compactMap { key in
                if key == last { return nil }
                last = key
                return .number(key)
            }
        }
        return ordinals.ordinals(of: doc).map { .bytes(ordinals.bytes(at: $0)) }
    }
}

/// Gives every tuple a number, in order of appearance.
struct TupleInterner {
    private(set) var keys: [[BucketKey]] = []
    private var numbers: [[BucketKey]: Int] = [:]

    var memoryByteCount: Int { keys.count * 160 }

    mutating func number(of tuple: [BucketKey]) -> Int {
        if let known = numbers[tuple] { return known }
        numbers[tuple] = keys.count
        keys.append(tuple)
        return keys.count - 1
    }

    /// Calls back with the number of every tuple that takes one key of each part.
    mutating func forEachCombination(of parts: [[BucketKey]], _ body: (Int) -> Void) {
        var places = [Int](repeating: 0, count: parts.count)
        while true {
            body(number(of: parts.indices.map { parts[$0][places[$0]] }))
            var turn = parts.count - 1
            while turn >= 0 {
                places[turn] += 1
                if places[turn] < parts[turn].count { break }
                places[turn] = 0
                turn -= 1
            }
            if turn < 0 { return }
        }
    }
}
