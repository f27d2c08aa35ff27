internal import TrawlErrors
internal import TrawlJSON

/// A failure in the words of the API: a type and a reason that clients match, and facts.
struct APIError: TrawlError {
    var status: Int
    var type: String
    var reason: String
    /// Members beside type and reason: `index`, `index_uuid`, `resource.id`, `line`, …
    var facts: JSONObject
    /// What caused it, as the API tells it.
    var cause: JSONValue?
    /// The innermost failures; nil means this failure itself.
    var roots: [JSONValue]?
    var headers: [(name: String, value: String)] = []

    init(
        _ status: Int, _ type: String, _ reason: String, facts: JSONObject = [:],
        cause: JSONValue? = nil, roots: [JSONValue]? = nil
    ) {
        self.status = status
        self.type = type
        self.reason = reason
        self.facts = facts
        self.cause = cause
        self.roots = roots
    }

    var code: String { type }
    var description: String { "\(type): \(reason)" }

    var kind: ErrorKind {
        switch status {
        case 404: .notFound
        case 409: .conflict
        case 429: .overloaded
        case 503: .unavailable
        case 408, 504: .timedOut
        case 400..<500: .invalidRequest
        default: .internalFault
        }
    }

    /// `{type, reason, …}` without the root causes.
    func object(withCause: Bool = true) -> JSONObject {
        var object: JSONObject = ["type": .string(type), "reason": .string(reason)]
        for (key, value) in facts { object[key] = value }
        if withCause, let cause { object["caused_by"] = cause }
        return object
    }

    /// The value of `error` in an answer.
    var errorValue: JSONValue {
        var object: JSONObject = [
            "root_cause": .array(roots ?? [.object(self.object(withCause: false))])
        ]
        for (key, value) in self.object() { object[key] = value }
        return .object(object)
    }

    var response: JSONValue { ["error": errorValue, "status": JSONValue(status)] }
}

extension APIError {
    static func illegalArgument(_ reason: String, cause: JSONValue? = nil) -> APIError {
        APIError(400, "illegal_argument_exception", reason, cause: cause)
    }

    static func parse(_ reason: String) -> APIError {
        APIError(400, "parse_exception", reason)
    }

    static func parsing(_ reason: String, line: Int = 1, column: Int = 1) -> APIError {
        APIError(
            400, "parsing_exception", reason,
            facts: ["line": JSONValue(line), "col": JSONValue(column)])
    }

    static func xContentParse(_ reason: String, line: Int = 1, column: Int = 1) -> APIError {
        APIError(400, "x_content_parse_exception", "[\(line):\(column)] \(reason)")
    }

    /// One or several things missing from a request: `Validation Failed: 1: …;2: …;`.
    static func validation(_ problems: [String]) -> APIError {
        let list = problems.enumerated().map { "\($0.offset + 1): \($0.element);" }.joined()
        return APIError(400, "action_request_validation_exception", "Validation Failed: \(list)")
    }

    static func indexNotFound(_ name: String, type: String = "index_or_alias") -> APIError {
        APIError(
            404, "index_not_found_exception", "no such index [\(name)]",
            facts: [
                "resource.type": .string(type), "resource.id": .string(name),
                "index_uuid": "_na_", "index": .string(name),
            ])
    }

    static func resourceNotFound(_ reason: String) -> APIError {
        APIError(404, "resource_not_found_exception", reason)
    }

    static func rejected(_ reason: String) -> APIError {
        APIError(429, "es_rejected_execution_exception", reason)
    }
}
