internal import Testing
internal import TrawlJSON

@Suite("JSONWriter")
struct JSONWriterTests {
    @Test("commas come by themselves and text is escaped where JSON demands it")
    func plain() {
        var writer = JSONWriter()
        writer.startObject()
        writer.key("a" as StaticString)
        writer.value(Int.min)
        writer.key("b\"\n\u{1}" as String)
        writer.startArray()
        writer.value("plain text of some length\\ and more of it / \u{7f} é")
        writer.value(UInt64.max)
        writer.value(0)
        writer.value(Double.nan)
        writer.value(Float(0.1))
        writer.raw(Array(#"{ "raw":1.00 }"#.utf8))
        writer.null()
        writer.value(false)
        writer.endArray()
        writer.key("c" as StaticString)
        writer.value([])
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":-9223372036854775808,"b\"\n\u0001":["# + "\"plain text of some length"
                + #"\\ and more of it / "# + "\u{7f}"
                + #" é",18446744073709551615,0,null,0.1,{ "raw":1.00 },null,false],"c":[]}"#)
    }

    @Test("every character below a space is escaped at every alignment")
    func controls() throws {
        for length in 0..<17 {
            for code in 0..<0x20 as Range<UInt8> {
                let text =
                    String(repeating: "x", count: length) + String(UnicodeScalar(code)) + "y"
                let written = JSONValue.string(text).serialized()
                #expect(written.allSatisfy { $0 >= 0x20 })
                #expect(try JSONValue.parse(written).stringValue == text)
            }
        }
    }

    @Test("members keep their order, whether few or many, through changes")
    func order() {
        var object = JSONObject()
        var reference: [(String, Int)] = []
        for i in 0..<40 {
            object["k\(i)"] = JSONValue(i)
            reference.append(("k\(i)", i))
        }
        for i in stride(from: 0, to: 40, by: 3) {
            object["k\(i)"] = nil
            reference.removeAll { $0.0 == "k\(i)" }
        }
        object["k1"] = 100
        reference[0].1 = 100
        #expect(object.keys == reference.map(\.0))
        #expect(object.values == reference.map { JSONValue($0.1) })
        #expect(object["k0"] == nil && object["k2"] == 2)
        var backwards = JSONObject()
        for (key, value) in object.members.reversed() { backwards[key] = value }
        #expect(backwards == object && backwards.hashValue == object.hashValue)
    }
}
