internal import TrawlCluster

/// The metadata store: linearizable while it is there, away at times.
struct SimulatedStore {
    static let lease: Int64 = 700_000

    private(set) var states: [ShardState]
    /// What moves aim at, by shard.
    var targets: [[NodeID]?]
    var isUp = true
    /// When each node's session ends.
    var sessions: [NodeID: (life: Int, end: Int64)] = [:]

    init(states: [ShardState]) {
        self.states = states
        targets = states.map { _ in nil }
    }

    mutating func put(_ state: ShardState, for shard: Int) { states[shard] = state }

    func alive(at now: Int64) -> [NodeID: Int64] {
        sessions.filter { $0.value.end > now }.mapValues { Int64($0.life) }
    }
}

extension Simulation {
    mutating func heartbeat(_ node: Int) {
        queue.plan(.heartbeat(node: node), at: now + 150_000)
        guard nodes[node].isUp, store.isUp, canReach(node, storeNumber) else { return }
        if settings.faults.contains(.network), !isHealed, chance.happens(0.05) { return }
        store.sessions[nodes[node].id] = (nodes[node].life, now + SimulatedStore.lease)
        // The answer carries what the store knows, for those who missed a notice.
        for (shard, state) in store.states.enumerated() {
            transmit(.notice(node: node, shard: shard, state), from: storeNumber, to: node)
        }
    }

    mutating func storeTick() {
        queue.plan(.storeTick, at: now + 100_000)
        guard store.isUp else { return }
        let alive = store.alive(at: now)
        for shard in store.states.indices {
            if let next = ShardController.next(store.states[shard], alive: alive) {
                report.elections += 1
                change(shard, to: next)
            } else if let target = store.targets[shard] {
                if let next = ShardController.retarget(
                    store.states[shard], to: target, alive: alive)
                {
                    report.moves += 1
                    change(shard, to: next)
                } else if Set(store.states[shard].copies) == Set(target) {
                    store.targets[shard] = nil
                }
            }
        }
    }

    mutating func change(_ shard: Int, to state: ShardState) {
        if let problem = state.violation { violation("shard \(shard): \(problem)") }
        if state.revision <= store.states[shard].revision { violation("a revision fell") }
        store.put(state, for: shard)
        for node in nodes.indices {
            transmit(.notice(node: node, shard: shard, state), from: storeNumber, to: node)
        }
    }

    mutating func storeReceives(
        inSync: [NodeID], from node: Int, shard: Int, epoch: Int64, revision: Int64
    ) {
        guard store.isUp else { return }
        let accepted = ShardController.accept(
            inSync: inSync, from: nodes[node].id, epoch: epoch, revision: revision,
            in: store.states[shard])
        if let accepted {
            change(shard, to: accepted)
        } else {
            transmit(
                .refused(node: node, life: nodes[node].life, shard: shard), from: storeNumber,
                to: node)
        }
    }
}
