internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `date_histogram` and `auto_date_histogram`: keys are the beginnings of spans, in milliseconds.
final class DateHistogramAggregator: KeyedAggregator {
    private let histogram: DateHistogramAggregation
    private let values: BoundValues
    private var rounding: DateRounding
    private var numbers = SegmentNumbers.none
    private let hardBounds: (min: Int64?, max: Int64?)
    private var extendedBounds: ClosedRange<Int64>?

    init(
        _ request: Aggregation, _ histogram: DateHistogramAggregation,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        self.histogram = histogram
        let values = try context.values.bind(
            histogram.values, for: request.typeName, fallback: .date
        ) { $0.isNumber && $0 != .double }
        self.values = values
        let zone = try ValuesBinder.zone(histogram.values.timeZone)
        let rounding = DateRounding(
            histogram.interval.span, zone: zone, offset: histogram.offsetMilliseconds)
        self.rounding = rounding
        _ = try BucketOrdering(histogram.order, request.children)
        func bound(_ value: JSONValue?) throws -> Int64? {
            try value.map { try context.values.millis($0, values.display) }
        }
        hardBounds = (try bound(histogram.hardBounds?.min), try bound(histogram.hardBounds?.max))
        if let bounds = histogram.extendedBounds {
            let least = try bound(bounds.min) ?? bound(bounds.max)
            let greatest = try bound(bounds.max) ?? bound(bounds.min)
            if let least, let greatest {
                guard least <= greatest else {
                    throw QueryError.parsing(
                        "[extended_bounds.min][\(bounds.min?.queryText ?? "")] cannot be greater "
                            + "than [extended_bounds.max][\(bounds.max?.queryText ?? "")] for "
                            + "histogram aggregation [\(request.name)]")
                }
                extendedBounds = rounding.round(least)...rounding.round(greatest)
            }
        }
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        rounding.prepare(for: numbers.keys)
        sorter.beginSegment(keyPlaces: rounding.starts.count)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var lastPlace = -1
        var lastKey: Int64 = 0
        let rounding = rounding
        let bounds = hardBounds
        let isBounded = bounds.min != nil || bounds.max != nil
        let isPrepared = rounding.isPrepared
        let isDirect = isPrepared && bucketCount == 1
        if isDirect, !isBounded, children.isEmpty, count(block) { return }
        try sort(block, isOneToOne: numbers.isOneToOne && !isBounded) { sorter in
            numbers.forEach(block) { place, key in
                let at = isPrepared ? rounding.place(of: key) : 0
                let start = isPrepared ? rounding.starts[at] : rounding.round(key)
                if place == lastPlace, start == lastKey { return }
                lastPlace = place
                lastKey = start
                if isBounded {
                    if let max = bounds.max, start >= max { return }
                    if let min = bounds.min, start < min { return }
                }
                if isDirect {
                    sorter.put(block, place, keyPlace: at) { start }
                } else {
                    sorter.put(block, place, key: start)
                }
            }
        }
    }

    /// Counts a block each of whose documents has one value; false when some may not.
    private func count(_ block: DocBlock) -> Bool {
        unsafe numbers.withKeys(block) { keys in
            unsafe sorter.countPlaces { places in
                unsafe rounding.forEachPlace(of: keys) { unsafe places[$0] &+= 1 }
            }
            return true
        } ?? false
    }

    override func end(_ segment: SegmentContext) throws {
        try super.end(segment)
        sorter.fold { rounding.starts[$0] }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        DateHistogramPartial(
            display: values.display == .raw
                ? .date(.default, rounding.zone) : values.display,
            isUnmapped: values.isUnmapped, rounding: rounding, bounds: extendedBounds,
            found: try partials(buckets(of: bucket).map { Int($0) }) { .number(key(at: $0)) },
            emptyChildren: try childPartials(of: Aggregator.none))
    }
}

extension DateHistogramAggregation.Interval {
    var span: DateRounding.Span {
        switch self {
        case .calendar(let unit): .calendar(unit)
        case .fixed(let milliseconds): .fixed(milliseconds)
        case .automatic(_, let minimum): .calendar(minimum)
        }
    }
}

struct DateHistogramPartial: PartialAggregation {
    var display: ValueDisplay
    var isUnmapped: Bool
    var rounding: DateRounding
    var bounds: ClosedRange<Int64>?
    var found: PartialBuckets
    @PartialList var emptyChildren: [any PartialAggregation]

    mutating func merge(_ other: DateHistogramPartial, _ reduction: Reduction) throws {
        try found.merge(other.found, reduction)
        emptyChildren = try reduction.merge(emptyChildren, other.emptyChildren)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .dateHistogram(let histogram) = request.kind else {
            preconditionFailure("[\(request.name)] is no histogram of dates")
        }
        if case .automatic(let count, let minimum) = histogram.interval {
            return try automatic(request, count, minimum, reduction)
        }
        let filler = BucketFiller(buckets: found.buckets, emptyChildren: emptyChildren) {
            rounding.next(after: $0)
        }
        let shown = try filler.results(
            of: request, minDocCount: histogram.minDocCount, bounds: bounds, reduction, show: show)
        return AggregationResult(
            "date_histogram",
            .buckets(
                try filler.content(
                    shown, order: histogram.order, request, isKeyed: histogram.isKeyed)))
    }

    private func show(_ key: Int64) -> (position: Double, label: String, fields: JSONObject) {
        let text = display.text(key: key, .date) ?? String(key)
        return (
            Double(key), text, ["key_as_string": .string(text), "key": JSONValue(key)]
        )
    }

    /// The first interval of the list that makes no more buckets than wanted.
    private func automatic(
        _ request: Aggregation, _ count: Int, _ minimum: CalendarUnit, _ reduction: Reduction
    ) throws -> AggregationResult {
        let keys = found.buckets.compactMap { bucket -> Int64? in
            if case .number(let key) = bucket.key { key } else { nil }
        }
        let steps = AutomaticInterval.all(from: minimum)
        var chosen = steps[0]
        if let least = keys.min(), let greatest = keys.max() {
            chosen =
                steps.first {
                    $0.bucketCount(from: least, to: greatest, rounding.zone) <= count
                } ?? steps[steps.count - 1]
        }
        let coarse = DateRounding(.calendar(chosen.unit), zone: rounding.zone, offset: 0)
        // Counted from the first bucket, as many units as the step has.
        let start = keys.min().map { coarse.round($0) } ?? 0
        var starts: [Int64] = []
        var next = start
        while let greatest = keys.max(), next <= greatest {
            starts.append(next)
            try reduction.check(starts.count)
            for _ in 0..<chosen.multiple { next = coarse.next(after: next) }
        }
        var merged: [Int64: PartialBucket] = [:]
        for bucket in found.buckets {
            guard case .number(let key) = bucket.key else { continue }
            // The last start that is not behind the key.
            var low = 0
            var high = starts.count
            while low < high {
                let middle = (low + high) / 2
                if starts[middle] <= key { low = middle + 1 } else { high = middle }
            }
            let own = starts[max(0, low - 1)]
            guard var known = merged[own] else {
                merged[own] = PartialBucket(
                    key: .number(own), docCount: bucket.docCount, children: bucket.children)
                continue
            }
            known.docCount += bucket.docCount
            known.children = try reduction.merge(known.children, bucket.children)
            merged[own] = known
        }
        let filler = BucketFiller(buckets: Array(merged.values), emptyChildren: emptyChildren) {
            from in
            starts.first { $0 > from } ?? .max
        }
        let shown = try filler.results(
            of: request, minDocCount: 0, bounds: nil, reduction, show: show)
        var content = BucketsContent(buckets: shown)
        content.head["interval"] = .string(chosen.name)
        return AggregationResult("auto_date_histogram", .buckets(content))
    }
}

/// The intervals that `auto_date_histogram` chooses among.
struct AutomaticInterval {
    var unit: CalendarUnit
    var multiple: Int

    var name: String {
        let letter =
            switch unit {
            case .second: "s"
            case .minute: "m"
            case .hour: "h"
            case .day: "d"
            case .week: "w"
            case .month: "M"
            case .quarter: "q"
            case .year: "y"
            }
        return "\(multiple)\(letter)"
    }

    static func all(from minimum: CalendarUnit) -> [AutomaticInterval] {
        let steps: [(CalendarUnit, [Int])] = [
            (.second, [1, 5, 10, 30]), (.minute, [1, 5, 10, 30]), (.hour, [1, 3, 12]),
            (.day, [1, 7]), (.month, [1, 3]), (.year, [1, 5, 10, 20, 50, 100]),
        ]
        let first = steps.firstIndex { $0.0 == minimum } ?? 0
        return steps[first...].flatMap { unit, multiples in
            multiples.map { AutomaticInterval(unit: unit, multiple: $0) }
        }
    }

    func bucketCount(from least: Int64, to greatest: Int64, _ zone: Zone) -> Int {
        let rounding = DateRounding(.calendar(unit), zone: zone, offset: 0)
        let width = Double(rounding.round(greatest) - rounding.round(least))
        let units = Int((width / unit.milliseconds).rounded()) + 1
        return (units + multiple - 1) / multiple
    }
}
