package import TrawlJSON

/// What a parameter of a field type may be, and what happens when a mapping is updated.
struct ParameterRule: Sendable {
    enum Kind: Sendable {
        case bool, int, double, string, strings, json, analyzer, normalizer
        case oneOf([String])
    }

    var name: String
    var kind: Kind
    /// Of a parameter that is not given; nil when there is none.
    var standard: JSONValue?
    var isUpdatable: Bool
    var acceptsNull: Bool

    init(
        _ name: String, _ kind: Kind, _ standard: JSONValue? = nil, updatable: Bool = false,
        acceptsNull: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.standard = standard
        isUpdatable = updatable
        self.acceptsNull = acceptsNull
    }

    // What many types have.
    static let index = ParameterRule("index", .bool, true)
    static let docValues = ParameterRule("doc_values", .bool, true)
    static let store = ParameterRule("store", .bool, false)
    static let meta = ParameterRule("meta", .json, .object([:]), updatable: true)
    static let boost = ParameterRule("boost", .double, 1.0, updatable: true)
    static let similarity = ParameterRule("similarity", .string, acceptsNull: true)
    static let nullValue = ParameterRule("null_value", .json, acceptsNull: true)
    static let ignoreMalformed = ParameterRule("ignore_malformed", .bool, false, updatable: true)
    static let coerce = ParameterRule("coerce", .bool, true, updatable: true)

    /// The value in the form in which it is kept and shown.
    func normalized(
        _ value: JSONValue, field: String, type: String, context: MappingContext
    ) throws(SchemaError) -> JSONValue {
        if value.isNull {
            guard acceptsNull else {
                throw .mapperParsing(
                    "[\(name)] on mapper [\(field)] of type [\(type)] must not have a [null] value"
                )
            }
            return .null
        }
        switch kind {
        case .json:
            return value
        case .bool:
            return .bool(try ParameterText.bool(value))
        case .int:
            return JSONValue(try ParameterText.int(value))
        case .double:
            guard let number = value.doubleValue ?? value.stringValue.flatMap(Double.init) else {
                throw .numberFormat(ParameterText.java(value))
            }
            return JSONValue(number)
        case .string:
            return .string(ParameterText.java(value))
        case .strings:
            let list = value.arrayValue ?? [value]
            return .array(list.map { .string(ParameterText.java($0)) })
        case .oneOf(let allowed):
            let text = ParameterText.java(value)
            guard allowed.contains(text) else {
                throw .mapperParsing(
                    "Unknown value [\(text)] for field [\(name)] - accepted values are "
                        + "[\(allowed.joined(separator: ", "))]")
            }
            return .string(text)
        case .analyzer:
            let text = ParameterText.java(value)
            guard context.hasAnalyzer(text) else {
                throw .mapperParsing("analyzer [\(text)] has not been configured in mappings")
            }
            return .string(text)
        case .normalizer:
            let text = ParameterText.java(value)
            guard context.hasNormalizer(text) else {
                throw .mapperParsing("normalizer [\(text)] not found for field [\(field)]")
            }
            return .string(text)
        }
    }
}

/// The parameters of one field: what was given, and the standard for the rest.
package struct FieldParameters: Sendable, Equatable {
    /// What differs from the standard, in the order of the type's rules.
    package internal(set) var explicit: JSONObject = [:]
    var rules: [ParameterRule]

    package static func == (left: Self, right: Self) -> Bool { left.explicit == right.explicit }

    init(rules: [ParameterRule]) { self.rules = rules }

    /// The value that counts, given or not.
    package subscript(name: String) -> JSONValue? {
        explicit[name] ?? rules.first { $0.name == name }?.standard
    }

    func bool(_ name: String) -> Bool { self[name]?.boolValue ?? false }
    func int(_ name: String) -> Int? { self[name]?.intValue }
    func string(_ name: String) -> String? { self[name]?.stringValue }
}

/// Values of parameters as Java reads and prints them.
enum ParameterText {
    static func bool(_ value: JSONValue) throws(SchemaError) -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .string("true"): return true
        case .string("false"), .string(""): return false
        default:
            throw .illegalArgument(
                "Failed to parse value [\(java(value))] as only [true] or [false] are allowed.")
        }
    }

    static func bool(_ value: JSONValue, named name: String) throws(SchemaError) -> Bool {
        do {
            return try bool(value)
        } catch {
            throw error.wrapped(
                type: "illegal_argument_exception",
                reason: "Could not convert [\(name)] to boolean")
        }
    }

    static func int(_ value: JSONValue) throws(SchemaError) -> Int {
        if let number = value.intValue, Int(Int32(truncatingIfNeeded: number)) == number {
            return number
        }
        if let number = value.doubleValue, abs(number) < 2e9 { return Int(number) }
        if let text = value.stringValue, let number = Int32(text) { return Int(number) }
        throw .numberFormat(java(value))
    }

    /// `{a=1, b=[x, y]}`: how Java prints maps and lists.
    static func java(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): number.literal
        case .string(let string): string
        case .array(let list): "[" + list.map(java).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.map { "\($0.key)=\(java($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    static func javaClass(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "java.lang.Boolean"
        case .number(let number):
            !number.isInteger
                ? "java.lang.Double"
                : Int32(number.literal) != nil ? "java.lang.Integer" : "java.lang.Long"
        case .string: "java.lang.String"
        case .array: "java.util.ArrayList"
        case .object: "java.util.LinkedHashMap"
        }
    }
}
