internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `histogram` and `date_histogram` over a field of ranges: a document is in every bucket that
/// one of its spans touches.
final class RangeHistogramAggregator: KeyedAggregator {
    private enum Steps {
        case numbers(HistogramAggregation)
        case dates(DateRounding, DateHistogramAggregation)
    }

    private let steps: Steps
    private let path: String
    private let type: RangeType
    private let display: ValueDisplay
    /// Spans are cut to it.
    private let limits: (min: Double, max: Double)
    private let extended: ClosedRange<Int64>?
    private let maxBuckets: Int
    private var column: BytesColumn?
    private var spans: [(first: Double, last: Double)?] = []

    /// Nil when the field is none of ranges.
    init?(
        _ request: Aggregation, _ context: AggregationContext, children: [Aggregator],
        maxBuckets: Int
    ) throws {
        let source: ValuesSource
        switch request.kind {
        case .histogram(let histogram): source = histogram.values
        case .dateHistogram(let histogram): source = histogram.values
        default: return nil
        }
        guard let name = source.field, let field = context.values.mapping.field(name),
            let type = field.type as? RangeType
        else { return nil }
        self.type = type
        path = field.path
        self.maxBuckets = maxBuckets
        let refusal = QueryError.illegalArgument(
            "Field [\(name)] of type [\(type.typeName)] is not supported for aggregation "
                + "[\(request.typeName)]")
        switch request.kind {
        case .histogram(let histogram):
            guard type.isNumber else { throw refusal }
            steps = .numbers(histogram)
            display =
                try source.format.map { pattern in
                    .decimal(
                        try QueryAnalyzer.asks { () throws(SchemaError) in
                            try DecimalPattern(pattern)
                        })
                } ?? .raw
            limits = (
                histogram.hardBounds?.min ?? -.infinity, histogram.hardBounds?.max ?? .infinity
            )
            extended = nil
            _ = try BucketOrdering(histogram.order, request.children)
        case .dateHistogram(let histogram):
            guard let format = type.dateFormat, !histogram.isAutomatic else { throw refusal }
            let zone = try ValuesBinder.zone(source.timeZone)
            let rounding = DateRounding(
                histogram.interval.span, zone: zone, offset: histogram.offsetMilliseconds)
            steps = .dates(rounding, histogram)
            let own = try source.format.map { pattern in
                try QueryAnalyzer.asks { () throws(SchemaError) in try DateFormat(pattern) }
            }
            let display = ValueDisplay.date(own ?? format, zone)
            self.display = display
            func bound(_ value: JSONValue?) throws -> Int64? {
                try value.map { try context.values.millis($0, display) }
            }
            limits = (
                try bound(histogram.hardBounds?.min).map(Double.init) ?? -.infinity,
                try bound(histogram.hardBounds?.max).map(Double.init) ?? .infinity
            )
            let least = try bound(histogram.extendedBounds?.min)
            let greatest = try bound(histogram.extendedBounds?.max)
            if let low = least ?? greatest, let high = greatest ?? least, low <= high {
                extended = rounding.round(low)...rounding.round(high)
            } else {
                extended = nil
            }
            _ = try BucketOrdering(histogram.order, request.children)
        default: return nil
        }
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        column = segment.view.field(path)?.bytes
        spans =
            column.map { column in
                (0..<column.dictionary.count).map { type.span(column.bytes(at: $0)) }
            } ?? []
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        guard let column else { return }
        var failure: (any Error)?
        try sort(block) { sorter in
            for place in block.places where failure == nil {
                let range = column.ordinals.range(of: block.doc(place))
                // Spans of one document may touch the same bucket.
                var seen: Set<Int64> = []
                for at in range {
                    guard let span = spans[column.ordinal(at: at)] else { continue }
                    do {
                        for key in try keys(of: span)
                        where range.count == 1 || seen.insert(key).inserted {
                            sorter.put(block, place, key: key)
                        }
                    } catch { failure = error }
                }
            }
        }
        if let failure { throw failure }
    }

    private func keys(of span: (first: Double, last: Double)) throws -> [Int64] {
        let first = max(span.first, limits.min)
        let last = min(span.last, limits.max)
        guard first <= last else { return [] }
        var keys: [Int64] = []
        func tooMany() -> AggregationError {
            AggregationError(
                problem: .tooManyBuckets(limit: maxBuckets, count: maxBuckets + 1))
        }
        switch steps {
        case .numbers(let histogram):
            let low = ((first - histogram.offset) / histogram.interval).rounded(.down)
            let high = ((last - histogram.offset) / histogram.interval).rounded(.down)
            guard high - low < Double(maxBuckets) else { throw tooMany() }
            for key in Int64(low)...Int64(high) { keys.append(key) }
        case .dates(let rounding, _):
            var next = rounding.round(ValueKind.date.key(of: first))
            let end = rounding.round(ValueKind.date.key(of: last))
            while next <= end {
                keys.append(next)
                guard keys.count <= maxBuckets else { throw tooMany() }
                next = rounding.next(after: next)
            }
        }
        return keys
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        let found = try partials(buckets(of: bucket).map { Int($0) }) { .number(key(at: $0)) }
        let empty = try childPartials(of: Aggregator.none)
        switch steps {
        case .numbers:
            return HistogramPartial(
                display: display, isUnmapped: false, found: found, emptyChildren: empty)
        case .dates(let rounding, _):
            return DateHistogramPartial(
                display: display, isUnmapped: false, rounding: rounding, bounds: extended,
                found: found, emptyChildren: empty)
        }
    }
}

extension DateHistogramAggregation {
    fileprivate var isAutomatic: Bool {
        if case .automatic = interval { true } else { false }
    }
}
