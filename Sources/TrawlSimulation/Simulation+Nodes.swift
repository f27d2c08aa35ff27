internal import TrawlCluster

/// What a node does: the shell around the cores.
extension Simulation {
    mutating func tick(_ node: Int) {
        queue.plan(.tick(node: node, life: nodes[node].life), at: now + 50_000)
        for shard in nodes[node].copies.keys.sorted() {
            let time = time
            let actions = nodes[node].copies[shard]?.core.tick(at: time) ?? []
            perform(actions, at: node, shard: shard, records: [])
            if chance.happens(0.1) { commitIndex(node, shard: shard) }
        }
    }

    /// Makes the index durable, and now and then drops the log before it.
    private mutating func commitIndex(_ node: Int, shard: Int) {
        guard var copy = nodes[node].copies[shard], copy.index.applied >= copy.core.startOffset
        else { return }
        copy.committedIndex = copy.index
        if chance.happens(0.3) {
            let offset = copy.index.applied
            copy.records.removeFirst(Int(offset - copy.core.startOffset))
            copy.core.trimmed(to: offset)
        }
        nodes[node].copies[shard] = copy
    }

    mutating func adopt(_ state: ShardState, at node: Int, shard: Int) {
        let id = nodes[node].id
        if nodes[node].copies[shard] == nil {
            guard state.copies.contains(id) else { return }
            nodes[node].copies[shard] = SimulatedCopy(
                node: id, life: nodes[node].life, incarnation: state.incarnation(of: id),
                settings: coreSettings)
        }
        let time = time
        let before = nodes[node].copies[shard]?.core.state?.revision ?? -1
        let actions = nodes[node].copies[shard]?.core.adopt(state, at: time) ?? []
        if state.revision > before {
            let isLeader = nodes[node].copies[shard]?.core.isLeader ?? false
            if isLeader {
                if let problem = ledger.leads(id, shard: shard, epoch: state.epoch) {
                    violation(problem)
                }
            } else {
                nodes[node].copies[shard]?.waiting = [:]
            }
            if !state.copies.contains(id) {
                // The copy was moved away: its disk is freed.
                nodes[node].copies[shard] = nil
                return
            }
        }
        perform(actions, at: node, shard: shard, records: [])
    }

    mutating func receive(
        _ message: ReplicationMessage, _ records: [SimulatedRecord], from sender: Int,
        at node: Int, shard: Int
    ) {
        let time = time
        let id = nodes[sender].id
        let actions = nodes[node].copies[shard]?.core.receive(message, from: id, at: time) ?? []
        perform(actions, at: node, shard: shard, records: records)
    }

    mutating func perform(
        _ actions: [ReplicaCore.Action], at node: Int, shard: Int, records: [SimulatedRecord]
    ) {
        for action in actions {
            guard let copy = nodes[node].copies[shard] else { return }
            switch action {
            case .send(let message, let target):
                send(message, from: node, to: target, shard: shard, copy: copy)
            case .append(let received):
                guard !nodes[node].diskIsFull else { continue }
                precondition(Int64(records.count) == Int64(received.offsets.count))
                nodes[node].copies[shard]?.records += records
                nodes[node].copies[shard]?.core.appended(received)
                startSync(node, shard: shard)
            case .truncate(let offset):
                report.truncations += 1
                let keep = Int(offset - copy.core.startOffset)
                nodes[node].copies[shard]?.records.removeLast(copy.records.count - keep)
            case .committed(let offset): commit(upTo: offset, at: node, shard: shard)
            case .propose(let inSync, let revision):
                transmit(
                    .proposal(
                        node: node, shard: shard, epoch: copy.core.epoch, inSync: inSync,
                        revision: revision), from: node, to: storeNumber)
                // An answer that never comes must not block the leader for ever.
                queue.plan(
                    .refused(node: node, life: nodes[node].life, shard: shard), at: now + 900_000)
            case .discard:
                nodes[node].copies[shard] = nil
                if let state = copy.core.state { adopt(state, at: node, shard: shard) }
            case .bootstrap(let source):
                guard let number = nodes.firstIndex(where: { $0.id == source }) else { continue }
                queue.plan(
                    .bootstrapped(
                        node: node, life: nodes[node].life, shard: shard, from: number),
                    at: now + chance.number(in: 5_000...200_000))
            }
        }
    }

    private mutating func send(
        _ message: ReplicationMessage, from node: Int, to target: NodeID, shard: Int,
        copy: SimulatedCopy
    ) {
        guard let number = nodes.firstIndex(where: { $0.id == target }) else { return }
        var payload: [SimulatedRecord] = []
        if case .records(let records) = message {
            let first = Int(records.offsets.lowerBound - copy.core.startOffset)
            payload = Array(copy.records[first..<first + records.offsets.count])
        }
        transmit(
            .deliver(message, payload, from: node, to: number, shard: shard), from: node,
            to: number)
    }

    mutating func startSync(_ node: Int, shard: Int) {
        guard let copy = nodes[node].copies[shard], !copy.syncUnderWay else { return }
        nodes[node].copies[shard]?.syncUnderWay = true
        let delay = chance.number(in: 200...nodes[node].diskDelay)
        queue.plan(
            .synced(
                node: node, life: nodes[node].life, shard: shard, upTo: copy.core.endOffset),
            at: now + delay)
    }

    mutating func synced(_ node: Int, shard: Int, upTo offset: Int64) {
        let time = time
        nodes[node].copies[shard]?.syncUnderWay = false
        let actions = nodes[node].copies[shard]?.core.synced(upTo: offset, at: time) ?? []
        perform(actions, at: node, shard: shard, records: [])
        if let copy = nodes[node].copies[shard], copy.core.syncedOffset < copy.core.endOffset {
            startSync(node, shard: shard)
        }
    }

    /// Applies what is committed; answers those who waited for it.
    private mutating func commit(upTo offset: Int64, at node: Int, shard: Int) {
        // Taken out while it is changed, so that nothing of it is copied.
        guard var copy = nodes[node].copies.removeValue(forKey: shard) else { return }
        while copy.index.applied < offset {
            let place = copy.index.applied
            let record = copy.record(at: place)
            if let problem = ledger.commits(record, at: place, shard: shard, by: copy.core.node) {
                violation(problem)
            }
            let isFresh = ledger.firstOffsets[shard][record.request] == place
            copy.index.apply(record, fresh: isFresh)
            if let problem = ledger.applies(copy.index, shard: shard, by: copy.core.node) {
                violation(problem)
            }
            if let waiter = copy.waiting.removeValue(forKey: place) {
                queue.plan(
                    .acknowledged(client: waiter.client, request: waiter.request), at: now + 500)
                acknowledged.insert(waiter.request)
            }
        }
        nodes[node].copies[shard] = copy
    }

    mutating func bootstrapped(_ node: Int, shard: Int, from source: Int) {
        guard var copy = nodes[node].copies[shard] else { return }
        guard nodes[source].isUp, canReach(source, node), canReach(node, source),
            let giver = nodes[source].copies[shard], giver.core.isLeader,
            giver.core.epoch == copy.core.epoch, !nodes[node].diskIsFull
        else {
            nodes[node].copies[shard]?.core.bootstrapFailed()
            return
        }
        report.bootstraps += 1
        let files = giver.committedIndex
        guard files.applied >= giver.core.startOffset else {
            nodes[node].copies[shard]?.core.bootstrapFailed()
            return
        }
        copy.index = files
        copy.committedIndex = files
        copy.records = []
        let time = time
        let actions = copy.core.bootstrapped(
            upTo: files.applied, history: giver.core.history, at: time)
        nodes[node].copies[shard] = copy
        perform(actions, at: node, shard: shard, records: [])
    }
}
