internal import TrawlJSON
internal import TrawlSchema
internal import TrawlScript

/// `convert`: a value becomes one of another type.
struct ConvertProcessor: Processor {
    private enum Kind: String {
        case integer, long, float, double, boolean, string, auto, ip
    }

    private let fields: FieldChange
    private let kind: Kind

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        let name = try settings.text("type")
        fields = try FieldChange(&settings)
        guard let kind = Kind(rawValue: name.lowercased()) else {
            throw settings.wrong("type", "type [\(name)] not supported, cannot convert field.")
        }
        self.kind = kind
    }

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        guard let value = try fields.value(in: document) else { return true }
        if value.isNull {
            throw .illegalArgument(
                "Field [\(fields.field)] is null, cannot be converted to type [\(kind.rawValue)]")
        }
        if case .array(let list) = value {
            var converted: [JSONValue] = []
            for element in list { converted.append(try convert(element)) }
            try fields.set(.array(converted), in: &document)
        } else {
            try fields.set(try convert(value), in: &document)
        }
        return true
    }

    private func convert(_ value: JSONValue) throws(PipelineError) -> JSONValue {
        let text = value.stringValue ?? value.description
        switch kind {
        case .string: return .string(text)
        case .integer:
            guard let number = Self.whole(text), let int = Int32(exactly: number) else {
                throw impossible(text)
            }
            return JSONValue(int)
        case .long:
            guard let number = Self.whole(text) else { throw impossible(text) }
            return JSONValue(number)
        case .float:
            guard let number = Float(text), number.isFinite else { throw impossible(text) }
            return JSONValue(number)
        case .double:
            guard let number = Double(text), number.isFinite else { throw impossible(text) }
            return JSONValue(number)
        case .boolean:
            switch text.lowercased() {
            case "true": return true
            case "false": return false
            default:
                throw .illegalArgument(
                    "[\(text)] is not a boolean value, cannot convert to boolean")
            }
        case .ip:
            guard IPAddress(text) != nil else {
                throw .illegalArgument("'\(text)' is not an IP string literal.")
            }
            return .string(text)
        case .auto:
            guard value.stringValue != nil else { return value }
            if text.lowercased() == "true" { return true }
            if text.lowercased() == "false" { return false }
            if let number = Self.whole(text) { return JSONValue(number) }
            if let number = Double(text), number.isFinite { return JSONValue(number) }
            return value
        }
    }

    private func impossible(_ text: String) -> PipelineError {
        var error = PipelineError.illegalArgument("unable to convert [\(text)] to \(kind.rawValue)")
        error.causes = [
            .init(type: "number_format_exception", reason: "For input string: \"\(text)\"")
        ]
        return error
    }

    /// A whole number, in hexadecimal when it begins so.
    private static func whole(_ text: String) -> Int64? {
        if text.lowercased().hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        return Int64(text)
    }
}

/// `date`: a text in one of several formats becomes a date in another.
struct DateProcessor: Processor {
    private enum Form: Sendable {
        case iso8601, unix, unixMilliseconds, tai64n
        case pattern(DateFormat)
    }

    private let field: TextTemplate
    private let target: String
    private let zone: TextTemplate?
    private let forms: [Form]
    private let output: DateFormat

    init(_ settings: inout ProcessorSettings) throws(PipelineError) {
        field = try settings.template("field")
        target = try settings.optionalText("target_field") ?? "@timestamp"
        let zoneText = try settings.optionalText("timezone")
        zone = try zoneText.map { (text) throws(PipelineError) in
            try settings.template(text, of: "timezone")
        }
        _ = try settings.optionalText("locale")
        let patterns = try settings.texts("formats")
        let outputText = try settings.optionalText("output_format")
        do throws(SchemaError) {
            forms = try patterns.map { (text) throws(SchemaError) in try Self.form(text) }
            output = try DateFormat(outputText ?? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
        } catch {
            throw settings.wrong("formats", error.reason)
        }
    }

    private static func form(_ text: String) throws(SchemaError) -> Form {
        switch text {
        case "ISO8601": .iso8601
        case "UNIX": .unix
        case "UNIX_MS": .unixMilliseconds
        case "TAI64N": .tai64n
        default: .pattern(try DateFormat(text))
        }
    }

    private static let iso = DateFormat.default

    func process(
        _ document: inout PipelineDocument, _ run: inout PipelineRun
    ) throws(PipelineError) -> Bool {
        let path = try field.path(document)
        let value = try path.value(in: document)
        if value.isNull {
            throw .illegalArgument("field [\(path.text)] is null, cannot parse.")
        }
        let text = value.stringValue ?? value.description
        let zoneName = zone?.text(document) ?? "UTC"
        guard let zone = Zone(id: zoneName.isEmpty ? "UTC" : zoneName) else {
            throw .illegalArgument("The datetime zone id '\(zoneName)' is not recognised")
        }
        for form in forms {
            guard let instant = instant(text, form, zone) else { continue }
            try FieldPath(target).set(.string(output.string(instant, zone: zone)), in: &document)
            return true
        }
        throw .illegalArgument("unable to parse date [\(text)]")
    }

    private func instant(_ text: String, _ form: Form, _ zone: Zone) -> Instant? {
        switch form {
        case .iso8601: return Self.iso.instant(text, zone: zone)
        case .pattern(let format): return format.instant(text, zone: zone)
        case .unix:
            guard let seconds = Double(text), abs(seconds) < 1e13 else { return nil }
            return Instant(epochMillis: Int64((seconds * 1000).rounded(.down)))
        case .unixMilliseconds: return Int64(text).map { Instant(epochMillis: $0) }
        case .tai64n:
            let digits = text.drop { $0 == "@" }
            guard digits.count >= 16, let base = Int64("400000000000000a", radix: 16),
                let seconds = Int64(digits.prefix(16), radix: 16)
            else { return nil }
            let nanos = Int(digits.dropFirst(16).prefix(8), radix: 16) ?? 0
            return Instant(seconds: Int(seconds - base), nanos: nanos)
        }
    }
}
