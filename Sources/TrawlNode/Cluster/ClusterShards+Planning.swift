internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlMetadata
internal import TrawlSchema
internal import TrawlTransport

/// What an operator may look at and ask for. Computed on the node that is asked, from the state that all
/// nodes have.
extension ClusterShards: ClusterPlanning {
    func plan(excluding excluded: [String]) -> ClusterPlan {
        let state = member.state
        let snapshot = catalog.snapshot
        var allocation = ClusterAllocation.make(state, snapshot, isAway: { _ in false })
        let names = nodeNames(state)
        for i in allocation.members.indices {
            let name = names[allocation.members[i].ring.node] ?? ""
            if excluded.contains(where: { Wildcard.matches($0, name) }) {
                allocation.members[i].isEligible = false
            }
        }
        let current = Assignment(copies: state.shards.mapValues(\.copies))
        let rebalance = RebalancePlan(from: current, to: allocation.target)
        var plan = ClusterPlan()
        for move in rebalance.moves {
            guard let index = index(move.shard, snapshot) else { continue }
            let shard = RoutedShard(move.shard, of: index, self)
            plan.moves.append(
                ClusterPlan.Move(
                    index: index.name, shard: move.shard.number,
                    source: move.source.map { names[$0] ?? $0.string },
                    target: names[move.target] ?? move.target.string,
                    byteCount: shard.figures.byteCount))
        }
        for drop in rebalance.drops {
            guard let index = index(drop.shard, snapshot) else { continue }
            plan.drops.append(
                ClusterPlan.Drop(
                    index: index.name, shard: drop.shard.number,
                    node: names[drop.node] ?? drop.node.string))
        }
        return plan
    }

    private func index(_ key: ShardKey, _ snapshot: CatalogSnapshot) -> IndexMetadata? {
        snapshot.indices.values.first { $0.uuid == key.index }
    }

    private func nodeNames(_ state: ClusterState) -> [NodeID: String] {
        state.known.mapValues(\.name).merging(state.nodes.mapValues(\.name)) { $1 }
    }

    func ring(parts: Int) -> RingPicture {
        let state = member.state
        let records = state.nodes.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        let ring = HashRing(
            records.map { HashRing.Member(node: $0.id, zone: $0.zone, weight: $0.weight) })
        let places = Dictionary(
            uniqueKeysWithValues: records.enumerated().map { ($1.id, $0) })
        // Many more points than are shown, so that shares are right to a fraction of a percent.
        let samples = 16_384
        var counts = [Int](repeating: 0, count: records.count)
        var owners: [Int] = []
        for i in 0..<samples {
            let point = UInt64(i) << (64 - 14)
            guard let owner = ring.nodes(from: point, count: 1).first, let place = places[owner]
            else { continue }
            counts[place] += 1
            if i * parts / samples >= owners.count { owners.append(place) }
        }
        let loads = Assignment(copies: state.shards.mapValues(\.copies)).loads
        return RingPicture(
            nodes: records.enumerated().map { place, record in
                RingPicture.Node(
                    name: record.name, zone: record.zone, weight: record.weight,
                    share: Double(counts[place]) / Double(samples),
                    copyCount: loads[record.id] ?? 0,
                    leaderCount: state.shards.values.count { $0.leader == record.id })
            }, owners: owners)
    }

    func reroute(_ commands: [RerouteCommand], isDryRun: Bool) throws {
        let state = member.state
        var transaction = MetadataTransaction()
        for command in commands {
            switch command {
            case .move(let index, let shard, let source, let target):
                let key = try key(index, shard)
                let from = try node(source, state)
                let to = try node(target, state)
                let copies = state.shards[key]?.copies ?? []
                guard copies.contains(from), !copies.contains(to) else {
                    throw CoordinatorError.illegalArgument(
                        "[move_allocation] can't move \(shard) from [\(source)] to [\(target)]: "
                            + (copies.contains(from)
                                ? "the target has a copy already" : "the source has no copy"))
                }
                let override = copies.map { $0 == from ? to : $0 }
                transaction.put(ClusterKey.override(key).text, try Wire.encode(override))
            case .cancel(let index, let shard):
                let key = try key(index, shard)
                guard state.overrides[key] != nil else {
                    throw CoordinatorError.illegalArgument(
                        "[cancel_allocation] no move of [\(index)][\(shard)] is under way")
                }
                transaction.delete(ClusterKey.override(key).text)
            }
        }
        if isDryRun { return }
        if let revision = try member.store.commit(transaction) { member.settle(revision) }
    }

    private func key(_ name: String, _ shard: Int) throws -> ShardKey {
        guard let index = catalog.snapshot.indices[name] else {
            throw CoordinatorError.indexNotFound(name)
        }
        guard (0..<index.shardCount).contains(shard) else {
            throw CoordinatorError.illegalArgument(
                "[\(name)] has no shard \(shard), it has \(index.shardCount)")
        }
        return ShardKey(index: index.uuid, number: shard)
    }

    private func node(_ text: String, _ state: ClusterState) throws -> NodeID {
        if let record = state.nodes.values.first(where: { $0.name == text || $0.id.string == text })
        {
            return record.id
        }
        throw CoordinatorError.illegalArgument(
            "no node [\(text)] is in the cluster: "
                + state.nodes.values.map(\.name).sorted().joined(separator: ", "))
    }
}
