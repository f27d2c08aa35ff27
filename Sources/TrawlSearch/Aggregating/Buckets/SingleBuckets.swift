internal import TrawlQuery

/// One bucket for each around: `filter`, `missing`, `global`.
class SingleAggregator: BucketAggregator {
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
        filter.see(block.window)
        try sort(block) { sorter in
            for place in block.places where filter.matches(block.doc(place)) {
                sorter.put(block, place, into: block.bucket(place))
            }
        }
    }

    override func end(_ segment: SegmentContext) throws {
        try filter.check()
        try super.end(segment)
    }
}

/// Documents without a value of a field.
final class MissingAggregator: SingleAggregator {
    private let values: BoundValues
    private var numbers = SegmentNumbers.none
    private var ordinals = SegmentOrdinals.none

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
        let isNumber = values.kind.isNumber
        try sort(block) { sorter in
            for place in block.places {
                let doc = block.doc(place)
                let hasValue = isNumber ? numbers.hasValue(doc) : ordinals.hasValue(doc)
                if !hasValue { sorter.put(block, place, into: block.bucket(place)) }
            }
        }
    }
}

/// Every living document: `AggregationCollector` sees to it that they come.
final class GlobalAggregator: SingleAggregator {
    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try sort(block, isOneToOne: true) { sorter in
            for place in block.places { sorter.put(block, place, into: block.bucket(place)) }
        }
    }
}

struct SinglePartial: PartialAggregation {
    var docCount: Int
    @PartialList var children: [any PartialAggregation]

    mutating func merge(_ other: SinglePartial, _ reduction: Reduction) throws {
        docCount += other.docCount
        children = try reduction.merge(children, other.children)
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        var typeName = request.typeName
        if case .sampler = request.kind { typeName = "sampler" }
        return AggregationResult(
            typeName,
            .single(
                docCount: docCount, try reduction.results(of: request.children, children)))
    }
}
