internal import TrawlJSON

/// The events of a document's text, as the parser tells them. A refusal stops the parser; its
/// reason waits in `failure`.
extension DocumentParseState: JSONSink {
    private mutating func stop(_ error: SchemaError) throws(JSONError) {
        failure = error
        throw JSONError(.stopped, byteOffset: 0, line: 0, column: 0)
    }

    private static let words: (no: [UInt8], yes: [UInt8]) = (
        Array("false".utf8), Array("true".utf8)
    )

    mutating func null(at range: Range<Int>) throws(JSONError) {
        do throws(SchemaError) { try scalar(.null, Span()) } catch { try stop(error) }
    }

    mutating func bool(_ value: Bool, at range: Range<Int>) throws(JSONError) {
        do throws(SchemaError) {
            try scalar(.bool, value ? Self.words.yes.span : Self.words.no.span)
        } catch {
            try stop(error)
        }
    }

    // The bytes of numbers, strings and keys live as long as the call, and no span leaves it.

    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) throws(JSONError) {
        do throws(SchemaError) {
            try scalar(isInteger ? .integer : .decimal, unsafe Span(_unsafeElements: literal))
        } catch {
            try stop(error)
        }
    }

    mutating func string(
        _ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>
    ) throws(JSONError) {
        do throws(SchemaError) {
            try scalar(.string, unsafe Span(_unsafeElements: utf8))
        } catch {
            try stop(error)
        }
    }

    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) throws(JSONError) {
        do throws(SchemaError) {
            try memberName(unsafe Span(_unsafeElements: utf8))
        } catch {
            try stop(error)
        }
    }

    mutating func startObject(at byteOffset: Int) throws(JSONError) {
        do throws(SchemaError) { try openObject(at: byteOffset) } catch { try stop(error) }
    }

    mutating func endObject(at byteOffset: Int) throws(JSONError) {
        do throws(SchemaError) { try closeObject(at: byteOffset) } catch { try stop(error) }
    }

    mutating func startArray(at byteOffset: Int) throws(JSONError) {
        do throws(SchemaError) { try openArray(at: byteOffset) } catch { try stop(error) }
    }

    mutating func endArray(at byteOffset: Int) throws(JSONError) {
        do throws(SchemaError) { try closeArray(at: byteOffset) } catch { try stop(error) }
    }
}
