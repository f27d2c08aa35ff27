package import TrawlTransport

/// How a node takes part in a cluster. A node without these is alone and opens nothing to others.
public struct ClusterSettings: Sendable {
    /// What every node of the cluster knows, and nobody else.
    package var secret: [UInt8]
    package var clusterName: String
    /// Where other nodes reach this one.
    package var listen: PeerAddress
    /// The host that others are told, when it is not the one listened on.
    package var advertisedHost: String
    /// Where the first node listens; nil for the first node itself.
    package var join: PeerAddress?
    package var zone = ""
    package var weight = 1.0
    package var joinTimeout = Duration.seconds(30)
    var timing = ClusterMember.Timing()

    /// A secret shorter than this could be guessed.
    public static let minSecretByteCount = 16

    /// - Parameters:
    ///   - listen: `HOST:PORT`; port 0 lets the system choose.
    ///   - join: `HOST:PORT` of the first node; nil for the first node itself.
    /// - Returns: Nil when an address is none.
    public init?(secret: [UInt8], clusterName: String, listen: String, join: String?) {
        guard let listen = PeerAddress(listen) else { return nil }
        if let join {
            guard let address = PeerAddress(join), address.port > 0 else { return nil }
            self.join = address
        }
        self.secret = secret
        self.clusterName = clusterName
        self.listen = listen
        advertisedHost = listen.host == "0.0.0.0" || listen.host == "::" ? "127.0.0.1" : listen.host
    }

    public mutating func place(zone: String, weight: Double) {
        self.zone = zone
        self.weight = weight
    }

    /// Told to the others where the address listened on is none, such as 0.0.0.0.
    public mutating func advertise(host: String) { advertisedHost = host }
}
