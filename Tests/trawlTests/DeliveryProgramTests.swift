import Foundation
import Testing
import TrawlTestKit

@Suite("Routes and dead letters, the program")
struct DeliveryProgramTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func trawl(_ words: String..., input: String = "") throws -> RealProgram.Result {
        try RealProgram.run(words, in: directory.path, input: input)
    }

    private func ask(_ line: String) throws -> [String: Any] {
        let result = try RealProgram.shell(
            "curl -s -H 'Content-Type: application/json' " + line, in: directory.path)
        let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return value as? [String: Any] ?? [:]
    }

    @Test("counts by a topic are exact, however often the node is killed meanwhile")
    func exactlyOnce() throws {
        var node = try RealProgram.RunningNode(data: "data", in: directory.path)
        #expect(try trawl("log", "create", "clicks", "--url", node.url).status == 0)
        #expect(
            try trawl("log", "route", "add", "count", "clicks", "pages", "--url", node.url).output
                == "the route count is there\n")
        // Each record adds one to the count of its page; once more would be seen.
        let update = #"{"script": "ctx._source.n += 1", "upsert": {"n": 1}}"#
        let rounds = 6
        let perRound = 2500
        for round in 0..<rounds {
            let lines = String(repeating: update + "\n", count: perRound)
            let sent = try trawl(
                "log", "append", "clicks", "--key", "page-\(round % 2)", "--header", "op=update",
                "--url", node.url, input: lines)
            try #require(sent.status == 0, "\(sent.error)")
            node.kill()
            node = try RealProgram.RunningNode(data: "data", in: directory.path)
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let list = try trawl("log", "route", "list", "--url", node.url)
            if list.output.contains("every record  0 behind") { break }
            try #require(ContinuousClock.now < deadline, "\(list.output)\(list.error)")
            usleep(50_000)
        }
        for page in 0..<2 {
            let found = try ask("\(node.url)/pages/_doc/page-\(page)")
            let source = found["_source"] as? [String: Any]
            #expect(source?["n"] as? Int == rounds / 2 * perRound, "\(found)")
        }
        let tail = try trawl("log", "tail", "clicks", "--count", "2", "--url", node.url)
        #expect(tail.output.split(separator: "\n").count == 2, "\(tail.output)\(tail.error)")
        let lag = try trawl("log", "lag", "clicks", "--url", node.url)
        #expect(lag.output == "route:pages  clicks/0  0 behind\n")
        #expect(try trawl("log", "letters", "--url", node.url).output == "0 letters\n")
        node.kill()
    }

    @Test("a letter is listed, mended and replayed on a node and on a directory")
    func letters() throws {
        let node = try RealProgram.RunningNode(data: "trawl-data", in: directory.path)
        let bulk = """
            {"index": {"_id": "1"}}
            {"n": 1}
            {"update": {"_id": "1"}}
            {"script": "ctx._source.n.a.b = 1"}
            {"update": {"_id": "1"}}
            {"script": "ctx._source.n.c.d = 1"}

            """
        try Data(bulk.utf8).write(to: URL(fileURLWithPath: directory.path + "/bulk"))
        _ = try ask("--data-binary @bulk \(node.url)/notes/_bulk")
        let listed = try trawl("log", "letters", "notes", "--url", node.url)
        #expect(listed.output.hasSuffix("2 letters\n"), "\(listed.output)\(listed.error)")
        let mended = try trawl(
            "log", "mend", "notes/0/0", "--url", node.url, input: #"{"n": 5}"#)
        #expect(mended.status == 0, "\(mended.error)")
        let sent = try trawl("log", "replay", "notes/0/0", "--url", node.url)
        #expect(sent.output == "notes/0/0  updated\n", "\(sent.error)")
        node.kill()
        // The directory alone, after the kill: the other letter waits.
        let rest = try trawl("log", "letters", "notes")
        #expect(rest.output.contains("notes/0/1\n"), "\(rest.output)\(rest.error)")
        #expect(rest.output.hasSuffix("1 letters\n"))
        let request = #"{"body": {"doc": {"m": 6}}}"#
        #expect(
            try trawl("log", "mend", "notes/0/1", "--request", input: request).status == 0)
        #expect(try trawl("log", "replay", "notes").output == "notes/0/1  updated\n")
        #expect(try trawl("log", "replay", "notes").output == "no letter waits\n")
        let all = try trawl("log", "letters", "notes", "--all")
        #expect(all.output.contains("notes/0/0  replayed  mended"), "\(all.output)")
        let closed = try trawl("log", "discard", "notes/0/0")
        #expect(closed.status == 4, "\(closed.output)\(closed.error)")
        let again = try RealProgram.RunningNode(data: "trawl-data", in: directory.path)
        let found = try ask("\(again.url)/notes/_doc/1")
        #expect(found["_source"] as? [String: Int] == ["n": 5, "m": 6], "\(found)")
        again.kill()
    }
}
