internal import TrawlQuery

/// Puts buckets into the order of a request.
struct BucketOrdering {
    private let order: [BucketOrder]

    /// - Parameter children: What a path of the order may name.
    init(_ order: [BucketOrder], _ children: [Aggregation]) throws(QueryError) {
        self.order = order
        for case .path(let path, _) in order { try Self.check(path, children) }
    }

    /// Whether the count and the key are all that it looks at.
    static func isPlain(_ order: [BucketOrder]) -> Bool {
        order.allSatisfy { if case .path = $0 { false } else { true } }
    }

    private static func check(
        _ path: AggregationPath, _ children: [Aggregation]
    ) throws(QueryError) {
        var level = children.filter { !$0.isPipeline }
        for (depth, step) in path.steps.enumerated() {
            // A name may have dots of its own.
            let isLast = depth == path.steps.count - 1
            let found =
                level.first { $0.name == step.name }
                ?? (isLast ? level.first { $0.name == path.lastName } : nil)
            guard let found else {
                throw invalid(
                    "Invalid aggregation order path [\(path.text)]. The provided aggregation "
                        + "[\(step.name)] either does not exist, or is a pipeline aggregation and "
                        + "cannot be used to sort the buckets.")
            }
            if isLast {
                try checkLast(found, path, step)
            } else if found.isMultiBucket || !found.takesChildren {
                throw invalid(
                    "Invalid aggregation order path [\(path.text)]. Buckets can only be sorted on "
                        + "a sub-aggregator path that is built out of zero or more single-bucket "
                        + "aggregations within the path and a final single-bucket or a metrics "
                        + "aggregation at the path end.")
            }
            level = found.collected
        }
    }

    private static func invalid(_ reason: String) -> QueryError {
        QueryError(type: "aggregation_execution_exception", reason: reason)
    }

    private static func checkLast(
        _ found: Aggregation, _ path: AggregationPath, _ step: AggregationPath.Step
    ) throws(QueryError) {
        let property = path.property ?? step.key
        switch found.kind {
        case .metric(let metric) where metric.measure == .stats || metric.measure == .extendedStats:
            guard let property else {
                throw .illegalArgument(
                    "When ordering on a multi-value metrics aggregation a metric name must be "
                        + "specified")
            }
            if ValuesContent.statsNames.contains(property) { return }
            throw .illegalArgument(
                "Unknown value key [\(property)] for multi-value metrics aggregation "
                    + "[\(found.name)]")
        case .percentiles(let percentiles):
            if percentiles.wanted != .medianAbsoluteDeviation, property == nil {
                throw .illegalArgument(
                    "When ordering on a multi-value metrics aggregation a metric name must be "
                        + "specified")
            }
        case .metric, .cardinality, .weightedAverage:
            if let property, property != "value" {
                throw .illegalArgument(
                    "Ordering on a single-value metrics aggregation can only be done on its value. "
                        + "Either drop the key (a la \"\(found.name)\") or change it to \"value\" "
                        + "(a la \"\(found.name).value\")")
            }
        case .filter, .missing, .global:
            if let property, property != "doc_count", property != "_count" {
                throw .illegalArgument(
                    "Ordering on a single-bucket aggregation can only be done on its doc_count. "
                        + "Either drop the key (a la \"\(found.name)\") or change it to "
                        + "\"doc_count\" (a la \"\(found.name).doc_count\")")
            }
        default:
            throw invalid(
                "Invalid aggregation order path [\(path.text)]. Buckets can only be sorted on a "
                    + "sub-aggregator path that is built out of zero or more single-bucket "
                    + "aggregations within the path and a final single-bucket or a metrics "
                    + "aggregation at the path end.")
        }
    }

    func sort(_ buckets: inout [BucketResult]) {
        // Values of paths once a bucket, not once a comparison.
        let values: [[Double]] = buckets.map { bucket in
            order.map { key in
                guard case .path(let path, _) = key else { return 0 }
                return path.value(in: bucket.children) ?? .nan
            }
        }
        let sorted = buckets.indices.sorted { left, right in
            precedes(buckets[left], values[left], buckets[right], values[right])
        }
        buckets = sorted.map { buckets[$0] }
    }

    private func precedes(
        _ left: BucketResult, _ leftValues: [Double], _ right: BucketResult,
        _ rightValues: [Double]
    ) -> Bool {
        for (i, key) in order.enumerated() {
            var result: Int
            let isAscending: Bool
            switch key {
            case .count(let ascending):
                result = left.docCount - right.docCount
                isAscending = ascending
            case .key(let ascending):
                result = BucketKey.compare(left.key, right.key)
                isAscending = ascending
            case .path(_, let ascending):
                let a = leftValues[i]
                let b = rightValues[i]
                isAscending = ascending
                // What has no value is last, whatever the direction.
                if a.isNaN || b.isNaN {
                    if a.isNaN != b.isNaN { return b.isNaN }
                    result = 0
                } else {
                    result = a == b ? 0 : a < b ? -1 : 1
                }
            }
            if result != 0 { return (result < 0) == isAscending }
        }
        return false
    }
}

extension AggregationPath {
    /// The last step as it was written, dots included.
    var lastName: String { (steps.last?.name ?? "") + (property.map { "." + $0 } ?? "") }

    /// The number that the path leads to; nil when it leads nowhere.
    func value(in results: NamedResults) -> Double? {
        var level = results
        for (depth, step) in steps.enumerated() {
            let isLast = depth == steps.count - 1
            if isLast, let whole = level[lastName] { return Self.value(of: whole, step.key) }
            guard let found = level[step.name] else { return nil }
            if isLast { return Self.value(of: found, property ?? step.key) }
            switch found.content {
            case .single(let docCount, let children):
                if depth == steps.count - 2, steps[depth + 1].name == "_count" {
                    return Double(docCount)
                }
                level = children
            case .buckets(let content):
                if depth == steps.count - 2, steps[depth + 1].name == "_bucket_count" {
                    return Double(content.buckets.count)
                }
                guard let key = step.key,
                    let bucket = content.buckets.first(where: { $0.label == key })
                else { return nil }
                if depth == steps.count - 2, steps[depth + 1].name == "_count" {
                    return Double(bucket.docCount)
                }
                level = bucket.children
            case .values, .hits: return nil
            }
        }
        return nil
    }

    private static func value(of result: AggregationResult, _ property: String?) -> Double? {
        switch result.content {
        case .values(let values): values.property(property)
        case .single(let docCount, _): Double(docCount)
        case .buckets(let content):
            property == "_bucket_count" ? Double(content.buckets.count) : nil
        case .hits: nil
        }
    }
}
