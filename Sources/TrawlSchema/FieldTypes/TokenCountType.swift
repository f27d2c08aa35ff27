package import TrawlJSON

/// `token_count`: how many tokens a text has.
package struct TokenCountType: FieldType {
    package var storage: FieldStorage
    package var analyzer: String
    var countsPositions: Bool
    private var number: NumberType

    package var typeName: String { "token_count" }
    package var family: FieldFamily { .number }

    static let descriptor = FieldTypeDescriptor(
        name: "token_count",
        rules: [
            .index, .docValues, .store, ParameterRule("analyzer", .analyzer),
            ParameterRule("null_value", .int, acceptsNull: true),
            ParameterRule("enable_position_increments", .bool, true), .meta,
        ],
        make: { (definition, context) throws(SchemaError) in
            try TokenCountType(definition, context)
        })

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        guard let analyzer = definition.parameters.string("analyzer") else {
            throw .mapperParsing("Analyzer must be set for field [\(definition.path)] but wasn't.")
        }
        self.analyzer = analyzer
        countsPositions = definition.parameters.bool("enable_position_increments")
        number = try NumberType(.integer, definition, context)
        storage = number.storage
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        if kind == .null { return try number.add(.null, text, as: field, to: &document) }
        let count = document.tokenCount(
            of: text, in: field, positionIncrements: countsPositions)
        if storage.column == .none, !storage.points {
            document.markPresent(field)
        } else {
            document.add(number: Int64(count), to: field)
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { try number.lookup(term: value, context: context) }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup { try number.lookup(range: range, context: context) }
}
