internal import Synchronization
package import TrawlAnalysis
package import TrawlJSON
package import TrawlSchema
internal import TrawlSegment

/// The mapping and the analyzers of an index, as of one version.
package struct ShardSchema: Sendable {
    package var version: Int64
    package var mapping: Mapping
    package var catalog: AnalyzerCatalog
    package var limits: MappingLimits

    package init(
        version: Int64 = 1, mapping: Mapping = .empty, catalog: AnalyzerCatalog = AnalyzerCatalog(),
        limits: MappingLimits = MappingLimits()
    ) {
        self.version = version
        self.mapping = mapping
        self.catalog = catalog
        self.limits = limits
    }

    var fieldTable: FieldTable {
        FieldTable(mapping.fields.map { .init(name: $0.path, storage: $0.type.storage) })
    }
}

/// Where a shard gets the mapping from: the metadata of its index. A mapping only grows.
package protocol SchemaSource: Sendable {
    var schema: ShardSchema { get }
    /// Takes up fields that a document brought, durably, before the document is in the log.
    func extend(by update: JSONObject) throws -> ShardSchema
}

/// A mapping in memory, for tests and for embedding without a catalog.
package final class MemorySchema: SchemaSource {
    private let state: Mutex<ShardSchema>
    private let context: MappingContext

    package init(_ schema: ShardSchema = ShardSchema(), context: MappingContext = MappingContext())
    {
        state = Mutex(schema)
        self.context = context
    }

    package var schema: ShardSchema { state.withLock { $0 } }

    package func extend(by update: JSONObject) throws -> ShardSchema {
        try state.withLock { schema in
            schema.mapping = try schema.mapping.merging(.object(update), context: context)
            schema.version += 1
            return schema
        }
    }
}
