package import TrawlJSON

/// `date` and `date_nanos`.
package struct DateType: FieldType {
    package var isNanos: Bool
    package var dateFormat: DateFormat
    package var storage: FieldStorage
    package var ignoresMalformed: Bool
    var nullValue: Int64?

    package var typeName: String { isNanos ? "date_nanos" : "date" }
    package var family: FieldFamily { .date }

    static let millis = descriptor("date", isNanos: false)
    static let nanos = descriptor("date_nanos", isNanos: true)

    private static func descriptor(_ name: String, isNanos: Bool) -> FieldTypeDescriptor {
        FieldTypeDescriptor(
            name: name,
            rules: [
                .index, .docValues, .store,
                ParameterRule("format", .string, .string(DateFormat.default.pattern)),
                ParameterRule("print_format", .string, acceptsNull: true),
                ParameterRule("locale", .string, ""),
                ParameterRule("null_value", .string, acceptsNull: true),
                .ignoreMalformed, ParameterRule("skip_list", .bool, false), .boost, .meta,
            ],
            make: { (definition, context) throws(SchemaError) in
                try DateType(isNanos, definition, context)
            })
    }

    init(
        _ isNanos: Bool, _ definition: FieldDefinition, _ context: MappingContext
    ) throws(SchemaError) {
        let parameters = definition.parameters
        self.isNanos = isNanos
        if let pattern = parameters.explicit["format"]?.stringValue {
            do {
                dateFormat = try DateFormat(pattern)
            } catch {
                throw error.wrapped(
                    type: "illegal_argument_exception",
                    reason: "Error parsing [format] on field [\(definition.path)]: "
                        + error.reason)
            }
        } else {
            dateFormat = .default
        }
        storage = FieldStorage(
            column: parameters.bool("doc_values") ? .number : .none,
            points: parameters.bool("index"))
        ignoresMalformed =
            parameters.explicit["ignore_malformed"]?.boolValue ?? context.ignoresMalformed
        // A null value that is no date is ignored, as there.
        if let text = parameters.string("null_value") {
            nullValue = dateFormat.instant(text).flatMap { try? column($0) }
        }
    }

    private static let nanosLimit = Instant(epochNanos: .max)

    private func column(_ instant: Instant) throws(SchemaError) -> Int64 {
        if isNanos {
            guard instant.seconds >= 0 else {
                throw .illegalArgument(
                    "date[\(DateFormat.default.string(instant))] is before the epoch in 1970 and "
                        + "cannot be stored in nanosecond resolution")
            }
            guard instant <= DateType.nanosLimit, let nanos = instant.epochNanos else {
                throw .illegalArgument(
                    "date[\(DateFormat.default.string(instant))] is after "
                        + "2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond "
                        + "resolution")
            }
            return nanos
        }
        guard let millis = instant.epochMillis else {
            throw SchemaError(type: "arithmetic_exception", reason: "long overflow")
        }
        return millis
    }

    package func instant(of number: Int64) -> Instant {
        isNanos ? Instant(epochNanos: number) : Instant(epochMillis: number)
    }

    package func add(
        _ kind: ScalarKind, _ text: Span<UInt8>, as field: FieldNumber,
        to document: inout DocumentBuilder
    ) throws(SchemaError) {
        let value: Int64
        if kind == .null {
            guard let nullValue else { return }
            value = nullValue
        } else {
            guard let instant = dateFormat.instant(text) else {
                let string = NumberText.string(text)
                throw SchemaError(
                    type: "illegal_argument_exception",
                    reason: "failed to parse date field [\(string)] with format "
                        + "[\(dateFormat.pattern)]",
                    causes: [dateFormat.cause(of: string)])
            }
            value = try column(instant)
        }
        if storage.column == .none, !storage.points {
            document.markPresent(field)
        } else {
            document.add(number: value, to: field)
        }
    }

    package func lookup(
        term value: JSONValue, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        try lookup(range: ValueRange(lower: value, upper: value), context: context)
    }

    package func lookup(
        range: ValueRange, context: QueryValueContext
    ) throws(SchemaError) -> ValueLookup {
        var format = dateFormat
        if let pattern = range.format { format = try DateFormat(pattern) }
        var zone = Zone.utc
        if let id = range.timeZone {
            guard let known = Zone(id: id) else {
                throw SchemaError(
                    type: "zone_rules_exception", reason: "Unknown time-zone ID: \(id)")
            }
            zone = known
        }
        let math = DateMath(format: format, zone: zone, now: context.now)
        var low = isNanos ? Int64(0) : Int64.min
        var high = Int64.max
        if let lower = range.lower, !lower.isNull {
            let instant = try math.instant(
                ParameterText.java(lower), roundUp: !range.includesLower)
            let value = try clamped(instant)
            if !range.includesLower, value == .max { return .none }
            low = range.includesLower ? value : value + 1
        }
        if let upper = range.upper, !upper.isNull {
            let instant = try math.instant(ParameterText.java(upper), roundUp: range.includesUpper)
            // What lies below all dates of the field is above none of them.
            if isNanos, instant.seconds < 0 { return .none }
            let value = try clamped(instant)
            if !range.includesUpper, value == .min { return .none }
            high = range.includesUpper ? value : value - 1
        }
        return low <= high ? .numbers(low...high) : .none
    }

    private func clamped(_ instant: Instant) throws(SchemaError) -> Int64 {
        guard isNanos else { return try column(instant) }
        if instant.seconds < 0 { return 0 }
        return instant.epochNanos ?? .max
    }

    package func display(number: Int64, format: ValueFormat?) -> JSONValue {
        if case .date(let dateFormat, let zone) = format {
            return .string(dateFormat.string(instant(of: number), zone: zone))
        }
        return .string(dateFormat.string(instant(of: number)))
    }

    /// Milliseconds since 1970, whatever the resolution: aggregations count in them.
    package func double(of number: Int64) -> Double {
        Double(isNanos ? CivilTime.floorDivide(Int(number), 1_000_000) : Int(number))
    }

    package func number(
        of value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> Int64? {
        if value.isNull { return nil }
        var reader = dateFormat
        var zone = Zone.utc
        if case .date(let own, let ownZone) = format {
            reader = own
            zone = ownZone
        }
        let text = ParameterText.java(value)
        guard let instant = reader.instant(text, zone: zone) else {
            throw SchemaError(
                type: "parse_exception",
                reason: "failed to parse date field [\(text)] with format [\(reader.pattern)]: "
                    + "[\(reader.cause(of: text).reason)]")
        }
        return try column(instant)
    }

    package func fetched(
        _ value: JSONValue, format: ValueFormat?
    ) throws(SchemaError) -> JSONValue? {
        try number(of: value, format: nil).map { display(number: $0, format: format) }
    }

    package func format(_ pattern: String?, zone: Zone) throws(SchemaError) -> ValueFormat? {
        if pattern == nil, zone == .utc { return nil }
        return .date(try pattern.map(DateFormat.init) ?? dateFormat, zone: zone)
    }
}
