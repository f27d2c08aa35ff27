package import TrawlJSON

/// `completion`: inputs that a suggester completes. They are kept like keywords and, for the
/// suggester, as ``CompletionTerm``s.
package struct CompletionType: FieldType {
    package var storage: FieldStorage { .keyword }
    package var analyzer: String
    package var searchAnalyzer: String
    package var rules: CompletionTerm.Rules
    package var contexts: [CompletionContext]
    var maximumInput: Int

    package var typeName: String { "completion" }
    package var family: FieldFamily { .completion }
    package var takesTrees: Bool { true }

    static let descriptor = FieldTypeDescriptor(
        name: "completion",
        rules: [
            ParameterRule("analyzer", .analyzer, "simple"),
            ParameterRule("search_analyzer", .analyzer, updatable: true),
            ParameterRule("preserve_separators", .bool, true),
            ParameterRule("preserve_position_increments", .bool, true),
            ParameterRule("max_input_length", .int, 50, updatable: true),
            ParameterRule("contexts", .json), .meta,
        ],
        make: { (definition, context) throws(SchemaError) in
            let maximum = definition.parameters.int("max_input_length") ?? 50
            guard maximum > 0 else {
                throw .illegalArgument(
                    "[max_input_length] must be > 0 but was [\(maximum)]")
            }
            let analyzer = definition.parameters.string("analyzer") ?? "simple"
            return CompletionType(
                analyzer: analyzer,
                searchAnalyzer: definition.parameters.string("search_analyzer") ?? analyzer,
                rules: .init(
                    keepsSeparators: definition.parameters.bool("preserve_separators"),
                    keepsHoles: definition.parameters.bool("preserve_position_increments")),
                contexts: try CompletionContext.parse(definition.parameters["contexts"]),
                maximumInput: maximum)
        })

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard kind != .null else { return }
        guard kind == .string else {
            throw .parsing("failed to parse expected text or object got VALUE_NUMBER")
        }
        try checkContexts(nil, of: field, document)
        try add(input: NumberText.string(text), as: field, to: &document)
    }

    private func add(
        input: String, weight: Int = 1, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard !input.isEmpty else {
            throw .illegalArgument("value must have a length > 0")
        }
        for (place, unit) in input.utf16.enumerated()
        where [0x00, 0x1e, 0x1f].contains(unit) {
            throw .illegalArgument(
                "Illegal input [\(input)] UTF-16 codepoint  [0x\(String(unit, radix: 16))] at "
                    + "position \(place) is a reserved character")
        }
        let kept = Array(String(input.prefix(maximumInput)).utf8)
        document.add(bytes: kept, to: field, asTerm: true, asValue: true)
        let key = CompletionTerm.key(of: document.tokens(of: kept, for: field), rules)
        document.add(
            bytes: CompletionTerm.encode(key: key, weight: weight, input: kept), to: field,
            asTerm: true, asValue: false)
    }

    /// Contexts that no other field of the document can give have to be there.
    private func checkContexts(
        _ given: JSONValue?, of field: FieldNumber, _ document: DocumentBuilder
    ) throws(SchemaError) {
        for name in given?.objectValue?.keys ?? []
        where !contexts.contains(where: { $0.name == name }) {
            throw .illegalArgument(
                "Unknown context name [\(name)], must be one of ["
                    + contexts.map(\.name).joined(separator: ", ") + "]")
        }
        if contexts.isEmpty || contexts.contains(where: { $0.path != nil }) { return }
        let isGiven =
            given?.objectValue?.values.contains { value in
                !value.isNull && value.arrayValue?.isEmpty != true
            } ?? false
        if !isGiven {
            throw .illegalArgument(
                "Contexts are mandatory in context enabled completion field "
                    + "[\(document.name(of: field))]")
        }
    }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch value {
        case .null: break
        case .string(let text):
            try checkContexts(nil, of: field, document)
            try add(input: text, as: field, to: &document)
        case .array(let list):
            for item in list { try add(tree: item, as: field, to: &document) }
        case .object(let object): try add(object, as: field, to: &document)
        default:
            throw .parsing("failed to parse expected text or object got VALUE_NUMBER")
        }
    }

    private func add(
        _ object: JSONObject, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let known = ["input", "weight", "contexts"]
        if let key = object.keys.first(where: { !known.contains($0) }) {
            throw .illegalArgument(
                "unknown field name [\(key)], must be one of [input, weight, contexts]")
        }
        try checkContexts(object["contexts"], of: field, document)
        let weight = try Self.weight(object["weight"])
        for item in object["input"].map({ $0.arrayValue ?? [$0] }) ?? [] {
            guard let text = item.stringValue else {
                throw .illegalArgument("input array must consist of strings")
            }
            try add(input: text, weight: weight, as: field, to: &document)
        }
    }

    package static func weight(_ value: JSONValue?) throws(SchemaError) -> Int {
        guard let value else { return 1 }
        guard let weight = value.intValue ?? value.stringValue.flatMap({ Int($0) }) else {
            throw .illegalArgument("weight must be an integer")
        }
        guard weight >= 0, weight <= Int(Int32.max) else {
            throw .illegalArgument(
                "weight must be in the interval [0..2147483647], but was [\(weight)]")
        }
        return weight
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { .term(Array(ParameterText.java(value).utf8)) }
}
