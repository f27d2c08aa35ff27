internal import TrawlJSON

/// Finds out how fields are to be mapped that a document has and the mapping has not.
struct DynamicMapping {
    /// One node of the update, in the order of appearance.
    private final class Node {
        var definition: JSONObject?
        /// False of objects that the mapping has already: they only lead to news.
        var isNew = false
        var names: [String] = []
        var children: [String: Node] = [:]

        func child(_ name: String) -> Node {
            if let known = children[name] { return known }
            let node = Node()
            names.append(name)
            children[name] = node
            return node
        }

        var hasNews: Bool { isNew || children.values.contains { $0.hasNews } }

        var json: JSONObject {
            var result = definition ?? [:]
            if definition == nil, children.isEmpty { return ["type": "object"] }
            guard !children.isEmpty else { return result }
            var properties = result["properties"]?.objectValue ?? [:]
            for name in names {
                if let child = children[name], child.hasNews, properties[name] == nil {
                    properties[name] = .object(child.json)
                }
            }
            result["properties"] = .object(properties)
            return result
        }
    }

    private let mapping: Mapping
    private let limits: MappingLimits
    private let root = Node()

    init(mapping: Mapping, limits: MappingLimits) {
        self.mapping = mapping
        self.limits = limits
    }

    /// What to merge into the mapping, if anything.
    var update: JSONObject? {
        guard root.hasNews else { return nil }
        var properties: JSONObject = [:]
        for name in root.names {
            if let child = root.children[name], child.hasNews {
                properties[name] = .object(child.json)
            }
        }
        return ["properties": .object(properties)]
    }

    /// Takes note of a value at a path that is not mapped, seen from the root.
    func add(_ names: [String], _ value: JSONValue) throws(SchemaError) {
        var object = mapping.object
        var node = root
        var dynamic = object.dynamic ?? .yes
        var rest = names[...]
        while rest.count > 1, let first = rest.first, let next = object.children[first] {
            guard case .object(let inner) = next else {
                throw DynamicMapping.notAnObject(names, next)
            }
            guard inner.isEnabled else { return }
            object = inner
            dynamic = inner.dynamic ?? dynamic
            node = node.child(first)
            node.definition = inner.nested.map { _ in ["type": "nested"] }
            rest = rest.dropFirst()
        }
        if let nested = object.nested, nested.isInParent || nested.isInRoot {
            node.definition?["include_in_parent"] = .bool(nested.isInParent)
            node.definition?["include_in_root"] = .bool(nested.isInRoot)
        }
        try add(rest, value, to: node, path: object.path, dynamic: dynamic, depth: 1)
    }

    static func notAnObject(_ names: [String], _ node: Mapping.Node) -> SchemaError {
        let typeName: String
        switch node {
        case .leaf(let leaf): typeName = leaf.typeName
        case .alias: typeName = "alias"
        case .object: typeName = "object"
        }
        return .mapperParsing(
            "Could not dynamically add mapping for field [\(names.joined(separator: "."))]. "
                + "Existing mapping for [\(node.path)] must be of type object but found "
                + "[\(typeName)].")
    }

    static func strict(_ dynamic: Mapping.Dynamic, _ name: String, in path: String) -> SchemaError {
        SchemaError(
            type: "strict_dynamic_mapping_exception",
            reason: "mapping set to \(dynamic.rawValue), dynamic introduction of [\(name)] within "
                + "[\(path.isEmpty ? "_doc" : path)] is not allowed")
    }

    private func add(
        _ names: ArraySlice<String>, _ value: JSONValue, to parent: Node, path: String,
        dynamic: Mapping.Dynamic, depth: Int
    ) throws(SchemaError) {
        guard let name = names.first, dynamic != .no else { return }
        let childPath = path.isEmpty ? name : path + "." + name
        guard depth <= limits.depth + 1 else {
            throw .illegalArgument(
                "Limit of mapping depth [\(limits.depth)] has been exceeded due to object field "
                    + "[\(path)]")
        }
        if names.count > 1 {
            if dynamic == .strict { throw DynamicMapping.strict(dynamic, name, in: path) }
            let node = parent.child(name)
            if !value.isNull { node.isNew = true }
            if let definition = node.definition, !isObject(definition) {
                throw .mapperParsing(
                    "Could not dynamically add mapping for field "
                        + "[\(names.joined(separator: "."))]. Existing mapping for "
                        + "[\(childPath)] must be of type object but found "
                        + "[\(definition["type"]?.stringValue ?? "")].")
            }
            try add(
                names.dropFirst(), value, to: node, path: childPath, dynamic: dynamic,
                depth: depth + 1)
            return
        }
        if dynamic == .strict { throw DynamicMapping.strict(dynamic, name, in: path) }
        switch value {
        case .null:
            break
        case .array(let list):
            // A template may want the array as a whole, for a type that takes one.
            for item in list {
                try add(names, item, to: parent, path: path, dynamic: dynamic, depth: depth)
            }
        case .object(let members):
            try add(members, name, to: parent, path: childPath, dynamic, depth)
        default:
            if parent.children[name] != nil { return }
            if let definition = try scalar(value, name, path, childPath, dynamic) {
                let node = parent.child(name)
                node.definition = definition
                node.isNew = true
            }
        }
    }

    private func isObject(_ definition: JSONObject) -> Bool {
        guard let type = definition["type"] else { return true }
        return type == "object" || type == "nested"
    }

    private func add(
        _ members: JSONObject, _ name: String, to parent: Node, path: String,
        _ dynamic: Mapping.Dynamic, _ depth: Int
    ) throws(SchemaError) {
        var inner = dynamic
        let isNew = parent.children[name] == nil
        if isNew, let template = template(name, path, .object) {
            parent.child(name).definition = template.mapping(name: name, kind: .object)
        } else if isNew, dynamic == .templates {
            return
        } else if isNew, dynamic == .strictTemplates {
            throw DynamicMapping.strict(dynamic, name, in: "")
        }
        let node = parent.child(name)
        if isNew { node.isNew = true }
        if let definition = node.definition {
            guard isObject(definition) else { return }
            if definition["enabled"] == false { return }
            if let own = definition["dynamic"].map(ParameterText.java) {
                inner = Mapping.Dynamic(rawValue: own.lowercased()) ?? dynamic
            }
        }
        let known = node.definition?["properties"]?.objectValue
        for (key, value) in members {
            let names = try FieldPath.split(key)
            if known?.contains(names[0]) == true { continue }
            try add(names[...], value, to: node, path: path, dynamic: inner, depth: depth + 1)
        }
    }

    private func template(
        _ name: String, _ path: String, _ kind: DynamicTemplate.ValueKind
    ) -> DynamicTemplate? {
        mapping.root.dynamicTemplates?.first { $0.fits(name: name, path: path, kind: kind) }
    }

    /// The definition of a field for a scalar.
    private func scalar(
        _ value: JSONValue, _ name: String, _ parentPath: String, _ path: String,
        _ dynamic: Mapping.Dynamic
    ) throws(SchemaError) -> JSONObject? {
        func made(
            _ kind: DynamicTemplate.ValueKind, _ standard: JSONObject
        ) throws(SchemaError) -> JSONObject? {
            if let template = template(name, path, kind) {
                return template.mapping(name: name, kind: kind)
            }
            switch dynamic {
            case .templates: return nil
            case .strictTemplates:
                throw DynamicMapping.strict(dynamic, name, in: parentPath)
            default: return standard
            }
        }
        switch value {
        case .bool: return try made(.boolean, ["type": "boolean"])
        case .number(let number):
            return number.isInteger
                ? try made(.long, ["type": "long"]) : try made(.double, ["type": "float"])
        case .string(let text):
            let isInteger = Int64(text) != nil
            let isReal = isInteger || NumberText.double(text) != nil
            if mapping.root.numbersAreDetected == true, isReal {
                return isInteger
                    ? try made(.long, ["type": "long"]) : try made(.double, ["type": "float"])
            }
            if !isReal, mapping.root.datesAreDetected != false, let format = dateFormat(of: text) {
                if let template = template(name, path, .date) {
                    var definition = template.mapping(name: name, kind: .date)
                    if definition["type"] == "date", definition["format"] == nil,
                        format != .default
                    {
                        definition["format"] = .string(format.pattern)
                    }
                    return definition
                }
                var definition: JSONObject = ["type": "date"]
                if format != .default { definition["format"] = .string(format.pattern) }
                return try made(.date, definition)
            }
            return try made(
                .string,
                [
                    "type": "text",
                    "fields": ["keyword": ["type": "keyword", "ignore_above": 256]],
                ])
        default: return nil
        }
    }

    private func dateFormat(of text: String) -> DateFormat? {
        let formats = mapping.root.dynamicDateFormats ?? [.default, .dynamicSlashed]
        return formats.first { $0.instant(text) != nil }
    }
}

/// Names of a document's members: a dot leads into an object.
enum FieldPath {
    static func split(_ key: String) throws(SchemaError) -> [String] {
        if key.isEmpty {
            throw failed(.illegalArgument("field name cannot be an empty string"))
        }
        guard key.utf8.contains(UInt8(ascii: ".")) else { return [key] }
        var parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // Java's split forgets empty parts at the end.
        while parts.last == "" { parts.removeLast() }
        if parts.isEmpty {
            throw failed(.illegalArgument("field name cannot contain only the character [.]"))
        }
        for part in parts where part.allSatisfy(\.isWhitespace) {
            throw failed(
                .illegalArgument(
                    part.isEmpty
                        ? "object field starting or ending with a [.] makes object resolution "
                            + "ambiguous: [\(key)]"
                        : "object field cannot contain only whitespace: ['\(key)']"))
        }
        return parts
    }

    private static func failed(_ error: SchemaError) -> SchemaError {
        error.wrapped(type: "mapper_parsing_exception", reason: "failed to parse")
    }
}
