/// Where a node keeps its data, where it listens, what it is called.
public struct NodeConfiguration: Sendable {
    public var dataDirectory: String
    public var host: String
    /// 0 lets the system choose.
    public var port: Int
    public var name: String
    public var clusterName: String
    /// How long a stop waits for requests that are under way.
    public var stopTimeout = Duration.seconds(10)
    /// Nil: the node is alone.
    public var cluster: ClusterSettings?
    /// Takes what an operator should know, a line each.
    public var log: @Sendable (String) -> Void = { _ in }

    public init(
        dataDirectory: String = "trawl-data", host: String = "127.0.0.1", port: Int = 9200,
        name: String = "trawl", clusterName: String = "trawl"
    ) {
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
        self.name = name
        self.clusterName = clusterName
    }

    /// Whether only this machine can reach the node.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
