/// Takes the events of a `JSONParser`, in the order of the text.
///
/// Pointers are valid during the call only. A sink that wants no more throws `JSONError` with the
/// problem `.stopped` and keeps its reason.
@usableFromInline
package protocol JSONSink {
    mutating func null(at range: Range<Int>) throws(JSONError)
    mutating func bool(_ value: Bool, at range: Range<Int>) throws(JSONError)
    /// - Parameters:
    ///   - literal: The number as it is written.
    ///   - isInteger: Whether it has neither fraction nor exponent.
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) throws(JSONError)
    /// - Parameters:
    ///   - utf8: The text, escapes undone, known to be UTF-8.
    ///   - range: Where it is written, quotes included.
    mutating func string(
        _ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>
    ) throws(JSONError)
    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) throws(JSONError)
    mutating func startObject(at byteOffset: Int) throws(JSONError)
    /// - Parameter byteOffset: The place after the closing brace.
    mutating func endObject(at byteOffset: Int) throws(JSONError)
    mutating func startArray(at byteOffset: Int) throws(JSONError)
    mutating func endArray(at byteOffset: Int) throws(JSONError)
}

/// What becomes of `{"a": 1, "a": 2}`.
public enum JSONDuplicates: Sendable {
    /// An error, as in Elasticsearch: readers disagree on which one counts.
    case refused
    /// Both are reported; a `JSONObject` keeps the last.
    case allowed
}
