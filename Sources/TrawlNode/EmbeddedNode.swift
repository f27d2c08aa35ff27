internal import Glibc
internal import TrawlAPI
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlLog
package import TrawlFiles
package import TrawlHTTP

/// The engine within a program: the whole API of a node on a directory, without a server.
///
///     let node = try EmbeddedNode(dataDirectory: "trawl-data")
///     _ = node.send("PUT", "/notes/_doc/1?refresh", body: Array(#"{"text": "herring net"}"#.utf8))
///     let answer = node.send("GET", "/notes/_search?q=herring")
///     print(answer.status, String(decoding: answer.body, as: UTF8.self))
///     node.close()
///
/// Calls may come from several threads at once. A directory belongs to one process at a time.
public final class EmbeddedNode: Sendable {
    private let coordinator: Coordinator
    private let shards: LocalShards
    private let handler: APIHandler
    private let logs: LogService
    private let lock: DirectoryLock

    /// Opens the data in a directory, or makes it.
    ///
    /// - Throws: An error that names the holder when another process has the directory.
    public convenience init(dataDirectory: String) throws {
        try self.init(store: try PosixFileStore(dataDirectory))
    }

    package init(store: any FileStore) throws {
        lock = try store.lock(holder: nil)
        try ClusterMark.check(store, NodeConfiguration())
        let catalog = try IndexCatalog(store: store, newUUID: RandomID.make())
        shards = LocalShards(directory: try store.directory("indices"), catalog: catalog)
        coordinator = Coordinator(catalog: catalog, provider: shards)
        try coordinator.openAll()
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let services = Services(
            coordinator: coordinator,
            node: NodeDescription(
                id: "embedded", name: "embedded", clusterName: "trawl", host: "127.0.0.1",
                httpPort: 0, startedAt: Int64(time.tv_sec) * 1000))
        let shards = self.shards
        logs = try LogService(
            try store.directory("topics"), syncer: LogSyncer(),
            target: CoordinatorDelivery(
                coordinator: coordinator, books: { shards.letterBooks }))
        services.useLogs(logs)
        handler = APIHandler(services: services)
        shards.startTicking()
        logs.start()
    }

    /// Answers a request of the API.
    package func respond(to request: HTTPRequest) -> HTTPResponse { handler.respond(to: request) }

    /// Answers a request of the API: a method, a path with its parameters, a body of JSON.
    ///
    /// - Returns: The status and the body, errors in the API's form included.
    public func send(
        _ method: String, _ path: String, body: [UInt8] = []
    ) -> (status: Int, body: [UInt8]) {
        guard let method = HTTPRequest.Method(rawValue: method.uppercased()),
            let request = try? HTTPRequest(
                method: method, target: path, headers: [("content-type", "application/json")],
                body: body)
        else { return (400, Array("{\"error\":\"no such method or path\",\"status\":400}".utf8)) }
        let response = respond(to: request)
        return (response.status, response.body)
    }

    /// Commits and lets go of the directory.
    public func close() {
        logs.stop()
        shards.stopTicking()
        coordinator.close()
    }
}
