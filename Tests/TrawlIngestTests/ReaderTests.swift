import Testing
import TrawlIngest
import TrawlJSON
import TrawlTestKit

/// Reads all records of a text.
private func records(
    _ text: String, as format: DocumentFormat, id: String? = nil
) throws -> [IngestRecord] {
    try records(Array(text.utf8), as: format, id: id)
}

private func records(
    _ bytes: [UInt8], as format: DocumentFormat, id: String? = nil
) throws -> [IngestRecord] {
    var reader = format.reader(of: ByteInput(bytes: bytes, name: "test"), idField: id)
    var result: [IngestRecord] = []
    while let record = try reader.next() { result.append(record) }
    return result
}

private func document(_ id: String?, _ source: String, _ line: Int) -> IngestRecord {
    .document(IngestDocument(id: id, source: Array(source.utf8), line: line))
}

private func reason(_ record: IngestRecord) -> String {
    if case .reject(let reject) = record { "\(reject.line): \(reject.reason)" } else { "accepted" }
}

@Suite("JSONLinesReader")
struct JSONLinesReaderTests {
    @Test("a document a line, byte for byte, ids found, the last line needs no end")
    func lines() throws {
        let text = "{\"id\": 7, \"a\":1.50}\r\n\n  \n{\"_id\":\"x\",\"b\": [1]}\n{\"c\":null}"
        #expect(
            try records(text, as: .jsonl) == [
                document("7", "{\"id\": 7, \"a\":1.50}", 1), document("x", "{\"b\":[1]}", 4),
                document(nil, "{\"c\":null}", 5),
            ])
    }

    @Test("what is no object is rejected with its line, and the run goes on")
    func rejects() throws {
        let found = try records("{\"a\":1}\n[1]\n{oops}\n{\"a\":2}\n\"x\"", as: .jsonl)
        #expect(found.count == 5)
        #expect(reason(found[1]) == "2: an object is expected")
        #expect(reason(found[2]).hasPrefix("3: "))
        #expect(found[3] == document(nil, "{\"a\":2}", 4))
        #expect(reason(found[4]) == "5: an object is expected")
    }

    @Test("an id that was asked for and is not there is a reject")
    func missingID() throws {
        let found = try records("{\"sku\":\"a\"}\n{\"x\":1}\n{\"sku\":\"\"}", as: .jsonl, id: "sku")
        #expect(found[0] == document("a", "{\"sku\":\"a\"}", 1))
        #expect(reason(found[1]) == "2: the field [sku] holds no id")
        #expect(reason(found[2]) == "3: the field [sku] holds no id")
    }
}

@Suite("JSONArrayReader")
struct JSONArrayReaderTests {
    @Test("objects of an array, brackets in strings and all")
    func array() throws {
        let text = "[\n {\"id\":\"1\",\"t\":\"a}]\\\"{\"},\n\n{\"n\":{\"m\":[1,{}]}} ]\n"
        #expect(
            try records(text, as: .json) == [
                document("1", "{\"id\":\"1\",\"t\":\"a}]\\\"{\"}", 2),
                document(nil, "{\"n\":{\"m\":[1,{}]}}", 4),
            ])
    }

    @Test("an object larger than the window, and an array that ends too early")
    func large() throws {
        let long = String(repeating: "x", count: 300_000)
        #expect(try records("[{\"a\":\"\(long)\"}]", as: .json).count == 1)
        #expect(throws: IngestError.self) { try records("[{\"a\":1}", as: .json) }
        #expect(throws: IngestError.self) { try records("[{\"a\":", as: .json) }
        #expect(throws: IngestError.self) { try records("[1]", as: .json) }
    }
}

@Suite("SeparatedReader")
struct SeparatedReaderTests {
    @Test("quotes, line ends in quotes, doubled quotes, guessed types, empty cells")
    func csv() throws {
        let text =
            "id,name,price,n,ok,zip\r\n1,\"Net, \"\"fine\"\"\nmesh\",2.50,3,true,01234\n"
            + "2,Rod,10,,false,99999\n"
        #expect(
            try records(text, as: .csv) == [
                document(
                    "1",
                    "{\"id\":1,\"name\":\"Net, \\\"fine\\\"\\nmesh\",\"price\":2.50,\"n\":3,"
                        + "\"ok\":true,\"zip\":\"01234\"}", 2),
                document(
                    "2", "{\"id\":2,\"name\":\"Rod\",\"price\":10,\"ok\":false,\"zip\":\"99999\"}",
                    4),
            ])
    }

    @Test("a column with one word among numbers is text")
    func mixed() throws {
        let found = try records("a\tb\n1\tx\nn/a\ty\n", as: .tsv)
        #expect(found[0] == document(nil, "{\"a\":\"1\",\"b\":\"x\"}", 2))
    }

    @Test("ragged rows and unfinished quotes are rejects; a wrong header is an error")
    func ragged() throws {
        let found = try records("a,b\n1\n1,2,3\n1,2\n\"x", as: .csv)
        #expect(reason(found[0]) == "2: the row has 1 fields, the header 2")
        #expect(reason(found[1]) == "3: the row has 3 fields, the header 2")
        #expect(found[2] == document(nil, "{\"a\":1,\"b\":2}", 4))
        #expect(reason(found[3]) == "5: a quoted field does not end")
        #expect(throws: IngestError.self) { try records("a,a\n1,2\n", as: .csv) }
        #expect(throws: IngestError.self) { try records("a,b\n1,2\n", as: .csv, id: "sku") }
        #expect(try records("", as: .csv).isEmpty)
    }
}

@Suite("WholeFileReader")
struct WholeFileReaderTests {
    @Test("Markdown gives title, front matter, headings and body")
    func markdown() throws {
        let text =
            "---\ntitle: \"The net\"\ntags: [sea, 'fish']\n---\n# Mesh #\ntext\n```\n# no\n```\n## Knots\n"
        let found = try records(text, as: .markdown)
        guard case .document(let document) = found.first else {
            Issue.record("no document")
            return
        }
        let value = try JSONValue.parse(document.source)
        #expect(value["title"] == "The net")
        #expect(value["tags"] == ["sea", "fish"])
        #expect(value["headings"] == ["Mesh", "Knots"])
        #expect(value["body"]?.stringValue?.hasPrefix("# Mesh #\ntext") == true)
        #expect(document.id == "test")
    }

    @Test("binary and wrongly encoded files are named as such")
    func binary() {
        #expect(throws: IngestError(.binary, in: "test")) { try records([65, 0, 66], as: .text) }
        #expect(throws: IngestError(.encoding("bytes that are no UTF-8"), in: "test")) {
            try records([0x63, 0x61, 0x66, 0xe9], as: .text)
        }
    }
}

@Suite("TRECReader")
struct TRECReaderTests {
    @Test("elements become fields, entities characters, a missing number a reject")
    func trec() throws {
        let text = """
            <DOC>
            <DOCNO> FT-1 </DOCNO>
            <HEADLINE>Nets &amp; rods</HEADLINE>
            <TEXT>
            <P>one</P> <P>two</P>
            </TEXT>
            </DOC>
            <doc><text>x</text></doc>
            <DOC><DOCNO>2</DOCNO>
            """
        let found = try records(text, as: .trec)
        #expect(found.count == 3)
        guard case .document(let first) = found[0] else {
            Issue.record("no document")
            return
        }
        #expect(first.id == "FT-1")
        let value = try JSONValue.parse(first.source)
        #expect(value["headline"] == "Nets & rods")
        #expect(
            value["body"]?.stringValue?.split(separator: " ").filter {
                !$0.allSatisfy(\.isWhitespace)
            }.joined(separator: " ") == "one two")
        #expect(reason(found[1]) == "8: the document has no <DOCNO>")
        #expect(reason(found[2]) == "9: the document does not end")
    }
}

@Suite("DocumentFormat")
struct DocumentFormatTests {
    @Test(
        "names and contents tell the format",
        arguments: [
            ("a/b.jsonl", DocumentFormat.jsonl), ("x.ndjson.gz", .jsonl), ("x.csv.zst", .csv),
            ("x.MD", .markdown), ("x.tsv", .tsv), ("x.log", .text),
        ])
    func names(name: String, format: DocumentFormat) {
        #expect(DocumentFormat(fileName: name) == format)
    }

    @Test("a .json file of lines is read as lines; what nobody can tell is refused")
    func contents() throws {
        func detect(_ text: String, _ name: String) throws -> DocumentFormat {
            try DocumentFormat.detect(ByteInput(bytes: Array(text.utf8), name: name), named: nil)
        }
        #expect(try detect("{\"a\":1}\n{\"a\":2}", "x.json") == .jsonl)
        #expect(try detect(" [{}]", "x.json") == .json)
        #expect(try detect("<DOC>\n", "x") == .trec)
        #expect(throws: IngestError(.unknownFormat, in: "x")) { try detect("hello", "x") }
        #expect(throws: IngestError(.binary, in: "x.bin")) { try detect("a\0b", "x.bin") }
    }
}

@Suite("ByteInput")
struct ByteInputTests {
    private func text(of bytes: [UInt8]) throws -> String {
        String(
            decoding: try ByteInput(bytes: bytes, name: "t").readAll(maxByteCount: 1 << 20),
            as: UTF8.self)
    }

    @Test("byte order marks: UTF-8 without, UTF-16 of both orders, pairs included")
    func encodings() throws {
        let word = "net 網 🐟"
        #expect(try text(of: [0xef, 0xbb, 0xbf] + Array(word.utf8)) == word)
        let units = Array(word.utf16)
        #expect(
            try text(of: [0xff, 0xfe] + units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == word
        )
        #expect(
            try text(of: [0xfe, 0xff] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }) == word
        )
        #expect(try text(of: [0xff, 0xfe, 0x3d, 0xd8, 0x41, 0x00]) == "\u{fffd}A")
    }

    @Test("gzip, also in two members; damaged and cut ones are errors")
    func gzip() throws {
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0,
            0x20, 0x30, 0x3a, 0x36, 0x06, 0, 0, 0,
        ]
        #expect(try text(of: packed) == "hello\n")
        #expect(try text(of: packed + packed) == "hello\nhello\n")
        #expect(throws: IngestError.self) { try text(of: Array(packed.dropLast(6))) }
        var broken = packed
        broken[12] ^= 0xff
        #expect(throws: IngestError.self) { try text(of: broken) }
    }

    @Test("a line over the limit is skipped and told, the next one is whole")
    func longLines() throws {
        let input = ByteInput(bytes: Array("aaaaaaaaaa\nbb\ncccccccccccc".utf8), name: "t")
        #expect(try input.nextLine(maxByteCount: 5) == .tooLong(byteCount: 10))
        #expect(try input.nextLine(maxByteCount: 5) == .line(Array("bb".utf8)[...]))
        #expect(input.lineNumber == 3)
        #expect(try input.nextLine(maxByteCount: 5) == .tooLong(byteCount: 12))
        #expect(try input.nextLine(maxByteCount: 5) == nil)
    }
}

@Suite("Glob")
struct GlobTests {
    @Test(
        "stars stay within a name, two stars do not",
        arguments: [
            ("*.md", "docs/a.md", true), ("*.md", "docs/a.mdx", false),
            ("docs/*.md", "docs/x/a.md", false),
            ("docs/**/*.md", "docs/x/y/a.md", true), ("docs/**/*.md", "docs/a.md", true),
            ("a?c", "abc", true), ("a?c", "a/c", false), ("[a-c]1", "b1", true),
            ("[!a-c]1", "b1", false),
            ("**", "a/b/c", true), ("/a", "a", true), ("/a", "b/a", false),
        ])
    func globs(pattern: String, path: String, matches: Bool) {
        #expect(Glob(pattern).matches(path) == matches)
    }

    @Test("a pattern of many stars takes no time")
    func stars() {
        let pattern = String(repeating: "*a", count: 200) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 2000)))
    }
}
