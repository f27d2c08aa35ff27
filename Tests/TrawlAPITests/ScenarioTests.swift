import Foundation
import Testing
import TrawlCoordinator
import TrawlFiles
import TrawlHTTP
import TrawlJSON

@testable import TrawlAPI

/// The files under `Scenarios`: those whose names begin with 1 need an engine that searches.
enum ScenarioFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scenarios")

    static func names(_ prefix: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.sorted()
    }

    static func load(_ name: String) throws -> Scenario {
        let data = try Data(contentsOf: folder.appending(path: name))
        return try Scenario(file: Array(data), name: name)
    }
}

@Suite("Scenarios on the reference shard")
struct ReferenceScenarioTests {
    @Test("the API answers as the scenario says", arguments: ScenarioFiles.names("0"))
    func scenario(_ name: String) throws {
        let catalog = try IndexCatalog(store: MemoryFileStore(), newUUID: "test-cluster-uuid")
        let coordinator = Coordinator(catalog: catalog, provider: ReferenceShards())
        let services = Services(
            coordinator: coordinator,
            node: NodeDescription(
                id: "node-id", name: "node-1", clusterName: "test", host: "127.0.0.1",
                httpPort: 9200, startedAt: 0))
        let handler = APIHandler(services: services)
        try ScenarioFiles.load(name).run { method, target, headers, body in
            handler.respond(
                to: try HTTPRequest(
                    method: method, target: target,
                    headers: headers.map { ($0.name.lowercased(), $0.value) }, body: body))
        }
    }
}
