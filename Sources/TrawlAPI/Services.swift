internal import Glibc
package import TrawlCapture
internal import TrawlHTTP
package import TrawlCoordinator
internal import Synchronization
internal import TrawlJSON
package import TrawlLog

/// What the routes work with: the coordinator, and who this node is.
package final class Services: Sendable {
    package let coordinator: Coordinator
    package let node: NodeDescription
    let tasks = TaskTable()
    let contexts = SearchContexts()
    let votingExclusions = VotingExclusions()
    /// Does what clients do not wait for.
    let background = WorkerPool(name: "background", threadCount: 2, queueLimit: 100)
    private let captureService = Mutex<CaptureService?>(nil)
    private let logService = Mutex<LogService?>(nil)
    private let poolSource = Mutex<@Sendable () -> [PoolFigures]>({ [] })

    package init(coordinator: Coordinator, node: NodeDescription) {
        self.coordinator = coordinator
        self.node = node
    }

    /// The pools of the server that the routes are behind, once there is one.
    package func usePools(_ figures: @escaping @Sendable () -> [PoolFigures]) {
        poolSource.withLock { $0 = figures }
    }

    /// What follows primary stores, on a node that runs.
    package func useCapture(_ service: CaptureService) {
        captureService.withLock { $0 = service }
    }

    /// Topics, routes and dead letters of this node.
    package func useLogs(_ service: LogService) { logService.withLock { $0 = service } }

    var logs: LogService? { logService.withLock { $0 } }

    var capture: CaptureService? { captureService.withLock { $0 } }

    var pools: [PoolFigures] { poolSource.withLock { $0 }() }

    func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    package var isReady: Bool { coordinator.isReady }
    var catalog: CatalogSnapshot { coordinator.catalog.snapshot }

    /// The version that clients are told: that of the API whose behaviour this is.
    package static let version = "3.6.0"

    /// Clients of Elasticsearch 7 talk only to servers of version 7 and up, whatever else these
    /// say of themselves.
    private static func announced(to request: HTTPRequest) -> String {
        let meta = request.header("x-elastic-client-meta") ?? ""
        let agent = request.header("user-agent") ?? ""
        let isSeven =
            meta.hasPrefix("es=7.")
            || (agent.contains("elasticsearch") && agent.contains("/7."))
        return isSeven ? "7.17.0" : version
    }

    func banner(for request: HTTPRequest) -> JSONValue {
        [
            "name": .string(node.name), "cluster_name": .string(node.clusterName),
            "cluster_uuid": .string(catalog.clusterUUID),
            "version": [
                "distribution": "opensearch", "number": .string(Self.announced(to: request)),
                "build_type": "trawl", "build_hash": .string(node.buildHash),
                "build_date": "2026-01-01T00:00:00.000Z", "build_snapshot": false,
                "lucene_version": "10.3.2", "minimum_wire_compatibility_version": "2.19.0",
                "minimum_index_compatibility_version": "2.0.0",
            ],
            "tagline": "The engine whose answers can be checked",
        ]
    }
}

/// Who this node is.
package struct NodeDescription: Sendable {
    package var id: String
    package var name: String
    package var clusterName: String
    package var host: String
    package var httpPort: Int
    package var started: ContinuousClock.Instant
    /// Milliseconds since 1970.
    package var startedAt: Int64
    package var buildHash: String

    package init(
        id: String, name: String, clusterName: String, host: String, httpPort: Int,
        startedAt: Int64, buildHash: String = "unknown"
    ) {
        self.id = id
        self.name = name
        self.clusterName = clusterName
        self.host = host
        self.httpPort = httpPort
        started = .now
        self.startedAt = startedAt
        self.buildHash = buildHash
    }

    package var address: String { "\(host):\(httpPort)" }
}
