internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSegment

/// `histogram`: keys are numbers of intervals from the offset.
final class HistogramAggregator: KeyedAggregator {
    private static let maxKeyPlaces = 1 << 16

    private let histogram: HistogramAggregation
    private let values: BoundValues
    private var numbers = SegmentNumbers.none
    /// The least key of the segment, when its keys lie near each other.
    private var firstKey: Int64?

    init(
        _ request: Aggregation, _ histogram: HistogramAggregation, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        self.histogram = histogram
        values = try context.values.bind(histogram.values, for: "histogram", fallback: .double) {
            $0.isNumber
        }
        _ = try BucketOrdering(histogram.order, request.children)
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        firstKey = nil
        if let keys = numbers.keys {
            let low = index(of: keys.lowerBound)
            let high = index(of: keys.upperBound)
            // Both far from where doubles lose whole numbers.
            if low.magnitude < 1 << 50, high - low < Self.maxKeyPlaces {
                firstKey = low
                sorter.beginSegment(keyPlaces: Int(high - low) + 1)
            }
        }
        try super.begin(segment)
    }

    private func index(of key: Int64) -> Int64 {
        let index = ((values.kind.double(of: key) - histogram.offset) / histogram.interval)
            .rounded(.down)
        return Int64(max(-9e18, min(index, 9e18)))
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        var lastPlace = -1
        var lastKey: Int64 = 0
        let kind = values.kind
        let interval = histogram.interval
        let offset = histogram.offset
        let bounds = histogram.hardBounds
        let first = bucketCount == 1 ? firstKey : nil
        if let first, bounds == nil, children.isEmpty, count(block, first, kind) { return }
        try sort(block, isOneToOne: numbers.isOneToOne && bounds == nil) { sorter in
            numbers.forEach(block) { place, key in
                let index = ((kind.double(of: key) - offset) / interval).rounded(.down)
                let bucket = Int64(max(-9e18, min(index, 9e18)))
                if place == lastPlace, bucket == lastKey { return }
                lastPlace = place
                lastKey = bucket
                if let bounds {
                    let start = index * interval
                    if let max = bounds.max, start >= max { return }
                    if let min = bounds.min, start < min { return }
                }
                if let first {
                    sorter.put(block, place, keyPlace: Int(bucket &- first)) { bucket }
                } else {
                    sorter.put(block, place, key: bucket)
                }
            }
        }
    }

    /// Counts a block each of whose documents has one value; false when some may not.
    private func count(_ block: DocBlock, _ first: Int64, _ kind: ValueKind) -> Bool {
        let interval = histogram.interval
        let offset = histogram.offset
        return unsafe numbers.withKeys(block) { keys in
            unsafe sorter.countPlaces { places in
                for at in keys.indices {
                    let key = unsafe keys[at]
                    let position = (kind.double(of: key) - offset) / interval
                    // Rounded down; the range was looked at when the segment began.
                    var index = Int64(max(-9e18, min(position, 9e18)))
                    if Double(index) > position { index &-= 1 }
                    let place = Int(index &- first)
                    if place >= 0, place < places.count { unsafe places[place] &+= 1 }
                }
            }
            return true
        } ?? false
    }

    override func end(_ segment: SegmentContext) throws {
        try super.end(segment)
        if let firstKey { sorter.fold { firstKey + Int64($0) } }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        HistogramPartial(
            display: values.display, isUnmapped: values.isUnmapped,
            found: try partials(buckets(of: bucket).map { Int($0) }) { .number(key(at: $0)) },
            emptyChildren: try childPartials(of: Aggregator.none))
    }
}

struct HistogramPartial: PartialAggregation {
    var display: ValueDisplay
    var isUnmapped: Bool
    var found: PartialBuckets
    /// What a bucket without documents has inside.
    @PartialList var emptyChildren: [any PartialAggregation]

    mutating func merge(_ other: HistogramPartial, _ reduction: Reduction) throws {
        try found.merge(other.found, reduction)
        emptyChildren = try reduction.merge(emptyChildren, other.emptyChildren)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .histogram(let histogram) = request.kind else {
            preconditionFailure("[\(request.name)] is no histogram")
        }
        let filler = BucketFiller(buckets: found.buckets, emptyChildren: emptyChildren) { $0 + 1 }
        var bounds: ClosedRange<Int64>?
        if let extended = histogram.extendedBounds, let min = extended.min ?? extended.max,
            let max = extended.max ?? extended.min
        {
            func index(_ value: Double) -> Int64 {
                Int64(((value - histogram.offset) / histogram.interval).rounded(.down))
            }
            bounds = index(min)...index(max)
        }
        let shown = try filler.results(
            of: request, minDocCount: histogram.minDocCount, bounds: bounds, reduction
        ) { key in
            let value = Double(key) * histogram.interval + histogram.offset
            var fields: JSONObject = ["key": JSONValue(number: value)]
            let text = display.text(value)
            fields["key_as_string"] = text.map { .string($0) }
            return (value, text ?? JavaNumber.text(value), fields)
        }
        return AggregationResult(
            "histogram",
            .buckets(
                try filler.content(
                    shown, order: histogram.order, request, isKeyed: histogram.isKeyed)))
    }
}

/// Buckets in a row, with empty ones in the gaps.
struct BucketFiller {
    var buckets: [PartialBucket]
    var emptyChildren: [any PartialAggregation]
    /// The key behind a key.
    var next: (Int64) -> Int64

    /// - Parameter show: Position, label and what is shown of a key.
    func results(
        of request: Aggregation, minDocCount: Int, bounds: ClosedRange<Int64>?,
        _ reduction: Reduction,
        show: (Int64) -> (position: Double, label: String, fields: JSONObject)
    ) throws -> [BucketResult] {
        var sorted = buckets.filter { $0.docCount >= max(1, minDocCount) }.sorted {
            BucketKey.compare($0.key, $1.key) < 0
        }
        if minDocCount == 0 { sorted = try filled(sorted, bounds, reduction) }
        try reduction.count(sorted.count)
        return try sorted.map { bucket in
            guard case .number(let key) = bucket.key else {
                preconditionFailure("a histogram has numbers for keys")
            }
            let (position, label, fields) = show(key)
            var made = BucketResult(
                key: bucket.key, label: label, fields: fields, docCount: bucket.docCount,
                children: try reduction.results(of: request.children, bucket.children))
            made.position = position
            return made
        }
    }

    private func filled(
        _ sorted: [PartialBucket], _ bounds: ClosedRange<Int64>?, _ reduction: Reduction
    ) throws -> [PartialBucket] {
        func key(_ bucket: PartialBucket) -> Int64 {
            if case .number(let key) = bucket.key { key } else { 0 }
        }
        var low = sorted.first.map(key)
        var high = sorted.last.map(key)
        if let bounds {
            low = min(low ?? bounds.lowerBound, bounds.lowerBound)
            high = max(high ?? bounds.upperBound, bounds.upperBound)
        }
        guard let low, let high else { return sorted }
        var result: [PartialBucket] = []
        var place = 0
        var next = low
        while next <= high || place < sorted.count {
            // What stands off the row (after a change of the clocks, say) keeps its place.
            while place < sorted.count, key(sorted[place]) <= next {
                result.append(sorted[place])
                place += 1
            }
            if next <= high, result.last.map(key) != next {
                result.append(
                    PartialBucket(key: .number(next), docCount: 0, children: emptyChildren))
            }
            try reduction.check(result.count)
            if next > high { break }
            next = self.next(next)
        }
        return result
    }

    func content(
        _ shown: [BucketResult], order: [BucketOrder], _ request: Aggregation, isKeyed: Bool
    ) throws -> BucketsContent {
        var shown = shown
        if order != [.key(ascending: true)] {
            try BucketOrdering(order, request.children).sort(&shown)
        }
        return BucketsContent(isKeyed: isKeyed, buckets: shown)
    }
}
