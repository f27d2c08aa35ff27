internal import TrawlJSON
internal import TrawlQuery

/// `avg`, `sum`, `min`, `max`, `value_count`, `stats`, `extended_stats`.
final class StatsAggregator: Aggregator {
    private let metric: MetricAggregation
    private let values: BoundValues
    private var numbers = SegmentNumbers(column: nil, decoding: .same, missing: nil)
    private var ordinals: SegmentOrdinals?

    private var sums: StatsSums

    init(
        _ request: Aggregation, _ metric: MetricAggregation, _ context: AggregationContext
    ) throws {
        self.metric = metric
        let countsOnly = metric.measure == .valueCount
        values = try context.values.bind(
            metric.values, for: metric.measure.rawValue,
            fallback: countsOnly ? .text : .double
        ) { countsOnly || $0.isNumber }
        sums = StatsSums(metric.measure, values.kind)
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        if values.kind.isNumber {
            numbers = values.numbers(in: segment)
        } else {
            ordinals = values.ordinals(in: segment)
        }
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        if sums.count.count < bucketCount {
            sums.grow(to: bucketCount)
            try account(sums.memoryByteCount)
        }
        if let ordinals {
            change(&sums) { sums in
                ordinals.forEach(block) { place, _ in sums.count[block.bucket(place)] += 1 }
            }
        } else if bucketCount == 1 {
            change(&sums) { $0.addAll(numbers, block) }
        } else {
            change(&sums) { sums in
                numbers.forEach(block) { place, key in sums.add(key, to: block.bucket(place)) }
            }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        var partial = StatsPartial(display: values.display, isUnmapped: values.isUnmapped)
        if bucket >= 0, bucket < sums.count.count, sums.count[bucket] > 0 {
            sums.read(bucket, into: &partial)
        }
        return partial
    }
}

/// Counts, sums and extremes by bucket: what the inner loops change.
private struct StatsSums {
    private let kind: ValueKind
    private let wantsSum: Bool
    private let wantsExtremes: Bool
    private let wantsSquares: Bool
    /// Keys are whole numbers as they are.
    private let isWhole: Bool
    var count: [Int] = []
    private var sum: [ExactSum] = []
    private var squares: [ExactSum] = []
    /// As keys.
    private var least: [Int64] = []
    private var greatest: [Int64] = []

    init(_ measure: MetricAggregation.Measure, _ kind: ValueKind) {
        self.kind = kind
        wantsSum = ![.valueCount, .min, .max].contains(measure)
        wantsExtremes = [.min, .max, .stats, .extendedStats].contains(measure)
        wantsSquares = measure == .extendedStats
        isWhole = kind == .long || kind == .boolean || kind == .date
    }

    var memoryByteCount: Int {
        count.capacity * 8 + (sum.capacity + squares.capacity) * MemoryLayout<ExactSum>.stride
            + least.capacity * 16
    }

    mutating func grow(to bucketCount: Int) {
        let more = bucketCount - count.count
        count.append(contentsOf: repeatElement(0, count: more))
        if wantsSum { sum.append(contentsOf: repeatElement(ExactSum(), count: more)) }
        if wantsSquares { squares.append(contentsOf: repeatElement(ExactSum(), count: more)) }
        if wantsExtremes {
            least.append(contentsOf: repeatElement(.max, count: more))
            greatest.append(contentsOf: repeatElement(.min, count: more))
        }
    }

    /// Beyond it doubles do not hold every whole number.
    private static let exactLimit = UInt64(1) << 53

    @inline(__always)
    private func add(_ key: Int64, to sum: inout ExactSum) {
        if isWhole, key.magnitude <= Self.exactLimit {
            sum.add(integer: key)
        } else {
            sum.add(kind.double(of: key))
        }
    }

    @inline(__always)
    mutating func add(_ key: Int64, to bucket: Int) {
        count[bucket] &+= 1
        if wantsExtremes {
            if key < least[bucket] { least[bucket] = key }
            if key > greatest[bucket] { greatest[bucket] = key }
        }
        guard wantsSum else { return }
        add(key, to: &sum[bucket])
        if wantsSquares {
            let value = kind.double(of: key)
            squares[bucket].add(value * value)
        }
    }

    /// All for one bucket: everything stays in registers.
    mutating func addAll(_ numbers: SegmentNumbers, _ block: DocBlock) {
        var added = 0
        var low = Int64.max
        var high = Int64.min
        var total = wantsSum ? sum[0] : ExactSum()
        if !wantsSum {
            numbers.forEach(block) { _, key in
                added &+= 1
                low = min(low, key)
                high = max(high, key)
            }
        } else {
            numbers.forEach(block) { _, key in
                added &+= 1
                low = min(low, key)
                high = max(high, key)
                add(key, to: &total)
            }
            sum[0] = total
        }
        if wantsSquares {
            var total = squares[0]
            numbers.forEach(block) { _, key in
                let value = kind.double(of: key)
                total.add(value * value)
            }
            squares[0] = total
        }
        count[0] += added
        if wantsExtremes {
            least[0] = min(least[0], low)
            greatest[0] = max(greatest[0], high)
        }
    }

    func read(_ bucket: Int, into partial: inout StatsPartial) {
        partial.count = count[bucket]
        if wantsSum { partial.sum = sum[bucket] }
        if wantsSquares { partial.squares = squares[bucket] }
        if wantsExtremes {
            partial.least = kind.double(of: least[bucket])
            partial.greatest = kind.double(of: greatest[bucket])
        }
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
