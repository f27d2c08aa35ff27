internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlSchema

/// What placement is decided by, from the state and the catalogue.
enum ClusterAllocation {
    /// - Parameters:
    ///   - isAway: Whether a node has been away for so long that its copies go elsewhere.
    ///   - isEarly: Nobody is taken to be away yet.
    static func make(
        _ state: ClusterState, _ snapshot: CatalogSnapshot, isAway: (NodeID) -> Bool,
        isEarly: Bool = false
    ) -> Allocation {
        var members: [Allocation.Member] = []
        for record in state.known.values.sorted(by: { $0.id < $1.id }) {
            let isHere = state.nodes[record.id] != nil
            let current = state.nodes[record.id] ?? record
            members.append(
                Allocation.Member(
                    ring: HashRing.Member(
                        node: current.id, zone: current.zone, weight: current.weight),
                    life: isHere || isEarly ? current.life : nil,
                    isEligible: !isAway(record.id) && !Drain.excludes(current, snapshot)))
        }
        let eligibleCount = members.count(where: \.isEligible)
        var wanted: [Placement.Shard] = []
        for name in snapshot.names {
            guard let index = snapshot.indices[name] else { continue }
            let count = index.copyCount(onNodes: eligibleCount)
            for number in 0..<index.shardCount {
                wanted.append(
                    .init(key: ShardKey(index: index.uuid, number: number), copyCount: count))
            }
        }
        let limit =
            snapshot.setting("cluster.routing.allocation.cluster_concurrent_rebalance")
            .flatMap { Int($0) } ?? 2
        return Allocation(
            members: members, wanted: wanted, states: state.shards, overrides: state.overrides,
            moveLimit: max(1, limit))
    }
}

/// Which nodes an operator has taken out of use:
/// `cluster.routing.allocation.exclude._name` (or `_id`, `_host`), names with `*` and commas.
enum Drain {
    static func excludes(_ node: NodeRecord, _ snapshot: CatalogSnapshot) -> Bool {
        let values = ["_name": node.name, "_id": node.id.string, "_host": node.host]
        return values.contains { key, value in
            let patterns = snapshot.setting("cluster.routing.allocation.exclude.\(key)") ?? ""
            return patterns.split(separator: ",").contains {
                Wildcard.matches($0.filter { $0 != " " }, value)
            }
        }
    }
}
