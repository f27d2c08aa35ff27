internal import TrawlHTTP
internal import TrawlJSON

/// A request after routing: the path's names, parameters read strictly, the body when asked for.
struct APIRequest: Sendable {
    let http: HTTPRequest
    let path: [String: String]
    /// When the request has to be answered, by its `timeout` or the node's own limit.
    let began: ContinuousClock.Instant

    init(http: HTTPRequest, path: [String: String]) {
        self.http = http
        self.path = path
        began = .now
    }

    /// A name of the path or a parameter; a parameter given twice counts as last given.
    subscript(name: String) -> String? { path[name] ?? http.parameter(name) }

    /// The same request with another body.
    func replacing(body: [UInt8]) -> APIRequest {
        var http = http
        http.body = body
        return APIRequest(http: http, path: path)
    }

    func has(_ name: String) -> Bool { self[name] != nil }

    /// A name that the route's pattern holds.
    func named(_ name: String) -> String { path[name]! }

    /// `true`, `false`, or empty, which means true.
    func bool(_ name: String, default fallback: Bool = false) throws -> Bool {
        try optionalBool(name) ?? fallback
    }

    func optionalBool(_ name: String) throws -> Bool? {
        switch self[name] {
        case nil: nil
        case "true", "": true
        case "false": false
        case let text?:
            throw APIError.illegalArgument(
                "Failed to parse value [\(text)] as only [true] or [false] are allowed.")
        }
    }

    func int(_ name: String, default fallback: Int) throws -> Int {
        try optionalInt(name) ?? fallback
    }

    func optionalInt(_ name: String) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int32(text) else { throw Self.notNumber("int", name, text) }
        return Int(value)
    }

    func optionalLong(_ name: String) throws -> Int64? {
        guard let text = self[name] else { return nil }
        guard let value = Int64(text) else { throw Self.notNumber("long", name, text) }
        return value
    }

    func optionalDouble(_ name: String) throws -> Double? {
        guard let text = self[name] else { return nil }
        guard let value = Double(text) else { throw Self.notNumber("float", name, text) }
        return value
    }

    private static func notNumber(_ type: String, _ name: String, _ text: String) -> APIError {
        .illegalArgument(
            "Failed to parse \(type) parameter [\(name)] with value [\(text)]",
            cause: [
                "type": "number_format_exception",
                "reason": .string("For input string: \"\(text)\""),
            ])
    }

    /// A duration such as `30s`.
    func duration(_ name: String) throws -> Duration? {
        guard let text = self[name] else { return nil }
        return try TimeValue.parse(text, of: name)
    }

    /// Parts between commas.
    func list(_ name: String) -> [String]? {
        self[name].map { $0.split(separator: ",").map(String.init) }
    }

    // MARK: Body

    /// The body's bytes, or those of the parameter `source`.
    var content: [UInt8] {
        if !http.body.isEmpty { return http.body }
        if let source = http.parameter("source") { return Array(source.utf8) }
        return []
    }

    var hasContent: Bool { !content.isEmpty }

    /// The body as JSON; nil when there is none.
    func optionalBody() throws -> JSONValue? {
        let content = content
        if content.isEmpty { return nil }
        do throws(JSONError) {
            return try JSONValue.parse(content)
        } catch {
            throw Self.badJSON(error)
        }
    }

    func body() throws -> JSONValue {
        guard let body = try optionalBody() else {
            throw APIError.parse("request body or source parameter is required")
        }
        return body
    }

    /// The body, which has to be an object.
    func bodyObject() throws -> JSONObject {
        let value = try body()
        guard let object = value.objectValue else {
            throw APIError.parsing("Expected [START_OBJECT] but found [\(Self.token(value))]")
        }
        return object
    }

    func optionalBodyObject() throws -> JSONObject? {
        guard hasContent else { return nil }
        return try bodyObject()
    }

    static func badJSON(_ error: JSONError) -> APIError {
        let reason =
            "\(error.reason)\n at [Source: (byte[]); line: \(error.line), column: \(error.column)]"
        return APIError(400, "json_parse_exception", reason)
    }

    /// The word for a value in messages about the parser's tokens.
    static func token(_ value: JSONValue) -> String {
        switch value {
        case .null: "VALUE_NULL"
        case .bool: "VALUE_BOOLEAN"
        case .number: "VALUE_NUMBER"
        case .string: "VALUE_STRING"
        case .array: "START_ARRAY"
        case .object: "START_OBJECT"
        }
    }
}

/// Durations as the API writes them: `1d`, `2h`, `30m`, `10s`, `5ms`, `7micros`, `9nanos`.
enum TimeValue {
    private static let units: [(suffix: String, scale: Int64)] = [
        ("nanos", 1), ("micros", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    static func parse(_ text: String, of setting: String) throws -> Duration {
        let trimmed = text.lowercased()
        if trimmed == "-1" { return .seconds(Int64.max / 4) }
        if trimmed == "0" { return .zero }
        for (suffix, scale) in units where trimmed.hasSuffix(suffix) {
            guard let number = Double(trimmed.dropLast(suffix.count)) else { break }
            guard number >= 0, number == number.rounded() else {
                throw APIError.illegalArgument(
                    "failed to parse [\(text)], fractional time values are not supported")
            }
            return .nanoseconds(Int64(min(number * Double(scale), 9e18)))
        }
        throw APIError.illegalArgument(
            "failed to parse setting [\(setting)] with value [\(text)] as a time value: "
                + "unit is missing or unrecognized")
    }

    /// As people read it: `1.2s`, `3m`.
    static func text(nanoseconds: Int64) -> String {
        for (suffix, scale) in units.reversed() where nanoseconds >= scale {
            return Decimal.oneDigit(Double(nanoseconds) / Double(scale)) + suffix
        }
        return "0s"
    }
}

/// Sizes as the API writes them: `3.8kb`.
enum ByteSize {
    private static let units = ["b", "kb", "mb", "gb", "tb", "pb"]

    static func text(_ count: Int) -> String {
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return Decimal.oneDigit(value) + units[unit]
    }

    /// A whole number of the unit named, as `bytes=kb` asks.
    static func number(_ count: Int, in unit: String) -> String? {
        guard
            let place = units.firstIndex(of: unit)
                ?? ["b", "k", "m", "g", "t", "p"].firstIndex(of: unit)
        else { return nil }
        return String(count >> (10 * place))
    }

    static func parse(_ text: String) -> Int? {
        let text = text.lowercased()
        for (i, unit) in units.enumerated().reversed() where text.hasSuffix(unit) {
            return Double(text.dropLast(unit.count)).map { Int($0 * Double(1 << (10 * i))) }
        }
        return Int(text)
    }
}

enum Decimal {
    /// One digit after the point, cut and not rounded, none when it is zero.
    static func oneDigit(_ value: Double) -> String {
        let tenths = Int64(value * 10)
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }
}
