import Glibc
import Testing
import TrawlErrors
import TrawlFiles
import TrawlHTTP
import TrawlJSON
import TrawlNode
import TrawlTestKit

@Suite("Node")
struct NodeTests {
    private let json = [(name: "Content-Type", value: "application/json")]

    private func start(_ store: MemoryFileStore) throws -> Node {
        try Node(NodeConfiguration(host: "127.0.0.1", port: 0), store: store)
    }

    private func value(_ response: HTTPResponse) throws -> JSONValue {
        try JSONValue.parse(response.body)
    }

    @Test("what was acknowledged is there after a stop and a start, and is found")
    func restart() throws {
        let store = MemoryFileStore()
        var id: JSONValue?
        do {
            let node = try start(store)
            let client = HTTPClient(base: node.url)
            id = try value(client.send(.get, "/"))["cluster_uuid"]
            for i in 0..<20 {
                let body = Array("{\"text\": \"herring \(i)\", \"n\": \(i)}".utf8)
                let answer = try client.send(.put, "/notes/_doc/\(i)", headers: json, body: body)
                try #require(answer.status == 201)
            }
            let alias = try client.send(.put, "/notes/_alias/n")
            try #require(alias.status == 200)
            node.stop()
        }
        let node = try start(store)
        defer { node.stop() }
        let client = HTTPClient(base: node.url)
        #expect(try value(client.send(.get, "/"))["cluster_uuid"] == id)
        let found = try value(client.send(.get, "/n/_search?q=herring&sort=n:desc&size=1"))
        #expect(found["hits"]?["total"]?["value"] == 20)
        #expect(found["hits"]?["hits"]?[0]?["_id"] == "19")
        let got = try value(client.send(.get, "/notes/_doc/7"))
        #expect(got["_source"]?["n"] == 7)
        #expect(got["_seq_no"] == 7)
    }

    @Test("a search whose client has gone away, or whose time is over, stops")
    func abandonedSearch() throws {
        let node = try start(MemoryFileStore())
        defer { node.stop() }
        let client = HTTPClient(base: node.url)
        _ = try client.send(
            .put, "/words", headers: json,
            body: Array(#"{"settings": {"number_of_shards": 2}}"#.utf8))
        var lines = ""
        for i in 0..<400 {
            let words = (0..<25).map { "w\((i * 25 + $0) * 7_919 % 100_003)" }
            lines += "{\"index\": {}}\n{\"t\": \"\(words.joined(separator: " "))\"}\n"
        }
        let bulk = try client.send(
            .post, "/words/_bulk?refresh",
            headers: [(name: "Content-Type", value: "application/x-ndjson")],
            body: Array(lines.utf8))
        try #require(try value(bulk)["errors"] == false)
        // Every pattern goes through all words.
        func search(_ patterns: Int, _ others: String = "") -> [UInt8] {
            let clauses = (0..<patterns).map { #"{"wildcard": {"t": "*\#($0 % 10)*x\#($0)*"}}"# }
            return Array(
                #"{"query": {"bool": {"should": [\#(clauses.joined(separator: ","))]}}\#(others)}"#
                    .utf8)
        }
        func time(_ body: [UInt8]) throws -> (Duration, JSONValue) {
            let began = ContinuousClock.now
            let answer = try client.send(.post, "/words/_search", headers: json, body: body)
            try #require(answer.status == 200)
            return (ContinuousClock.now - began, try value(answer))
        }
        func current() throws -> Int {
            let stats = try value(client.send(.get, "/words/_stats/search"))
            return stats["_all"]?["total"]?["search"]?["query_current"]?.intValue ?? -1
        }
        // As many patterns as take some seconds here.
        var patterns = 20
        var (whole, answer) = try time(search(patterns))
        while whole < .seconds(3), patterns < 1000 {
            patterns = min(1000, patterns * 2)
            (whole, answer) = try time(search(patterns))
        }
        #expect(answer["timed_out"] == false)
        let (cut, late) = try time(search(patterns, #", "timeout": "50ms""#))
        #expect(late["timed_out"] == true)
        #expect(cut < whole / 2, "\(cut) of \(whole)")
        // Gone in the middle: what the search was doing ends.
        let body = search(patterns)
        let head =
            "POST /words/_search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        let began = ContinuousClock.now
        let port = try #require(node.url.split(separator: ":").last.flatMap { Int($0) })
        let connection = RawConnection(port: port)
        try #require(connection.say(head + String(decoding: body, as: UTF8.self)))
        while try current() == 0, ContinuousClock.now - began < whole { usleep(1_000) }
        try #require(try current() == 1, "\(whole)")
        connection.hangUp()
        while try current() != 0, ContinuousClock.now - began < whole * 2 { usleep(1_000) }
        let gone = ContinuousClock.now - began
        #expect(gone < whole / 2, "\(gone) of \(whole)")
    }

    @Test("a deleted index is gone from the disk, too")
    func deletion() throws {
        let store = MemoryFileStore()
        let node = try start(store)
        defer { node.stop() }
        let client = HTTPClient(base: node.url)
        _ = try client.send(.put, "/gone")
        let indices = try store.directory("indices")
        #expect(try indices.directories().count == 1)
        _ = try client.send(.delete, "/gone")
        #expect(try indices.directories().isEmpty)
    }

    @Test("an address that others can reach is refused")
    func loopbackOnly() throws {
        let error = #expect(throws: (any Error).self) {
            try Node(NodeConfiguration(host: "0.0.0.0", port: 0), store: MemoryFileStore())
        }
        #expect((error as? any TrawlError)?.kind == .invalidRequest)
    }
}
