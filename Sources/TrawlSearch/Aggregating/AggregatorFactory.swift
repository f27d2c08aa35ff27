internal import TrawlQuery
internal import TrawlSchema

/// Makes an aggregator of each aggregation of a request: the list of all kinds.
struct AggregatorFactory {
    private let context: AggregationContext
    private let limits: AggregationLimits
    private let query: Query?

    init(_ context: AggregationContext, _ request: SearchRequest) {
        self.context = context
        limits = request.aggregationLimits
        query = request.query
    }

    func make(_ request: Aggregation) throws -> Aggregator {
        let children = try children(of: request)
        switch request.kind {
        case .metric(let metric): return try StatsAggregator(request, metric, context)
        case .cardinality(let cardinality):
            return try CardinalityAggregator(request, cardinality, context)
        case .percentiles(let percentiles):
            return try PercentilesAggregator(request, percentiles, context)
        case .weightedAverage(let average):
            return try WeightedAverageAggregator(request, average, context)
        case .topHits(let topHits):
            return try TopHitsAggregator(request, topHits, context, query: query)
        case .terms(let terms):
            let options = TermsOptions(
                size: terms.size, minDocCount: terms.minDocCount, order: terms.order)
            return try self.terms(request, terms.values, terms.filter, options, children)
        case .rareTerms(let terms):
            let options = TermsOptions(
                size: .max, minDocCount: 1,
                order: [.count(ascending: true), .key(ascending: true)])
            return try self.terms(request, terms.values, terms.filter, options, children)
        case .multiTerms(let terms):
            let sources = try terms.sources.map {
                try context.values.bind($0, for: "multi_terms", fallback: .text)
            }
            let options = TermsOptions(
                size: terms.size, minDocCount: terms.minDocCount, order: terms.order)
            return try MultiTermsAggregator(
                request, sources, options: options, context, children: children)
        case .composite(let composite):
            return try CompositeAggregator(
                request, composite, context, children: children, limits: limits)
        case .histogram(let histogram):
            if let spans = try rangeHistogram(request, children) { return spans }
            return try HistogramAggregator(request, histogram, context, children: children)
        case .dateHistogram(let histogram):
            if let spans = try rangeHistogram(request, children) { return spans }
            return try DateHistogramAggregator(request, histogram, context, children: children)
        case .range(let range):
            return range.domain == .ip
                ? try IPRangeAggregator(request, range, context, children: children)
                : try RangeAggregator(request, range, context, children: children)
        case .filter(let query):
            return try FilterAggregator(request, query, context, children: children)
        case .filters(let filters):
            return try FiltersAggregator(request, filters, context, children: children)
        case .adjacencyMatrix(let matrix):
            return try AdjacencyMatrixAggregator(request, matrix, context, children: children)
        case .geoDistance(let distance):
            return try GeoDistanceAggregator(request, distance, context, children: children)
        case .geoBounds(let bounds): return try GeoBoundsAggregator(request, bounds, context)
        case .geoCentroid(let values): return try GeoCentroidAggregator(request, values, context)
        case .geoGrid(let grid):
            return try GeoGridAggregator(request, grid, context, children: children)
        case .matrixStats(let matrix): return try MatrixStatsAggregator(request, matrix, context)
        case .variableWidthHistogram(let histogram):
            return try VariableWidthHistogramAggregator(
                request, histogram, context, children: children)
        case .significantTerms(let terms):
            return try SignificantTermsAggregator(request, terms, context, children: children)
        case .sampler(let sampler):
            return try SamplerAggregator(request, sampler, context, children: children)
        case .missing(let values):
            return try MissingAggregator(request, values, context, children: children)
        case .global: return GlobalAggregator(request, context, children: children)
        case .nested(let path):
            return NestedAggregator(request, path, context, children: children)
        case .reverseNested(let path):
            return try ReverseNestedAggregator(request, path, context, children: children)
        case .pipeline: preconditionFailure("[\(request.name)] looks at no documents")
        }
    }

    /// Those inside `nested` see objects.
    private func children(of request: Aggregation) throws -> [Aggregator] {
        let scope = context.nestedScope
        defer { context.nestedScope = scope }
        switch request.kind {
        case .nested(let path):
            let object = context.searcher.mapping.object(path)
            if let object, object.nested == nil {
                throw QueryError(
                    type: "aggregation_execution_exception",
                    reason: "[nested] nested path [\(path)] is not nested")
            }
            context.nestedScope = path
        case .reverseNested(let path):
            if scope == nil {
                throw QueryError.illegalArgument(
                    "Reverse nested aggregation [\(request.name)] can only be used inside a "
                        + "[nested] aggregation")
            }
            if let path, context.searcher.mapping.object(path).map({ $0.nested == nil }) ?? false {
                throw QueryError(
                    type: "aggregation_execution_exception",
                    reason: "[reverse_nested] nested path [\(path)] is not nested")
            }
            context.nestedScope = path
        default: break
        }
        return try request.collected.map { try make($0) }
    }

    /// Nil where the field is none of ranges.
    private func rangeHistogram(
        _ request: Aggregation, _ children: [Aggregator]
    ) throws -> Aggregator? {
        try RangeHistogramAggregator(
            request, context, children: children, maxBuckets: limits.maxBuckets)
    }

    private func terms(
        _ request: Aggregation, _ source: ValuesSource, _ filter: TermsFilter,
        _ options: TermsOptions, _ children: [Aggregator]
    ) throws -> Aggregator {
        let values = try context.values.bind(source, for: request.typeName, fallback: .text)
        let check = try TermsFilterCheck(filter, values, context.values, name: request.name)
        return values.kind.isNumber
            ? try NumberTermsAggregator(
                request, values, filter: check, options: options, context, children: children)
            : try StringTermsAggregator(
                request, values, filter: check, options: options, context, children: children)
    }
}
