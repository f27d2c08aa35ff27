package import TrawlJSON

/// `constant_keyword`: one value for the whole index, written in the mapping.
package struct ConstantKeywordType: FieldType {
    package var value: String

    package var typeName: String { "constant_keyword" }
    package var family: FieldFamily { .constant }
    package var storage: FieldStorage { FieldStorage() }
    package var existence: FieldExistence { .always }

    static let descriptor = FieldTypeDescriptor(
        name: "constant_keyword",
        rules: [ParameterRule("value", .string), .meta],
        make: { (definition, context) throws(SchemaError) in
            guard let value = definition.parameters.string("value") else {
                throw .mapperParsing(
                    "Field [\(definition.path)] is missing required parameter [value]")
            }
            return ConstantKeywordType(value: value)
        })

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        guard kind != .null, NumberText.string(text) != value else { return }
        throw .illegalArgument(
            "[constant keyword] only accepts values that are equal to the value defined in the "
                + "mappings [\(value)], but got [\(NumberText.string(text))]")
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? { .string(self.value) }

    package func lookup(
        term wanted: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        ParameterText.java(wanted) == value ? .all : .none
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        if let lower = range.lower, !lower.isNull {
            let text = ParameterText.java(lower)
            if value < text || (value == text && !range.includesLower) { return .none }
        }
        if let upper = range.upper, !upper.isNull {
            let text = ParameterText.java(upper)
            if value > text || (value == text && !range.includesUpper) { return .none }
        }
        return .all
    }
}
