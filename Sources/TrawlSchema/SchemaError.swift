public import TrawlErrors

/// Why a mapping, a document, a value or a setting is refused, in the words that clients of the
/// Elasticsearch API know: a type, a reason, and the chain of causes below it.
public struct SchemaError: TrawlError, Equatable {
    public struct Cause: Sendable, Equatable {
        public var type: String
        public var reason: String

        public init(type: String, reason: String) {
            self.type = type
            self.reason = reason
        }
    }

    /// The type as the API reports it, such as `mapper_parsing_exception`.
    public var type: String
    public var reason: String
    /// What led to it, nearest first: each is the `caused_by` of the one before.
    public var causes: [Cause]

    public init(type: String, reason: String, causes: [Cause] = []) {
        self.type = type
        self.reason = reason
        self.causes = causes
    }

    public var kind: ErrorKind { .invalidRequest }

    public var code: String {
        type.hasSuffix("_exception") ? String(type.dropLast("_exception".count)) : type
    }

    public var description: String {
        ([reason] + causes.map(\.reason)).joined(separator: ": ")
    }
}

extension SchemaError {
    package static func illegalArgument(_ reason: String) -> SchemaError {
        SchemaError(type: "illegal_argument_exception", reason: reason)
    }

    package static func mapperParsing(_ reason: String) -> SchemaError {
        SchemaError(type: "mapper_parsing_exception", reason: reason)
    }

    package static func parsing(_ reason: String) -> SchemaError {
        SchemaError(type: "parse_exception", reason: reason)
    }

    package static func mapper(_ reason: String) -> SchemaError {
        SchemaError(type: "mapper_exception", reason: reason)
    }

    package static func settings(_ reason: String) -> SchemaError {
        SchemaError(type: "settings_exception", reason: reason)
    }

    package static func numberFormat(_ text: String) -> SchemaError {
        SchemaError(
            type: "number_format_exception",
            reason: text.isEmpty ? "empty String" : "For input string: \"\(text)\"")
    }

    /// The same failure as the cause of another.
    package func wrapped(type: String, reason: String) -> SchemaError {
        SchemaError(
            type: type, reason: reason,
            causes: [Cause(type: self.type, reason: self.reason)] + causes)
    }

    /// How a whole mapping is refused, when it comes with a new index or a template.
    package var asFailedMapping: SchemaError {
        wrapped(
            type: "mapper_parsing_exception", reason: "Failed to parse mapping [_doc]: \(reason)")
    }
}
