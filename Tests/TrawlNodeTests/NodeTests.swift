import Testing
import TrawlErrors
import TrawlFiles
import TrawlHTTP
import TrawlJSON
import TrawlNode

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
