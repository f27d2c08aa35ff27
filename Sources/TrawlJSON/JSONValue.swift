/// JSON as a tree.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    public init(_ value: some BinaryInteger) { self = .number(JSONNumber(value)) }

    /// NaN and the infinities become null: JSON cannot say them.
    public init(_ value: Double) { self = value.isFinite ? .number(JSONNumber(value)) : .null }

    /// NaN and the infinities become null: JSON cannot say them.
    public init(_ value: Float) { self = value.isFinite ? .number(JSONNumber(value)) : .null }

    public init(_ value: String) { self = .string(value) }
    public init(_ value: Bool) { self = .bool(value) }

    public var isNull: Bool { self == .null }

    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    public var numberValue: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// Nil for numbers with a fraction or an exponent, and for those that do not fit.
    public var intValue: Int? { numberValue?.int64.map(Int.init) }

    public var doubleValue: Double? { numberValue?.double }

    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    public var arrayValue: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object. Setting makes an object of what is none.
    public subscript(key: String) -> JSONValue? {
        get { if case .object(let object) = self { object[key] } else { nil } }
        set {
            var object = objectValue ?? JSONObject()
            // Give up this reference, so that the object is changed in place.
            self = .null
            object[key] = newValue
            self = .object(object)
        }
    }

    /// The element of an array; nil beyond its end.
    public subscript(index: Int) -> JSONValue? {
        if case .array(let array) = self, array.indices.contains(index) {
            array[index]
        } else {
            nil
        }
    }

    /// What it is, in a word for messages.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    public init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
    }
}

extension JSONValue: CustomStringConvertible {
    public var description: String { String(decoding: serialized(), as: UTF8.self) }
}

// MARK: - Parsing and writing

extension JSONValue {
    public static func parse(
        _ utf8: UnsafeBufferPointer<UInt8>, maxDepth: Int = JSONLimits.maxDepth,
        duplicates: JSONDuplicates = .refused
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(
            sink: JSONTreeBuilder(duplicates: duplicates), maxDepth: maxDepth,
            duplicates: duplicates)
        try unsafe parser.parse(utf8)
        return parser.sink.root
    }

    public static func parse(
        _ utf8: [UInt8], maxDepth: Int = JSONLimits.maxDepth,
        duplicates: JSONDuplicates = .refused
    ) throws(JSONError) -> JSONValue {
        try parse(utf8[...], maxDepth: maxDepth, duplicates: duplicates)
    }

    public static func parse(
        _ utf8: ArraySlice<UInt8>, maxDepth: Int = JSONLimits.maxDepth,
        duplicates: JSONDuplicates = .refused
    ) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError> = unsafe utf8.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONError) in
                try unsafe parse(bytes, maxDepth: maxDepth, duplicates: duplicates)
            }
        }
        return try result.get()
    }

    public static func parse(
        _ text: String, maxDepth: Int = JSONLimits.maxDepth,
        duplicates: JSONDuplicates = .refused
    ) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), maxDepth: maxDepth, duplicates: duplicates)
    }

    /// - Parameter pretty: Lines and indentation as Elasticsearch's `?pretty` has them.
    public func serialized(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.value(self)
        return writer.bytes
    }
}

/// Makes a tree of the parser's events.
struct JSONTreeBuilder: JSONSink {
    let duplicates: JSONDuplicates
    /// The values that are not yet in a container, and the keys of those in objects.
    private var values: [JSONValue] = []
    private var keys: [String] = []
    /// Where the values and the keys of each open container begin.
    private var open: [(values: Int, keys: Int)] = []

    init(duplicates: JSONDuplicates) { self.duplicates = duplicates }

    var root: JSONValue { values[0] }

    mutating func null(at range: Range<Int>) { values.append(.null) }

    mutating func bool(_ value: Bool, at range: Range<Int>) { values.append(.bool(value)) }

    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) {
        let text = unsafe String(decoding: literal, as: UTF8.self)
        values.append(.number(JSONNumber(checked: text)))
    }

    mutating func string(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        values.append(.string(unsafe String(decoding: utf8, as: UTF8.self)))
    }

    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        keys.append(unsafe String(decoding: utf8, as: UTF8.self))
    }

    mutating func startObject(at byteOffset: Int) { open.append((values.count, keys.count)) }

    mutating func startArray(at byteOffset: Int) { open.append((values.count, keys.count)) }

    mutating func endObject(at byteOffset: Int) {
        let start = open.removeLast()
        let count = values.count - start.values
        let members = (0..<count).map { i -> JSONObject.Member in
            (key: keys[start.keys + i], value: values[start.values + i])
        }
        keys.removeLast(count)
        values.removeLast(count)
        values.append(
            .object(
                duplicates == .refused ? JSONObject(unique: members) : JSONObject(members)))
    }

    mutating func endArray(at byteOffset: Int) {
        let start = open.removeLast()
        let elements = Array(values[start.values...])
        values.removeLast(elements.count)
        values.append(.array(elements))
    }
}
