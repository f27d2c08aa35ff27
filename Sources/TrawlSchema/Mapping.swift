package import TrawlJSON

/// What the fields of an index are: an immutable value. Made by `MappingParser`, changed by
/// `merging`, shown by `json`.
package struct Mapping: Sendable, Equatable {
    /// The names of fields that have a value, for those that keep nothing else of it.
    package static let fieldNamesField = FieldNumber(0)
    /// The names of fields of which a value was left out.
    package static let ignoredField = FieldNumber(1)
    package static let routingField = FieldNumber(2)
    static let metadataFields = ["_field_names", "_ignored", "_routing"]

    package enum Dynamic: String, Sendable {
        case yes = "true"
        case no = "false"
        case strict
        /// Only what a dynamic template is for; the rest is an error, or left out.
        case strictTemplates = "strict_allow_templates"
        case templates = "false_allow_templates"
    }

    /// `nested`: each object becomes a document of its own (`ParsedDocument.nested`), which a
    /// query of the root does not see, unless it is included in the parent or the root.
    package struct Nested: Sendable, Equatable {
        package var isInParent = false
        package var isInRoot = false
    }

    /// An object of documents, the root included.
    package struct Object: Sendable, Equatable {
        package var name: String
        package var path: String
        package var dynamic: Dynamic?
        package var isEnabled = true
        package var nested: Nested?
        package var children: [String: Node] = [:]
    }

    /// A field, or one of the multi-fields of a field.
    package struct Leaf: Sendable, Equatable {
        package var name: String
        package var path: String
        package var typeName: String
        package var parameters: FieldParameters
        package var multiFields: [String: Leaf] = [:]
        package var copyTo: [String] = []
    }

    package indirect enum Node: Sendable, Equatable {
        case object(Object)
        case leaf(Leaf)
        case alias(name: String, path: String, target: String)
    }

    /// What stands beside the properties.
    package struct Root: Sendable, Equatable {
        package var meta: JSONObject?
        package var datesAreDetected: Bool?
        package var numbersAreDetected: Bool?
        package var dynamicDateFormats: [DateFormat]?
        package var dynamicTemplates: [DynamicTemplate]?
        package var source = SourceRules()
        package var requiresRouting = false
    }

    /// A field that queries can name.
    package struct Field: Sendable {
        package let number: FieldNumber
        package let path: String
        package let type: any FieldType
        /// Of a multi-field: the field whose values it gets.
        package let parent: FieldNumber?
        /// The nearest nested object around it.
        package let nestedPath: String?
        package let boost: Float
        package let meta: JSONObject
        package let isMetadata: Bool
    }

    package private(set) var object: Object
    package private(set) var root: Root
    /// By number. Numbers stay when a mapping is merged; new fields get new ones.
    package private(set) var fields: [Field]
    private var numbers: [String: FieldNumber]
    /// Full path of each alias to the path of its field.
    package private(set) var aliases: [String: String]
    package private(set) var nestedPaths: [String]

    package static func == (left: Self, right: Self) -> Bool {
        left.object == right.object && left.root == right.root
    }

    /// A mapping of no fields that takes whatever comes.
    package static let empty: Mapping = {
        do {
            return try Mapping(
                object: Object(name: "_doc", path: ""), root: Root(), context: MappingContext())
        } catch {
            preconditionFailure("the empty mapping is refused: \(error)")
        }
    }()

    /// - Parameter old: The mapping that this one follows; fields keep their numbers.
    init(
        object: Object, root: Root, context: MappingContext, following old: Mapping? = nil
    ) throws(SchemaError) {
        self.object = object
        self.root = root
        fields = []
        numbers = [:]
        aliases = [:]
        nestedPaths = []
        var builder = MappingFieldList(context: context)
        try builder.visit(object, nestedPath: nil)
        var made = builder.fields
        // Old fields first and in their old order; a field never goes away.
        let metadata = Mapping.metadataFields
        let oldPaths = (old?.fields ?? []).dropFirst(metadata.count).map(\.path)
        let known = Set(oldPaths)
        let paths = oldPaths + builder.order.filter { !known.contains($0) }
        for (index, path) in metadata.enumerated() {
            fields.append(
                Field(
                    number: FieldNumber(index), path: path, type: MetadataType(typeName: path),
                    parent: nil, nestedPath: nil, boost: 1, meta: [:], isMetadata: true))
        }
        for (index, path) in paths.enumerated() {
            numbers[path] = FieldNumber(index + metadata.count)
        }
        for path in paths {
            guard let entry = made.removeValue(forKey: path), let number = numbers[path] else {
                preconditionFailure("field [\(path)] left the mapping")
            }
            fields.append(
                Field(
                    number: number, path: path, type: entry.type,
                    parent: entry.parent.flatMap { numbers[$0] }, nestedPath: entry.nestedPath,
                    boost: entry.boost, meta: entry.meta, isMetadata: false))
        }
        for (index, path) in metadata.enumerated() { numbers[path] = FieldNumber(index) }
        aliases = builder.aliases
        nestedPaths = builder.nestedPaths
        try builder.checkReferences(numbers: numbers)
    }

    /// The field with the path, or that an alias of the path stands for.
    package func field(_ path: String) -> Field? {
        if let number = numbers[path] ?? aliases[path].flatMap({ numbers[$0] }) {
            return fields[Int(number.value)]
        }
        return flatPath(path)
    }

    /// A path inside a flat object, as a field that looks among the object's terms.
    private func flatPath(_ path: String) -> Field? {
        for (offset, byte) in path.utf8.enumerated() where byte == UInt8(ascii: ".") {
            let parent = String(path.utf8.prefix(offset)) ?? ""
            guard let number = numbers[parent] else { continue }
            let field = fields[Int(number.value)]
            guard field.type is FlatObjectType else { return nil }
            let key = String(path.utf8.dropFirst(offset + 1)) ?? ""
            return Field(
                number: number, path: path,
                type: FlatKeyType(typeName: field.type.typeName, key: key), parent: nil,
                nestedPath: field.nestedPath, boost: 1, meta: [:], isMetadata: false)
        }
        return nil
    }

    package subscript(number: FieldNumber) -> Field { fields[Int(number.value)] }

    /// Fields and aliases whose path fits a pattern with `*`, ordered by path.
    package func fields(matching pattern: String) -> [(path: String, field: Field)] {
        if !pattern.utf8.contains(UInt8(ascii: "*")) {
            return field(pattern).map { [(pattern, $0)] } ?? []
        }
        let paths = fields.lazy.filter { !$0.isMetadata }.map(\.path) + aliases.keys
        return paths.filter { Wildcard.matches(pattern, $0) }.sorted().compactMap { path in
            field(path).map { (path, $0) }
        }
    }

    /// The object with the path; "" is the root.
    package func object(_ path: String) -> Object? {
        if path.isEmpty { return object }
        var current = object
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            guard case .object(let child)? = current.children[String(name)] else { return nil }
            current = child
        }
        return current
    }

    /// The node that a path leads to, multi-fields included.
    package func node(_ path: String) -> Node? {
        var current = object
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for (index, name) in names.enumerated() {
            guard let child = current.children[name] else { return nil }
            let rest = names[(index + 1)...]
            if rest.isEmpty { return child }
            switch child {
            case .object(let object): current = object
            case .leaf(let leaf):
                return rest.count == 1
                    ? leaf.multiFields[rest[rest.startIndex]].map(Node.leaf) : nil
            case .alias: return nil
            }
        }
        return nil
    }
}

/// `*` stands for any run of characters.
package enum Wildcard {
    package static func isPattern(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "*")) }

    /// Linear in text times pattern at worst: it only ever goes back to the last star.
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        var p = 0
        var t = 0
        var star: Int?
        var mark = 0
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = p
                mark = t
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let star {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
