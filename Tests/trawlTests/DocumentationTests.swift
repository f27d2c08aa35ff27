import Foundation
import Testing
import TrawlTestKit

/// What the documentation says to type is typed.
@Suite("Documentation")
struct DocumentationTests {
    private struct Example {
        var place: String
        var line: String
    }

    /// The lines of README.md that are indented by four and begin with `trawl`, `curl` or
    /// `sqlite3`.
    private func readmeLines() throws -> [Example] {
        let text = try String(
            contentsOfFile: RealProgram.repository + "/README.md", encoding: .utf8)
        var examples: [Example] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            guard line.hasPrefix("    ") else { continue }
            var command = line.drop { $0 == " " }
            if command.hasPrefix("$ ") { command = command.dropFirst(2) }
            guard ["trawl ", "curl ", "sqlite3 "].contains(where: command.hasPrefix) else {
                continue
            }
            let plain = command.split(separator: "  # ")[0].trimmingCharacters(in: .whitespaces)
            examples.append(Example(place: "README.md:\(number + 1)", line: plain))
        }
        return examples
    }

    @Test("every command of the README works when pasted, in its order")
    func readme() throws {
        let examples = try readmeLines()
        #expect(examples.count >= 10)
        let directory = try TemporaryDirectory()
        for name in ["corpora", "README.md", "ARCHITECTURE.md"] {
            try FileManager.default.createSymbolicLink(
                atPath: directory.path + "/" + name,
                withDestinationPath: RealProgram.repository + "/" + name)
        }
        // The node of `trawl serve` gets a port of its own and a directory of its own; the other
        // verbs work in the directory, as they do for someone who has not started it yet.
        var node: RealProgram.RunningNode?
        for example in examples {
            if example.line.hasPrefix("trawl serve") || example.line.hasPrefix("trawl dev") {
                guard example.line == "trawl serve" else { continue }
                node = try RealProgram.RunningNode(data: "node-data", in: directory.path)
                continue
            }
            let line = example.line.replacing(
                "127.0.0.1:9200", with: "127.0.0.1:\(node?.port ?? 9200)")
            let result = try RealProgram.shell(
                line, in: directory.path,
                environment: node.map { ["TRAWL_URL": $0.url] } ?? [:])
            #expect(
                result.status == 0, "\(example.place): \(line)\n\(result.output)\(result.error)")
            if line.hasPrefix("curl ") {
                #expect(!result.output.contains("\"error\""), "\(example.place): \(result.output)")
            }
        }
        #expect(node != nil, "the README starts a node")
    }

    @Test("the README names no verb that the program does not have, and no file that is not there")
    func names() throws {
        let readme = try String(
            contentsOfFile: RealProgram.repository + "/README.md", encoding: .utf8)
        let help = try RealProgram.run(["--help"], in: RealProgram.repository).output
        for match in readme.matches(of: /`trawl ([a-z]+)/) {
            #expect(help.contains("  \(match.1) "), "trawl \(match.1)")
        }
        for match in readme.matches(of: /\]\(([^)#:]+)\)/) {
            let path = RealProgram.repository + "/" + match.1
            #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
        }
        for match in readme.matches(of: /\btools\/[a-zA-Z.\/]+[a-zA-Z]/) {
            let path = RealProgram.repository + "/" + match.0
            #expect(FileManager.default.fileExists(atPath: path), "\(match.0)")
        }
    }
}
