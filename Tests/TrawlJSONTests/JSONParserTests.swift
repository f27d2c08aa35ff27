internal import Testing
internal import TrawlJSON

/// Every kind of case of the JSONTestSuite (Seriot), in our own words.
@Suite("JSONParser")
struct JSONParserTests {
    static let accepted: [String] = [
        "null", "true", "false", " true ", "\t\r\n1\n", "0", "-0", "0.0", "-0.0e-0", "1e5", "1E5",
        "1e+5", "1E-5", "1.5e10", "123456789012345678901234567890", "1e400", "-1e-400",
        "0.000000000000000000000000000000000000000000000000000000000001",
        "\"\"", "\"a\"", #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9\u00E9""#,
        #""\ud834\udd1e""#, #""\uD834\uDD1E""#, #""\u200b\ufeff\ufffe\uffff""#,
        #""\ud83d\ude39\ud83d\udc8d""#, #""\udbff\udfff""#,
        "\"\u{7f}\"", "\"é\"", "\"€\"", "\"𝄞\"", "\"\u{10ffff}\"", "\"\u{2028}\u{2029}\"",
        "\"a/b // /* */ c\"", "\"\u{feff}\"",
        "[]", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],{}]", "[null,true,\"x\",1.5]",
        "{}", "{ }", #"{"a":1}"#, #"{"":0}"#, #"{"a":1,"b":2}"#, #"{ "a" : { "b" : [ ] } }"#,
        #"{"a":{"a":{"a":1}}}"#, #"{"a\u0000b":1}"#, #"{"\u0061":1,"b":2}"#,
        "\u{feff}{}",
    ]

    /// With the byte where it is noticed.
    static let refused: [(text: String, byteOffset: Int)] = [
        // Nothing, and too much.
        ("", 0), (" ", 1), ("1 2", 2), ("[]x", 2), ("{}}", 2), ("[]]", 2), ("[][]", 2),
        ("{}#", 2), ("\"a\"b", 3), ("1,", 1), ("nullx", 4), ("true false", 5),
        // Words.
        ("nul", 0), ("tru", 0), ("True", 0), ("NULL", 0), ("nan", 0), ("NaN", 0),
        ("Infinity", 0), ("undefined", 0), ("a", 0), ("*", 0), ("'a'", 0), ("<.>", 0),
        ("[nul]", 1), ("[fals]", 1), ("\u{e9}", 0), ("// x\n1", 0), ("1/* */", 1),
        // Numbers.
        ("-", 1), ("-a", 1), ("+1", 0), (".5", 0), ("-.5", 1), ("1.", 2), ("1.e5", 2), ("1e", 2),
        ("1e+", 3), ("1eE2", 2), ("01", 1), ("-01", 2), ("00", 1), ("0x1", 1), ("1a", 1),
        ("1.5.5", 3), ("--1", 1), ("-Infinity", 1), ("1_000", 1), ("0e", 2), ("1 000", 2),
        ("\u{ff11}", 0), ("[1.5f]", 4), ("[-2.]", 4), ("[0.3e]", 5), ("[1+2]", 2), ("[- 1]", 2),
        // Strings.
        ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\\"", 3), ("\"\\a\"", 1), ("\"\\U0041\"", 1),
        ("\"\\u\"", 1), ("\"\\u1\"", 1), ("\"\\u00g0\"", 1), ("\"\\x41\"", 1), ("\"\\'\"", 1),
        ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"\u{0}\"", 1), ("\"\u{1f}\"", 1),
        ("\"01234567\u{1}\"", 9), ("\"\\é\"", 1), ("\"\\\u{1f300}\"", 1),
        // Halves of surrogate pairs.
        (#""\ud800""#, 1), (#""\udc00""#, 1), (#""\ud800\ud800""#, 1), (#""\ud800a""#, 1),
        (#""\ud800\n""#, 1), (#""\ud800\u0041""#, 1), (#""\udd1e\ud834""#, 1),
        (#""ab\ud800\u""#, 3), (#"{"\ud800":1}"#, 2),
        // Arrays.
        ("[", 1), ("]", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[,]", 1),
        ("[1,,2]", 3), ("[1 2]", 3), ("[1:2]", 2), ("[\"a\"", 4), ("[1}", 2), ("[[1]", 4),
        ("[[]", 3), ("[{}", 3), ("[{]", 2), ("[\u{b}]", 1), ("[\u{c}]", 1), ("[\u{a0}1]", 1),
        ("[\u{2060}]", 1), ("[1\n", 3), ("[\"\":1]", 3), ("[*]", 1),
        // Objects.
        ("{", 1), ("}", 0), ("{]", 1), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":1", 6),
        ("{\"a\":1,", 7), ("{\"a\":1,}", 7), ("{,}", 1), ("{\"a\" 1}", 5), ("{\"a\",1}", 4),
        ("{a:1}", 1), ("{'a':1}", 1), ("{1:1}", 1), ("{null:1}", 1), ("{\"a\"::1}", 5),
        ("{\"a\":1,,\"b\":2}", 7), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1]", 6), ("{\"a\":}", 5),
        ("{\"a\":1;}", 6), ("{[]:1}", 1), ("{\"a\":1/**/}", 6), ("{{}}", 1),
        // Keys that come twice.
        (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"{"":1,"":2}"#, 6),
        (#"[{"x":{"b":1},"x":2}]"#, 14), (#"{"a":{"c":1,"c":2}}"#, 12),
    ]

    @Test("what is JSON is read, and written again it is the same value")
    func accepts() throws {
        for text in Self.accepted {
            let value = try JSONValue.parse(text)
            #expect(try JSONValue.parse(value.serialized()) == value, "\(text)")
            #expect(try JSONValue.parse(value.serialized(pretty: true)) == value, "\(text)")
        }
    }

    @Test("what is not JSON is refused at the byte where it goes wrong")
    func refuses() {
        for (text, byteOffset) in Self.refused {
            let error = #expect(throws: JSONError.self, "\(text)") { try JSONValue.parse(text) }
            #expect(error?.byteOffset == byteOffset, "\(text): \(String(describing: error))")
        }
    }

    @Test(
        "bytes that are not UTF-8 are refused at the first bad byte, in a key and in a string",
        arguments: [
            [0x80], [0xbf], [0xc0, 0xaf], [0xc1, 0xbf], [0xe9], [0xc3], [0xe0, 0x9f, 0xbf],
            [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xe2, 0x82], [0xe2, 0x28, 0xa1],
            [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0xf8, 0x88, 0x80, 0x80, 0x80], [0xfe], [0xff], [0xf0, 0x90, 0x28, 0xbc],
            [0xf0, 0x9f, 0x98],
        ] as [[UInt8]])
    func utf8(bad: [UInt8]) {
        for prefix in ["", "abc", "0123456789abcdef", "aé€𝄞"] {
            let before = Array("[\"\(prefix)".utf8)
            let error = #expect(throws: JSONError.self) {
                try JSONValue.parse(before + bad + Array("z\"]".utf8))
            }
            #expect(error?.problem == .invalidUTF8)
            #expect(error?.byteOffset == before.count)
        }
        #expect(throws: JSONError.self) {
            try JSONValue.parse(Array("{\"".utf8) + bad + Array("\":1}".utf8))
        }
    }

    @Test("a string ends at the right quote at every length and alignment")
    func alignments() throws {
        for length in 0..<40 {
            for special in ["", "\\n", "é", "\\u00e9", "𝄞"] {
                let plain = String(repeating: "x", count: length)
                let value = try JSONValue.parse("[\"\(plain)\(special)\(plain)\",1]")
                let expected = special.replacingEscapes()
                #expect(value[0]?.stringValue == plain + expected + plain)
                #expect(value[1] == 1)
            }
        }
    }

    @Test("nesting is read to the limit and refused beyond it, without a deep stack")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue.parse(nested(1000))
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(nested(1001)) }
        #expect(error?.problem == .tooDeep(limit: 1000))
        #expect(error?.byteOffset == 1000)
        #expect(throws: JSONError.self) {
            try JSONValue.parse(String(repeating: "{\"a\":", count: 100_000))
        }
        #expect(throws: JSONError.self) { try JSONValue.parse("[[1]]", maxDepth: 1) }
    }

    @Test("twice the same key is found in small objects and in large ones, and only then")
    func duplicates() throws {
        for count in [2, 31, 32, 33, 34, 500] {
            var members = (0..<count).map { "\"k\($0)\":{\"k0\":0}" }
            let text = "{" + members.joined(separator: ",") + "}"
            #expect(try JSONValue.parse(text).objectValue?.count == count)
            members.append("\"k\(count / 2)\":1")
            let twice = "{" + members.joined(separator: ",") + "}"
            let error = #expect(throws: JSONError.self) { try JSONValue.parse(twice) }
            #expect(error?.reason == "Duplicate field 'k\(count / 2)'")
            let last = try JSONValue.parse(Array(twice.utf8), duplicates: .allowed)
            #expect(last["k\(count / 2)"] == 1)
            #expect(last.objectValue?.count == count)
        }
    }

    @Test("a message names line and column in characters")
    func place() {
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse("{\"é\": 1,\n  \"€𝄞\": x}")
        }
        #expect(error?.line == 2)
        #expect(error?.column == 9)
        #expect(
            error?.description == "'x' found where a value is expected (line 2, column 9)")
    }

    @Test("values that follow each other are read one by one")
    func sequence() throws {
        let text = Array("{\"a\":1} [2]\n3".utf8)
        let ends = try unsafe text.withUnsafeBufferPointer { bytes in
            var parser = JSONParser(sink: CountingSink())
            var ends: [Int] = []
            while (ends.last ?? 0) < bytes.count {
                ends.append(try unsafe parser.parseValue(bytes, from: ends.last ?? 0))
            }
            return ends
        }
        #expect(ends == [7, 11, 13])
    }
}

extension String {
    fileprivate func replacingEscapes() -> String {
        switch self {
        case "\\n": "\n"
        case "\\u00e9": "é"
        default: self
        }
    }
}

struct CountingSink: JSONSink {
    var events = 0

    mutating func null(at range: Range<Int>) { events += 1 }
    mutating func bool(_ value: Bool, at range: Range<Int>) { events += 1 }
    mutating func number(
        _ literal: UnsafeBufferPointer<UInt8>, isInteger: Bool, at range: Range<Int>
    ) { events += 1 }
    mutating func string(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) {
        events += 1
    }
    mutating func key(_ utf8: UnsafeBufferPointer<UInt8>, at range: Range<Int>) { events += 1 }
    mutating func startObject(at byteOffset: Int) { events += 1 }
    mutating func endObject(at byteOffset: Int) { events += 1 }
    mutating func startArray(at byteOffset: Int) { events += 1 }
    mutating func endArray(at byteOffset: Int) { events += 1 }
}
