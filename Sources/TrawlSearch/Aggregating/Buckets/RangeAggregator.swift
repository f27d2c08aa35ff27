internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `range` and `date_range`: from a bound to before another.
final class RangeAggregator: FixedAggregator {
    private let values: BoundValues
    private let ranges: [(from: Double, to: Double)]
    private var numbers = SegmentNumbers.none

    init(
        _ request: Aggregation, _ range: RangeAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        let isDate = range.domain == .date
        var source = range.values
        // A field in epoch seconds reads what stands in the same way, as a text.
        if isDate, let missing = source.missing { source.missing = .string(missing.queryText) }
        values = try context.values.bind(
            source, for: request.typeName, fallback: isDate ? .date : .double
        ) { $0.isNumber }
        var bounds: [(from: Double, to: Double, head: FixedPartial.Head)] = []
        for one in range.ranges {
            let from = try Self.bound(one.from, isDate, values, context) ?? -.infinity
            let to = try Self.bound(one.to, isDate, values, context) ?? .infinity
            bounds.append((from, to, Self.head(one.key, from, to, values.display)))
        }
        bounds.sort { $0.from == $1.from ? $0.to < $1.to : $0.from < $1.from }
        ranges = bounds.map { ($0.from, $0.to) }
        super.init(
            request, context, children: children, heads: bounds.map(\.head),
            isUnmapped: values.isUnmapped)
    }

    private static func bound(
        _ value: JSONValue?, _ isDate: Bool, _ values: BoundValues, _ context: AggregationContext
    ) throws -> Double? {
        guard let value else { return nil }
        if !isDate { return value.doubleValue }
        return Double(try context.values.millis(value, values.display))
    }

    private static func head(
        _ key: String?, _ from: Double, _ to: Double, _ display: ValueDisplay
    ) -> FixedPartial.Head {
        func text(_ value: Double) -> String {
            value.isInfinite ? "*" : display.text(value) ?? JavaNumber.text(value)
        }
        let label = key ?? "\(text(from))-\(text(to))"
        var fields: JSONObject = ["key": .string(label)]
        for (name, value) in [("from", from), ("to", to)] where value.isFinite {
            fields[name] = JSONValue(value)
            fields[name + "_as_string"] = display.text(value).map { .string($0) }
        }
        return FixedPartial.Head(label: label, fields: fields)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        let kind = values.kind
        // The last document put into each range: a document counts once, whatever its values.
        var last = [Int](repeating: -1, count: ranges.count)
        try sort(block) { sorter in
            numbers.forEach(block) { place, key in
                let value = kind.double(of: key)
                for number in ranges.indices {
                    let range = ranges[number]
                    if value < range.from { break }
                    if value < range.to, last[number] != place {
                        last[number] = place
                        sorter.put(
                            block, place, into: block.bucket(place) * ranges.count + number)
                    }
                }
            }
        }
    }
}

/// `ip_range`.
final class IPRangeAggregator: FixedAggregator {
    private let values: BoundValues
    private let bounds: [(from: [UInt8]?, to: [UInt8]?)]
    private var ordinals = SegmentOrdinals.none
    /// The ordinals of the segment that each range holds.
    private var ranges: [Range<Int>] = []

    init(
        _ request: Aggregation, _ range: RangeAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        values = try context.values.bind(range.values, for: request.typeName, fallback: .ip) {
            $0 == .ip
        }
        var all: [(from: [UInt8]?, to: [UInt8]?, head: FixedPartial.Head)] = []
        for one in range.ranges {
            let bounds = try Self.bounds(one)
            all.append((bounds.from, bounds.to, Self.head(one, bounds.from, bounds.to)))
        }
        all.sort { left, right in
            let from = Self.compare(left.from ?? [], right.from ?? [])
            if from != 0 { return from < 0 }
            return Self.compare(
                left.to ?? [UInt8](repeating: 255, count: 17),
                right.to ?? [UInt8](repeating: 255, count: 17)) < 0
        }
        bounds = all.map { ($0.from, $0.to) }
        super.init(
            request, context, children: children, heads: all.map(\.head),
            isUnmapped: values.isUnmapped)
    }

    private static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    private static func bounds(
        _ range: RangeAggregation.Range
    ) throws -> (from: [UInt8]?, to: [UInt8]?) {
        guard let mask = range.mask else {
            return (
                try range.from.map { try ValuesBinder.address($0.queryText) },
                try range.to.map { try ValuesBinder.address($0.queryText) }
            )
        }
        let (first, last) = try QueryAnalyzer.asks { () throws(SchemaError) in
            try IPAddress.range(cidr: mask)
        }
        // Before the address behind the last one; none behind the very last.
        var end = last.bytes
        var place = end.count - 1
        while place >= 0, end[place] == 255 {
            end[place] = 0
            place -= 1
        }
        if place >= 0 { end[place] += 1 }
        let isLowest = first.bytes.allSatisfy { $0 == 0 }
        return (isLowest ? nil : first.bytes, place < 0 ? nil : end)
    }

    private static func head(
        _ range: RangeAggregation.Range, _ from: [UInt8]?, _ to: [UInt8]?
    ) -> FixedPartial.Head {
        let low = from.map { IPAddress(bytes: $0).string }
        let high = to.map { IPAddress(bytes: $0).string }
        let label = range.key ?? range.mask ?? "\(low ?? "*")-\(high ?? "*")"
        var fields: JSONObject = ["key": .string(label)]
        fields["from"] = low.map { .string($0) }
        fields["to"] = high.map { .string($0) }
        return FixedPartial.Head(label: label, fields: fields)
    }

    override func begin(_ segment: SegmentContext) throws {
        ordinals = values.ordinals(in: segment)
        ranges = bounds.map { from, to in
            guard let column = ordinals.column else { return 0..<0 }
            let sorted = SortedOrdinals(column)
            let start = from.map { sorted.lowerBound($0) } ?? 0
            let end = to.map { sorted.lowerBound($0) } ?? column.dictionary.count
            return start..<max(start, end)
        }
        try super.begin(segment)
    }

    private func isIn(_ number: Int, _ ordinal: Int) -> Bool {
        guard ordinal == ordinals.missingOrdinal, let bytes = ordinals.missing else {
            return ranges[number].contains(ordinal)
        }
        if let from = bounds[number].from, Self.compare(bytes, from) < 0 { return false }
        if let to = bounds[number].to, Self.compare(bytes, to) >= 0 { return false }
        return true
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var last = [Int](repeating: -1, count: bounds.count)
        try sort(block) { sorter in
            ordinals.forEach(block) { place, ordinal in
                for number in bounds.indices where last[number] != place && isIn(number, ordinal) {
                    last[number] = place
                    sorter.put(block, place, into: block.bucket(place) * bounds.count + number)
                }
            }
        }
    }
}
