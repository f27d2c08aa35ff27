package import TrawlJSON

/// `boolean`: the terms `F` and `T`, and 0 and 1 in the column.
package struct BooleanType: FieldType {
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    var nullValue: Bool?

    package var typeName: String { "boolean" }
    package var family: FieldFamily { .boolean }

    static let descriptor = FieldTypeDescriptor(
        name: "boolean",
        rules: [
            .meta, .boost, .docValues, .index, .nullValue, .store, .ignoreMalformed,
        ],
        make: { (definition, context) throws(SchemaError) in
            try BooleanType(definition, context)
        })

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        storage = FieldStorage(
            postings: parameters.bool("index") ? .documents : .none,
            column: parameters.bool("doc_values") ? .number : .none)
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        if let value = parameters["null_value"], !value.isNull {
            nullValue = try ParameterText.bool(value)
        }
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let value: Bool
        switch kind {
        case .null:
            guard let nullValue else { return }
            value = nullValue
        case .bool: value = text.count == 4
        case .string:
            switch NumberText.string(text) {
            case "true": value = true
            case "false", "": value = false
            case let other:
                throw .illegalArgument(
                    "Failed to parse value [\(other)] as only [true] or [false] are allowed.")
            }
        case .integer, .decimal:
            throw SchemaError(
                type: "json_parse_exception",
                reason: "Current token (VALUE_NUMBER_\(kind == .integer ? "INT" : "FLOAT")) not "
                    + "of boolean type")
        }
        if storage.postings != .none {
            document.add(
                bytes: [UInt8(ascii: value ? "T" : "F")], to: field, asTerm: true, asValue: false)
        }
        if storage.column != .none {
            document.add(number: value ? 1 : 0, to: field)
        } else {
            document.markPresent(field)
        }
    }

    private func term(_ value: JSONValue) throws(SchemaError) -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .string("true"): return true
        case .string("false"), .string(""): return false
        default:
            throw .illegalArgument(
                "Can't parse boolean value [\(ParameterText.java(value))], "
                    + "expected [true] or [false]")
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        let value = try term(value)
        if storage.postings == .none {
            let number: Int64 = value ? 1 : 0
            return .numbers(number...number)
        }
        return .term([UInt8(ascii: value ? "T" : "F")])
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        var low: Int64 = 0
        var high: Int64 = 1
        if let lower = range.lower, !lower.isNull {
            low = (try term(lower) ? 1 : 0) + (range.includesLower ? 0 : 1)
        }
        if let upper = range.upper, !upper.isNull {
            high = (try term(upper) ? 1 : 0) - (range.includesUpper ? 0 : 1)
        }
        return low <= high ? .numbers(low...high) : .none
    }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue { .bool(number != 0) }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? { .bool(try term(value)) }

    package func number(
        of value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> Int64? {
        if let number = value.doubleValue { return number != 0 ? 1 : 0 }
        return value.isNull ? nil : try term(value) ? 1 : 0
    }
}
