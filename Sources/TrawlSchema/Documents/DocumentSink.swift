internal import TrawlJSON

/// Hands the parser's events to the state, and stops the parser when the state refuses one.
struct DocumentSink: JSONSink {
    let state: DocumentParseState

    private func stopping(_ body: () throws(SchemaError) -> Void) throws(JSONError) {
        do {
            try body()
        } catch {
            state.failure = error
            throw JSONError(.stopped, byteOffset: 0, line: 0, column: 0)
        }
    }

    private static let words: (no: [UInt8], yes: [UInt8]) = (
        Array("false".utf8), Array("true".utf8)
    )

    mutating func null(at range: Range<Int>) throws(JSONError) {
        try stopping { () throws(SchemaError) in
            try state.scalar(.null, Span())
        }
    }

    mutating func bool(_ value: Bool, at range: Range<Int>) throws(JSONError) {
        try stopping { () throws(SchemaError) in
            try state.scalar(.bool, value ? Self.words.yes.span : Self.words.no.span)
        }
    }

    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) throws(JSONError) {
        do {
            // The bytes live as long as the call, and the span does not leave it.
            try state.scalar(
                isInteger ? .integer : .decimal, unsafe Span(_unsafeElements: literal))
        } catch {
            try stop(error)
        }
    }

    mutating func string(
        _ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>
    ) throws(JSONError) {
        do {
            try state.scalar(.string, unsafe Span(_unsafeElements: utf8))
        } catch {
            try stop(error)
        }
    }

    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) throws(JSONError) {
        do {
            try state.key(unsafe Span(_unsafeElements: utf8))
        } catch {
            try stop(error)
        }
    }

    mutating func startObject(at byteOffset: Int) throws(JSONError) {
        try stopping { () throws(SchemaError) in try state.startObject(at: byteOffset) }
    }

    mutating func endObject(at byteOffset: Int) throws(JSONError) {
        try stopping { () throws(SchemaError) in try state.endObject(at: byteOffset) }
    }

    mutating func startArray(at byteOffset: Int) throws(JSONError) {
        try stopping { () throws(SchemaError) in try state.startArray(at: byteOffset) }
    }

    mutating func endArray(at byteOffset: Int) throws(JSONError) {
        try stopping { () throws(SchemaError) in try state.endArray(at: byteOffset) }
    }

    private func stop(_ error: SchemaError) throws(JSONError) {
        state.failure = error
        throw JSONError(.stopped, byteOffset: 0, line: 0, column: 0)
    }
}
