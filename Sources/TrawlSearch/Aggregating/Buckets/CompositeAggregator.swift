internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `composite`: combined keys in order, those behind `after` and no more than a page of them.
final class CompositeAggregator: KeyedAggregator {
    private let composite: CompositeAggregation
    private let sources: [CompositeSource]
    private let order: CompositeOrder
    private let after: [BucketKey]?
    private var tuples = TupleInterner()
    private var readers: [CompositeReader] = []
    /// No tuple behind it can be among the first `size`.
    private var bound: [BucketKey]?
    private var nextBound: Int

    init(
        _ request: Aggregation, _ composite: CompositeAggregation,
        _ context: AggregationContext, children: [Aggregator], limits: AggregationLimits
    ) throws {
        if composite.size > limits.maxBuckets {
            throw AggregationError(
                problem: .tooManyBuckets(limit: limits.maxBuckets, count: composite.size))
        }
        self.composite = composite
        sources = try composite.sources.map { try CompositeSource($0, context.values) }
        order = CompositeOrder(composite.sources)
        nextBound = composite.size * 2 + 1024
        if let given = composite.after {
            after = try sources.map { try $0.key(after: given[$0.source.name] ?? .null) }
        } else {
            after = nil
        }
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        readers = sources.map { CompositeReader($0, segment) }
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try sort(block, besides: tuples.memoryByteCount) { sorter in
            for place in block.places {
                let parts = readers.map { $0.keys(of: block.doc(place)) }
                if parts.contains(where: \.isEmpty) { continue }
                forEachTuple(parts) { tuple in
                    if let after, order.compare(tuple, after) <= 0 { return }
                    if let bound, order.compare(tuple, bound) > 0 { return }
                    sorter.put(block, place, key: Int64(tuples.number(of: tuple)))
                }
            }
        }
        if tuples.keys.count > nextBound, bucketCount == 1 { lowerBound() }
    }

    private func lowerBound() {
        let sorted = tuples.keys.sorted { order.compare($0, $1) < 0 }
        bound = sorted[composite.size - 1]
        nextBound = tuples.keys.count * 2
    }

    private func forEachTuple(_ parts: [[BucketKey]], _ body: ([BucketKey]) -> Void) {
        var places = [Int](repeating: 0, count: parts.count)
        while true {
            body(parts.indices.map { parts[$0][places[$0]] })
            var turn = parts.count - 1
            while turn >= 0 {
                places[turn] += 1
                if places[turn] < parts[turn].count { break }
                places[turn] = 0
                turn -= 1
            }
            if turn < 0 { return }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        func tuple(_ number: Int32) -> [BucketKey] { tuples.keys[Int(key(at: Int(number)))] }
        let chosen = buckets(of: bucket).sorted { order.compare(tuple($0), tuple($1)) < 0 }
            .prefix(composite.size)
        return CompositePartial(
            kinds: sources.map(\.values.kind), displays: sources.map(\.display),
            found: try partials(chosen.map { Int($0) }) { .tuple(tuple(Int32($0))) },
            isUnmapped: sources.contains { $0.values.isUnmapped && !$0.source.takesMissing })
    }
}

/// The order of combined keys.
struct CompositeOrder: Sendable {
    private let sources: [CompositeAggregation.Source]

    init(_ sources: [CompositeAggregation.Source]) { self.sources = sources }

    func compare(_ left: [BucketKey], _ right: [BucketKey]) -> Int {
        for (place, source) in sources.enumerated() {
            let (a, b) = (left[place], right[place])
            if a == b { continue }
            if a == .missing || b == .missing {
                let missingIsFirst =
                    source.missingOrder == .standard
                    ? source.isAscending : source.missingOrder == .first
                return (a == .missing) == missingIsFirst ? -1 : 1
            }
            let order = BucketKey.compare(a, b)
            if order != 0 { return source.isAscending ? order : -order }
        }
        return 0
    }
}

/// One source of combined keys under a mapping.
struct CompositeSource {
    let source: CompositeAggregation.Source
    let values: BoundValues
    private(set) var rounding: DateRounding?
    /// How keys are shown: dates as numbers unless a format was given.
    let display: ValueDisplay
    private let binder: ValuesBinder

    init(_ source: CompositeAggregation.Source, _ binder: ValuesBinder) throws {
        self.source = source
        self.binder = binder
        switch source.kind {
        case .terms:
            values = try binder.bind(source.values, for: "composite", fallback: .text)
        case .histogram:
            values = try binder.bind(source.values, for: "composite", fallback: .double) {
                $0.isNumber
            }
        case .dateHistogram(let interval, let offset):
            values = try binder.bind(source.values, for: "composite", fallback: .date) {
                $0 == .date || $0 == .long
            }
            rounding = DateRounding(
                interval.span, zone: try ValuesBinder.zone(source.values.timeZone), offset: offset)
        }
        display =
            values.kind == .date && source.values.format == nil ? .raw : values.display
    }

    /// What the keys are once they are rounded.
    var keyKind: ValueKind {
        if case .histogram = source.kind { return .double }
        return values.kind
    }

    /// A value of `after`, or of a key that was shown.
    func key(after value: JSONValue) throws -> BucketKey {
        if value == .null {
            guard source.takesMissing else {
                throw QueryError.illegalArgument(
                    "cannot set after key with null value on a non-missing source "
                        + "[\(source.name)]")
            }
            return .missing
        }
        let kind = keyKind
        switch kind {
        case .text: return .bytes(Array(value.queryText.utf8))
        case .ip: return .bytes(try ValuesBinder.address(value.queryText))
        case .boolean:
            return .number(value == .bool(true) || value.queryText == "true" ? 1 : 0)
        case .date:
            if let millis = value.numberValue?.int64, display == .raw { return .number(millis) }
            return .number(try binder.millis(value, values.display))
        case .long:
            if let exact = Int64(value.queryText) { return .number(exact) }
        case .unsigned:
            if let exact = UInt64(value.queryText) {
                return .number(SortableNumber.encode(unsigned: exact))
            }
        case .double: break
        }
        guard let number = Double(value.queryText) else {
            throw QueryError.illegalArgument(
                "invalid value, expected number, got \(value.queryText)")
        }
        return .number(kind.key(of: number))
    }
}

/// The keys of one source in one segment.
struct CompositeReader {
    private let source: CompositeAggregation.Source
    private let kind: ValueKind
    private let rounding: DateRounding?
    private let reader: TupleReader

    init(_ source: CompositeSource, _ segment: SegmentContext) {
        self.source = source.source
        kind = source.values.kind
        rounding = source.rounding
        reader = TupleReader(source.values, segment)
    }

    func keys(of doc: Int) -> [BucketKey] {
        var keys = reader.keys(of: doc)
        if case .histogram(let interval) = source.kind {
            keys = keys.map { key in
                guard case .number(let number) = key else { return key }
                let start = (kind.double(of: number) / interval).rounded(.down) * interval
                return .number(SortableNumber.encode(start))
            }
        } else if let rounding {
            keys = keys.map { key in
                guard case .number(let number) = key else { return key }
                return .number(rounding.round(number))
            }
        }
        // Rounded values of a document may be the same.
        if keys.count > 1 {
            var last: BucketKey?
            keys = keys.filter { key in
                defer { last = key }
                return key != last
            }
        }
        return keys.isEmpty && source.takesMissing ? [.missing] : keys
    }
}

struct CompositePartial: PartialAggregation {
    var kinds: [ValueKind]
    var displays: [ValueDisplay]
    var found: PartialBuckets
    var isUnmapped: Bool

    mutating func merge(_ other: CompositePartial, _ reduction: Reduction) throws {
        try found.merge(other.found, reduction)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .composite(let composite) = request.kind else {
            preconditionFailure("[\(request.name)] is not composite")
        }
        let order = CompositeOrder(composite.sources)
        func tuple(_ bucket: PartialBucket) -> [BucketKey] {
            if case .tuple(let parts) = bucket.key { parts } else { [] }
        }
        let page = found.buckets.sorted { order.compare(tuple($0), tuple($1)) < 0 }
            .prefix(composite.size)
        try reduction.count(page.count)
        var content = BucketsContent(buckets: [])
        for bucket in page {
            let key = JSONValue.object(shown(tuple(bucket), composite))
            content.buckets.append(
                BucketResult(
                    key: bucket.key, label: key.description, fields: ["key": key],
                    docCount: bucket.docCount,
                    children: try reduction.results(of: request.children, bucket.children)))
        }
        if let last = page.last {
            content.head["after_key"] = .object(shown(tuple(last), composite))
        }
        return AggregationResult("composite", .buckets(content))
    }

    private func shown(_ tuple: [BucketKey], _ composite: CompositeAggregation) -> JSONObject {
        var object = JSONObject()
        for (place, source) in composite.sources.enumerated() {
            var kind = kinds[place]
            if case .histogram = source.kind { kind = .double }
            object[source.name] = KeyDisplay.formatted(tuple[place], kind, displays[place])
        }
        return object
    }
}
