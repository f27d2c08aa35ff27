import Foundation
import Testing
import TrawlCapture
import TrawlHTTP
import TrawlJSON
import TrawlTestKit

@Suite("trawl sync from a topic, the program")
struct TopicSyncTests {
    private func append(_ harness: SyncHarness, _ lines: [String]) throws {
        let answer = try HTTPClient(base: harness.node.url).send(
            .post, "/_trawl/log/orders", headers: [("Content-Type", "application/x-ndjson")],
            body: Array(lines.joined(separator: "\n").utf8))
        try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
    }

    @Test("Debezium's envelopes become documents, tombstones and truncations included")
    func debezium() throws {
        let harness = try SyncHarness()
        let missing = try harness.trawl(
            "sync", "add", "shop", "--index", "orders", "--from", "topic:orders", expecting: 2)
        #expect(missing.contains("no topic [orders]"), "\(missing)")
        _ = try harness.send(.put, "/_trawl/log/orders", ["partitions": 3])
        func line(_ id: Int, _ op: String, _ name: String?) -> String {
            let row = name.map { #"{"id":\#(id),"name":"\#($0)"}"# } ?? "null"
            return
                #"{"key":{"id":\#(id)},"value":{"op":"\#(op)","after":\#(row),"before":{"id":\#(id)}}}"#
        }
        try append(harness, (0..<500).map { line($0, "r", "first") })
        try harness.trawl(
            "sync", "add", "shop", "--index", "orders", "--from", "topic:orders", "--format",
            "debezium")
        try append(
            harness,
            [
                line(1, "u", "second"), line(2, "d", nil), #"{"key":{"id":2}}"#,
                line(3, "d", nil), line(3, "c", "again"), #"{"key":{"id":4},"value":{"no":1}}"#,
            ])
        try harness.wait("applied") { try harness.source("1", in: "orders")?["name"] == "second" }
        try harness.caughtUp()
        #expect(try harness.source("2", in: "orders") == nil)
        #expect(try harness.source("3", in: "orders")?["name"] == "again")
        #expect(try harness.count("orders") == 499)
        let letters = try harness.trawl("sync", "letters", "shop")
        #expect(letters.contains("no \"op\"") && letters.contains("1 letters"), "\(letters)")
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal at position"))
        _ = try harness.send(.delete, "/orders/_doc/7", .null)
        #expect(try harness.trawl("sync", "verify", "shop", "--repair").contains("missing 1: 7"))
        #expect(try harness.source("7", in: "orders")?["name"] == "first")
        for _ in 0..<3 {
            try append(harness, (0..<200).map { line($0 * 2, "u", "during") })
            try harness.restart()
        }
        try harness.caughtUp()
        #expect(try harness.trawl("sync", "verify", "shop").contains("equal at position"))
        #expect(try harness.source("398", in: "orders")?["name"] == "during")
    }

    @Test("a search says how far behind its store it is, and has everything up to then")
    func asOf() throws {
        let harness = try SyncHarness()
        _ = try harness.send(.put, "/_trawl/log/orders", [:])
        try harness.trawl("sync", "add", "shop", "--index", "orders", "--from", "topic:orders")
        for round in 0..<5 {
            let before = Date().timeIntervalSince1970 * 1000
            try append(harness, [#"{"key":"\#(round)","value":{"round":\#(round)}}"#])
            let after = Date().timeIntervalSince1970 * 1000
            try harness.wait("as of") {
                let answer = try harness.get("/orders/_search?as_of&size=100")
                let entry = answer["_trawl"]?["as_of"]?[0]
                // None yet when it has just begun.
                guard let at = entry?["at"]?.doubleValue else { return false }
                let hits = answer["hits"]?["hits"]?.arrayValue ?? []
                // Everything by `at` is there, whenever it is asked.
                if at > after {
                    #expect(hits.contains { $0["_id"] == .string("\(round)") })
                    #expect(entry?["behind_seconds"]?.doubleValue ?? 99 < 30)
                    #expect(entry?["sync"] == "shop")
                }
                return at > max(before, after)
            }
        }
        #expect(try harness.get("/orders/_search")["_trawl"] == nil)
    }
}
