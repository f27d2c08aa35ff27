import Foundation
import Synchronization
import Testing
import TrawlHTTP
import TrawlJSON

@Suite("Losing and gaining nodes", .serialized)
struct FailoverTests {
    /// Writes one document after the other and remembers which were acknowledged.
    private final class Writer: @unchecked Sendable {
        private let lock = NSLock()
        private var acknowledgedIDs: [Int] = []
        private var isStopped = false
        private var longest = 0.0
        private let done = DispatchSemaphore(value: 0)

        var acknowledged: [Int] { lock.withLock { acknowledgedIDs } }
        /// The longest time between two acknowledgements, in seconds.
        var longestGap: Double { lock.withLock { longest } }

        init(port: Int, index: String) {
            let client = HTTPClient(base: "http://127.0.0.1:\(port)", timeout: .seconds(60))
            Thread.detachNewThread { [self] in
                var next = 0
                var last = Date()
                while !lock.withLock({ isStopped }) {
                    let answer = try? client.send(
                        .put, "/\(index)/_doc/\(next)",
                        headers: [("Content-Type", "application/json")],
                        body: Array("{\"n\":\(next),\"text\":\"herring \(next % 7)\"}".utf8))
                    if let answer, answer.status == 201 || answer.status == 200 {
                        let now = Date()
                        lock.withLock {
                            acknowledgedIDs.append(next)
                            longest = max(longest, now.timeIntervalSince(last))
                        }
                        last = now
                    }
                    next += 1
                }
                done.signal()
            }
        }

        func stop() {
            lock.withLock { isStopped = true }
            done.wait()
        }
    }

    private func leaders(
        _ cluster: ClusterProcesses, _ index: String, on node: ClusterProcesses.Node
    ) throws -> [String] {
        try cluster.ask(node, "GET", "/_cat/shards/\(index)?format=json").arrayValue?
            .filter { $0["prirep"] == "p" }.compactMap { $0["node"]?.stringValue } ?? []
    }

    private func check(
        _ acknowledged: [Int], in cluster: ClusterProcesses, _ index: String,
        on node: ClusterProcesses.Node
    ) throws {
        try cluster.ask(node, "POST", "/\(index)/_refresh")
        let found = try cluster.ask(
            node, "POST", "/\(index)/_search",
            #"{"size":10000,"_source":["n"],"query":{"match_all":{}},"track_total_hits":true}"#)
        #expect(found["_shards"]?["failed"] == 0)
        let ids = Set(
            found["hits"]?["hits"]?.arrayValue?.compactMap { $0["_id"]?.stringValue } ?? [])
        let missing = acknowledged.filter { !ids.contains(String($0)) }
        #expect(missing.isEmpty, "acknowledged and not found by a search: \(missing)")
        for id in acknowledged.suffix(50) {
            #expect(try cluster.send(node, "GET", "/\(index)/_doc/\(id)").status == 200)
        }
    }

    @Test("kill -9 of a leader loses nothing that was acknowledged, and writing goes on")
    func killedLeader() throws {
        let cluster = try ClusterProcesses()
        for name in ["a", "b", "c"] { try cluster.start(name) }
        try cluster.ask(
            cluster.nodes[0], "PUT", "/log",
            #"{"settings":{"number_of_shards":6,"number_of_replicas":1}}"#)
        try cluster.awaitHealth("green", nodes: 3, on: cluster.nodes[0])
        // Not the one with the metadata: without it nobody is elected.
        let victim = try #require(
            cluster.nodes.dropFirst().first { node in
                (try? leaders(cluster, "log", on: cluster.nodes[0]).contains(node.name)) ?? false
            })
        let writer = Writer(port: cluster.nodes[0].port, index: "log")
        try cluster.wait("200 documents") { writer.acknowledged.count >= 200 }
        let before = writer.acknowledged.count
        cluster.kill(victim)
        try cluster.wait("200 more") { writer.acknowledged.count >= before + 200 }
        let other = cluster.nodes.first { $0 !== victim && $0 !== cluster.nodes[0] }!
        #expect(try !leaders(cluster, "log", on: other).contains(victim.name))
        try check(writer.acknowledged, in: cluster, "log", on: other)
        // It comes back, catches up, and is as good as the others.
        try cluster.restart(victim)
        try cluster.awaitHealth("green", nodes: 3, on: victim)
        writer.stop()
        for node in cluster.nodes { try check(writer.acknowledged, in: cluster, "log", on: node) }
        print(
            "\(writer.acknowledged.count) acknowledged, 0 lost; the longest time without an "
                + "acknowledgement was \(Int(writer.longestGap * 1000)) ms")
    }

    @Test("what a lost node alone had is missing from an answer, and the answer says so")
    func partialResults() throws {
        let cluster = try ClusterProcesses()
        for name in ["a", "b"] { try cluster.start(name) }
        try cluster.ask(
            cluster.nodes[0], "PUT", "/one",
            #"{"settings":{"number_of_shards":4,"number_of_replicas":0}}"#)
        let lines = (0..<100).map { "{\"index\":{\"_id\":\"\($0)\"}}\n{\"n\":\($0)}\n" }.joined()
        try cluster.ask(cluster.nodes[0], "POST", "/one/_bulk?refresh=true", lines)
        try cluster.awaitHealth("green", nodes: 2, on: cluster.nodes[0])
        cluster.kill(cluster.nodes[1])
        try cluster.awaitHealth("red", nodes: 1, on: cluster.nodes[0])
        let answer = try cluster.ask(cluster.nodes[0], "GET", "/one/_search?size=100")
        let failed = try #require(answer["_shards"]?["failed"]?.intValue)
        #expect(failed > 0 && failed < 4)
        #expect(answer["_shards"]?["successful"]?.intValue == 4 - failed)
        let total = try #require(answer["hits"]?["total"]?["value"]?.intValue)
        #expect(total > 0 && total < 100)
        let strict = try cluster.send(
            cluster.nodes[0], "GET", "/one/_search?allow_partial_search_results=false")
        #expect(strict.status == 503)
        try cluster.restart(cluster.nodes[1])
        try cluster.awaitHealth("green", nodes: 2, on: cluster.nodes[0])
        let whole = try cluster.ask(cluster.nodes[1], "GET", "/one/_search?size=100")
        #expect(whole["hits"]?["total"]?["value"] == 100)
        #expect(whole["_shards"]?["failed"] == 0, "\(whole["_shards"] ?? .null)")
    }

    @Test("replicas are made live, on a node that joins, from the leader's files")
    func replicasLive() throws {
        let cluster = try ClusterProcesses()
        try cluster.start("a")
        try cluster.ask(
            cluster.nodes[0], "PUT", "/docs",
            #"{"settings":{"number_of_shards":2,"number_of_replicas":1}}"#)
        let lines = (0..<300).map { "{\"index\":{\"_id\":\"\($0)\"}}\n{\"n\":\($0)}\n" }.joined()
        try cluster.ask(cluster.nodes[0], "POST", "/docs/_bulk?refresh=true", lines)
        try cluster.ask(cluster.nodes[0], "POST", "/docs/_flush")
        try cluster.awaitHealth("yellow", nodes: 1, on: cluster.nodes[0])
        let health = try cluster.ask(cluster.nodes[0], "GET", "/_cluster/health?explain")
        #expect(health["reasons"]?.arrayValue?.isEmpty == false)
        try cluster.start("b")
        try cluster.awaitHealth("green", nodes: 2, on: cluster.nodes[1])
        // The only other copy: everything must be on it.
        try cluster.ask(cluster.nodes[0], "PUT", "/docs/_settings", #"{"number_of_replicas":0}"#)
        try cluster.ask(
            cluster.nodes[0], "PUT", "/_cluster/settings",
            #"{"persistent":{"cluster.routing.allocation.exclude._name":"a"}}"#)
        try cluster.wait("a is drained") {
            try leaders(cluster, "docs", on: cluster.nodes[0]) == ["b", "b"]
                && cluster.ask(cluster.nodes[0], "GET", "/_cat/shards/docs?format=json")
                    .arrayValue?.count == 2
        }
        let found = try cluster.ask(cluster.nodes[0], "GET", "/docs/_search?size=0")
        #expect(found["hits"]?["total"]?["value"] == 300)
        #expect(found["_shards"]?["failed"] == 0)
    }

    @Test("a stranger is refused: another secret, another cluster's name")
    func strangers() throws {
        let cluster = try ClusterProcesses()
        try cluster.start("a")
        try cluster.write("not the secret of this cluster", to: "wrong")
        let wrong = try cluster.attempt("x", secret: "wrong", cluster: "tests")
        #expect(wrong.status != 0)
        #expect(wrong.text.contains("does not know this cluster's secret"), "\(wrong.text)")
        let other = try cluster.attempt("y", secret: "secret", cluster: "others")
        #expect(other.status != 0)
        #expect(other.text.contains("belongs to the cluster"), "\(other.text)")
        let nodes = try cluster.ask(cluster.nodes[0], "GET", "/_cat/nodes?format=json")
        #expect(nodes.arrayValue?.count == 1)
    }

    @Test("a node that was alone brings its documents into the cluster that it begins")
    func fromAlone() throws {
        let cluster = try ClusterProcesses()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ClusterProcesses.binary())
        process.arguments = [
            "serve", "--data", cluster.root + "/a", "--listen", "127.0.0.1:0", "--port-file",
            cluster.root + "/alone.port",
        ]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer {
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
        }
        var port: Int?
        try cluster.wait("the node alone listens") {
            port = (try? String(contentsOfFile: cluster.root + "/alone.port", encoding: .utf8))
                .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            return port != nil
        }
        let client = HTTPClient(base: "http://127.0.0.1:\(port!)")
        for i in 0..<20 {
            let answer = try client.send(
                .put, "/mine/_doc/\(i)", headers: [("Content-Type", "application/json")],
                body: Array("{\"n\":\(i)}".utf8))
            #expect(answer.status == 201)
        }
        process.terminate()
        process.waitUntilExit()
        try cluster.start("a")
        try cluster.start("b")
        try cluster.awaitHealth("green", nodes: 2, on: cluster.nodes[1])
        let found = try cluster.ask(cluster.nodes[1], "GET", "/mine/_count")
        #expect(found["count"] == 20)
        // Alone again by mistake: refused, because it would answer with what it happens to have.
        cluster.kill(cluster.nodes[0], SIGTERM)
        let again = Process()
        again.executableURL = process.executableURL
        again.arguments = ["serve", "--data", cluster.root + "/a", "--listen", "127.0.0.1:0"]
        let pipe = Pipe()
        again.standardError = pipe
        again.standardOutput = pipe
        try again.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        again.waitUntilExit()
        #expect(again.terminationStatus != 0)
        #expect(String(decoding: said, as: UTF8.self).contains("belongs to the cluster [tests]"))
    }
}
