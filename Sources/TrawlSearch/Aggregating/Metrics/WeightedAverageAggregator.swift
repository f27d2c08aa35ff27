internal import TrawlQuery

/// `weighted_avg`.
final class WeightedAverageAggregator: Aggregator {
    private let value: BoundValues
    private let weight: BoundValues
    private let display: ValueDisplay
    private var values = SegmentNumbers.none
    private var weights = SegmentNumbers.none
    private var sums: [ExactSum] = []
    private var weightSums: [ExactSum] = []

    init(
        _ request: Aggregation, _ average: WeightedAverageAggregation,
        _ context: AggregationContext
    ) throws {
        var source = average.value
        source.format = average.format ?? source.format
        value = try context.values.bind(source, for: "weighted_avg", fallback: .double) {
            $0.isNumber
        }
        weight = try context.values.bind(
            average.weight, for: "weighted_avg", fallback: .double
        ) { $0.isNumber }
        display = value.display
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        values = value.numbers(in: segment)
        weights = weight.numbers(in: segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        let more = bucketCount - sums.count
        if more > 0 {
            sums.append(contentsOf: repeatElement(ExactSum(), count: more))
            weightSums.append(contentsOf: repeatElement(ExactSum(), count: more))
            try account(sums.capacity * 160)
        }
        for place in block.places {
            let doc = block.doc(place)
            let own = values.keys(of: doc)
            if own.isEmpty { continue }
            let weights = weights.keys(of: doc)
            guard let key = weights.first else { continue }
            if weights.count > 1 {
                throw QueryError(
                    type: "aggregation_execution_exception",
                    reason: "Encountered more than one weight for a single document. Use a script "
                        + "to combine multiple weights-per-doc into a single value.")
            }
            let weight = weight.kind.double(of: key)
            let bucket = block.bucket(place)
            for key in own {
                sums[bucket].add(value.kind.double(of: key) * weight)
                weightSums[bucket].add(weight)
            }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        var partial = WeightedAveragePartial(
            display: display, isUnmapped: value.isUnmapped || weight.isUnmapped)
        if bucket >= 0, bucket < sums.count {
            partial.sum = sums[bucket]
            partial.weight = weightSums[bucket]
        }
        return partial
    }
}

struct WeightedAveragePartial: PartialAggregation {
    var sum = ExactSum()
    var weight = ExactSum()
    var display: ValueDisplay
    var isUnmapped: Bool

    init(display: ValueDisplay, isUnmapped: Bool) {
        self.display = display
        self.isUnmapped = isUnmapped
    }

    mutating func merge(_ other: WeightedAveragePartial, _ reduction: Reduction) throws {
        sum.add(other.sum)
        weight.add(other.weight)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        let total = weight.value
        return AggregationResult(
            "weighted_avg",
            .values(ValuesContent(total == 0 ? nil : sum.value / total, display)))
    }
}
