import Foundation
import Testing
import TrawlFiles
import TrawlHTTP
import TrawlJSON
import TrawlNode
import TrawlTestKit

/// The files under `Scenarios`. `TRAWL_SCENARIO_URL` sends them to another server of this API.
enum ScenarioFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scenarios")

    static var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
            .filter { $0.hasSuffix(".json") }.sorted()
    }

    static func load(_ name: String) throws -> Scenario {
        let data = try Data(contentsOf: folder.appending(path: name))
        return try Scenario(file: Array(data), name: name)
    }
}

@Suite("Scenarios")
struct ScenarioTests {
    @Test("the files are found: without them the test below would have nothing to fail on")
    func found() { #expect(ScenarioFiles.names.count >= 10) }

    @Test("a node answers as the scenario says", arguments: ScenarioFiles.names)
    func scenario(_ name: String) throws {
        let scenario = try ScenarioFiles.load(name)
        if let url = ProcessInfo.processInfo.environment["TRAWL_SCENARIO_URL"] {
            return try run(scenario, HTTPClient(base: url))
        }
        let node = try Node(
            NodeConfiguration(host: "127.0.0.1", port: 0, name: "node-1", clusterName: "test"),
            store: MemoryFileStore())
        defer { node.stop() }
        try run(scenario, HTTPClient(base: node.url))
    }

    private func run(_ scenario: Scenario, _ client: HTTPClient) throws {
        try scenario.run { request in
            let method = try #require(HTTPRequest.Method(rawValue: request.method))
            let response = try client.send(
                method, request.target, headers: request.headers, body: request.body)
            return Scenario.Answer(
                status: response.status, headers: response.headers, body: response.body)
        }
    }
}
