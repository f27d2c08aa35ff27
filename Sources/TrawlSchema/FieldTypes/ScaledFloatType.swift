package import TrawlJSON

/// `scaled_float`: a decimal as an integer count of fractions.
package struct ScaledFloatType: FieldType {
    package var factor: Double
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    var coerces: Bool
    var nullValue: Double?

    package var typeName: String { "scaled_float" }
    package var family: FieldFamily { .number }

    static let descriptor = FieldTypeDescriptor(
        name: "scaled_float",
        rules: [
            .index, .docValues, .store, .ignoreMalformed, .meta,
            ParameterRule("scaling_factor", .double), .coerce, .nullValue, .boost,
        ],
        make: { (definition, context) throws(SchemaError) in
            try ScaledFloatType(definition, context)
        })

    init(_ definition: FieldDefinition, _ context: MappingContext) throws(SchemaError) {
        let parameters = definition.parameters
        guard let factor = parameters["scaling_factor"]?.doubleValue else {
            throw .illegalArgument("Field [scaling_factor] is required")
        }
        guard factor > 0, factor.isFinite else {
            throw .illegalArgument(
                "[scaling_factor] must be a positive number, got [\(NumberText.java(factor))]")
        }
        self.factor = factor
        storage = FieldStorage(
            column: parameters.bool("doc_values") ? .number : .none,
            points: parameters.bool("index"))
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        coerces = parameters.explicit["coerce"]?.boolValue ?? context.coerces
        if let value = parameters["null_value"], !value.isNull {
            nullValue = try real(ParameterText.java(value))
        }
    }

    private func real(_ text: String) throws(SchemaError) -> Double {
        guard let value = NumberText.double(text) else { throw .numberFormat(text) }
        guard value.isFinite else {
            throw .illegalArgument(
                "[scaled_float] only supports finite values, but got [\(NumberText.java(value))]")
        }
        return value
    }

    private func scaled(_ value: Double) -> Int64 {
        let product = (value * factor + 0.5).rounded(.down)
        return product >= 9.223372036854775e18
            ? .max : product <= -9.223372036854775e18 ? .min : Int64(product)
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let value: Double
        switch kind {
        case .null:
            guard let nullValue else { return }
            value = nullValue
        case .bool:
            throw SchemaError(
                type: "json_parse_exception",
                reason: "Current token (VALUE_\(NumberText.string(text).uppercased())) not "
                    + "numeric, can not use numeric value accessors")
        case .string where text.isEmpty && coerces: return
        case .string where !coerces: throw .illegalArgument("Double value passed as String")
        case .integer, .decimal, .string: value = try real(NumberText.string(text))
        }
        if storage.column == .none, !storage.points {
            document.markPresent(field)
        } else {
            document.add(number: scaled(value), to: field)
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        let number = scaled(try real(ParameterText.java(value)))
        return .numbers(number...number)
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        func clamped(_ value: Double) -> Int64 {
            value >= 9.223372036854775e18
                ? .max : value <= -9.223372036854775e18 ? .min : Int64(value)
        }
        var low = Int64.min
        var high = Int64.max
        if let lower = range.lower, !lower.isNull {
            var value = try real(ParameterText.java(lower)) * factor
            if !range.includesLower { value = value.nextUp }
            low = clamped(value.rounded(.up))
        }
        if let upper = range.upper, !upper.isNull {
            var value = try real(ParameterText.java(upper)) * factor
            if !range.includesUpper { value = value.nextDown }
            high = clamped(value.rounded(.down))
        }
        return low <= high ? .numbers(low...high) : .none
    }

    package func double(of number: Int64) -> Double { Double(number) / factor }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue {
        if case .decimal(let pattern) = format {
            return .string(pattern.string(double(of: number)))
        }
        return JSONValue(double(of: number))
    }

    package func number(
        of value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> Int64? {
        value.isNull ? nil : scaled(try real(ParameterText.java(value)))
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        try number(of: value, format: nil).map { display(number: $0, format: format) }
    }

    package func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat? {
        try pattern.map { (text) throws(SchemaError) in .decimal(try DecimalPattern(text)) }
    }
}
