internal import TrawlJSON
internal import TrawlQuery

/// `avg`, `sum`, `min`, `max`, `value_count`, `stats`, `extended_stats`.
final class StatsAggregator: Aggregator {
    private let metric: MetricAggregation
    private let values: BoundValues
    private let sums: Bool
    private let extremes: Bool
    private let squares: Bool
    private var numbers = SegmentNumbers(column: nil, decoding: .same, missing: nil)
    private var ordinals: SegmentOrdinals?

    private var count: [Int] = []
    private var sum: [ExactSum] = []
    private var squareSum: [ExactSum] = []
    /// As keys.
    private var least: [Int64] = []
    private var greatest: [Int64] = []

    init(
        _ request: Aggregation, _ metric: MetricAggregation, _ context: AggregationContext
    ) throws {
        self.metric = metric
        let countsOnly = metric.measure == .valueCount
        values = try context.values.bind(
            metric.values, for: metric.measure.rawValue,
            fallback: countsOnly ? .text : .double
        ) { countsOnly || $0.isNumber }
        sums = ![.valueCount, .min, .max].contains(metric.measure)
        extremes = [.min, .max, .stats, .extendedStats].contains(metric.measure)
        squares = metric.measure == .extendedStats
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        if values.kind.isNumber {
            numbers = values.numbers(in: segment)
        } else {
            ordinals = values.ordinals(in: segment)
        }
    }

    private func grow(to bucketCount: Int) throws {
        let more = bucketCount - count.count
        if more <= 0 { return }
        count.append(contentsOf: repeatElement(0, count: more))
        if sums { sum.append(contentsOf: repeatElement(ExactSum(), count: more)) }
        if squares { squareSum.append(contentsOf: repeatElement(ExactSum(), count: more)) }
        if extremes {
            least.append(contentsOf: repeatElement(.max, count: more))
            greatest.append(contentsOf: repeatElement(.min, count: more))
        }
        try account(
            count.capacity * 8 + (sum.capacity + squareSum.capacity) * 80 + least.capacity * 16)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try grow(to: bucketCount)
        if let ordinals {
            ordinals.forEach(block) { place, _ in count[Int(block.buckets[place])] += 1 }
        } else if bucketCount == 1 {
            collectAll(block)
        } else {
            numbers.forEach(block) { place, key in add(key, to: Int(block.buckets[place])) }
        }
    }

    private static let exactLimit = Int64(1) << 53

    @inline(__always)
    private func add(_ key: Int64, to bucket: Int) {
        count[bucket] += 1
        if extremes {
            if key < least[bucket] { least[bucket] = key }
            if key > greatest[bucket] { greatest[bucket] = key }
        }
        if sums {
            let isWhole: Bool =
                switch values.kind {
                case .long, .boolean, .date: key.magnitude <= UInt64(Self.exactLimit)
                default: false
                }
            if isWhole {
                sum[bucket].add(integer: key)
            } else {
                sum[bucket].add(values.kind.double(of: key))
            }
            if squares {
                let value = values.kind.double(of: key)
                squareSum[bucket].add(value * value)
            }
        }
    }

    /// One bucket: everything stays in registers.
    private func collectAll(_ block: DocBlock) {
        let kind = values.kind
        var added = 0
        var low = least.first ?? .max
        var high = greatest.first ?? .min
        var total = sum.first ?? ExactSum()
        var squareTotal = squareSum.first ?? ExactSum()
        let isWhole = kind == .long || kind == .boolean || kind == .date
        numbers.forEach(block) { _, key in
            added += 1
            low = min(low, key)
            high = max(high, key)
            if sums {
                if isWhole, key.magnitude <= UInt64(Self.exactLimit) {
                    total.add(integer: key)
                } else {
                    total.add(kind.double(of: key))
                }
                if squares {
                    let value = kind.double(of: key)
                    squareTotal.add(value * value)
                }
            }
        }
        count[0] += added
        if extremes {
            least[0] = low
            greatest[0] = high
        }
        if sums { sum[0] = total }
        if squares { squareSum[0] = squareTotal }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        var partial = StatsPartial(display: values.display, isUnmapped: values.isUnmapped)
        guard bucket >= 0, bucket < count.count, count[bucket] > 0 else { return partial }
        partial.count = count[bucket]
        if sums { partial.sum = sum[bucket] }
        if squares { partial.squares = squareSum[bucket] }
        if extremes {
            partial.least = values.kind.double(of: least[bucket])
            partial.greatest = values.kind.double(of: greatest[bucket])
        }
        return partial
    }
}

struct StatsPartial: PartialAggregation {
    var display: ValueDisplay
    var isUnmapped: Bool
    var count = 0
    var sum = ExactSum()
    var squares = ExactSum()
    var least = Double.infinity
    var greatest = -Double.infinity

    mutating func merge(_ other: StatsPartial, _ reduction: Reduction) throws {
        count += other.count
        sum.add(other.sum)
        squares.add(other.squares)
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .metric(let metric) = request.kind else {
            preconditionFailure("[\(request.name)] is no metric")
        }
        let sum = sum.value
        let content: ValuesContent
        switch metric.measure {
        case .avg: content = ValuesContent(count == 0 ? nil : sum / Double(count), display)
        case .sum: content = ValuesContent(sum, display)
        case .min: content = ValuesContent(count == 0 ? nil : least, display)
        case .max: content = ValuesContent(count == 0 ? nil : greatest, display)
        case .valueCount:
            content = ValuesContent(
                body: ["value": JSONValue(count)], properties: [("value", Double(count))])
        case .stats:
            content = Stats(
                count: count, sum: sum, least: least, greatest: greatest, squares: 0
            ).content(display)
        case .extendedStats:
            content = Stats(
                count: count, sum: sum, least: least, greatest: greatest, squares: squares.value
            ).extendedContent(display, sigma: metric.sigma)
        }
        return AggregationResult(metric.measure.rawValue, .values(content))
    }
}
