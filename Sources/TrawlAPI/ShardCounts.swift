internal import TrawlCoordinator
internal import TrawlJSON

/// How the copies of shards stand, added up.
struct ShardCounts {
    var primaries = 0
    /// Copies that answer, primaries included.
    var active = 0
    var initializing = 0
    var relocating = 0
    var unassigned = 0
    /// Shards of which no copy takes changes.
    var withoutPrimary = 0
    /// Why copies are missing, each reason once.
    var reasons: [String] = []

    init() {}

    init(_ copies: [ClusterPicture.Copy]) {
        for copy in copies {
            switch copy.state {
            case .started: active += 1
            case .relocating:
                active += 1
                relocating += 1
            case .initializing: initializing += 1
            case .unassigned: unassigned += 1
            }
            if copy.isPrimary { if copy.isActive { primaries += 1 } else { withoutPrimary += 1 } }
            if !copy.isActive, let reason = copy.reason { reasons.append(reason) }
        }
    }

    init(_ index: IndexMetadata, _ picture: ClusterPicture) {
        self = picture.copies(of: index).reduce(Self()) { $0 + Self($1) }
    }

    var status: String {
        if withoutPrimary > 0 { return "red" }
        return unassigned + initializing > 0 ? "yellow" : "green"
    }

    var total: Int { active + initializing + unassigned }
    var percent: Double { total == 0 ? 100 : 100 * Double(active) / Double(total) }

    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.primaries += right.primaries
        sum.active += right.active
        sum.initializing += right.initializing
        sum.relocating += right.relocating
        sum.unassigned += right.unassigned
        sum.withoutPrimary += right.withoutPrimary
        for reason in right.reasons where !sum.reasons.contains(reason) {
            sum.reasons.append(reason)
        }
        return sum
    }

    /// The members that health shows for the cluster and for an index alike.
    var healthMembers: [(key: String, value: JSONValue)] {
        [
            ("active_primary_shards", JSONValue(primaries)), ("active_shards", JSONValue(active)),
            ("relocating_shards", JSONValue(relocating)),
            ("initializing_shards", JSONValue(initializing)),
            ("unassigned_shards", JSONValue(unassigned)),
        ]
    }
}

extension Services {
    /// The cluster, or this node as one.
    var picture: ClusterPicture {
        if let picture = coordinator.picture { return picture }
        var own = ClusterPicture.Node(
            id: node.id, name: node.name, host: node.host, httpPort: node.httpPort)
        own.startedAt = node.startedAt
        return ClusterPicture(nodes: [own], localNode: node.id)
    }
}

extension ClusterPicture.Node {
    var httpAddress: String { "\(host):\(httpPort)" }
    /// What the API calls the transport address.
    var transportAddress: String { peerAddress ?? httpAddress }

    var attributes: JSONValue { zone.isEmpty ? [:] : ["zone": .string(zone)] }
}
