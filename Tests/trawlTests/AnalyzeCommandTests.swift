import Foundation
import Testing
import TrawlJSON
import TrawlTestKit

@testable import trawl

@Suite("trawl analyze")
struct AnalyzeCommandTests {
    /// What the command prints.
    private func printed(_ words: String...) throws -> (text: String, status: trawl.ExitStatus) {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/output"
        let descriptor = unsafe open(path, O_CREAT | O_WRONLY, 0o600)
        defer { close(descriptor) }
        var output = Output(descriptor: descriptor)
        let status = Trawl.run(["analyze"] + words, output: &output)
        output.flush()
        return (try String(contentsOfFile: path, encoding: .utf8), status)
    }

    @Test("each stage is a table with offsets in UTF-16 units, positions and types")
    func stages() throws {
        let (text, status) = try printed(
            "<b>Wi-Fi</b> 😀 cafés", "--char-filter", "html_strip", "--tokenizer", "whitespace",
            "--filter", "lowercase", "--filter",
            #"{"type":"asciifolding","preserve_original":true}"#)
        #expect(status == .success)
        #expect(
            text == """
                char filter html_strip
                  Wi-Fi 😀 cafés

                tokenizer whitespace  3 tokens
                  position  token  offsets  type
                         0  Wi-Fi     3–12  word
                         1  😀       13–15  word
                         2  cafés    16–21  word

                filter lowercase  3 tokens
                  position  token  offsets  type
                         0  wi-fi     3–12  word
                         1  😀       13–15  word
                         2  cafés    16–21  word

                filter __anonymous__asciifolding  4 tokens
                  position  token  offsets  type
                         0  wi-fi     3–12  word
                         1  😀       13–15  word
                         2  cafes    16–21  word
                         2  cafés    16–21  word


                """)
    }

    @Test("columns line up under wide characters")
    func wide() throws {
        let (text, _) = try printed("全文検索 x", "--analyzer", "cjk")
        #expect(text.contains("\n         0  全文       0–2  <DOUBLE>\n"), "\(text)")
        #expect(text.contains("\n         3  x          5–6  <ALPHANUM>\n"), "\(text)")
    }

    @Test("with --json every stage is there as _analyze explains it")
    func json() throws {
        let (text, _) = try printed(
            "Äpfel", "--tokenizer", "standard", "--filter", "lowercase", "--json")
        let detail = try JSONValue.parse(text)["detail"]
        #expect(detail?["tokenizer"]?["name"]?.stringValue == "standard")
        let token = detail?["tokenfilters"]?.arrayValue?.first?["tokens"]?.arrayValue?.first
        #expect(token?["token"]?.stringValue == "äpfel")
        #expect(token?["end_offset"]?.intValue == 5)
    }

    @Test("what is wrong ends with another status than success")
    func mistakes() throws {
        #expect(try printed("x", "--analyzer", "englich").status != .success)
        #expect(try printed("x", "--analyzer", "english", "--filter", "stop").status == .usage)
    }
}
