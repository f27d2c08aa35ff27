internal import TrawlJSON
internal import TrawlQuery

/// What paths of pipelines lead to in a bucket.
enum BucketValues {
    /// Nil where there is nothing; NaN where there is nothing to count.
    static func value(
        _ path: AggregationPath, in bucket: BucketResult, _ policy: PipelineAggregation.GapPolicy
    ) throws -> Double? {
        if path.steps.count == 1, path.property == nil {
            switch path.text {
            case "_count": return Double(bucket.docCount)
            case "_key": return key(bucket)
            default: break
            }
        }
        try check(path, in: bucket)
        var own = path
        if own.steps.count == 1, let property = own.property,
            property == "_bucket_count" || property == "_count",
            let found = bucket.children[own.steps[0].name]
        {
            own.property = nil
            return count(found, property)
        }
        guard let value = own.value(in: bucket.children) else { return nil }
        let isCount = path.steps.last?.name == "_count" || path.text.hasSuffix("_bucket_count")
        let isGap = !value.isFinite || (bucket.docCount == 0 && !isCount)
        if !isGap { return value }
        switch policy {
        case .skip: return .nan
        case .insertZeros: return 0
        case .keepValues: return value
        }
    }

    private static func count(_ result: AggregationResult, _ property: String) -> Double? {
        switch result.content {
        case .buckets(let content): Double(content.buckets.count)
        case .single(let docCount, _): Double(docCount)
        case .values, .hits: nil
        }
    }

    private static func key(_ bucket: BucketResult) -> Double? {
        if let position = bucket.position { return position }
        return bucket.fields["key"]?.doubleValue
    }

    private static func check(_ path: AggregationPath, in bucket: BucketResult) throws {
        guard let first = path.steps.first else { return }
        if bucket.children[first.name] == nil, bucket.children[path.lastName] == nil,
            bucket.children[first.name + (path.property.map { "." + $0 } ?? "")] == nil
        {
            throw QueryError(
                type: "invalid_aggregation_path_exception",
                reason: "Cannot find an aggregation named [\(first.name)] in "
                    + "[\(path.text)]")
        }
    }
}
