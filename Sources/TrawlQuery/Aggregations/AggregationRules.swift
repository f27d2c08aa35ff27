/// What must hold between aggregations, whatever index is asked.
enum AggregationRules {
    static func checkChildren(of parent: Aggregation) throws(QueryError) {
        guard !parent.children.isEmpty else { return }
        if !parent.takesChildren {
            let kind = parent.isPipeline ? "pipeline " : ""
            throw QueryError(
                type: "aggregation_initialization_exception",
                reason: "Aggregator [\(parent.name)] of \(kind)type [\(parent.typeName)] cannot "
                    + "accept sub-aggregations")
        }
        for child in parent.children {
            switch child.kind {
            case .global:
                throw QueryError(
                    type: "aggregation_execution_exception",
                    reason: "Aggregation [\(parent.name)] cannot have a global sub-aggregation "
                        + "[\(child.name)]. Global aggregations can only be defined as top level "
                        + "aggregations")
            case .composite:
                switch parent.kind {
                case .filter, .nested: break
                default:
                    throw .illegalArgument(
                        "[composite] aggregation cannot be used with a parent aggregation of "
                            + "type: [\(factoryName(parent))]")
                }
            default: break
            }
        }
        try checkPipelines(parent.children, within: parent)
    }

    /// What a parent is called in messages.
    private static func factoryName(_ parent: Aggregation) -> String {
        switch parent.kind {
        case .terms: "TermsAggregatorFactory"
        case .histogram: "HistogramAggregatorFactory"
        case .dateHistogram: "DateHistogramAggregatorFactory"
        case .range: "RangeAggregatorFactory"
        case .filters: "FiltersAggregatorFactory"
        case .missing: "MissingAggregatorFactory"
        case .global: "GlobalAggregatorFactory"
        case .reverseNested: "ReverseNestedAggregatorFactory"
        case .multiTerms: "MultiTermsAggregationFactory"
        case .rareTerms: "RareTermsAggregatorFactory"
        case .adjacencyMatrix: "AdjacencyMatrixAggregatorFactory"
        case .composite: "CompositeAggregationFactory"
        default: "AggregatorFactory"
        }
    }

    private static func invalid(_ reason: String) -> QueryError {
        QueryError(
            type: "action_request_validation_exception",
            reason: "Validation Failed: 1: \(reason);")
    }

    /// - Parameter parent: Nil at the top of the request.
    static func checkPipelines(
        _ all: [Aggregation], within parent: Aggregation?
    ) throws(QueryError) {
        for one in all {
            guard case .pipeline(let pipeline) = one.kind else { continue }
            if pipeline.isSibling {
                try checkSibling(one, pipeline, all)
            } else {
                try checkParent(one, pipeline, parent)
            }
        }
    }

    private static func checkSibling(
        _ one: Aggregation, _ pipeline: PipelineAggregation, _ all: [Aggregation]
    ) throws(QueryError) {
        guard let path = pipeline.paths.first?.path, pipeline.paths.count == 1 else {
            throw invalid(
                "buckets_path must contain a single entry for aggregation [\(one.name)]")
        }
        guard let first = path.steps.first,
            let target = all.first(where: { $0.name == first.name })
        else {
            throw invalid(
                "buckets_path aggregation does not exist for aggregation [\(one.name)]: "
                    + path.text)
        }
        if !target.isMultiBucket {
            throw invalid(
                "The first aggregation in buckets_path must be a multi-bucket aggregation for "
                    + "aggregation [\(one.name)] found :[\(target.typeName)] for buckets path: "
                    + path.text)
        }
        if case .percentiles = pipeline.step { return }
    }

    private static func checkParent(
        _ one: Aggregation, _ pipeline: PipelineAggregation, _ parent: Aggregation?
    ) throws(QueryError) {
        guard let parent else {
            throw invalid(
                "\(one.typeName) aggregation [\(one.name)] must be declared inside of another "
                    + "aggregation")
        }
        switch pipeline.step {
        case .derivative, .cumulativeSum, .serialDifference, .movingFunction:
            if pipeline.paths.count != 1 {
                throw invalid(
                    "buckets_path must contain a single entry for aggregation [\(one.name)]")
            }
            switch parent.kind {
            case .histogram(let histogram):
                try checkGapless(one, histogram.minDocCount)
            case .dateHistogram(let histogram):
                try checkGapless(one, histogram.minDocCount)
            default:
                throw invalid(
                    "\(one.typeName) aggregation [\(one.name)] must have a histogram, "
                        + "date_histogram or auto_date_histogram as parent")
            }
        case .sort(let sort):
            if sort.keys.isEmpty, sort.size == nil, sort.from == 0 {
                throw invalid(
                    "[\(one.name)] is configured to perform nothing. Please set either of "
                        + "[sort, size, from] to use bucket_sort")
            }
        default: break
        }
    }

    private static func checkGapless(
        _ one: Aggregation, _ minDocCount: Int
    ) throws(QueryError) {
        if minDocCount != 0 {
            throw invalid(
                "parent histogram of \(one.typeName) aggregation [\(one.name)] must have "
                    + "min_doc_count of 0")
        }
    }
}
