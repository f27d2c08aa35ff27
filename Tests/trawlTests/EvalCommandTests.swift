import Foundation
import Testing
import TrawlErrors
import TrawlEval
import TrawlJSON

@testable import trawl

@Suite("trawl eval")
struct EvalCommandTests {
    private func temporary(_ files: [String: String]) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("trawl-eval-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        return folder
    }

    /// What the command prints to standard output, and its status.
    private func run(_ words: [String]) throws -> (status: trawl.ExitStatus, text: String) {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("trawl-out-\(UUID().uuidString)").path
        let descriptor = unsafe open(path, O_CREAT | O_RDWR, 0o600)
        var output = Output(descriptor: descriptor)
        let status = Trawl.run(["eval"] + words, output: &output)
        output.flush()
        close(descriptor)
        return (status, try String(contentsOfFile: path, encoding: .utf8))
    }

    private let small = [
        "documents.jsonl": """
        {"id":"a","title":"Ships","body":"Ships sail across the sea with the wind."}
        {"id":"b","title":"Trains","body":"Trains roll on rails through the land."}
        {"id":"c","title":"Sea","body":"The sea is salt."}
        """,
        "topics.jsonl": #"{"id":"1","text":"sailing ships"}"# + "\n"
            + #"{"id":"2","text":"salt of the sea"}"#,
        "qrels.txt": "1 0 a 3\n2 0 c 3\n2 0 a 0\n", "collection.json": #"{"language":"en"}"#,
    ]

    @Test("a baseline is saved, compared with, and refuses a worse configuration")
    func life() throws {
        let folder = try temporary(small)
        #expect(try run([folder, "--save", "--note", "begin"]).status == .success)
        let same = try run([folder, "--gate", "--explain-moves"])
        #expect(same.status == .success)
        #expect(same.text.contains("0/0/2"))
        let worse = try run([folder, "--gate", "--analyzer", "keyword", "--explain-moves"])
        #expect(worse.status == .failure)
        #expect(worse.text.contains("mean nDCG@10 fell by 1.0000"))
        #expect(worse.text.contains("look first at"))
        let formula = try run([folder, "--explain-moves", "--k1", "0.4"])
        #expect(formula.text.contains("formula (k1, b) text:"))
        #expect(formula.text.contains("[configuration]"))
    }

    @Test("the files of TREC do, and a run and a page come out")
    func files() throws {
        let folder = try temporary(small)
        func file(_ name: String) -> String { folder + "/" + name }
        let (status, text) = try run([
            "--docs", file("documents.jsonl"), "--topics", file("topics.jsonl"), "--qrels",
            file("qrels.txt"), "--run", file("a.run"), "--html", file("a.html"), "--versus",
            "analyzer=whitespace", "--measures", "AP,Judged@2",
        ])
        #expect(status == .success)
        #expect(text.contains("Judged@2"))
        let ranking = try String(contentsOfFile: file("a.run"), encoding: .utf8)
        #expect(ranking.hasPrefix("1 Q0 a 1 "))
        #expect(try String(contentsOfFile: file("a.html"), encoding: .utf8).contains("</html>"))
    }

    @Test("machines get JSON")
    func json() throws {
        let folder = try temporary(small)
        let (_, text) = try run([folder, "--json"])
        let value = try JSONValue.parse(text)
        #expect(value[0]?["queries"]?.intValue == 2)
        #expect(value[0]?["configuration"]?["analyzer"]?.stringValue == "english")
        #expect(value[0]?["means"]?["nDCG@10"]?.doubleValue == 1)
    }

    @Test("mistakes are refused with a status that says so")
    func mistakes() throws {
        let folder = try temporary(small)
        #expect(try run(["no-such-collection"]).status == trawl.ExitStatus(.notFound))
        #expect(try run([folder, "--measures", "best"]).status == .usage)
        #expect(try run([folder, "--docs", "x"]).status == .usage)
        #expect(try run([folder, "--gate"]).status == trawl.ExitStatus(.notFound))
        #expect(try run([folder, "--versus", "k3=1"]).status == .usage)
        #expect(try run([folder, "--save"]).status == .success)
        let other = try temporary(small)
        #expect(
            try run([other, "--baseline", folder + "/baseline.json"]).status
                == trawl.ExitStatus(.conflict))
    }

    @Test("a breakdown of a score adds up to it")
    func breakdown() throws {
        let collection = try Collection.read(named: "x") { small[$0].map { Array($0.utf8) } }
        let index = try EvalIndex(collection, EvalConfiguration(analyzer: "english"))
        let found = try index.search("sailing ships on the sea", limit: 5, explaining: 5)
        #expect(found.map(\.document) == ["a", "c"])
        for placed in found {
            let breakdown = try #require(placed.breakdown)
            let sum = breakdown.terms.reduce(0) { $0 + Double($1.score) }
            #expect(Float(sum) == placed.score)
        }
    }
}
