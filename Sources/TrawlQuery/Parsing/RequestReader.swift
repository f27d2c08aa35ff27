package import TrawlJSON

/// Reads the parts of a request's JSON and remembers where it is, so that an error can name the
/// place. Numbers and booleans may stand in quotation marks, as the API has always allowed.
package struct RequestReader {
    package var path: [RequestStep] = []
    /// How many queries are open around the one that is read.
    var depth = 0
    /// The aggregation that is read, for messages.
    var aggregationName = ""

    package init() {}

    // MARK: Errors

    package func fail(
        _ error: QueryError, at steps: RequestStep..., atKey: Bool = false
    ) -> QueryError {
        var error = error
        error.path = path + steps
        error.isAtKey = atKey
        return error
    }

    package mutating func inside<T>(
        _ step: RequestStep, _ body: (inout Self) throws(QueryError) -> T
    ) throws(QueryError) -> T {
        path.append(step)
        let result = try body(&self)
        path.removeLast()
        return result
    }

    /// Calls `body` for each element of an array, or for a value that stands alone.
    package mutating func each(
        _ value: JSONValue, _ body: (inout Self, JSONValue) throws(QueryError) -> Void
    ) throws(QueryError) {
        guard case .array(let elements) = value else { return try body(&self, value) }
        for (i, element) in elements.enumerated() {
            path.append(.index(i))
            try body(&self, element)
            path.removeLast()
        }
    }

    package static func token(_ value: JSONValue) -> String {
        switch value {
        case .null: "VALUE_NULL"
        case .bool: "VALUE_BOOLEAN"
        case .number: "VALUE_NUMBER"
        case .string: "VALUE_STRING"
        case .array: "START_ARRAY"
        case .object: "START_OBJECT"
        }
    }

    package static func isScalar(_ value: JSONValue) -> Bool {
        switch value {
        case .array, .object: false
        default: true
        }
    }

    // MARK: Scalars

    package func text(_ value: JSONValue, _ key: String) throws(QueryError) -> String {
        switch value {
        case .string(let text): return text
        case .number(let number): return number.literal
        case .bool(let bool): return bool ? "true" : "false"
        default:
            throw fail(
                .illegalArgument(
                    "[\(key)] expected text but found [\(Self.token(value))]"), at: .key(key))
        }
    }

    package func float(_ value: JSONValue, _ key: String) throws(QueryError) -> Float {
        Float(try double(value, key))
    }

    package func double(_ value: JSONValue, _ key: String) throws(QueryError) -> Double {
        switch value {
        case .number(let number): return number.double
        case .string(let text):
            if let number = Double(text) { return number }
            throw fail(.numberFormat(text), at: .key(key))
        default: throw wrongNumber(value, key)
        }
    }

    package func int(_ value: JSONValue, _ key: String) throws(QueryError) -> Int {
        let number: Double
        switch value {
        case .number(let literal):
            if let exact = literal.int64 {
                guard Int32(exactly: exact) != nil else {
                    throw fail(
                        QueryError(
                            type: "input_coercion_exception",
                            reason: "Numeric value (\(literal.literal)) out of range of int "
                                + "(-2147483648 - 2147483647)"), at: .key(key))
                }
                return Int(exact)
            }
            number = literal.double
        case .string(let text):
            guard let parsed = Double(text) else { throw fail(.numberFormat(text), at: .key(key)) }
            number = parsed
        default: throw wrongNumber(value, key)
        }
        guard number.isFinite, abs(number) <= 2_147_483_648 else {
            throw fail(
                .illegalArgument("Value [\(number)] is out of range for an integer"),
                at: .key(key))
        }
        return Int(number)
    }

    private func wrongNumber(_ value: JSONValue, _ key: String) -> QueryError {
        fail(
            .illegalArgument("[\(key)] expected a number but found [\(Self.token(value))]"),
            at: .key(key))
    }

    package func bool(_ value: JSONValue, _ key: String) throws(QueryError) -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .string("true"): return true
        case .string("false"): return false
        case .string(let text):
            throw fail(
                .illegalArgument(
                    "Failed to parse value [\(text)] as only [true] or [false] are allowed."),
                at: .key(key))
        default:
            throw fail(
                .illegalArgument(
                    "Failed to parse value [\(value)] as only [true] or [false] are allowed."),
                at: .key(key))
        }
    }

    /// Runs `body`, whose errors do not know the place yet.
    package func at<T>(_ key: String, _ body: () throws(QueryError) -> T) throws(QueryError) -> T {
        do { return try body() } catch { throw fail(error, at: .key(key)) }
    }

    /// `10s`, `500ms`, `-1`: milliseconds, nil for no limit.
    package func milliseconds(_ value: JSONValue, _ key: String) throws(QueryError) -> Double? {
        let text = try text(value, key)
        if text == "-1" { return nil }
        let units: [(String, Double)] = [
            ("nanos", 1e-6), ("micros", 1e-3), ("ms", 1), ("s", 1000), ("m", 60000),
            ("h", 3_600_000), ("d", 86_400_000),
        ]
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            if let number = Double(digits), number >= 0 { return number * factor }
            break
        }
        throw fail(
            .illegalArgument(
                "failed to parse setting [\(key)] with value [\(text)] as a time value: unit is "
                    + "missing or unrecognized"), at: .key(key))
    }
}
