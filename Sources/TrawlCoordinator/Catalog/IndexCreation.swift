internal import TrawlErrors
package import TrawlJSON

/// What a request to create an index asks for.
package struct IndexCreation: Sendable {
    package var name: String
    package var settings = FlatSettings()
    package var mappings = JSONObject()
    package var aliases: [String: JSONObject] = [:]
    /// An index made of another has all that it needs.
    package var ignoresTemplates = false

    package init(name: String) { self.name = name }

    /// Reads `{settings, mappings, aliases}`.
    package init(name: String, body: JSONObject) throws(CoordinatorError) {
        self.name = name
        for (key, value) in body {
            guard let object = value.objectValue else {
                throw CoordinatorError(
                    .invalidRequest, "parse_exception", "key [\(key)] must be an object")
            }
            switch key {
            case "settings": settings = FlatSettings(object, prefix: "index.")
            case "mappings": mappings = try Self.typeless(object)
            case "aliases":
                for (alias, metadata) in object {
                    guard let metadata = metadata.objectValue else {
                        throw CoordinatorError(
                            .invalidRequest, "parse_exception",
                            "[\(alias)] of [aliases] must be an object")
                    }
                    aliases[alias] = metadata
                }
            default:
                throw CoordinatorError(
                    .invalidRequest, "parse_exception", "unknown key [\(key)] for create index")
            }
        }
    }

    /// Older clients put the mapping under `_doc`.
    package static func typeless(_ mappings: JSONObject) throws(CoordinatorError) -> JSONObject {
        if mappings.count == 1, let inner = mappings["_doc"]?.objectValue { return inner }
        return mappings
    }
}

extension CatalogSnapshot {
    /// Adds a new index, with what templates give it.
    ///
    /// - Returns: The index as it now stands in the catalog.
    package mutating func create(
        _ creation: IndexCreation, uuid: String, now: Int64
    ) throws -> IndexMetadata {
        let name = creation.name
        try IndexName.checkIndex(name)
        try checkNameIsFree(name)
        var content =
            creation.ignoresTemplates ? TemplateContent() : templateContent(for: name)
        var own = TemplateContent()
        own.settings = creation.settings
        own.mappings = creation.mappings
        own.aliases = creation.aliases
        content.lay(own)
        var settings = content.settings
        settings.removals = []
        try SettingRules.check(settings)
        if settings["index.number_of_shards"] == nil {
            settings["index.number_of_shards"] = .text("1")
        }
        if settings["index.number_of_replicas"] == nil {
            settings["index.number_of_replicas"] = .text("1")
        }
        settings["index.uuid"] = .text(uuid)
        settings["index.creation_date"] = .text(String(now))
        settings["index.provided_name"] = .text(name)
        settings["index.version.created"] = .text(Self.versionCreated)
        var index = IndexMetadata(
            name: name, uuid: uuid, creationDate: now, settings: settings,
            mapping: try IndexMapping(content.mappings, settings: settings))
        for (alias, object) in content.aliases {
            try IndexName.checkAlias(alias)
            if indices[alias] != nil || alias == name {
                throw CoordinatorError(
                    .invalidRequest, "invalid_alias_name_exception",
                    "Invalid alias name [\(alias)]: an index or data stream exists with the "
                        + "same name as the alias",
                    index: name, indexUUID: uuid)
            }
            index.aliases[alias] = AliasMetadata(object)
        }
        put(index)
        return index
    }

    /// The release whose indices ours look like: OpenSearch 3.6.0.
    package static let versionCreated = "137277827"

    private func checkNameIsFree(_ name: String) throws(CoordinatorError) {
        if let index = indices[name] {
            throw CoordinatorError(
                .invalidRequest, "resource_already_exists_exception",
                "index [\(name)/\(index.uuid)] already exists", index: name, indexUUID: index.uuid)
        }
        if aliases[name] != nil {
            throw .invalidName(name, "already exists as alias")
        }
    }
}
