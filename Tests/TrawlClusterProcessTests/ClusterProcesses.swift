import Foundation
import TrawlHTTP
import TrawlJSON

/// Nodes of a cluster as processes of the real binary, on ports that the system chose, in a directory
/// that goes with this.
final class ClusterProcesses {
    final class Node {
        let name: String
        let directory: String
        fileprivate(set) var process: Process
        fileprivate(set) var port = 0 {
            didSet { client = HTTPClient(base: "http://127.0.0.1:\(port)") }
        }
        private(set) var client = HTTPClient(base: "http://127.0.0.1:1")
        fileprivate(set) var peer = ""

        init(name: String, directory: String, process: Process) {
            self.name = name
            self.directory = directory
            self.process = process
        }

        var isRunning: Bool { process.isRunning }
    }

    struct Failed: Error, CustomStringConvertible { var description: String }

    /// Generous: several builds may run on the machine meanwhile. Nothing waits longer than it has to.
    static let patience = 60.0

    let root: String
    private(set) var nodes: [Node] = []

    init() throws {
        root = NSTemporaryDirectory() + "trawl-cluster-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try write("a secret of the tests, long enough", to: "secret")
    }

    deinit {
        for node in nodes where node.process.isRunning {
            Foundation.kill(node.process.processIdentifier, SIGKILL)
        }
        for node in nodes { node.process.waitUntilExit() }
        try? FileManager.default.removeItem(atPath: root)
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: root + "/" + name, atomically: true, encoding: .utf8)
    }

    /// The binary beside the bundle of tests.
    static func binary() throws -> String {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        for _ in 0..<8 {
            folder.deleteLastPathComponent()
            let path = folder.appendingPathComponent("trawl").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Failed(description: "no trawl beside \(CommandLine.arguments[0])")
    }

    /// - Parameter peer: Where it listens for others; port 0 lets the system choose.
    private func launch(
        _ name: String, peer: String, join: String?, secret: String, cluster: String
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Self.binary())
        try? FileManager.default.removeItem(atPath: root + "/\(name).port")
        process.arguments =
            [
                "serve", "--data", root + "/" + name, "--name", name, "--listen", "127.0.0.1:0",
                "--cluster-name", cluster, "--secret-file", root + "/" + secret,
                "--cluster-listen", peer, "--port-file", root + "/\(name).port",
            ] + (join.map { ["--join", $0] } ?? [])
        _ = FileManager.default.createFile(atPath: root + "/\(name).log", contents: nil)
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: root + "/\(name).log"))
        process.standardOutput = log
        process.standardError = log
        try process.run()
        return process
    }

    func log(_ name: String) -> String {
        (try? String(contentsOfFile: root + "/\(name).log", encoding: .utf8)) ?? ""
    }

    /// Starts a node; the first one keeps the metadata. Returns when it listens.
    @discardableResult
    func start(_ name: String) throws -> Node {
        let process = try launch(
            name, peer: "127.0.0.1:0", join: nodes.first?.peer, secret: "secret",
            cluster: "tests")
        let node = Node(name: name, directory: root + "/" + name, process: process)
        nodes.append(node)
        try awaitStart(node)
        return node
    }

    /// Starts a node that was stopped, where it was.
    func restart(_ node: Node) throws {
        node.process.waitUntilExit()
        let isFirst = node === nodes.first
        node.process = try launch(
            node.name, peer: node.peer, join: isFirst ? nil : nodes[0].peer, secret: "secret",
            cluster: "tests")
        try awaitStart(node)
    }

    private func awaitStart(_ node: Node) throws {
        try wait("\(node.name) listens") {
            guard
                let text = try? String(
                    contentsOfFile: root + "/\(node.name).port", encoding: .utf8),
                let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
            else {
                if !node.process.isRunning {
                    throw Failed(description: "\(node.name) ended: \(log(node.name))")
                }
                return false
            }
            node.port = port
            return true
        }
        let marker = "for others: "
        guard let line = log(node.name).split(separator: "\n").first(where: { $0.contains(marker) })
        else { throw Failed(description: "\(node.name) is alone: \(log(node.name))") }
        node.peer = String(line[line.range(of: marker)!.upperBound...])
    }

    /// Starts a node that should be refused.
    ///
    /// - Returns: Its exit status and what it said.
    func attempt(
        _ name: String, secret: String, cluster: String
    ) throws -> (status: Int32, text: String) {
        let process = try launch(
            name, peer: "127.0.0.1:0", join: nodes[0].peer, secret: secret, cluster: cluster)
        process.waitUntilExit()
        return (process.terminationStatus, log(name))
    }

    func kill(_ node: Node, _ signal: Int32 = SIGKILL) {
        Foundation.kill(node.process.processIdentifier, signal)
        if signal == SIGKILL || signal == SIGTERM { node.process.waitUntilExit() }
    }

    // MARK: Asking

    struct Answer {
        var status: Int
        var json: JSONValue
        var text: String
    }

    func send(
        _ node: Node, _ method: String, _ path: String, _ body: String = ""
    ) throws -> Answer {
        let answer = try node.client.send(
            HTTPRequest.Method(rawValue: method)!, path,
            headers: body.isEmpty ? [] : [("Content-Type", "application/json")],
            body: Array(body.utf8))
        return Answer(
            status: answer.status, json: (try? JSONValue.parse(answer.body)) ?? .null,
            text: String(decoding: answer.body, as: UTF8.self))
    }

    /// Asks and expects success.
    @discardableResult
    func ask(
        _ node: Node, _ method: String, _ path: String, _ body: String = ""
    ) throws -> JSONValue {
        let answer = try send(node, method, path, body)
        guard (200..<300).contains(answer.status) else {
            throw Failed(
                description: "\(method) \(path) on \(node.name): \(answer.status) \(answer.text)")
        }
        return answer.json
    }

    func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let began = Date()
        while try !condition() {
            guard Date().timeIntervalSince(began) < Self.patience else {
                let logs = nodes.map { "\($0.name): \(log($0.name).suffix(2000))" }
                throw Failed(description: "waited for: \(what)\n" + logs.joined(separator: "\n"))
            }
            usleep(20_000)
        }
    }

    func awaitHealth(_ status: String, nodes count: Int, on node: Node) throws {
        try wait("\(status) with \(count) nodes") {
            let health = try? ask(node, "GET", "/_cluster/health")
            return health?["status"]?.stringValue == status
                && health?["number_of_nodes"]?.intValue == count
                && health?["initializing_shards"]?.intValue == 0
        }
    }
}
