import Foundation
import Testing
import TrawlCapture
import TrawlHTTP
import TrawlJSON
import TrawlTestKit

/// A node of the real program, the verb that talks to it, and a store to follow.
final class SyncHarness {
    /// How often the tests of kill -9 kill: few in CI, hundreds by `tools/soak sync`.
    static let rounds = ProcessInfo.processInfo.environment["SYNC_ROUNDS"].flatMap { Int($0) } ?? 10

    let directory: TemporaryDirectory
    private(set) var node: RealProgram.RunningNode

    init() throws {
        directory = try TemporaryDirectory()
        node = try RealProgram.RunningNode(data: "data", in: directory.path)
    }

    deinit { node.kill() }

    func restart() throws {
        node.kill()
        node = try RealProgram.RunningNode(data: "data", in: directory.path)
    }

    /// SIGTERM and its exit status, then a new one.
    func restartPolitely() throws -> Int32 {
        node.process.signal(SIGTERM)
        let status = node.process.wait()
        node = try RealProgram.RunningNode(data: "data", in: directory.path)
        return status
    }

    func database(_ name: String = "shop.db") throws -> SQLiteConnection {
        try SQLiteConnection(directory.path + "/" + name, creates: true)
    }

    @discardableResult
    func trawl(_ words: String..., expecting status: Int32 = 0) throws -> String {
        let result = try RealProgram.run(words + ["--url", node.url], in: directory.path)
        try #require(
            result.status == status,
            "\(words): \(result.output)\(result.error)\(node.process.error)")
        return result.output + result.error
    }

    func get(_ path: String) throws -> JSONValue {
        let answer = try HTTPClient(base: node.url).send(.get, path)
        return try JSONValue.parse(answer.body)
    }

    func send(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue) throws -> JSONValue {
        let answer = try HTTPClient(base: node.url).send(
            method, path, headers: [("Content-Type", "application/json")],
            body: body.serialized())
        return try JSONValue.parse(answer.body)
    }

    func status(_ name: String = "shop") throws -> JSONValue { try get("/_trawl/sync/\(name)") }

    /// Asks again and again until it is so.
    func wait(
        _ what: String, seconds: Double = 60, until condition: () throws -> Bool
    ) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            if try condition() { return }
            usleep(20_000)
        }
        Issue.record("not within \(seconds) s: \(what)\n\(try status())\n\(node.process.error)")
        throw TimedOut()
    }

    struct TimedOut: Error {}

    /// Everything that was written before is in the index, refreshed or not.
    func caughtUp(_ name: String = "shop") throws {
        let asked = Double(Date().timeIntervalSince1970 * 1000)
        try wait("caught up") {
            let status = try status(name)
            return status["state"]?.stringValue == "following"
                && status["as_of"]?.doubleValue ?? 0 > asked
        }
    }

    func source(_ id: String, in index: String = "products") throws -> JSONValue? {
        try get("/\(index)/_doc/\(id)")["_source"]
    }

    func count(_ index: String = "products") throws -> Int? {
        _ = try send(.post, "/\(index)/_refresh", [:])
        return try get("/\(index)/_count")["count"]?.intValue
    }
}
