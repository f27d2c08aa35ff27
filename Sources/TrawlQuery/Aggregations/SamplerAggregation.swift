internal import TrawlJSON

/// `sampler` and `diversified_sampler`: the best documents of each shard, so many and no more.
package struct SamplerAggregation: Sendable, Hashable, Codable {
    package static let defaultSize = 100

    package var shardSize = defaultSize
    /// So many documents at most have the same value here; nil in a plain sampler.
    package var diversity: ValuesSource?
    package var maxDocsPerValue = 1
}

extension RequestReader {
    mutating func sampler(
        _ object: JSONObject, isDiverse: Bool
    ) throws(QueryError) -> Aggregation.Kind {
        var result = SamplerAggregation()
        var values = ValuesSource()
        let name = isDiverse ? "diversified_sampler" : "sampler"
        let known = isDiverse ? Self.valueKeys + ["max_docs_per_value", "execution_hint"] : []
        try members(object, of: name, known: known + ["shard_size"]) {
            r, key, value throws(QueryError) in
            if isDiverse, try r.valueMember(&values, key, value) { return true }
            switch key {
            case "shard_size":
                result.shardSize = try r.int(value, key)
                if result.shardSize < (isDiverse ? 0 : 1) {
                    throw r.fail(
                        .illegalArgument(
                            "[shardSize] must be greater than or equal to 0. Found "
                                + "[\(result.shardSize)] in [\(r.aggregationName)]"),
                        at: .key(key))
                }
            case "max_docs_per_value" where isDiverse:
                result.maxDocsPerValue = try r.int(value, key)
                if result.maxDocsPerValue < 0 {
                    throw r.fail(
                        .illegalArgument(
                            "[maxDocsPerValue] must be greater than or equal to 0. Found "
                                + "[\(result.maxDocsPerValue)] in [\(r.aggregationName)]"),
                        at: .key(key))
                }
            case "execution_hint" where isDiverse: _ = try r.text(value, key)
            default: return false
            }
            return true
        }
        if isDiverse {
            try requireField(values)
            result.diversity = values
        }
        return .sampler(result)
    }
}
