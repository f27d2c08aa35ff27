internal import TrawlJSON
internal import TrawlQuery

/// `percentiles`, `percentile_ranks`, `median_absolute_deviation`: keeps every number with its
/// count.
final class PercentilesAggregator: Aggregator {
    private let values: BoundValues
    private let isHDR: Bool
    private var numbers = SegmentNumbers.none
    private var table = BucketTable()
    private var counts: [Int] = []
    private var groups: BucketGroups?

    init(
        _ request: Aggregation, _ percentiles: PercentilesAggregation,
        _ context: AggregationContext
    ) throws {
        values = try context.values.bind(
            percentiles.values, for: request.typeName, fallback: .double
        ) { $0.isNumber && $0 != .boolean }
        isHDR = percentiles.hdrDigits != nil
        super.init(request, context)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var hasNegative = false
        numbers.forEach(block) { place, key in
            let number = table.number(Int32(block.bucket(place)), key)
            if number == counts.count { counts.append(0) }
            counts[number] += 1
            if isHDR, values.kind.double(of: key) < 0 { hasNegative = true }
        }
        if hasNegative {
            throw QueryError(
                type: "array_index_out_of_bounds_exception",
                reason: "Negative values are not supported by HDR aggregation")
        }
        try account(table.memoryByteCount + counts.capacity * 8)
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        let known = groups ?? BucketGroups(table.parents)
        groups = known
        let sorted = known[bucket].map { (key: table.keys[Int($0)], count: counts[Int($0)]) }
            .sorted { $0.key < $1.key }
        return PercentilesPartial(
            numbers: WeightedNumbers(
                sorted: sorted.map { (values.kind.double(of: $0.key), $0.count) }),
            display: values.display, isUnmapped: values.isUnmapped)
    }
}

struct PercentilesPartial: PartialAggregation {
    var numbers: WeightedNumbers
    var display: ValueDisplay
    var isUnmapped: Bool

    mutating func merge(_ other: PercentilesPartial, _ reduction: Reduction) throws {
        numbers.merge(other.numbers)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .percentiles(let wanted) = request.kind else {
            preconditionFailure("[\(request.name)] wants no percentiles")
        }
        let method = wanted.hdrDigits == nil ? "tdigest" : "hdr"
        switch wanted.wanted {
        case .percents(let percents):
            let values: [Double]
            if let digits = wanted.hdrDigits {
                let hdr = HDRQuantiles(numbers, digits: digits)
                values = percents.map { hdr.quantile($0 / 100) }
            } else {
                let digest = TDigest(numbers, compression: wanted.compression)
                values = percents.map { digest.quantile($0 / 100) }
            }
            return AggregationResult(
                method + "_percentiles",
                .values(
                    PercentileContent.make(percents, values, display, isKeyed: wanted.isKeyed)))
        case .ranks(let ranks):
            let values: [Double]
            if let digits = wanted.hdrDigits {
                let hdr = HDRQuantiles(numbers, digits: digits)
                values = ranks.map { 100 * hdr.rank($0) }
            } else {
                let digest = TDigest(numbers, compression: wanted.compression)
                values = ranks.map { 100 * digest.rank($0) }
            }
            return AggregationResult(
                method + "_percentile_ranks",
                .values(
                    PercentileContent.make(ranks, values, display, isKeyed: wanted.isKeyed)))
        case .medianAbsoluteDeviation:
            return AggregationResult(
                "median_absolute_deviation", .values(deviation(wanted.compression)))
        }
    }

    private func deviation(_ compression: Double) -> ValuesContent {
        if numbers.numbers.isEmpty { return ValuesContent(nil, display) }
        let median = TDigest(numbers, compression: compression).quantile(0.5)
        var distances: [Double: Int] = [:]
        for (value, count) in numbers.numbers {
            distances[(value - median).magnitude, default: 0] += count
        }
        let sorted = distances.sorted { $0.key < $1.key }.map { (value: $0.key, count: $0.value) }
        let digest = TDigest(WeightedNumbers(sorted: sorted), compression: compression)
        return ValuesContent(digest.quantile(0.5), display)
    }
}

/// `values` of percentiles, as an object or a list.
enum PercentileContent {
    static func make(
        _ keys: [Double], _ values: [Double], _ display: ValueDisplay, isKeyed: Bool
    ) -> ValuesContent {
        let isEmpty = values.allSatisfy(\.isNaN)
        func shown(_ value: Double) -> JSONValue { isEmpty ? .null : JSONValue(number: value) }
        let body: JSONValue
        if isKeyed {
            var object = JSONObject()
            for (key, value) in zip(keys, values) {
                let name = JavaNumber.text(key)
                object[name] = shown(value)
                if !isEmpty, let text = display.text(value) {
                    object[name + "_as_string"] = .string(text)
                }
            }
            body = .object(object)
        } else {
            body = .array(
                zip(keys, values).map { key, value in
                    var entry: JSONObject = ["key": JSONValue(key), "value": shown(value)]
                    if !isEmpty, let text = display.text(value) {
                        entry["value_as_string"] = .string(text)
                    }
                    return .object(entry)
                })
        }
        return ValuesContent(
            body: ["values": body],
            properties: zip(keys, values).map { (JavaNumber.text($0), $1) })
    }
}
