package import TrawlJSON

/// Reads mappings as the Elasticsearch API writes them.
package struct MappingParser: Sendable {
    package var context: MappingContext

    package init(context: MappingContext = MappingContext()) { self.context = context }

    package func parse(_ json: JSONValue) throws(SchemaError) -> Mapping {
        let (object, root) = try tree(json)
        return try Mapping(object: object, root: root, context: context)
    }

    /// The tree alone: what a merge needs of an update.
    func tree(_ json: JSONValue) throws(SchemaError) -> (Mapping.Object, Mapping.Root) {
        guard var definition = json.objectValue else {
            throw .mapperParsing("Malformed mappings section, expected a map")
        }
        // `{"_doc": {…}}`, as old clients write it.
        if definition.count == 1, let inner = definition["_doc"]?.objectValue {
            definition = inner
        }
        var object = Mapping.Object(name: "_doc", path: "")
        var root = Mapping.Root()
        var rest: JSONObject = [:]
        for (key, value) in definition {
            if try parseObjectParameter(key, value, into: &object, depth: 1) { continue }
            if try RootParameters.parse(key, value, into: &root, context) { continue }
            rest[key] = value
        }
        try checkNothingLeft(rest, "Root mapping definition has unsupported parameters: ")
        return (object, root)
    }

    private func checkNothingLeft(
        _ rest: JSONObject, _ message: String
    ) throws(SchemaError) {
        guard !rest.isEmpty else { return }
        let list = rest.map { " [\($0.key) : \(ParameterText.java($0.value))]" }.joined()
        throw .mapperParsing(message + list)
    }

    private func parseObjectParameter(
        _ key: String, _ value: JSONValue, into object: inout Mapping.Object, depth: Int
    ) throws(SchemaError) -> Bool {
        switch key {
        case "dynamic":
            let text = ParameterText.java(value)
            let special: [Mapping.Dynamic] = [.strict, .strictTemplates, .templates]
            if let known = special.first(where: { $0.rawValue == text.lowercased() }) {
                object.dynamic = known
            } else {
                let isDynamic = try ParameterText.bool(value, named: "dynamic.dynamic")
                object.dynamic = isDynamic ? .yes : .no
            }
        case "enabled":
            object.isEnabled = try ParameterText.bool(value, named: "enabled.enabled")
        case "properties":
            if let list = value.arrayValue, list.isEmpty { return true }
            guard let properties = value.objectValue else {
                throw .parsing("properties must be a map type")
            }
            try parseProperties(properties, into: &object, depth: depth)
        case "include_in_all":
            break
        default:
            return false
        }
        return true
    }

    private func parseProperties(
        _ properties: JSONObject, into object: inout Mapping.Object, depth: Int
    ) throws(SchemaError) {
        try guardDepth(depth, object)
        for (name, value) in properties {
            guard let definition = value.objectValue else {
                if let list = value.arrayValue, list.isEmpty { continue }
                throw .mapperParsing(
                    "Expected map for property [fields] on field [\(name)] but got a class "
                        + ParameterText.javaClass(value))
            }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
                .map(String.init)
            if name.isEmpty { throw .illegalArgument("name cannot be empty string") }
            if parts.contains("") {
                throw name.allSatisfy({ $0 == "." })
                    ? .mapperParsing("Invalid field name \(name)")
                    : .illegalArgument("name cannot be empty string")
            }
            try insert(
                parts[...], field: name, definition, into: &object, depth: depth)
        }
    }

    /// The limit proper is checked with the whole mapping; this one guards the stack.
    private func guardDepth(_ depth: Int, _ object: Mapping.Object) throws(SchemaError) {
        guard depth <= min(context.limits.depth, 200) + 1 else {
            throw .illegalArgument(
                "Limit of mapping depth [\(context.limits.depth)] has been exceeded due to "
                    + "object field [\(object.path)]")
        }
    }

    /// A dot in a name makes an object of what stands before it.
    private func insert(
        _ parts: ArraySlice<String>, field: String, _ definition: JSONObject,
        into object: inout Mapping.Object, depth: Int
    ) throws(SchemaError) {
        guard let name = parts.first else { return }
        try guardDepth(depth, object)
        let path = object.path.isEmpty ? name : object.path + "." + name
        let node: Mapping.Node
        if parts.count > 1 {
            var child = Mapping.Object(name: name, path: path)
            try insert(
                parts.dropFirst(), field: field, definition, into: &child, depth: depth + 1)
            node = .object(child)
        } else {
            node = try parseNode(name, path, field: field, definition, depth: depth)
        }
        if let existing = object.children[name] {
            object.children[name] = try MappingMerge(context: context).merge(existing, node)
        } else {
            object.children[name] = node
        }
    }

    private func parseNode(
        _ name: String, _ path: String, field: String, _ definition: JSONObject, depth: Int
    ) throws(SchemaError) -> Mapping.Node {
        let typeName: String
        if let given = definition["type"], !given.isNull {
            typeName = ParameterText.java(given)
        } else if definition.contains("properties")
            || (definition.count == 1 && definition.contains("enabled"))
        {
            typeName = "object"
        } else {
            throw .mapperParsing("No type specified for field [\(field)]")
        }
        switch typeName {
        case "object", "nested":
            return .object(
                try parseObject(name, path, typeName, definition, depth: depth))
        case "alias":
            return try parseAlias(name, path, field: field, definition)
        default:
            return .leaf(
                try parseLeaf(name, path, typeName, definition, isMultiField: false))
        }
    }

    private func parseObject(
        _ name: String, _ path: String, _ typeName: String, _ definition: JSONObject,
        depth: Int
    ) throws(SchemaError) -> Mapping.Object {
        var object = Mapping.Object(name: name, path: path)
        var nested = Mapping.Nested()
        var rest: JSONObject = [:]
        for (key, value) in definition where key != "type" {
            switch key {
            case "include_in_parent":
                nested.isInParent = try ParameterText.bool(value, named: "\(name).\(key)")
            case "include_in_root":
                nested.isInRoot = try ParameterText.bool(value, named: "\(name).\(key)")
            default:
                if try !parseObjectParameter(key, value, into: &object, depth: depth + 1) {
                    rest[key] = value
                }
            }
        }
        try checkNothingLeft(
            rest, "Mapping definition for [\(name)] has unsupported parameters: ")
        if typeName == "nested" { object.nested = nested }
        return object
    }

    private func parseAlias(
        _ name: String, _ path: String, field: String, _ definition: JSONObject
    ) throws(SchemaError) -> Mapping.Node {
        guard let target = definition["path"], !target.isNull else {
            throw .mapperParsing(
                "The [path] property must be specified for field [\(name)].")
        }
        var rest = definition
        rest["type"] = nil
        rest["path"] = nil
        try checkNothingLeft(
            rest, "Mapping definition for [\(name)] has unsupported parameters: ")
        return .alias(name: name, path: path, target: ParameterText.java(target))
    }

    func parseLeaf(
        _ name: String, _ path: String, _ typeName: String, _ definition: JSONObject,
        isMultiField: Bool
    ) throws(SchemaError) -> Mapping.Leaf {
        guard let descriptor = FieldTypes.byName[typeName] else {
            throw .mapperParsing(
                "No handler for type [\(typeName)] declared on field [\(name)]")
        }
        var leaf = Mapping.Leaf(
            name: name, path: path, typeName: typeName,
            parameters: FieldParameters(rules: descriptor.rules))
        var given: [String: JSONValue] = [:]
        for (key, value) in definition where key != "type" {
            switch key {
            case "fields":
                if isMultiField {
                    throw .mapperParsing(
                        "cannot use [fields] inside of multi field [\(name)]")
                }
                leaf.multiFields = try parseMultiFields(value, of: leaf)
            case "copy_to":
                if isMultiField {
                    throw .mapperParsing(
                        "copy_to in multi fields is not allowed. Found the copy_to in field "
                            + "[\(name)] which is within a multi field.")
                }
                leaf.copyTo = (value.arrayValue ?? [value]).map(ParameterText.java)
            default:
                guard let rule = descriptor.rules.first(where: { $0.name == key }) else {
                    throw .mapperParsing(
                        "unknown parameter [\(key)] on mapper [\(name)] of type [\(typeName)]")
                }
                given[key] = try rule.normalized(
                    value, field: name, type: typeName, context: context)
            }
        }
        for rule in descriptor.rules {
            if let value = given[rule.name], value != rule.standard, !value.isNull {
                leaf.parameters.explicit[rule.name] = value
            }
        }
        return leaf
    }

    private func parseMultiFields(
        _ value: JSONValue, of leaf: Mapping.Leaf
    ) throws(SchemaError) -> [String: Mapping.Leaf] {
        if let list = value.arrayValue, list.isEmpty { return [:] }
        guard let fields = value.objectValue else {
            throw .mapperParsing(
                "expected map for property [fields] on field [\(leaf.name)] or [\(leaf.name)] but "
                    + "got a class \(ParameterText.javaClass(value))")
        }
        var result: [String: Mapping.Leaf] = [:]
        for (name, value) in fields {
            if name.contains(".") {
                throw .mapperParsing(
                    "Field name [\(name)] which is a multi field of [\(leaf.name)] cannot contain "
                        + "'.'")
            }
            guard let definition = value.objectValue else {
                throw .mapperParsing(
                    "illegal field [\(name)], only fields can be specified inside fields")
            }
            guard let type = definition["type"], !type.isNull else {
                throw .mapperParsing("no type specified for property [\(name)]")
            }
            let typeName = ParameterText.java(type)
            if ["object", "nested", "alias"].contains(typeName) {
                throw .mapperParsing("Type [\(typeName)] cannot be used in multi field")
            }
            result[name] = try parseLeaf(
                name, leaf.path + "." + name, typeName, definition, isMultiField: true)
        }
        return result
    }
}
