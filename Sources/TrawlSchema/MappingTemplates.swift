package import TrawlJSON

/// Mappings of several templates laid over each other: the later one counts.
///
/// Objects are merged member by member; a field that both define is the later one's alone, so
/// that no parameter of the earlier lingers. Dynamic templates are merged by name.
package enum MappingTemplates {
    package static func merged(_ mappings: [JSONValue]) throws(SchemaError) -> JSONValue {
        var result: JSONObject = [:]
        for mapping in mappings {
            var mapping = mapping
            if let object = mapping.objectValue, object.count == 1, let inner = object["_doc"] {
                mapping = inner
            }
            if mapping.isNull { continue }
            guard let object = mapping.objectValue else {
                throw .mapperParsing("Malformed mappings section, expected a map")
            }
            result = merge(result, object, depth: 0)
        }
        return .object(result)
    }

    private static func merge(_ old: JSONObject, _ new: JSONObject, depth: Int) -> JSONObject {
        var result = old
        for (key, value) in new {
            switch key {
            case "properties":
                guard let before = result[key]?.objectValue, let after = value.objectValue,
                    depth < 100
                else {
                    result[key] = value
                    continue
                }
                result[key] = .object(mergeProperties(before, after, depth: depth))
            case "dynamic_templates":
                result[key] = mergeTemplates(result[key]?.arrayValue ?? [], value)
            case "_meta":
                var meta = result[key]?.objectValue ?? [:]
                for (name, value) in value.objectValue ?? [:] { meta[name] = value }
                result[key] = .object(meta)
            default:
                result[key] = value
            }
        }
        return result
    }

    private static func mergeProperties(
        _ old: JSONObject, _ new: JSONObject, depth: Int
    ) -> JSONObject {
        var result = old
        for (name, definition) in new {
            if let before = result[name]?.objectValue, let after = definition.objectValue,
                isObject(before), isObject(after)
            {
                result[name] = .object(merge(before, after, depth: depth + 1))
            } else {
                result[name] = definition
            }
        }
        return result
    }

    private static func isObject(_ definition: JSONObject) -> Bool {
        guard let type = definition["type"] else { return true }
        return type == "object" || type == "nested"
    }

    private static func mergeTemplates(_ old: [JSONValue], _ new: JSONValue) -> JSONValue {
        guard let added = new.arrayValue else { return new }
        var result = old
        for template in added {
            let name = template.objectValue?.members.first?.key
            let place = result.firstIndex { $0.objectValue?.members.first?.key == name }
            if let place { result[place] = template } else { result.append(template) }
        }
        return .array(result)
    }
}
