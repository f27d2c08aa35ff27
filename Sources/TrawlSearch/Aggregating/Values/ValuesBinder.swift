internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Finds the columns that aggregations ask for, or says why there are none.
struct ValuesBinder {
    let mapping: Mapping
    let indexName: String
    let now: Instant
    /// Where scripts over values leave what went wrong.
    let scriptFailures = ScriptFailureBox()

    /// - Parameter aggregation: Its type, for messages.
    /// - Parameter accepts: Nil for any kind.
    func bind(
        _ source: ValuesSource, for aggregation: String, fallback: ValueKind,
        accepts: (ValueKind) -> Bool = { _ in true }
    ) throws(QueryError) -> BoundValues {
        if let script = source.script {
            return try scripted(
                source, script, for: aggregation, fallback: fallback, accepts: accepts)
        }
        let zone = try Self.zone(source.timeZone)
        if source.field == "_index" {
            return BoundValues(kind: .text, missingBytes: Array(indexName.utf8))
        }
        guard let name = source.field, let field = mapping.field(name), !field.isMetadata else {
            return try unmapped(source, fallback, zone)
        }
        let type = field.type
        var bound = BoundValues(field: field.path, kind: Self.kind(of: type))
        if type.storage.column == .none { throw Self.noColumn(name, type) }
        guard accepts(bound.kind), type.family != .geoPoint, type.family != .binary,
            type.family != .range || Self.countsSpans(aggregation)
        else {
            throw .illegalArgument(
                "Field [\(name)] of type [\(type.typeName)] is not supported for aggregation "
                    + "[\(aggregation)]")
        }
        switch type.typeName {
        case "float", "half_float": bound.decoding = .float
        case "date_nanos": bound.decoding = .nanos
        case "scaled_float": bound.decoding = .other(type)
        default: break
        }
        bound.display = try display(source, bound.kind, type, zone)
        if let missing = source.missing {
            try setMissing(&bound, missing, type, zone, source.format)
        }
        return bound
    }

    /// Aggregations that ask nothing of a value but that it is there, and is another.
    private static func countsSpans(_ aggregation: String) -> Bool {
        ["value_count", "missing", "cardinality"].contains(aggregation)
    }

    /// Values that a script makes, or makes of those of a field.
    private func scripted(
        _ source: ValuesSource, _ script: JSONValue, for aggregation: String,
        fallback: ValueKind, accepts: (ValueKind) -> Bool
    ) throws(QueryError) -> BoundValues {
        // Values are made before any document has a score.
        if (script.stringValue ?? script["source"]?.stringValue ?? "").contains("_score") {
            throw .illegalArgument(
                "[_score] in the [script] of an aggregation is not supported")
        }
        var plain = source
        plain.script = nil
        var bound: BoundValues
        if source.field == nil {
            let kind = Self.unmappedKind(plain, fallback)
            bound = BoundValues(kind: kind)
            bound.display = try display(plain, kind, nil, try Self.zone(source.timeZone))
            if let missing = source.missing {
                let without = try unmapped(plain, fallback, .utc)
                bound.missingKey = without.missingKey
                bound.missingBytes = without.missingBytes
                _ = missing
            }
        } else {
            bound = try bind(plain, for: aggregation, fallback: fallback, accepts: accepts)
            bound.decoding = .same
            bound.type = source.field.flatMap { mapping.field($0)?.type }
        }
        bound.script = ScriptedValues(
            script: try DocumentScript(script, mapping), changesValues: source.field != nil,
            box: scriptFailures)
        return bound
    }

    private static func kind(of type: any FieldType) -> ValueKind {
        switch type.family {
        case .date: .date
        case .boolean: .boolean
        case .ip: .ip
        case .number:
            switch type.typeName {
            case "unsigned_long": .unsigned
            case "double", "float", "half_float", "scaled_float": .double
            default: .long
            }
        default: type.storage.column == .number ? .long : .text
        }
    }

    private static func noColumn(_ name: String, _ type: any FieldType) -> QueryError {
        if type.family == .text {
            return .illegalArgument(
                "Text fields are not optimised for operations that require per-document field "
                    + "data like aggregations and sorting, so these operations are disabled by "
                    + "default. Please use a keyword field instead. Alternatively, set "
                    + "fielddata=true on [\(name)] in order to load field data by uninverting the "
                    + "inverted index. Note that this can use significant memory.")
        }
        return .illegalArgument(
            "Can't load fielddata on [\(name)] because fielddata is unsupported on fields of type "
                + "[\(type.typeName)]. Use doc values instead.")
    }

    static func zone(_ id: String?) throws(QueryError) -> Zone {
        guard let id else { return .utc }
        guard let zone = Zone(id: id) else {
            throw QueryError(
                type: "zone_rules_exception", reason: "Unknown time-zone ID: \(id)")
        }
        return zone
    }

    private func display(
        _ source: ValuesSource, _ kind: ValueKind, _ type: (any FieldType)?, _ zone: Zone
    ) throws(QueryError) -> ValueDisplay {
        switch kind {
        case .date:
            var format = (type as? DateType)?.dateFormat ?? .default
            if let pattern = source.format {
                format = try QueryAnalyzer.asks { () throws(SchemaError) in
                    try DateFormat(pattern)
                }
            }
            return .date(format, zone)
        case .boolean: return .boolean
        case .long, .unsigned, .double:
            guard let pattern = source.format else { return .raw }
            return .decimal(
                try QueryAnalyzer.asks { () throws(SchemaError) in try DecimalPattern(pattern) })
        case .text, .ip:
            if let pattern = source.format {
                throw .illegalArgument(
                    "Field [\(source.field ?? "")] of type [\(type?.typeName ?? "keyword")] does "
                        + "not support custom formats: [\(pattern)]")
            }
            return .raw
        }
    }

    private func setMissing(
        _ bound: inout BoundValues, _ missing: JSONValue, _ type: any FieldType, _ zone: Zone,
        _ format: String?
    ) throws(QueryError) {
        switch bound.kind {
        case .text: bound.missingBytes = Array(missing.queryText.utf8)
        case .ip: bound.missingBytes = try Self.address(missing.queryText)
        case .date: bound.missingKey = try millis(missing, bound.display)
        case .boolean:
            bound.missingKey =
                missing == .bool(true) || missing == .string("true") || missing.doubleValue == 1
                ? 1 : 0
        case .long, .unsigned, .double:
            let number = try number(missing)
            bound.missingKey =
                missing.numberValue?.int64.flatMap { bound.kind == .long ? $0 : nil }
                ?? bound.kind.key(of: number)
        }
    }

    private func number(_ value: JSONValue) throws(QueryError) -> Double {
        if let number = value.doubleValue { return number }
        if let text = value.stringValue, let number = Double(text) { return number }
        throw .numberFormat(value.queryText)
    }

    static func address(_ text: String) throws(QueryError) -> [UInt8] {
        guard let address = IPAddress(text) else {
            throw .illegalArgument("'\(text)' is not an IP string literal.")
        }
        return address.bytes
    }

    /// A date of a request in milliseconds: a number as it is where the format knows none, a text
    /// by date math.
    func millis(
        _ value: JSONValue, _ display: ValueDisplay, roundUp: Bool = false
    ) throws(QueryError) -> Int64 {
        var format = DateFormat.default
        var zone = Zone.utc
        if case .date(let own, let ownZone) = display {
            format = own
            zone = ownZone
        }
        let math = DateMath(format: format, zone: zone, now: now)
        let instant = try QueryAnalyzer.asks { () throws(SchemaError) in
            try math.instant(value.queryText, roundUp: roundUp)
        }
        return instant.epochMillis ?? (instant.seconds < 0 ? .min : .max)
    }

    /// What is asked of a field that the mapping has not.
    private func unmapped(
        _ source: ValuesSource, _ fallback: ValueKind, _ zone: Zone
    ) throws(QueryError) -> BoundValues {
        let kind = Self.unmappedKind(source, fallback)
        var bound = BoundValues(kind: kind)
        bound.display = try display(source, kind, nil, zone)
        if let missing = source.missing {
            switch kind {
            case .text: bound.missingBytes = Array(missing.queryText.utf8)
            case .ip: bound.missingBytes = try Self.address(missing.queryText)
            case .date: bound.missingKey = try millis(missing, bound.display)
            case .boolean:
                bound.missingKey = missing == .bool(true) || missing == .string("true") ? 1 : 0
            default: bound.missingKey = kind.key(of: try number(missing))
            }
        }
        return bound
    }

    /// What the request says the values are, else what stands in for them is, else what the
    /// aggregation is mostly asked of.
    private static func unmappedKind(_ source: ValuesSource, _ fallback: ValueKind) -> ValueKind {
        switch source.valueType {
        case "long", "integer", "short", "byte": return .long
        case "unsigned_long": return .unsigned
        case "date": return .date
        case "boolean": return .boolean
        case "ip": return .ip
        case "string", "bytes": return .text
        case nil: break
        default: return .double
        }
        guard fallback == .text else { return fallback }
        switch source.missing {
        case .number(let number): return number.isInteger ? .long : .double
        case .bool: return .boolean
        default: return .text
        }
    }
}
