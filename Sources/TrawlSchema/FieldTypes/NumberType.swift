package import TrawlJSON

/// `long`, `integer`, `short`, `byte`, `unsigned_long`, `double`, `float`, `half_float`.
package struct NumberType: FieldType {
    package enum Kind: String, Sendable, CaseIterable {
        case long, integer, short, byte
        case unsignedLong = "unsigned_long"
        case double, float
        case halfFloat = "half_float"

        package var isInteger: Bool {
            switch self {
            case .long, .integer, .short, .byte, .unsignedLong: true
            case .double, .float, .halfFloat: false
            }
        }

        /// As the column has them.
        var bounds: ClosedRange<Int64> {
            switch self {
            case .long, .unsignedLong: Int64.min...Int64.max
            case .integer: Int64(Int32.min)...Int64(Int32.max)
            case .short: Int64(Int16.min)...Int64(Int16.max)
            case .byte: Int64(Int8.min)...Int64(Int8.max)
            case .double: encode(-.infinity)...encode(.infinity)
            case .float, .halfFloat: encode(-.infinity)...encode(.infinity)
            }
        }

        /// The nearest number of the kind, as the column has it.
        func encode(_ value: Double) -> Int64 {
            switch self {
            case .double: SortableNumber.encode(value)
            case .float: SortableNumber.encode(Float(value))
            case .halfFloat: SortableNumber.encode(Float(Float16(Float(value))))
            default: Int64(value)
            }
        }

        /// The nearest number of the kind.
        func rounded(_ value: Double) -> Double {
            switch self {
            case .float: Double(Float(value))
            case .halfFloat: Double(Float16(Float(value)))
            default: value
            }
        }

        /// The smallest number of the kind that is greater.
        func next(after value: Double) -> Double {
            switch self {
            case .float: Double(Float(value).nextUp)
            case .halfFloat: Double(Float16(value).nextUp)
            default: value.nextUp
            }
        }
    }

    package var kind: Kind
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    package var coerces: Bool
    var nullValue: JSONValue?

    package var typeName: String { kind.rawValue }
    package var family: FieldFamily { .number }

    static let descriptors: [FieldTypeDescriptor] = Kind.allCases.map { kind in
        FieldTypeDescriptor(
            name: kind.rawValue,
            rules: [
                .index, .docValues, .store, .ignoreMalformed, .coerce, .nullValue,
                ParameterRule("skip_list", .bool, false), .boost, .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try NumberType(kind, definition, context)
            })
    }

    init(
        _ kind: Kind, _ definition: FieldDefinition, _ context: MappingContext
    ) throws(SchemaError) {
        let parameters = definition.parameters
        self.kind = kind
        storage = FieldStorage(
            column: parameters.bool("doc_values") ? .number : .none,
            points: parameters.bool("index"))
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        coerces = parameters.explicit["coerce"]?.boolValue ?? context.coerces
        if let value = parameters["null_value"], !value.isNull {
            _ = try number(of: value, format: nil)
            nullValue = value
        }
    }

    package func add(
        _ scalar: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let value: Int64
        switch scalar {
        case .null:
            guard let nullValue, let number = try number(of: nullValue, format: nil)
            else { return }
            value = number
        case .bool:
            throw SchemaError(
                type: "json_parse_exception",
                reason: "Current token (VALUE_\(NumberText.string(text).uppercased())) not "
                    + "numeric, can not use numeric value accessors")
        case .integer where kind == .long:
            guard let number = NumberText.int64(text) else { throw outOfRange(text) }
            value = number
        case .integer, .decimal, .string:
            // An empty string is no value where strings may be numbers.
            if scalar == .string, text.isEmpty, coerces { return }
            value = try parse(scalar, text)
        }
        if storage.column == .none, !storage.points {
            document.markPresent(field)
        } else {
            document.add(number: value, to: field)
        }
    }

    private var javaName: String {
        switch kind {
        case .long, .unsignedLong: "Long"
        case .integer: "Integer"
        case .short: "Short"
        case .byte: "Byte"
        case .double: "Double"
        case .float, .halfFloat: "Float"
        }
    }

    private func outOfRange(_ text: Span<UInt8>) -> SchemaError {
        let isLong = kind == .long
        return SchemaError(
            type: "input_coercion_exception",
            reason: "Numeric value (\(NumberText.string(text))) out of range of "
                + (isLong
                    ? "long (-9223372036854775808 - 9223372036854775807)"
                    : "int (-2147483648 - 2147483647)"))
    }

    private func parse(_ scalar: ScalarKind, _ text: Span<UInt8>) throws(SchemaError) -> Int64 {
        if scalar == .string, !coerces {
            throw .illegalArgument("\(javaName) value passed as String")
        }
        if !kind.isInteger { return try parseReal(text) }
        if kind == .unsignedLong { return try parseUnsigned(text) }
        if let value = NumberText.int64(text) {
            guard kind.bounds.contains(value) else {
                if scalar == .integer, Int32(exactly: value) == nil { throw outOfRange(text) }
                throw .illegalArgument("Value [\(value)] is out of range for \(article)")
            }
            return value
        }
        guard let real = NumberText.double(text), !real.isNaN else {
            let string = NumberText.string(text)
            throw kind == .long && !string.isEmpty
                ? .illegalArgument("For input string: \"\(string)\"") : .numberFormat(string)
        }
        guard real >= -9.3e18, real <= 9.3e18,
            let value = Int64(exactly: real.rounded(.towardZero)), kind.bounds.contains(value)
        else {
            if scalar != .string { throw outOfRange(text) }
            throw .illegalArgument(
                "Value [\(NumberText.string(text))] is out of range for \(article)")
        }
        if !coerces, Double(value) != real {
            throw .illegalArgument(
                "\(NumberText.java(real)) cannot be converted to \(javaName) without data loss")
        }
        return value
    }

    private var article: String { kind == .integer ? "an integer" : "a \(kind.rawValue)" }

    private func parseReal(_ text: Span<UInt8>) throws(SchemaError) -> Int64 {
        guard let real = NumberText.double(text) else {
            throw .numberFormat(NumberText.string(text))
        }
        let value = kind.rounded(real)
        guard value.isFinite else {
            throw .illegalArgument(
                "[\(kind.rawValue)] supports only finite values, but got "
                    + "[\(NumberText.java(kind == .halfFloat ? real : value))]")
        }
        return kind.encode(value)
    }

    private func parseUnsigned(_ text: Span<UInt8>) throws(SchemaError) -> Int64 {
        let string = NumberText.string(text)
        if let value = UInt64(string) { return SortableNumber.encode(unsigned: value) }
        guard let real = NumberText.double(string), !real.isNaN else {
            throw .illegalArgument("For input string: \"\(string)\"")
        }
        guard real > -1, real < 18_446_744_073_709_551_616 else {
            throw .illegalArgument("Value [\(string)] is out of range for an unsigned long")
        }
        let whole = real.rounded(.towardZero)
        if !coerces, whole != real {
            throw .illegalArgument("Value [\(string)] has a decimal part")
        }
        return SortableNumber.encode(unsigned: UInt64(whole))
    }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue {
        if case .decimal(let pattern) = format {
            return .string(pattern.string(double(of: number)))
        }
        switch kind {
        case .unsignedLong: return JSONValue(SortableNumber.decodeUnsigned(number))
        case .long, .integer, .short, .byte: return JSONValue(number)
        case .double, .float, .halfFloat: return JSONValue(double(of: number))
        }
    }

    package func double(of number: Int64) -> Double {
        switch kind {
        case .unsignedLong: Double(SortableNumber.decodeUnsigned(number))
        case .long, .integer, .short, .byte: Double(number)
        case .double: SortableNumber.decodeDouble(number)
        case .float, .halfFloat: Double(SortableNumber.decodeFloat(number))
        }
    }

    package func number(
        of value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> Int64? {
        let bytes = Array(ParameterText.java(value).utf8)
        switch value {
        case .number(let number):
            return try parse(number.isInteger ? .integer : .decimal, bytes.span)
        case .string: return try parse(.string, bytes.span)
        case .null: return nil
        default: throw .numberFormat(ParameterText.java(value))
        }
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        guard let number = try number(of: value, format: nil) else { return nil }
        // The shortest text that is the number: 1.1 rather than what a double makes of it.
        if kind == .float || kind == .halfFloat, format == nil {
            let real = NumberText.double(ParameterText.java(value)) ?? .nan
            return JSONValue(Double(Float(real).description) ?? .nan)
        }
        return display(number: number, format: format)
    }

    package func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat? {
        try pattern.map { (text) throws(SchemaError) in .decimal(try DecimalPattern(text)) }
    }
}
