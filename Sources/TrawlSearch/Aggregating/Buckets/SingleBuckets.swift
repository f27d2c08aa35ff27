internal import TrawlQuery

/// One bucket for each around: `filter`, `missing`, `global`.
class SingleAggregator: BucketAggregator {
    final func grow(to bucketCount: Int) throws {
        growCounts(to: bucketCount)
        try account(counts.capacity * 8)
    }

    final override func partial(of bucket: Int) throws -> any PartialAggregation {
        SinglePartial(
            docCount: count(of: bucket), children: try childPartials(of: bucket))
    }
}

final class FilterAggregator: SingleAggregator {
    private let filter: WindowFilter

    init(
        _ request: Aggregation, _ query: Query, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        filter = WindowFilter(try context.filter(query))
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        try filter.begin(segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try grow(to: bucketCount)
        filter.see(block.window)
        for place in block.docs.indices where filter.matches(block.docs[place]) {
            put(block, place, into: Int(block.buckets[place]))
        }
        try handOn(block)
    }

    override func end(_ segment: SegmentContext) throws {
        try filter.check()
        try super.end(segment)
    }
}

/// Documents without a value of a field.
final class MissingAggregator: SingleAggregator {
    private let values: BoundValues
    private var numbers = SegmentNumbers(column: nil, decoding: .same, missing: nil)
    private var ordinals = SegmentOrdinals(column: nil, missing: nil)

    init(
        _ request: Aggregation, _ source: ValuesSource, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        values = try context.values.bind(source, for: "missing", fallback: .text)
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        ordinals = values.ordinals(in: segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try grow(to: bucketCount)
        let isNumber = values.kind.isNumber
        for place in block.docs.indices {
            let doc = Int(block.docs[place])
            let hasValue = isNumber ? numbers.hasValue(doc) : ordinals.hasValue(doc)
            if !hasValue { put(block, place, into: Int(block.buckets[place])) }
        }
        try handOn(block)
    }
}

/// Every living document: `AggregationCollector` sees to it that they come.
final class GlobalAggregator: SingleAggregator {
    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try grow(to: bucketCount)
        for place in block.docs.indices { put(block, place, into: Int(block.buckets[place])) }
        try handOn(block)
    }
}

struct SinglePartial: PartialAggregation {
    var docCount: Int
    var children: [any PartialAggregation]

    mutating func merge(_ other: SinglePartial, _ reduction: Reduction) throws {
        docCount += other.docCount
        children = try reduction.merge(children, other.children)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        AggregationResult(
            request.typeName,
            .single(
                docCount: docCount, try reduction.results(of: request.children, children)))
    }
}
