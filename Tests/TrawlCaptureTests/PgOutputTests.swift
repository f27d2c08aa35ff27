import Testing
import TrawlCapture
import TrawlJSON
import TrawlTestKit

@Suite("PgOutputDecoder", .randomized())
struct PgOutputTests {
    /// As the server puts messages together.
    private struct Bytes {
        var bytes: [UInt8] = []

        init(_ kind: Unicode.Scalar) { bytes = [UInt8(kind.value)] }

        func number(_ value: UInt64, _ count: Int) -> Bytes {
            var copy = self
            for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
                copy.bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
            }
            return copy
        }

        func text(_ text: String) -> Bytes {
            var copy = self
            copy.bytes += Array(text.utf8) + [0]
            return copy
        }

        func raw(_ bytes: [UInt8]) -> Bytes {
            var copy = self
            copy.bytes += bytes
            return copy
        }

        func row(_ fields: [PgField]) -> Bytes {
            var copy = number(UInt64(fields.count), 2)
            for field in fields {
                switch field {
                case .null: copy.bytes.append(UInt8(ascii: "n"))
                case .unchanged: copy.bytes.append(UInt8(ascii: "u"))
                case .text(let text):
                    copy = copy.raw([UInt8(ascii: "t")]).number(UInt64(text.count), 4).raw(text)
                }
            }
            return copy
        }
    }

    private static let n: [UInt8] = [UInt8(ascii: "N")]

    private static let row: [PgField] = [
        .text(Array("1".utf8)), .null, .unchanged, .text([0, 255, 10]), .text([]),
    ]

    /// Every kind of message, and what it says.
    private static let messages: [(Bytes, PgOutputMessage)] = [
        (
            Bytes("B").number(0x16_b374_d848, 8).number(5, 8).number(77, 4),
            .begin(finalPosition: LogPosition("16/B374D848")!, time: 5, transaction: 77)
        ),
        (
            Bytes("C").number(0, 1).number(1, 8).number(2, 8).number(UInt64(bitPattern: -3), 8),
            .commit(position: LogPosition(1), end: LogPosition(2), time: -3)
        ),
        (Bytes("O").number(9, 8).text("elsewhere"), .origin),
        (
            Bytes("R").number(16_385, 4).text("public").text("products").raw([UInt8(ascii: "d")])
                .number(2, 2).raw([1]).text("id").number(23, 4).number(UInt64(UInt32.max), 4)
                .raw([0]).text("naïve").number(25, 4).number(0, 4),
            .relation(
                PgRelation(
                    table: 16_385, schema: "public", name: "products",
                    identity: UInt8(ascii: "d"),
                    columns: [
                        .init(isOfIdentity: true, name: "id", type: 23),
                        .init(isOfIdentity: false, name: "naïve", type: 25),
                    ]))
        ),
        (Bytes("Y").number(7, 4).text("public").text("mood"), .type),
        (Bytes("I").number(1, 4).raw(n).row(row), .insert(table: 1, new: row)),
        (Bytes("U").number(1, 4).raw(n).row(row), .update(table: 1, old: nil, new: row)),
        (
            Bytes("U").number(1, 4).raw([UInt8(ascii: "K")]).row([.null]).raw(n).row(row),
            .update(table: 1, old: .key([.null]), new: row)
        ),
        (
            Bytes("U").number(1, 4).raw([UInt8(ascii: "O")]).row(row).raw(n).row(row),
            .update(table: 1, old: .full(row), new: row)
        ),
        (
            Bytes("D").number(1, 4).raw([UInt8(ascii: "K")]).row(row),
            .delete(table: 1, old: .key(row))
        ),
        (
            Bytes("D").number(1, 4).raw([UInt8(ascii: "O")]).row([]),
            .delete(table: 1, old: .full([]))
        ),
        (
            Bytes("T").number(2, 4).raw([3]).number(5, 4).number(6, 4), .truncate(tables: [5, 6])
        ),
        (
            Bytes("M").raw([1]).number(4, 8).text("trawl").number(2, 4).raw([0, 1]),
            .message(prefix: "trawl", content: [0, 1])
        ),
    ]

    @Test("every message is read as the server wrote it, wherever in a buffer it lies")
    func messages() throws {
        for (bytes, message) in Self.messages {
            #expect(try PgOutputDecoder.decode(bytes.bytes[...]) == message)
            let within = [9, 9, 9] + bytes.bytes + [9]
            #expect(try PgOutputDecoder.decode(within[3..<within.count - 1]) == message)
        }
    }

    @Test("a message cut short or grown is refused, and none that is spoilt ends the program")
    func damage() {
        var random = RandomContext.generator()
        for (bytes, _) in Self.messages {
            for count in 0..<bytes.bytes.count {
                #expect(throws: PgOutputError.self) {
                    try PgOutputDecoder.decode(bytes.bytes.prefix(count))
                }
            }
            #expect(throws: PgOutputError.self) {
                try PgOutputDecoder.decode((bytes.bytes + [0])[...])
            }
            for _ in 0..<200 {
                var spoilt = bytes.bytes
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    spoilt[Int.random(in: 0..<spoilt.count, using: &random)] = .random(
                        in: 0...255, using: &random)
                }
                _ = try? PgOutputDecoder.decode(spoilt[...])
            }
        }
    }

    @Test("what is around the messages")
    func copyData() throws {
        let data = Bytes("w").number(3, 8).number(4, 8).number(5, 8).raw([1, 2])
        #expect(
            try PgCopyData.decode(data.bytes)
                == .data(start: LogPosition(3), message: [1, 2]))
        let alive = Bytes("k").number(7, 8).number(0, 8).raw([1])
        #expect(
            try PgCopyData.decode(alive.bytes)
                == .keepalive(end: LogPosition(7), wantsAnswer: true))
        #expect(throws: PgOutputError.self) { try PgCopyData.decode([]) }
        #expect(throws: PgOutputError.self) { try PgCopyData.decode([0x77, 1]) }
        #expect(
            PgCopyData.status(
                received: LogPosition(2), durable: LogPosition(1), time: 9, wantsAnswer: true)
                == Bytes("r").number(2, 8).number(1, 8).number(1, 8).number(9, 8).raw([1]).bytes)
    }

    @Test("positions are written as the server does, and ordered")
    func positions() {
        #expect(LogPosition("16/B374D848")?.description == "16/B374D848")
        #expect(LogPosition("0/0")! < LogPosition("0/1")!)
        #expect(LogPosition("0/FFFFFFFF")! < LogPosition("1/0")!)
        #expect(LogPosition("1") == nil && LogPosition("x/0") == nil && LogPosition("") == nil)
        let server = ServerPosition(position: LogPosition(99), system: "738", timeline: "2")
        #expect(ServerPosition(server.description) == server)
        #expect(ServerPosition("0/63@738") == nil)
    }

    private func value(_ kind: PgKind, _ text: String) -> String {
        var writer = JSONWriter()
        writer.startObject()
        kind.write(Array(text.utf8), as: "v", to: &writer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("values of every type become what is documented")
    func values() {
        #expect(value(.boolean, "t") == #"{"v":true}"#)
        #expect(value(.integer, "-9223372036854775808") == #"{"v":-9223372036854775808}"#)
        #expect(value(.decimal, "12345678901234567890.10") == #"{"v":12345678901234567890.10}"#)
        #expect(value(.decimal, "1e-07") == #"{"v":1e-07}"#)
        #expect(value(.decimal, "NaN") == "{}")
        #expect(value(.decimal, "-Infinity") == "{}")
        #expect(value(.json, " {\"a\" : 1}\n") == #"{"v":{"a" : 1}}"#)
        #expect(value(.date, "2026-01-31") == #"{"v":"2026-01-31"}"#)
        #expect(value(.date, "infinity") == "{}")
        #expect(
            value(.timestamp, "2026-01-31 10:00:00.25+00") == #"{"v":"2026-01-31T10:00:00.25Z"}"#)
        #expect(value(.timestamp, "2026-01-31 10:00:00") == #"{"v":"2026-01-31T10:00:00"}"#)
        #expect(value(.bytes, "\\x00ff") == #"{"v":"AP8="}"#)
        #expect(value(.text, "a\"b\n") == #"{"v":"a\"b\n"}"#)
        #expect(value(.array(of: .integer), "{1,NULL,3}") == #"{"v":[1,null,3]}"#)
        #expect(value(.array(of: .integer), "{}") == #"{"v":[]}"#)
        #expect(
            value(.array(of: .text), #"{"a,b","c\"d",NULL,"NULL",e}"#)
                == #"{"v":["a,b","c\"d",null,"NULL","e"]}"#)
        #expect(value(.array(of: .integer), "[0:1]={7,8}") == #"{"v":[7,8]}"#)
        #expect(
            value(.array(of: .boolean), "{{t,f},{f,t}}") == #"{"v":[[true,false],[false,true]]}"#)
        #expect(value(.array(of: .decimal), "{1.50,NaN}") == #"{"v":[1.50,null]}"#)
        for text in ["{", "{1", "{1,2}x", "\"", "{\"a}", "{1 {2}}"] {
            #expect(PgArray.parse(Array(text.utf8)) == nil, "\(text)")
        }
    }
}
