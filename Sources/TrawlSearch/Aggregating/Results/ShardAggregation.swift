internal import TrawlJSON
package import TrawlQuery

/// What all aggregations of a request came to on one shard, or on several.
package struct PartialAggregations: Sendable, Codable {
    @PartialList var partials: [any PartialAggregation]

    package mutating func merge(
        _ other: PartialAggregations, _ reduction: Reduction
    ) throws {
        partials = try reduction.merge(partials, other.partials)
    }

    package func results(
        of requests: [Aggregation], _ reduction: Reduction
    ) throws -> NamedResults {
        try reduction.results(of: requests, partials)
    }
}

extension NamedResults {
    /// The value of `aggregations` in an answer.
    package func serialized(typedKeys: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.startObject()
        write(to: &writer, typedKeys: typedKeys)
        writer.endObject()
        return writer.bytes
    }
}
