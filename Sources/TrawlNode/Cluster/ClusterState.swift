internal import TrawlCluster
internal import TrawlMetadata
internal import TrawlTransport

/// A node as it tells of itself.
struct NodeRecord: Codable, Sendable, Equatable {
    var id: NodeID
    var name: String
    var host: String
    var httpPort: Int
    var peer: PeerAddress
    var zone: String
    var weight: Double
    /// Which start of its process this is.
    var life: Int64
    /// Milliseconds since 1970.
    var startedAt: Int64
    var keepsMetadata: Bool
}

/// Everything that all nodes have to agree on, as of one revision of the metadata store.
struct ClusterState: Sendable {
    private(set) var revision: Int64 = 0
    /// Those with a session.
    private(set) var nodes: [NodeID: NodeRecord] = [:]
    private(set) var shards: [ShardKey: ShardState] = [:]
    /// What an operator asked for by name, until it is done.
    private(set) var overrides: [ShardKey: [NodeID]] = [:]
    /// The catalogue's text, and the revision it was put at.
    private(set) var catalog: (json: [UInt8], revision: Int64)?
    /// When nodes were last seen that are gone now: milliseconds since 1970 by the store's node.
    private(set) var known: [NodeID: NodeRecord] = [:]

    var alive: [NodeID: Int64] { nodes.mapValues(\.life) }

    init() {}

    init(_ entries: [MetadataEntry], revision: Int64) throws {
        for entry in entries {
            try apply(key: entry.key, value: entry.value, revision: entry.revision)
        }
        self.revision = revision
    }

    mutating func apply(_ changes: [MetadataChanges.Change], upTo revision: Int64) throws {
        for change in changes {
            try apply(key: change.key, value: change.value, revision: change.revision)
        }
        self.revision = revision
    }

    private mutating func apply(key: String, value: [UInt8]?, revision: Int64) throws {
        switch ClusterKey(key) {
        case .catalog: catalog = value.map { ($0, revision) }
        case .node(let id):
            nodes[id] = try value.map { try Wire.decode(NodeRecord.self, from: $0) }
        case .known(let id):
            known[id] = try value.map { try Wire.decode(NodeRecord.self, from: $0) }
        case .shard(let shard):
            shards[shard] = try value.map { try Wire.decode(ShardState.self, from: $0) }
        case .override(let shard):
            overrides[shard] = try value.map { try Wire.decode([NodeID].self, from: $0) }
        case .life, nil: break
        }
    }
}

/// The keys in the metadata store.
enum ClusterKey: Equatable {
    case catalog
    /// With the session of the node.
    case node(NodeID)
    /// Every node that ever was there, until it is removed.
    case known(NodeID)
    case life(NodeID)
    case shard(ShardKey)
    case override(ShardKey)

    var text: String {
        switch self {
        case .catalog: "catalog"
        case .node(let id): "nodes/\(id)"
        case .known(let id): "known/\(id)"
        case .life(let id): "lives/\(id)"
        case .shard(let key): "shards/\(key.index)/\(key.number)"
        case .override(let key): "overrides/\(key.index)/\(key.number)"
        }
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("catalog", 1): self = .catalog
        case ("nodes", 2): self = .node(NodeID(parts[1]))
        case ("known", 2): self = .known(NodeID(parts[1]))
        case ("lives", 2): self = .life(NodeID(parts[1]))
        case ("shards", 3), ("overrides", 3):
            guard let number = Int(parts[2]) else { return nil }
            let key = ShardKey(index: parts[1], number: number)
            self = parts[0] == "shards" ? .shard(key) : .override(key)
        default: return nil
        }
    }
}
