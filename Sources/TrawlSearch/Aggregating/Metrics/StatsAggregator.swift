internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

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
            sums.begin(keys: numbers.keys)
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
                if block.hasBuckets {
                    let isDone: Void? = unsafe numbers.withKeys(block) { keys in
                        unsafe block.withBuckets { unsafe sums.addEach(keys, to: $0) }
                    }
                    if isDone != nil { return }
                }
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

    /// A segment begins, all keys of which are in a range.
    mutating func begin(keys: ClosedRange<Int64>?) {
        top = nil
        sumsWindows = false
        guard let keys else { return }
        if isWhole {
            // 4,096 of them fit 64 bits.
            sumsWindows =
                keys.lowerBound.magnitude < 1 << 50 && keys.upperBound.magnitude < 1 << 50
        } else if kind == .double {
            let greatest = max(
                kind.double(of: keys.lowerBound).magnitude,
                kind.double(of: keys.upperBound).magnitude)
            if greatest.isFinite { top = greatest == 0 ? 0 : Int32(greatest.exponent + 1) }
        }
    }

    /// The highest power of two that no value of the segment reaches.
    private var top: Int32?
    /// Whether the whole numbers of a window add up within 64 bits.
    private var sumsWindows = false

    @inline(__always)
    private static func add(
        _ key: Int64, to sum: inout ExactSum, _ kind: ValueKind, _ isWhole: Bool
    ) {
        if isWhole, key.magnitude <= exactLimit {
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
        // Not by a method of `self`, which would hold the arrays a second time.
        Self.add(key, to: &sum[bucket], kind, isWhole)
        if wantsSquares {
            let value = kind.double(of: key)
            squares[bucket].add(value * value)
        }
    }

    /// Each key to the bucket beside it.
    mutating func addEach(
        _ keys: UnsafeBufferPointer<Int64>, to buckets: UnsafeBufferPointer<Int32>
    ) {
        let (kind, isWhole) = (kind, isWhole)
        unsafe count.withUnsafeMutableBufferPointer { count in
            for at in buckets.indices {
                let bucket = unsafe buckets[at]
                unsafe count[Int(bucket)] &+= 1
            }
        }
        if wantsExtremes {
            unsafe least.withUnsafeMutableBufferPointer { least in
                for at in keys.indices {
                    let bucket = unsafe Int(buckets[at])
                    unsafe least[bucket] = min(least[bucket], keys[at])
                }
            }
            unsafe greatest.withUnsafeMutableBufferPointer { greatest in
                for at in keys.indices {
                    let bucket = unsafe Int(buckets[at])
                    unsafe greatest[bucket] = max(greatest[bucket], keys[at])
                }
            }
        }
        if wantsSum {
            unsafe sum.withUnsafeMutableBufferPointer { sum in
                for at in keys.indices {
                    unsafe Self.add(keys[at], to: &sum[Int(buckets[at])], kind, isWhole)
                }
            }
        }
        if wantsSquares {
            unsafe squares.withUnsafeMutableBufferPointer { squares in
                for at in keys.indices {
                    let value = unsafe kind.double(of: keys[at])
                    unsafe squares[Int(buckets[at])].add(value * value)
                }
            }
        }
    }

    /// All for one bucket: everything stays in registers.
    mutating func addAll(_ numbers: SegmentNumbers, _ block: DocBlock) {
        let isDone = unsafe numbers.withKeys(block) { unsafe addWindow($0) } ?? false
        if !isDone {
            var added = 0
            var low = Int64.max
            var high = Int64.min
            var total = wantsSum ? sum[0] : ExactSum()
            let (kind, isWhole, wantsSum) = (kind, isWhole, wantsSum)
            numbers.forEach(block) { _, key in
                added &+= 1
                low = min(low, key)
                high = max(high, key)
                if wantsSum { Self.add(key, to: &total, kind, isWhole) }
            }
            if wantsSum { sum[0] = total }
            note(added, low, high)
        }
        if wantsSquares {
            var total = squares[0]
            numbers.forEach(block) { _, key in
                let value = kind.double(of: key)
                total.add(value * value)
            }
            squares[0] = total
        }
    }

    private mutating func note(_ added: Int, _ low: Int64, _ high: Int64) {
        count[0] += added
        guard wantsExtremes else { return }
        least[0] = min(least[0], low)
        greatest[0] = max(greatest[0], high)
    }

    /// Many keys at once; false when that cannot be done exactly.
    private mutating func addWindow(_ keys: UnsafeBufferPointer<Int64>) -> Bool {
        var low = Int64.max
        var high = Int64.min
        func findExtremes() {
            for at in keys.indices {
                let key = unsafe keys[at]
                low = min(low, key)
                high = max(high, key)
            }
        }
        if !wantsSum {
            if wantsExtremes { findExtremes() }
        } else if sumsWindows, keys.count <= DocWindow.capacity {
            var total: Int64 = 0
            for at in keys.indices {
                let key = unsafe keys[at]
                total &+= key
            }
            sum[0].add(integer: total)
            if wantsExtremes { findExtremes() }
        } else if let top {
            guard let (least, greatest) = unsafe sum[0].add(keys: keys, below: top) else {
                return false
            }
            if wantsExtremes {
                low = SortableNumber.encode(least)
                high = SortableNumber.encode(greatest)
                // Zeros of both signs are one to the sum, and two keys.
                if least == 0 || greatest == 0 { findExtremes() }
            }
        } else {
            return false
        }
        note(keys.count, low, high)
        return true
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
