package import TrawlJSON

extension Mapping {
    /// As the API shows it: types, and of the parameters those that differ from the standard.
    package var json: JSONObject {
        var result: JSONObject = [:]
        if let meta = root.meta { result["_meta"] = .object(meta) }
        if let dynamic = object.dynamic { result["dynamic"] = .string(dynamic.rawValue) }
        if let formats = root.dynamicDateFormats {
            result["dynamic_date_formats"] = .array(formats.map { .string($0.pattern) })
        }
        if let templates = root.dynamicTemplates, !templates.isEmpty {
            result["dynamic_templates"] = .array(
                templates.map { .object([$0.name: .object($0.definition)]) })
        }
        if let detected = root.datesAreDetected { result["date_detection"] = .bool(detected) }
        if let detected = root.numbersAreDetected { result["numeric_detection"] = .bool(detected) }
        if root.requiresRouting { result["_routing"] = ["required": true] }
        if !root.source.isWhole {
            var source: JSONObject = [:]
            if !root.source.isEnabled { source["enabled"] = false }
            if !root.source.includes.isEmpty {
                source["includes"] = .array(root.source.includes.map(JSONValue.string))
            }
            if !root.source.excludes.isEmpty {
                source["excludes"] = .array(root.source.excludes.map(JSONValue.string))
            }
            result["_source"] = .object(source)
        }
        if !object.isEnabled { result["enabled"] = false }
        if !object.children.isEmpty { result["properties"] = .object(object.properties) }
        return result
    }
}

extension Mapping.Object {
    package var properties: JSONObject {
        JSONObject(
            children.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.object($0.value.json)) })
    }
}

extension Mapping.Node {
    package var json: JSONObject {
        switch self {
        case .leaf(let leaf): return leaf.json
        case .alias(_, _, let target): return ["type": "alias", "path": .string(target)]
        case .object(let object):
            var result: JSONObject = [:]
            if let nested = object.nested {
                result["type"] = "nested"
                if nested.isInParent { result["include_in_parent"] = true }
                if nested.isInRoot { result["include_in_root"] = true }
            } else if object.children.isEmpty {
                result["type"] = "object"
            }
            if let dynamic = object.dynamic { result["dynamic"] = .string(dynamic.rawValue) }
            if !object.isEnabled { result["enabled"] = false }
            if !object.children.isEmpty { result["properties"] = .object(object.properties) }
            return result
        }
    }

    package var path: String {
        switch self {
        case .object(let object): object.path
        case .leaf(let leaf): leaf.path
        case .alias(_, let path, _): path
        }
    }
}

extension Mapping.Leaf {
    package var json: JSONObject {
        var result: JSONObject = ["type": .string(typeName)]
        for (name, value) in parameters.explicit { result[name] = value }
        if !multiFields.isEmpty {
            result["fields"] = .object(
                JSONObject(
                    multiFields.sorted { $0.key < $1.key }
                        .map { ($0.key, JSONValue.object($0.value.json)) }))
        }
        if !copyTo.isEmpty { result["copy_to"] = .array(copyTo.map(JSONValue.string)) }
        return result
    }
}
