internal import TrawlBytes
internal import TrawlJSON
internal import TrawlQuery

/// `cardinality`.
final class CardinalityAggregator: Aggregator {
    private let values: BoundValues
    private let threshold: Int
    private var numbers = SegmentNumbers.none
    private var ordinals = SegmentOrdinals.none
    private var counters: [DistinctCounter] = []
    /// Hashes of the segment's strings, each computed when it is first met.
    private var hashes: [UInt64] = []
    /// Which strings of the segment the one bucket has.
    private var seen: [Bool] = []

    init(
        _ request: Aggregation, _ cardinality: CardinalityAggregation,
        _ context: AggregationContext
    ) throws {
        values = try context.values.bind(
            cardinality.values, for: "cardinality", fallback: .text)
        threshold = cardinality.precisionThreshold
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        if values.kind.isNumber {
            numbers = values.numbers(in: segment)
        } else {
            ordinals = values.ordinals(in: segment)
            hashes = [UInt64](repeating: 0, count: ordinals.count)
            seen = [Bool](repeating: false, count: ordinals.count)
        }
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while counters.count < bucketCount {
            counters.append(DistinctCounter(threshold: threshold))
        }
        if values.kind.isNumber {
            change(&counters) { counters in
                numbers.forEach(block) { place, key in
                    counters[block.bucket(place)].insert(DistinctCounter.hash(key))
                }
            }
        } else if bucketCount == 1 {
            unsafe seen.withUnsafeMutableBufferPointer { seen in
                // Copies, which stay in registers.
                let (flags, limit) = unsafe (
                    UnsafeMutableBufferPointer(rebasing: seen[...]), seen.count
                )
                let isDone: Void? = unsafe ordinals.withOrdinals(block) { ordinals in
                    for at in ordinals.indices {
                        let ordinal = unsafe SegmentOrdinals.clamped(ordinals[at], below: limit)
                        unsafe flags[ordinal] = true
                    }
                }
                if isDone != nil { return }
                // Ordinals are below `count`.
                ordinals.forEach(block) { _, ordinal in unsafe seen[ordinal] = true }
            }
        } else {
            ordinals.forEach(block) { place, ordinal in
                counters[block.bucket(place)].insert(hash(of: ordinal))
            }
        }
        try account(
            hashes.count * 9 + counters.count * 64
                + (counters.count < 1024
                    ? counters.reduce(0) { $0 + $1.memoryByteCount } : counters.count * 128))
    }

    private func hash(of ordinal: Int) -> UInt64 {
        if hashes[ordinal] == 0 {
            let bytes = ordinals.bytes(at: ordinal)
            hashes[ordinal] = max(
                1, unsafe bytes.withUnsafeBytes { unsafe StableHash.hash64($0) })
        }
        return hashes[ordinal]
    }

    override func end(_ segment: SegmentContext) throws {
        guard !values.kind.isNumber, !counters.isEmpty else { return }
        for ordinal in seen.indices where seen[ordinal] { counters[0].insert(hash(of: ordinal)) }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        CardinalityPartial(
            counter: bucket >= 0 && bucket < counters.count
                ? counters[bucket] : DistinctCounter(threshold: threshold),
            isUnmapped: values.isUnmapped)
    }
}

struct CardinalityPartial: PartialAggregation {
    var counter: DistinctCounter
    var isUnmapped: Bool

    mutating func merge(_ other: CardinalityPartial, _ reduction: Reduction) throws {
        counter.merge(other.counter)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        let count = counter.count
        return AggregationResult(
            "cardinality",
            .values(
                ValuesContent(
                    body: ["value": JSONValue(count)], properties: [("value", Double(count))])))
    }
}
