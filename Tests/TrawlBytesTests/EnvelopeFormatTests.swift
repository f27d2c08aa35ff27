import Testing
import TrawlBytes

@Suite("EnvelopeFormat")
struct EnvelopeFormatTests {
    private let whole = EnvelopeFormat.wrap(
        Array("payload".utf8), kind: "test", version: 3, owner: 42)

    private func unwrap(_ bytes: [UInt8], kind: String = "test", owner: UInt64? = 42) throws
        -> [UInt8]
    {
        Array(
            try EnvelopeFormat.unwrap(bytes, file: "f", kind: kind, versions: 1...3, owner: owner)
                .payload)
    }

    @Test("a whole file gives its payload back")
    func roundTrip() throws {
        #expect(try unwrap(whole) == Array("payload".utf8))
        #expect(whole.count == EnvelopeFormat.headerByteCount + 7 + EnvelopeFormat.footerByteCount)
    }

    @Test("every single flipped bit and every truncation is noticed")
    func damage() {
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CorruptionError.self) { try unwrap(bytes) }
        }
        for length in 0..<whole.count {
            #expect(throws: CorruptionError.self) { try unwrap(Array(whole[..<length])) }
        }
    }

    @Test("another kind, another owner and another version are told apart")
    func strangers() {
        func reason(_ body: () throws -> [UInt8]) -> String {
            do {
                _ = try body()
                return "accepted"
            } catch { return "\(error)" }
        }
        #expect(
            reason { try unwrap(whole, kind: "post") }.contains(
                "a \"post\" file expected, \"test\" found"))
        #expect(reason { try unwrap(whole, owner: 7) }.contains("it belongs to 42, not to 7"))
        let newer = EnvelopeFormat.wrap([], kind: "test", version: 9, owner: 42)
        #expect(
            reason { try unwrap(newer) }.contains(
                "format version 9 found, this release reads 1 to 3"))
    }
}
