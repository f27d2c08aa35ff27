internal import Glibc
internal import TrawlAPI
internal import TrawlCapture
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
package import TrawlFiles
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlLog
internal import TrawlTransport

/// One process: its data, its shards, its server.
public final class Node: Sendable {
    public let url: String
    public let port: Int
    /// From the call to the moment it listened.
    public let startTime: Duration
    private let coordinator: Coordinator
    /// The data's schedule, and the cluster's; one of them is there.
    private let shards: LocalShards?
    private let cluster: ClusterNode?
    private let server: MicrohttpdServer
    private let capture: CaptureService
    private let logs: LogService
    private let lock: DirectoryLock
    private let configuration: NodeConfiguration

    /// Starts a node. When this returns it listens, and its indices answer.
    ///
    /// - Throws: an error that names the holder when another process has the directory.
    public convenience init(_ configuration: NodeConfiguration) throws {
        try self.init(configuration, store: try PosixFileStore(configuration.dataDirectory))
    }

    package init(_ configuration: NodeConfiguration, store: any FileStore) throws {
        let began = ContinuousClock.now
        guard configuration.isLoopback else {
            throw CoordinatorError(
                .invalidRequest, "unsafe_address",
                "refusing to listen on \(configuration.host): without API keys anybody who can "
                    + "reach the address could read and change everything. Listen on 127.0.0.1, "
                    + "and put a proxy that knows its users in front")
        }
        self.configuration = configuration
        let shownHost =
            configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        lock = try store.lock(
            holder: configuration.port == 0 ? nil : "http://\(shownHost):\(configuration.port)")
        let identity = try Self.identity(in: store)
        try ClusterMark.check(store, configuration)
        if let settings = configuration.cluster {
            let cluster = try ClusterNode(
                settings, configuration: configuration, node: NodeID(identity), store: store,
                syncer: LogSyncer(), log: configuration.log)
            self.cluster = cluster
            shards = nil
            coordinator = Coordinator(catalog: cluster.catalog, provider: cluster.shards)
        } else {
            let catalog = try IndexCatalog(store: store, newUUID: RandomID.make())
            let shards = LocalShards(
                directory: try store.directory("indices"), catalog: catalog)
            self.shards = shards
            cluster = nil
            coordinator = Coordinator(catalog: catalog, provider: shards)
            try coordinator.openAll()
        }
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let handler = DeferredHandler()
        var limits = HTTPLimits()
        limits.searchThreads = max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        server = try MicrohttpdServer(
            host: configuration.host, port: configuration.port, limits: limits, handler: handler)
        port = server.port
        url = "http://\(shownHost):\(server.port)"
        let services = Services(
            coordinator: coordinator,
            node: NodeDescription(
                id: identity, name: configuration.name, clusterName: configuration.clusterName,
                host: configuration.host, httpPort: server.port,
                startedAt: Int64(time.tv_sec) * 1000))
        let pools = server.workerPools
        services.usePools {
            pools.map { pool in
                let figures = pool.figures
                return PoolFigures(
                    name: pool.name, size: pool.threadCount, limit: pool.queueLimit,
                    active: figures.active, queued: figures.queued, rejected: figures.rejected,
                    completed: figures.completed)
            }
        }
        let coordinator = self.coordinator
        let local = cluster?.shards.local ?? shards
        logs = try LogService(
            try store.directory("topics"), syncer: LogSyncer(),
            target: CoordinatorDelivery(
                coordinator: coordinator, books: { local?.letterBooks ?? [] }),
            report: configuration.log)
        services.useLogs(logs)
        capture = CaptureService(
            directory: try store.directory("sync"), topics: logs.topics,
            target: CoordinatorTarget(coordinator: coordinator),
            newLife: { RandomID.make(length: 10) }, report: configuration.log)
        services.useCapture(capture)
        try cluster?.start(httpPort: server.port)
        handler.use(APIHandler(services: services))
        shards?.startTicking()
        try capture.start()
        logs.start()
        startTime = ContinuousClock.now - began
    }

    /// Finishes what is under way, commits, and lets go of the data.
    public func stop() {
        server.stop(within: configuration.stopTimeout)
        capture.stop()
        logs.stop()
        shards?.stopTicking()
        coordinator.close()
        cluster?.stop()
    }

    /// Where other nodes reach this one, `HOST:PORT`; nil for a node that is alone.
    public var peerAddress: String? { cluster?.peerAddress.description }

    /// The node keeps its id for as long as it keeps its data.
    private static func identity(in store: any FileStore) throws -> String {
        if store.exists("node.json"),
            let id = try JSONValue.parse(try store.readAll("node.json"))["id"]?.stringValue
        {
            return id
        }
        let id = RandomID.make()
        try store.replaceAtomically(
            "node.json", with: JSONValue.object(["id": .string(id)]).serialized(pretty: true))
        return id
    }
}
