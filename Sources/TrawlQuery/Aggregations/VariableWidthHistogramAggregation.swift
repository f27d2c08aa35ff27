internal import TrawlJSON

/// `variable_width_histogram`: so many buckets at most, where the values lie.
package struct VariableWidthHistogramAggregation: Sendable, Hashable, Codable {
    package static let defaultBucketCount = 10
    package static let maxBucketCount = 50_000

    package var values = ValuesSource()
    package var bucketCount = defaultBucketCount
}

extension RequestReader {
    mutating func variableWidthHistogram(
        _ object: JSONObject
    ) throws(QueryError) -> Aggregation.Kind {
        var result = VariableWidthHistogramAggregation()
        try members(
            object, of: "variable_width_histogram",
            known: Self.valueKeys + ["buckets", "shard_size", "initial_buffer"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "buckets":
                result.bucketCount = try r.int(value, key)
                if result.bucketCount <= 0 {
                    throw r.fail(
                        .illegalArgument(
                            "buckets must be greater than [0] for [\(r.aggregationName)]"),
                        at: .key(key))
                }
                if result.bucketCount > VariableWidthHistogramAggregation.maxBucketCount {
                    throw r.fail(
                        .illegalArgument(
                            "buckets must be less than "
                                + "\(VariableWidthHistogramAggregation.maxBucketCount)"),
                        at: .key(key))
                }
            case "shard_size":
                if try r.int(value, key) <= 1 {
                    throw r.fail(
                        .illegalArgument(
                            "shard_size must be greater than [1] for [\(r.aggregationName)]"),
                        at: .key(key))
                }
            case "initial_buffer":
                if try r.int(value, key) <= 0 {
                    throw r.fail(
                        .illegalArgument(
                            "initial_buffer must be greater than [0] for "
                                + "[\(r.aggregationName)]"), at: .key(key))
                }
            default: return false
            }
            return true
        }
        try requireField(result.values)
        return .variableWidthHistogram(result)
    }
}
