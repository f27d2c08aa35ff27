/// A piece of JSON text as it was written, byte for byte.
public struct JSONSlice: Sendable, Hashable {
    /// One JSON value without white space around it.
    public let bytes: ArraySlice<UInt8>

    /// - Precondition: `bytes` is one JSON value.
    package init(checked bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Checks the text and takes off white space around it.
    public init(parsing text: [UInt8], maxDepth: Int = JSONLimits.maxDepth) throws(JSONError) {
        let range = try JSONRanges.find(in: text[...], maxDepth: maxDepth).value
        bytes = text[range]
    }

    public var array: [UInt8] { Array(bytes) }

    public func value() throws(JSONError) -> JSONValue { try JSONValue.parse(bytes) }

    /// The members of an object with their text; nil when it is no object.
    public func members() throws(JSONError) -> [(key: String, value: JSONSlice)]? {
        let found = try JSONRanges.find(in: bytes, maxDepth: JSONLimits.maxDepth)
        return found.members?.map { (key: $0.key, value: JSONSlice(checked: bytes[$0.range])) }
    }

    /// The text of one member.
    public subscript(key: String) -> JSONSlice? {
        guard let members = try? members() else { return nil }
        return members.first { $0.key == key }?.value
    }
}

/// Where the outermost value stands, and its members.
private struct JSONRanges: JSONSink {
    var value = 0..<0
    /// Nil unless the outermost value is an object.
    var members: [(key: String, range: Range<Int>)]?
    private var depth = 0
    private var start = 0
    private var key = ""

    /// Ranges are indices of `text`.
    static func find(
        in text: ArraySlice<UInt8>, maxDepth: Int
    ) throws(JSONError) -> JSONRanges {
        let result: Result<JSONRanges, JSONError> = unsafe text.withUnsafeBufferPointer { input in
            Result { () throws(JSONError) in
                var parser = JSONParser(sink: JSONRanges(), maxDepth: maxDepth)
                try unsafe parser.parse(input)
                return parser.sink
            }
        }
        var found = try result.get()
        let shift = text.startIndex
        found.value = found.value.lowerBound + shift..<found.value.upperBound + shift
        found.members = found.members?.map {
            (key: $0.key, range: $0.range.lowerBound + shift..<$0.range.upperBound + shift)
        }
        return found
    }

    private mutating func add(_ range: Range<Int>) {
        if depth == 0 { value = range }
        if depth == 1 { members?.append((key: key, range: range)) }
    }

    private mutating func open(at byteOffset: Int, isObject: Bool) {
        if depth == 0 && isObject { members = [] }
        if depth <= 1 {
            // Two starts are needed: the outermost value's and its open member's.
            if depth == 0 { value = byteOffset..<byteOffset } else { start = byteOffset }
        }
        depth += 1
    }

    private mutating func close(at byteOffset: Int) {
        depth -= 1
        if depth <= 1 { add((depth == 0 ? value.lowerBound : start)..<byteOffset) }
    }

    mutating func null(at range: Range<Int>) { add(range) }
    mutating func bool(_ value: Bool, at range: Range<Int>) { add(range) }
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) { add(range) }
    mutating func string(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) { add(range) }
    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        if depth == 1 { key = unsafe String(decoding: utf8, as: UTF8.self) }
    }
    mutating func startObject(at byteOffset: Int) { open(at: byteOffset, isObject: true) }
    mutating func endObject(at byteOffset: Int) { close(at: byteOffset) }
    mutating func startArray(at byteOffset: Int) { open(at: byteOffset, isObject: false) }
    mutating func endArray(at byteOffset: Int) { close(at: byteOffset) }
}
