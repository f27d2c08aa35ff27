import CKernels
import Testing
import TrawlTestKit

@Suite("Text scan", .randomized(rounds: 4))
struct TextScanTests {
    private func isValid(_ bytes: [UInt8]) -> Bool {
        unsafe trawl_utf8_is_valid(bytes, bytes.count) != 0
    }

    private func isValidPlain(_ bytes: [UInt8]) -> Bool {
        unsafe trawl_utf8_is_valid_plain(bytes, bytes.count) != 0
    }

    private func isValidToSwift(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }

    @Test("every sequence of up to three bytes is judged as Swift judges it, wherever it lies")
    func short() {
        var wrong: [[UInt8]] = []
        // The half bytes that matter, each with its neighbours.
        let values: [UInt8] = [
            0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
        ]
        for a in values {
            for b in values {
                for c in values {
                    for d in [UInt8(0x41), 0x80, 0xbf, 0xf0] {
                        let core = [a, b, c, d]
                        let expected = isValidToSwift(core)
                        for padding in [0, 13, 14, 15] {
                            let bytes = [UInt8](repeating: 0x61, count: padding) + core
                            if isValid(bytes) != expected || isValidPlain(bytes) != expected {
                                wrong.append(bytes)
                            }
                        }
                    }
                }
            }
        }
        #expect(wrong == [])
    }

    @Test("text of all scripts is valid; with one byte changed, both ways agree with Swift")
    func random() {
        var random = RandomContext.generator()
        for _ in 0..<300 {
            var bytes = Array(Generators.text(upTo: 60, using: &random).utf8)
            #expect(isValid(bytes) && isValidPlain(bytes))
            guard let place = bytes.indices.randomElement(using: &random) else { continue }
            bytes[place] = UInt8.random(in: 0...255, using: &random)
            let expected = isValidToSwift(bytes)
            #expect(isValid(bytes) == expected && isValidPlain(bytes) == expected, "\(bytes)")
            bytes.removeLast(Int.random(in: 0..<min(4, bytes.count), using: &random))
            #expect(isValid(bytes) == isValidToSwift(bytes), "\(bytes)")
        }
    }

    @Test("a plain run ends before the first quote, backslash or control character")
    func plainRun() {
        var random = RandomContext.generator()
        for count in 0..<80 {
            for _ in 0..<20 {
                var bytes = (0..<count).map { _ in UInt8.random(in: 0x5d...0x7f, using: &random) }
                for _ in 0..<Int.random(in: 0...2, using: &random) where count > 0 {
                    let place = Int.random(in: 0..<count, using: &random)
                    bytes[place] = [0x22, 0x5c, 0x1f, 0, 0x20, 0x80, 0xff].randomElement(
                        using: &random)!
                }
                let expected =
                    bytes.firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c } ?? count
                var isBeyondASCII: Int32 = 0
                let found = unsafe trawl_json_plain_run(bytes, count, &isBeyondASCII)
                #expect(found == expected, "\(bytes)")
                #expect((isBeyondASCII != 0) == bytes[..<expected].contains { $0 >= 0x80 })
            }
        }
    }
}
