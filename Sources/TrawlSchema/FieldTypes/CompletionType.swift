package import TrawlJSON

/// `completion`: inputs that a suggester completes. They are kept like keywords: suggesting walks
/// the dictionary, and the weight is read from the source.
package struct CompletionType: FieldType {
    package var storage: FieldStorage { .keyword }
    package var analyzer: String
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
            return CompletionType(
                analyzer: definition.parameters.string("analyzer") ?? "simple",
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
        try add(input: NumberText.string(text), as: field, to: &document)
    }

    private func add(
        input: String, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard !input.isEmpty else {
            throw .illegalArgument("value must have a length > 0")
        }
        let kept = Array(String(input.prefix(maximumInput)).utf8)
        document.add(bytes: kept, to: field, asTerm: true, asValue: true)
    }

    package func add(
        tree value: JSONValue, as field: FieldNumber, to document: inout DocumentBuilder
    ) throws(SchemaError) {
        switch value {
        case .null: break
        case .string(let text): try add(input: text, as: field, to: &document)
        case .array(let list):
            for item in list { try add(tree: item, as: field, to: &document) }
        case .object(let object):
            for (key, value) in object {
                switch key {
                case "input":
                    for item in value.arrayValue ?? [value] {
                        guard let text = item.stringValue else {
                            throw .illegalArgument("input array must consist of strings")
                        }
                        try add(input: text, as: field, to: &document)
                    }
                case "weight":
                    let weight = value.intValue ?? value.stringValue.flatMap { Int($0) }
                    guard let weight else {
                        throw .illegalArgument("weight must be an integer")
                    }
                    guard weight >= 0, weight <= Int(Int32.max) else {
                        throw .illegalArgument(
                            "weight must be in the interval [0..2147483647], but was [\(weight)]")
                    }
                case "contexts": break
                default:
                    throw .illegalArgument(
                        "unknown field name [\(key)], must be one of [input, weight, contexts]")
                }
            }
        default:
            throw .parsing("failed to parse expected text or object got VALUE_NUMBER")
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { .term(Array(ParameterText.java(value).utf8)) }
}
