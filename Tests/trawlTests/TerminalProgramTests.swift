import Foundation
import Testing
import TrawlTestKit

/// What the program shows on a terminal, and what it writes where there is none.
@Suite("trawl on a terminal")
struct TerminalProgramTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        var lines = ""
        for id in 0..<40 {
            lines += "{\"id\": \(id), \"title\": \"港の灯台 \(id)\", \"body\": \"net\"}\n"
        }
        try Data(lines.utf8).write(to: URL(fileURLWithPath: directory.path + "/d.jsonl"))
        let indexed = try RealProgram.run(
            ["index", "d", "d.jsonl", "--quiet"], in: directory.path)
        try #require(indexed.status == 0, "\(indexed.error)")
    }

    private func onTerminal(
        _ words: String..., environment: [String: String] = [:]
    ) throws -> RealProgram.Result {
        try RealProgram.onTerminal(words, in: directory.path, environment: environment)
    }

    @Test("colours are for terminals, and NO_COLOR refuses them")
    func colors() throws {
        let escape = "\u{1b}["
        let shown = try onTerminal("search", "d", "net", "--size", "2")
        #expect(shown.status == 0)
        #expect(shown.output.contains(escape))
        #expect(shown.output.contains("灯台"))
        let plain = try onTerminal(
            "search", "d", "net", "--size", "2", environment: ["NO_COLOR": "1"])
        #expect(!plain.output.contains(escape))
        let piped = try RealProgram.run(
            ["search", "d", "net", "--size", "2"], in: directory.path)
        #expect(!piped.output.contains(escape))
    }

    @Test("no line is wider than the terminal, wide characters counted as two")
    func width() throws {
        let shown = try RealProgram.onTerminal(
            ["search", "d", "net", "--size", "3"], in: directory.path, columns: 30,
            environment: ["NO_COLOR": "1"])
        let lines = shown.output.split(whereSeparator: \.isNewline)
        #expect(lines.count >= 3)
        for line in lines {
            let columns = line.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x2e80 ? 2 : 1) }
            #expect(columns <= 50, "\(line)")
        }
    }

    @Test("results longer than the terminal go through the pager, shorter ones and pipes do not")
    func pager() throws {
        let environment = ["PAGER": "sed s/^/paged:/"]
        let long = try onTerminal(
            "search", "d", "net", "--size", "30", environment: environment)
        #expect(long.output.contains("paged:"), "\(long.output.prefix(300))")
        let short = try onTerminal(
            "search", "d", "net", "--size", "2", environment: environment)
        #expect(!short.output.contains("paged:"))
        let none = try onTerminal(
            "search", "d", "net", "--size", "30", environment: ["PAGER": "no-such-pager"])
        #expect(none.output.contains("港の灯台 29"), "\(none.output.suffix(300))")
        let piped = try RealProgram.run(
            ["search", "d", "net", "--size", "30"], in: directory.path, environment: environment)
        #expect(!piped.output.contains("paged:"))
    }

    @Test("mistyped verbs and options are answered with the nearest, on standard error, with 2")
    func mistakes() throws {
        let verb = try RealProgram.run(["serch", "d", "net"], in: directory.path)
        #expect(verb.status == 2)
        #expect(verb.output == "")
        #expect(verb.error.contains("search"), "\(verb.error)")
        let option = try RealProgram.run(["search", "d", "net", "--sise", "2"], in: directory.path)
        #expect(option.status == 2)
        #expect(option.error.contains("--size"), "\(option.error)")
        let index = try RealProgram.run(["search", "nowhere", "net"], in: directory.path)
        #expect(index.status == 3)
        #expect(index.error.contains("no such index [nowhere]"), "\(index.error)")
    }

    @Test("every help page fits a screen and has an example")
    func help() throws {
        let overview = try RealProgram.run(["--help"], in: directory.path)
        #expect(overview.status == 0)
        let verbs = overview.output.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("  "), let word = line.split(separator: " ").first else {
                return nil
            }
            return word.first?.isLetter == true ? String(word) : nil
        }
        #expect(verbs.contains("search") && verbs.contains("index"))
        for verb in verbs where verb != "trawl" {
            let page = try RealProgram.run([verb, "--help"], in: directory.path)
            #expect(page.status == 0, "\(verb)")
            let lines = page.output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 60)
            // Examples are one command each, whatever its length.
            let text = lines.prefix { !$0.hasPrefix("Example") }
            #expect(text.allSatisfy { $0.count <= 100 }, "\(verb)")
            #expect(text.count < lines.count || page.output.contains("VERB …"), "\(verb)")
        }
    }
}
