internal import TrawlSchema
internal import TrawlErrors
package import TrawlJSON

/// An alias as one index has it.
package struct AliasMetadata: Sendable, Equatable {
    package var filter: JSONValue?
    package var indexRouting: String?
    package var searchRouting: String?
    package var isWriteIndex: Bool?
    package var isHidden: Bool?

    package init() {}

    /// Reads `{filter, routing, index_routing, search_routing, is_write_index, is_hidden}`.
    package init(_ object: JSONObject) {
        filter = object["filter"].flatMap { $0.isNull ? nil : $0 }
        let routing = Self.text(object["routing"])
        indexRouting = Self.text(object["index_routing"]) ?? routing
        searchRouting = Self.text(object["search_routing"]) ?? routing
        isWriteIndex = object["is_write_index"]?.boolValue
        isHidden = object["is_hidden"]?.boolValue
    }

    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text): text
        case .number(let number): number.literal
        default: nil
        }
    }

    package var json: JSONObject {
        var object = JSONObject()
        object["filter"] = filter
        object["index_routing"] = indexRouting.map { .string($0) }
        object["search_routing"] = searchRouting.map { .string($0) }
        object["is_write_index"] = isWriteIndex.map { .bool($0) }
        object["is_hidden"] = isHidden.map { .bool($0) }
        return object
    }
}

/// What the catalog knows of an index: all but its documents.
package struct IndexMetadata: Sendable {
    package var name: String
    package var uuid: String
    /// Milliseconds since 1970.
    package var creationDate: Int64
    package var settings: FlatSettings
    package var mapping: IndexMapping
    package var aliases: [String: AliasMetadata] = [:]
    package var isOpen = true
    /// Counts changes of mapping, settings and aliases; a change of a document names the one it
    /// was validated with.
    package var version: Int64 = 1

    package init(
        name: String, uuid: String, creationDate: Int64, settings: FlatSettings,
        mapping: IndexMapping
    ) {
        self.name = name
        self.uuid = uuid
        self.creationDate = creationDate
        self.settings = settings
        self.mapping = mapping
    }

    package var shardCount: Int { settings.int("index.number_of_shards") ?? 1 }
    package var replicaCount: Int { settings.int("index.number_of_replicas") ?? 1 }
    /// Copies of each shard beyond the first have no place on one node.
    package var unassignedCopyCount: Int {
        let expands = settings.text("index.auto_expand_replicas") ?? "false"
        return expands == "false" ? replicaCount : 0
    }
    package var isHidden: Bool { settings.bool("index.hidden") ?? false }
    package var maxResultWindow: Int { settings.int("index.max_result_window") ?? 10_000 }

    /// The shard that holds a routing value (or an id without one).
    package func limit(_ name: String, default fallback: Int) -> Int {
        settings.int(name) ?? fallback
    }

    /// How often changes become visible by themselves; nil when they do not.
    package var refreshInterval: Duration? { mapping.settings.refreshInterval }

    // MARK: Blocks

    package enum Access: Sendable { case read, write, metadata, delete }

    /// Refuses what a block of the index forbids.
    package func checkAccess(_ access: Access) throws(CoordinatorError) {
        guard settings.values.keys.contains(where: { $0.hasPrefix("index.blocks.") }) else {
            return
        }
        func on(_ name: String) -> Bool { settings.bool("index.blocks." + name) ?? false }
        let isRead = access == .read
        if on("read_only"), !isRead {
            throw .blocked(name, "FORBIDDEN/5/index read-only (api)")
        }
        if on("read"), isRead { throw .blocked(name, "FORBIDDEN/7/index read (api)") }
        if on("write"), access == .write { throw .blocked(name, "FORBIDDEN/8/index write (api)") }
        if on("metadata"), access == .metadata {
            throw .blocked(name, "FORBIDDEN/9/index metadata (api)")
        }
        if on("read_only_allow_delete"), access == .write || access == .metadata {
            throw CoordinatorError(
                .overloaded, "cluster_block_exception",
                "index [\(name)] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded "
                    + "flood-stage watermark, index has read-only-allow-delete block];",
                status: 429)
        }
    }

    // MARK: JSON, as kept in the catalog's file

    package var json: JSONValue {
        [
            "name": .string(name), "uuid": .string(uuid),
            "creation_date": JSONValue(creationDate), "open": .bool(isOpen),
            "version": JSONValue(version), "settings": .object(settings.flat),
            "mappings": .object(mapping.json),
            "aliases": .object(
                JSONObject(
                    aliases.keys.sorted().map { (key: $0, value: .object(aliases[$0]!.json)) })),
        ]
    }

    package init(json: JSONValue) throws {
        guard let name = json["name"]?.stringValue, let uuid = json["uuid"]?.stringValue,
            let settings = json["settings"]?.objectValue
        else { throw CatalogFormat.damaged("an index without name, uuid or settings") }
        let flat = FlatSettings(settings, prefix: "index.")
        self.init(
            name: name, uuid: uuid, creationDate: json["creation_date"]?.numberValue?.int64 ?? 0,
            settings: flat,
            mapping: try IndexMapping(json["mappings"]?.objectValue ?? [:], settings: flat))
        isOpen = json["open"]?.boolValue ?? true
        version = json["version"]?.numberValue?.int64 ?? 1
        for (alias, value) in json["aliases"]?.objectValue ?? [:] {
            aliases[alias] = AliasMetadata(value.objectValue ?? [:])
        }
    }
}
