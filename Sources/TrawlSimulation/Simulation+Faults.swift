internal import TrawlCluster

/// What goes wrong, and how it is put right.
extension Simulation {
    mutating func makeFault() {
        guard !isHealed else { return }
        queue.plan(.fault, at: now + chance.number(in: 50_000...900_000))
        let kinds = Faults.names.map(\.fault).filter {
            $0 != .all && !$0.isEmpty && $0 != .network && settings.faults.contains($0)
        }
        guard !kinds.isEmpty else { return }
        let node = chance.pick(Array(nodes.indices))
        switch chance.pick(kinds) {
        case .partitions: partition()
        case .crashes: stop(node, losesPower: false)
        case .power: stop(node, losesPower: true)
        case .disks:
            nodes[node].diskIsFull = chance.happens(0.3)
            nodes[node].diskDelay = chance.happens(0.4) ? 400_000 : 2_000
        case .corruption: corrupt(node)
        case .metadata: store.isUp = !store.isUp || chance.happens(0.5)
        case .moves: move()
        default: break
        }
        if !store.isUp, chance.happens(0.4) { store.isUp = true }
    }

    private mutating func partition() {
        guard chance.happens(0.6) else {
            cuts = []
            return
        }
        let everyone = Array(0...storeNumber)
        let island = Set(everyone.filter { _ in chance.happens(0.4) })
        let oneWay = chance.happens(0.4)
        cuts = []
        for from in everyone {
            for to in everyone where from != to && island.contains(from) != island.contains(to) {
                if oneWay, island.contains(from) { continue }
                cuts.insert(from * 64 + to)
            }
        }
    }

    mutating func stop(_ node: Int, losesPower: Bool) {
        guard nodes[node].isUp else { return }
        report.crashes += 1
        nodes[node].isUp = false
        nodes[node].life += 1
        let life = nodes[node].life
        for shard in nodes[node].copies.keys.sorted() {
            guard let copy = nodes[node].copies[shard] else { continue }
            var end = copy.core.endOffset
            if losesPower {
                // Some of what was not synced may have reached the disk all the same.
                end = chance.number(in: copy.core.syncedOffset...end)
            }
            nodes[node].copies[shard]?.restart(
                survivingTo: end, life: life, settings: coreSettings)
        }
        queue.plan(.restart(node: node), at: now + chance.number(in: 50_000...4_000_000))
    }

    mutating func restart(_ node: Int) {
        nodes[node].isUp = true
        queue.plan(.tick(node: node, life: nodes[node].life), at: now + 1_000)
    }

    /// The node stops and finds one of its copies damaged when it starts: the copy leaves the
    /// in-sync set and begins anew. The last copy in sync is left whole: nothing could bring its
    /// changes back.
    private mutating func corrupt(_ node: Int) {
        guard nodes[node].isUp, store.isUp, canReach(node, storeNumber),
            let shard = nodes[node].copies.keys.sorted().first
        else { return }
        let id = nodes[node].id
        guard let retired = ShardController.retire(id, from: store.states[shard]) else { return }
        stop(node, losesPower: false)
        change(shard, to: retired)
        nodes[node].copies[shard] = nil
        // Not alive for the store before its retirement is known everywhere it matters.
        store.sessions[id] = nil
    }

    private mutating func move() {
        let shard = Int(chance.number(in: 0...Int64(settings.shardCount - 1)))
        guard store.targets[shard] == nil else { return }
        var ids = nodes.map(\.id)
        var target: [NodeID] = []
        while target.count < settings.copyCount {
            let id = chance.pick(ids)
            ids.removeAll { $0 == id }
            target.append(id)
        }
        store.targets[shard] = target
    }

    mutating func heal() {
        isHealed = true
        cuts = []
        store.isUp = true
        for node in nodes.indices {
            nodes[node].diskIsFull = false
            nodes[node].diskDelay = 2_000
            if !nodes[node].isUp { restart(node) }
        }
    }
}
