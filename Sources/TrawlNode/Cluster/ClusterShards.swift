internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlTransport

/// The shards of a cluster, as the coordinator of one of its nodes reaches them.
final class ClusterShards: ShardProvider {
    let member: ClusterMember
    let hosting: ShardHosting
    let service: ShardService
    let clusterScatter: ClusterScatter
    let catalog: IndexCatalog
    private let surroundings: CopySurroundings
    let local: LocalShards

    init(
        _ surroundings: CopySurroundings, catalog: IndexCatalog, hosting: ShardHosting,
        service: ShardService, scatter: ClusterScatter, local: LocalShards
    ) {
        self.catalog = catalog
        self.surroundings = surroundings
        member = surroundings.member
        self.hosting = hosting
        self.service = service
        clusterScatter = scatter
        self.local = local
    }

    var node: NodeID { surroundings.node }
    var scatter: any ShardScatter { clusterScatter }
    var planning: (any ClusterPlanning)? { self }

    func client(_ node: NodeID) -> PeerClient? { surroundings.client(node) }

    func openShard(_ index: IndexMetadata, number: Int) -> any ShardClient {
        RoutedShard(ShardKey(index: index.uuid, number: number), of: index, self)
    }

    /// Copies go when the store says so.
    func removeAll(but uuids: Set<String>) {}

    var diskByteCounts: (total: Int, free: Int) { local.diskByteCounts }

    func waitUntilReady(_ index: IndexMetadata, timeout: Duration) -> Bool {
        let keys = (0..<index.shardCount).map { ShardKey(index: index.uuid, number: $0) }
        return member.wait(timeout: timeout) { state in
            keys.allSatisfy { key in
                guard let leader = state.shards[key]?.leader else { return false }
                return state.nodes[leader] != nil
            } ? true : nil
        } ?? false
    }

    // MARK: What clients see

    var picture: ClusterPicture? {
        let state = member.state
        let records = state.nodes.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        var picture = ClusterPicture(
            nodes: records.map { record in
                var node = ClusterPicture.Node(
                    id: record.id.string, name: record.name, host: record.host,
                    httpPort: record.httpPort)
                node.peerAddress = record.peer.description
                node.zone = record.zone
                node.weight = record.weight
                node.startedAt = record.startedAt
                node.keepsMetadata = record.keepsMetadata
                return node
            }, localNode: node.string)
        let hosting = hosting
        picture.copies = { index in
            let count = index.copyCount(onNodes: state.nodes.count)
            return (0..<index.shardCount).map { number in
                Self.copies(
                    of: ShardKey(index: index.uuid, number: number), wanted: count, state, hosting)
            }
        }
        return picture
    }

    private static func copies(
        of key: ShardKey, wanted: Int, _ state: ClusterState, _ hosting: ShardHosting
    ) -> [ClusterPicture.Copy] {
        guard let shard = state.shards[key] else {
            return (0..<wanted).map { place in
                unassigned(
                    place == 0, "INDEX_CREATED", "the shard has just been made")
            }
        }
        var copies: [ClusterPicture.Copy] = []
        let leader = shard.leader.flatMap { state.nodes[$0] == nil ? nil : $0 }
        if let leader {
            copies.append(.init(.started, isPrimary: true, node: leader.string))
        } else {
            let names = shard.inSync.map { state.known[$0]?.name ?? $0.string }
            copies.append(
                unassigned(
                    true, "NODE_LEFT",
                    "the copies in sync were on \(names.joined(separator: ", "))"))
        }
        for node in shard.copies where node != leader && state.nodes[node] != nil {
            let isReady = shard.inSync.contains(node)
            var copy = ClusterPicture.Copy(
                isReady ? .started : .initializing, isPrimary: false, node: node.string)
            copy.reason = hosting.refusal(key)
            copies.append(copy)
        }
        let away = shard.copies.filter { state.nodes[$0] == nil && $0 != shard.leader }
        let lost = shard.leader.map { state.nodes[$0] == nil } ?? false
        while copies.count < wanted {
            let hasLeft = !away.isEmpty || lost
            copies.append(
                unassigned(
                    false, hasLeft ? "NODE_LEFT" : "INDEX_CREATED",
                    hasLeft
                        ? "the node that had it is away"
                        : "there are fewer nodes that may keep it than copies"))
        }
        return copies
    }

    private static func unassigned(
        _ isPrimary: Bool, _ type: String, _ reason: String
    ) -> ClusterPicture.Copy {
        var copy = ClusterPicture.Copy(.unassigned, isPrimary: isPrimary, node: nil)
        copy.unassignedReason = type
        copy.reason = reason
        return copy
    }
}
