package import TrawlJSON

/// `ip`: addresses of 16 bytes, as terms and in a column of bytes.
package struct IPType: FieldType {
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    var nullValue: [UInt8]?

    package var typeName: String { "ip" }
    package var family: FieldFamily { .ip }

    static let descriptor = FieldTypeDescriptor(
        name: "ip",
        rules: [
            .index, .docValues, .store, .ignoreMalformed,
            ParameterRule("null_value", .string, acceptsNull: true),
            ParameterRule("skip_list", .bool, false), .boost, .meta,
        ],
        make: { (definition, context) throws(SchemaError) in try IPType(definition, context) })

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        storage = FieldStorage(
            postings: parameters.bool("index") ? .documents : .none,
            column: parameters.bool("doc_values") ? .bytes : .none)
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        if let text = parameters.string("null_value") {
            guard let address = IPAddress(text) else {
                throw .mapperParsing(
                    "Error parsing [null_value] on field [\(definition.path)]: '\(text)' is not "
                        + "an IP string literal.")
            }
            nullValue = address.bytes
        }
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let bytes: [UInt8]
        if kind == .null {
            guard let nullValue else { return }
            bytes = nullValue
        } else {
            bytes = try IPType.address(NumberText.string(text)).bytes
        }
        if storage.postings == .none, storage.column == .none {
            document.markPresent(field)
        } else {
            document.add(
                bytes: bytes, to: field, asTerm: storage.postings != .none,
                asValue: storage.column != .none)
        }
    }

    static func address(_ text: String) throws(SchemaError) -> IPAddress {
        guard let address = IPAddress(text) else {
            throw .illegalArgument("'\(text)' is not an IP string literal.")
        }
        return address
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        let text = ParameterText.java(value)
        if text.utf8.contains(UInt8(ascii: "/")) {
            let range = try IPAddress.range(cidr: text)
            return .bytes(
                lower: range.first.bytes, includesLower: true, upper: range.last.bytes,
                includesUpper: true)
        }
        let bytes = try IPType.address(text).bytes
        return storage.postings != .none
            ? .term(bytes)
            : .bytes(lower: bytes, includesLower: true, upper: bytes, includesUpper: true)
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        var bounds: [[UInt8]?] = []
        for value in [range.lower, range.upper] {
            guard let value, !value.isNull else {
                bounds.append(nil)
                continue
            }
            bounds.append(try IPType.address(ParameterText.java(value)).bytes)
        }
        return .bytes(
            lower: bounds[0], includesLower: range.includesLower, upper: bounds[1],
            includesUpper: range.includesUpper)
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        .string(try IPType.address(ParameterText.java(value)).string)
    }

    package func display(bytes: [UInt8]) -> JSONValue {
        bytes.count == 16 ? .string(IPAddress(bytes: bytes).string) : .null
    }
}
