internal import TrawlJSON

/// Walks a mapping's tree, makes the field types, and checks what spans the tree.
struct MappingFieldList {
    struct Entry {
        var type: any FieldType
        var parent: String?
        var nestedPath: String?
        var boost: Float
        var meta: JSONObject
    }

    let context: MappingContext
    private(set) var fields: [String: Entry] = [:]
    private(set) var order: [String] = []
    private(set) var aliases: [String: String] = [:]
    private(set) var nestedPaths: [String] = []
    private var objectCount = 0
    private var copies: [(path: String, targets: [String])] = []

    init(context: MappingContext) { self.context = context }

    mutating func visit(_ object: Mapping.Object, nestedPath: String?) throws(SchemaError) {
        try visit(object, nestedPath: nestedPath, depth: 1)
        let count = fields.count + aliases.count + objectCount
        guard count <= context.limits.totalFields else {
            throw .illegalArgument(
                "Limit of total fields [\(context.limits.totalFields)] has been exceeded")
        }
        guard nestedPaths.count <= context.limits.nestedFields else {
            throw .illegalArgument(
                "Limit of nested fields [\(context.limits.nestedFields)] has been exceeded")
        }
    }

    private mutating func visit(
        _ object: Mapping.Object, nestedPath: String?, depth: Int
    ) throws(SchemaError) {
        guard depth <= context.limits.depth else {
            throw .illegalArgument(
                "Limit of mapping depth [\(context.limits.depth)] has been exceeded due to "
                    + "object field [\(object.path)]")
        }
        // Ordered by name, so that equal mappings number their fields alike.
        for (_, node) in object.children.sorted(by: { $0.key < $1.key }) {
            switch node {
            case .object(let child):
                try checkName(child.name)
                objectCount += 1
                if child.nested != nil { nestedPaths.append(child.path) }
                try visit(
                    child, nestedPath: child.nested != nil ? child.path : nestedPath,
                    depth: depth + 1)
            case .leaf(let leaf):
                try visit(leaf, parent: nil, nestedPath: nestedPath)
                if !leaf.copyTo.isEmpty { copies.append((leaf.path, leaf.copyTo)) }
            case .alias(let name, let path, let target):
                try checkName(name)
                aliases[path] = target
            }
        }
    }

    private mutating func visit(
        _ leaf: Mapping.Leaf, parent: String?, nestedPath: String?
    ) throws(SchemaError) {
        try checkName(leaf.name)
        guard let descriptor = FieldTypes.byName[leaf.typeName] else {
            throw .mapperParsing(
                "No handler for type [\(leaf.typeName)] declared on field [\(leaf.name)]")
        }
        let type = try descriptor.make(
            FieldDefinition(
                path: leaf.path, typeName: leaf.typeName, parameters: leaf.parameters),
            context)
        fields[leaf.path] = Entry(
            type: type, parent: parent, nestedPath: nestedPath,
            boost: Float(leaf.parameters["boost"]?.doubleValue ?? 1),
            meta: leaf.parameters["meta"]?.objectValue ?? [:])
        order.append(leaf.path)
        for (_, multiField) in leaf.multiFields.sorted(by: { $0.key < $1.key }) {
            try visit(multiField, parent: leaf.path, nestedPath: nestedPath)
        }
    }

    private func checkName(_ name: String) throws(SchemaError) {
        let limit = context.limits.fieldNameLength
        guard name.utf16.count <= limit else {
            throw .illegalArgument(
                "Field name [\(name)] is longer than the limit of [\(limit)] characters")
        }
    }

    func checkReferences(numbers: [String: FieldNumber]) throws(SchemaError) {
        for (path, target) in aliases.sorted(by: { $0.key < $1.key }) {
            let invalid = "Invalid [path] value [\(target)] for field alias [\(path)]: "
            if target == path {
                throw .mapperParsing(invalid + "an alias cannot refer to itself.")
            }
            if aliases[target] != nil {
                throw .mapperParsing(invalid + "an alias cannot refer to another alias.")
            }
            guard let entry = fields[target] else {
                throw .mapperParsing(
                    invalid + "an alias must refer to an existing field in the mappings.")
            }
            let scope = nestedPaths.filter { path.hasPrefix($0 + ".") }.max { $0.count < $1.count }
            guard scope == entry.nestedPath else {
                throw .illegalArgument(
                    "Invalid [path] value [\(target)] for field alias [\(path)]: an alias must "
                        + "have the same nested scope as its target. The alias is "
                        + (scope.map { "nested under [\($0)]" } ?? "not nested")
                        + ", but the target's nested scope is "
                        + (entry.nestedPath.map { "[\($0)]." } ?? "not nested."))
            }
        }
        for copy in copies {
            for target in copy.targets {
                if fields[copy.path]?.parent != nil {
                    throw .illegalArgument("[copy_to] may not be used to copy from a multi-field")
                }
                if let entry = fields[target], entry.parent != nil {
                    throw .illegalArgument(
                        "[copy_to] may not be used to copy to a multi-field: [\(target)]")
                }
                let from = fields[copy.path]?.nestedPath
                let to = nestedPaths.filter { target.hasPrefix($0 + ".") }
                    .max { $0.count < $1.count }
                let isAround =
                    to == nil || to == from
                    || (from.map { $0.hasPrefix((to ?? "") + ".") } ?? false)
                guard isAround else {
                    throw .illegalArgument(
                        "Illegal combination of [copy_to] and [nested] mappings: [copy_to] may "
                            + "only copy data to the current nested document or any of its "
                            + "parents, however one [copy_to] directive is trying to copy data "
                            + "from nested object [\(from ?? "null")] to [\(to ?? "null")]")
                }
            }
        }
    }
}

/// `_field_names`, `_ignored` and `_routing`: terms that the parser adds by itself.
struct MetadataType: FieldType {
    var typeName: String

    var family: FieldFamily { .keyword }
    var storage: FieldStorage {
        FieldStorage(
            postings: .documents, column: typeName == "_field_names" ? .none : .bytes)
    }

    func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        assertionFailure("a document gave a value to [\(typeName)]")
    }

    func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        .term(Array(ParameterText.java(value).utf8))
    }
}
