package import TrawlJSON

/// Everything the catalog knows at one moment. A request reads one and sees no half of a change.
package struct CatalogSnapshot: Sendable {
    package internal(set) var indices: [String: IndexMetadata] = [:]
    /// Which indices an alias names.
    package private(set) var aliases: [String: [String]] = [:]
    package var indexTemplates: [String: JSONObject] = [:]
    package var componentTemplates: [String: JSONObject] = [:]
    package var legacyTemplates: [String: JSONObject] = [:]
    package var pipelines: [String: JSONObject] = [:]
    /// Stored scripts and search templates: `lang` and `source`.
    package var scripts: [String: JSONObject] = [:]
    package var persistentSettings = FlatSettings()
    package var transientSettings = FlatSettings()
    package var clusterUUID = ""
    /// Grows with every change.
    package var version: Int64 = 0

    package init() {}

    /// A setting of the cluster; transient ones come first.
    package func setting(_ name: String) -> String? {
        transientSettings.text(name) ?? persistentSettings.text(name)
    }

    package var names: [String] { indices.keys.sorted() }

    package mutating func put(_ index: IndexMetadata) {
        indices[index.name] = index
        rebuildAliases()
    }

    package mutating func remove(_ name: String) {
        indices[name] = nil
        rebuildAliases()
    }

    mutating func rebuildAliases() {
        aliases = [:]
        for name in names {
            for alias in indices[name]!.aliases.keys { aliases[alias, default: []].append(name) }
        }
    }

    // MARK: JSON, as kept in the catalog's file

    /// - Parameter withTransient: Transient settings hold for all nodes, until all of them end.
    func json(withTransient: Bool) -> JSONValue {
        func object(_ templates: [String: JSONObject]) -> JSONValue {
            .object(
                JSONObject(
                    templates.keys.sorted().map { (key: $0, value: .object(templates[$0]!)) })
            )
        }
        var value: JSONValue = [
            "format": JSONValue(CatalogFormat.version), "cluster_uuid": .string(clusterUUID),
            "version": JSONValue(version),
            "indices": .array(names.map { indices[$0]!.json }),
            "index_templates": object(indexTemplates),
            "component_templates": object(componentTemplates),
            "templates": object(legacyTemplates),
            "pipelines": object(pipelines), "scripts": object(scripts),
            "settings": .object(persistentSettings.flat),
        ]
        if withTransient { value["transient"] = .object(transientSettings.flat) }
        return value
    }

    init(json: JSONValue) throws {
        guard let format = json["format"]?.intValue, format == CatalogFormat.version else {
            throw CatalogFormat.damaged(
                "format \(json["format"]?.description ?? "missing"), this program reads "
                    + "\(CatalogFormat.version)")
        }
        func objects(_ name: String) -> [String: JSONObject] {
            var result: [String: JSONObject] = [:]
            for (key, value) in json[name]?.objectValue ?? [:] { result[key] = value.objectValue }
            return result
        }
        clusterUUID = json["cluster_uuid"]?.stringValue ?? ""
        version = json["version"]?.numberValue?.int64 ?? 0
        indexTemplates = objects("index_templates")
        componentTemplates = objects("component_templates")
        legacyTemplates = objects("templates")
        pipelines = objects("pipelines")
        scripts = objects("scripts")
        persistentSettings = FlatSettings(json["settings"]?.objectValue ?? [:])
        transientSettings = FlatSettings(json["transient"]?.objectValue ?? [:])
        for item in json["indices"]?.arrayValue ?? [] {
            let index = try IndexMetadata(json: item)
            indices[index.name] = index
        }
        rebuildAliases()
    }
}
