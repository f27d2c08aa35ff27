package import TrawlJSON

/// `flat_object` and `flattened`: an object whose leaves are keywords, found by value or by path
/// and value, without a field for each path.
///
/// A leaf gives two terms: its value, and a NUL, its path, a NUL and its value. The column has
/// the values.
package struct FlatObjectType: FieldType {
    package var typeName: String
    package var storage: FieldStorage
    var ignoreAbove: Int
    var depthLimit: Int
    var nullValue: String?

    package var family: FieldFamily { .flat }
    package var takesTrees: Bool { true }

    static let descriptors = [
        FieldTypeDescriptor(
            name: "flat_object", rules: [.meta],
            make: { (definition, context) throws(SchemaError) in FlatObjectType(definition) }),
        FieldTypeDescriptor(
            name: "flattened",
            rules: [
                .index, .docValues, ParameterRule("depth_limit", .int, 20, updatable: true),
                ParameterRule("eager_global_ordinals", .bool, false, updatable: true),
                ParameterRule("ignore_above", .int, 2_147_483_647, updatable: true),
                ParameterRule("index_options", .oneOf(["docs", "freqs"]), "docs"),
                ParameterRule("null_value", .string, acceptsNull: true), .similarity,
                ParameterRule("split_queries_on_whitespace", .bool, false, updatable: true), .meta,
            ],
            make: { (definition, context) throws(SchemaError) in FlatObjectType(definition) }),
    ]

    init(_ definition: FieldDefinition) {
        let parameters = definition.parameters
        typeName = definition.typeName
        let isFlattened = typeName == "flattened"
        storage = FieldStorage(
            postings: !isFlattened || parameters.bool("index") ? .documents : .none,
            column: !isFlattened || parameters.bool("doc_values") ? .bytes : .none)
        ignoreAbove = parameters.int("ignore_above") ?? .max
        depthLimit = parameters.int("depth_limit") ?? 20
        nullValue = parameters.string("null_value")
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard kind != .null else { return }
        throw .parsing("[\(typeName)] expects an object but got [\(NumberText.string(text))]")
    }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch value {
        case .object(let object):
            for (key, value) in object {
                try add(value, at: key, depth: 1, as: field, to: &document)
            }
        case .array(let list):
            for item in list where !item.isNull {
                try add(tree: item, as: field, to: &document)
            }
        case .null: break
        default:
            throw .parsing("[\(typeName)] expects an object but got [\(ParameterText.java(value))]")
        }
    }

    private func add(
        _ value: JSONValue, at path: String, depth: Int, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch value {
        case .object(let object):
            guard depth < depthLimit else {
                throw .illegalArgument(
                    "The provided [\(typeName)] field [\(document.name(of: field))] exceeds the "
                        + "maximum depth limit of [\(depthLimit)].")
            }
            for (key, value) in object {
                try add(
                    value, at: path + "." + key, depth: depth + 1, as: field, to: &document)
            }
        case .array(let list):
            for item in list { try add(item, at: path, depth: depth, as: field, to: &document) }
        case .null:
            if let nullValue { add(leaf: nullValue, at: path, as: field, to: &document) }
        default:
            add(leaf: ParameterText.java(value), at: path, as: field, to: &document)
        }
    }

    private func add(
        leaf: String, at path: String, as field: FieldNumber, to document: inout DocumentBuilder
    ) {
        guard leaf.utf8.count <= ignoreAbove || leaf.utf16.count <= ignoreAbove else {
            document.markIgnored(field)
            return
        }
        document.add(
            bytes: Array(leaf.utf8), to: field, asTerm: storage.postings != .none,
            asValue: storage.column != .none)
        if storage.postings != .none {
            document.add(
                bytes: FlatKeyType.prefix(path) + Array(leaf.utf8), to: field, asTerm: true,
                asValue: false)
        }
        document.markPresent(name: document.name(of: field) + "." + path)
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { .term(Array(ParameterText.java(value).utf8)) }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        // Terms that begin with NUL are those with a path: they are no values.
        var range = range
        if range.lower == nil { range.lower = "\u{1}" }
        return .bytes(range)
    }
}

/// One path inside a `flat_object`: no field of its own, but terms of the object's.
package struct FlatKeyType: FieldType {
    package var typeName: String
    package var key: String

    package var family: FieldFamily { .flat }
    package var storage: FieldStorage { FieldStorage(postings: .documents) }
    package var existence: FieldExistence { .fieldNames }

    /// What stands before the value in each term of the path.
    package static func prefix(_ key: String) -> [UInt8] { [0] + Array(key.utf8) + [0] }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        assertionFailure("a document gave a value to a path of a flat object")
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        .term(FlatKeyType.prefix(key) + Array(ParameterText.java(value).utf8))
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        let prefix = FlatKeyType.prefix(key)
        func bytes(_ value: JSONValue?) -> [UInt8]? {
            guard let value, !value.isNull else { return nil }
            return prefix + Array(ParameterText.java(value).utf8)
        }
        let upper = bytes(range.upper)
        // Open above: up to the end of the path's terms.
        let end = prefix.dropLast() + [1]
        return .bytes(
            lower: bytes(range.lower) ?? prefix, includesLower: range.includesLower,
            upper: upper ?? Array(end), includesUpper: upper != nil && range.includesUpper)
    }

    package func display(bytes: [UInt8]) -> JSONValue {
        .string(String(decoding: bytes.dropFirst(key.utf8.count + 2), as: UTF8.self))
    }
}
