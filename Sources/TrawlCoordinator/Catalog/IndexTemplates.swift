package import TrawlJSON
internal import TrawlSchema

/// What templates give to a new index: settings, mappings and aliases, laid over one another.
package struct TemplateContent: Sendable {
    package var settings = FlatSettings()
    package var mappings = JSONObject()
    package var aliases: [String: JSONObject] = [:]

    package init() {}

    package init(_ object: JSONObject) {
        settings = FlatSettings(object["settings"]?.objectValue ?? [:], prefix: "index.")
        mappings = object["mappings"]?.objectValue ?? [:]
        for (name, value) in object["aliases"]?.objectValue ?? [:] {
            aliases[name] = value.objectValue ?? [:]
        }
    }

    package mutating func lay(_ other: TemplateContent) {
        settings.merge(other.settings)
        mappings = MappingMerge.lay(other.mappings, over: mappings)
        for (name, alias) in other.aliases { aliases[name] = alias }
    }

    /// As `template` of the API shows it.
    package var json: JSONObject {
        [
            "settings": .object(settings.nested), "mappings": .object(mappings),
            "aliases": .object(
                JSONObject(aliases.keys.sorted().map { (key: $0, value: .object(aliases[$0]!)) })),
        ]
    }
}

/// Mappings of templates laid over one another, before anybody has looked at the types in them.
package enum MappingMerge {
    /// Fields of `over` that `top` defines too are taken from `top`, objects are merged; dynamic
    /// templates of the same name are replaced, others added; the rest is overwritten.
    package static func lay(_ top: JSONObject, over bottom: JSONObject) -> JSONObject {
        var result = bottom
        for (key, value) in top {
            switch key {
            case "properties":
                result[key] = .object(
                    layFields(value.objectValue ?? [:], over: bottom[key]?.objectValue ?? [:]))
            case "dynamic_templates":
                result[key] = .array(
                    layTemplates(value.arrayValue ?? [], over: bottom[key]?.arrayValue ?? []))
            default: result[key] = value
            }
        }
        return result
    }

    private static func layFields(_ top: JSONObject, over bottom: JSONObject) -> JSONObject {
        var result = bottom
        for (name, value) in top {
            if let new = value.objectValue, let old = bottom[name]?.objectValue,
                new["properties"] != nil, old["properties"] != nil
            {
                result[name] = .object(lay(new, over: old))
            } else {
                result[name] = value
            }
        }
        return result
    }

    private static func layTemplates(_ top: [JSONValue], over bottom: [JSONValue]) -> [JSONValue] {
        var result = bottom
        for template in top {
            let name = template.objectValue?.keys.first
            if let place = result.firstIndex(where: { $0.objectValue?.keys.first == name }) {
                result[place] = template
            } else {
                result.append(template)
            }
        }
        return result
    }
}

extension CatalogSnapshot {
    /// The composable template of the highest priority that matches a name.
    package func matchingTemplate(
        for name: String, hidden: Bool = false
    ) -> (name: String, template: JSONObject)? {
        matchingTemplates(for: name).first
    }

    /// All composable templates that match a name, the highest priority first.
    package func matchingTemplates(for name: String) -> [(name: String, template: JSONObject)] {
        indexTemplates.filter {
            Self.patterns(of: $0.value).contains { Wildcard.matches($0, name) }
        }
        .sorted {
            (Self.priority($1.value), $0.key) < (Self.priority($0.value), $1.key)
        }
        .map { (name: $0.key, template: $0.value) }
    }

    package static func patterns(of template: JSONObject) -> [String] {
        switch template["index_patterns"] {
        case .array(let list): list.compactMap(\.stringValue)
        case .string(let text): [text]
        default: []
        }
    }

    package static func priority(_ template: JSONObject) -> Int64 {
        template["priority"]?.numberValue?.int64 ?? 0
    }

    /// What a composable template comes to with its components.
    package func compose(_ template: JSONObject) -> TemplateContent {
        var content = TemplateContent()
        for name in template["composed_of"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
            if let part = componentTemplates[name]?["template"]?.objectValue {
                content.lay(TemplateContent(part))
            }
        }
        content.lay(TemplateContent(template["template"]?.objectValue ?? [:]))
        return content
    }

    /// What templates give to a new index of that name. Composable ones win over legacy ones.
    package func templateContent(for name: String) -> TemplateContent {
        if let (_, template) = matchingTemplate(for: name) { return compose(template) }
        var content = TemplateContent()
        let legacy = legacyTemplates.filter {
            Self.patterns(of: $0.value).contains { Wildcard.matches($0, name) }
        }.sorted {
            ($0.value["order"]?.intValue ?? 0, $0.key) < ($1.value["order"]?.intValue ?? 0, $1.key)
        }
        for (_, template) in legacy { content.lay(TemplateContent(template)) }
        return content
    }
}
