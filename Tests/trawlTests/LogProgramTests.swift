import Foundation
import Testing
import TrawlTestKit

@Suite("trawl log, the program")
struct LogProgramTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func trawl(_ words: String..., input: String = "") throws -> RealProgram.Result {
        try RealProgram.run(words, in: directory.path, input: input)
    }

    @Test("the log of a shard has every change that is not committed yet, in order")
    func shard() throws {
        let lines = "{\"id\": 1, \"t\": \"herring\"}\n{\"id\": 2, \"t\": \"net\"}\n"
        let again = "{\"id\": 2, \"t\": \"other net\"}\n"
        let node = try RealProgram.RunningNode(data: "trawl-data", in: directory.path)
        for text in [lines, again] {
            let result = try trawl("index", "sea", "-", "--url", node.url, input: text)
            try #require(result.status == 0, "\(result.error)")
        }
        node.kill()
        let topics = try trawl("log", "topics")
        #expect(topics.output.contains("sea/0 "), "\(topics.output)\(topics.error)")
        #expect(topics.output.contains("sea/0/letters"))
        let tail = try trawl("log", "tail", "sea/0", "--from", "0")
        let shown = tail.output.split(separator: "\n")
        #expect(shown.count == 3, "\(tail.output)")
        #expect(shown.last?.contains("other net") == true)
        let last = try trawl("log", "tail", "sea/0", "--count", "1", "--json")
        let record = try JSONSerialization.jsonObject(with: Data(last.output.utf8))
        #expect((record as? [String: Any])?["offset"] as? Int == 2)
        #expect((record as? [String: Any])?["key"] as? String == "2")
        #expect(try trawl("log", "letters", "sea").output == "0 letters\n")
        // Looking changes nothing.
        #expect(try trawl("search", "sea", "other").output.contains("1 document"))
    }

    @Test("a topic keeps what was appended, in order")
    func topic() throws {
        try #require(try trawl("index", "sea", "-", "--quiet", input: "{\"a\": 1}\n").status == 0)
        #expect(try trawl("log", "create", "orders", "--partitions", "2").status == 0)
        #expect(try trawl("log", "create", "orders").status == 4)
        let appended = try trawl("log", "append", "orders", "--key", "k", input: "one\ntwo\n")
        #expect(appended.output == "2 records are durable, offsets 0 to 1\n", "\(appended.error)")
        let tail = try trawl("log", "tail", "orders/0", "--count", "5")
        #expect(tail.output.contains("one") && tail.output.contains("two"), "\(tail.output)")
        #expect(try trawl("log", "groups", "orders").output.contains("no group"))
        let unknown = try trawl("log", "tail", "ordres")
        #expect(unknown.status == 2)
        #expect(unknown.error.contains("orders"), "\(unknown.error)")
    }

    @Test("the directory of a running node is refused by name")
    func running() throws {
        let node = try RealProgram.RunningNode(data: "data", in: directory.path)
        defer { node.kill() }
        let refused = try trawl("log", "topics", "--data", "data")
        #expect(refused.status != 0)
        #expect(refused.error.contains("process"), "\(refused.error)")
    }
}
