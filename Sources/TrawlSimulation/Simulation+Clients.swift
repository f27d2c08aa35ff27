internal import TrawlCluster

/// Clients that write, wait, and ask again with the same request id when nobody answers.
extension Simulation {
    mutating func clientStep(_ number: Int) {
        if !clients[number].isWaiting {
            guard !isHealed || now < settings.duration + 2_000_000 else { return }
            clients[number].request = nextRequest
            clients[number].shard = Int(chance.number(in: 0...Int64(settings.shardCount - 1)))
            shardOfRequest[nextRequest] = clients[number].shard
            nextRequest += 1
            clients[number].isWaiting = true
        }
        let client = clients[number]
        // Any node may be asked; one that leads is found by what the node knows.
        let asked = chance.pick(Array(nodes.indices))
        let known = nodes[asked].copies[client.shard]?.core.state ?? store.states[client.shard]
        if let leader = known.leader, let target = nodes.firstIndex(where: { $0.id == leader }) {
            transmit(
                .request(
                    client: number, request: client.request, node: target, shard: client.shard),
                from: asked, to: target)
        }
        clients[number].attempt += 1
        queue.plan(
            .clientStep(client: number, attempt: clients[number].attempt),
            at: now + chance.number(in: 300_000...900_000))
    }

    mutating func requested(_ request: Int64, by client: Int, at node: Int, shard: Int) {
        guard let copy = nodes[node].copies[shard], copy.core.isLeader,
            !nodes[node].diskIsFull
        else { return }
        let record = SimulatedRecord(epoch: copy.core.epoch, request: request)
        nodes[node].copies[shard]?.records.append(record)
        let offset = nodes[node].copies[shard]?.core.appended(count: 1).lowerBound ?? 0
        nodes[node].copies[shard]?.waiting[offset] = (request, client)
        startSync(node, shard: shard)
    }

    mutating func answered(_ request: Int64, to number: Int) {
        guard clients[number].isWaiting, clients[number].request == request else { return }
        report.acknowledged += 1
        clients[number].isWaiting = false
        clients[number].attempt += 1
        queue.plan(
            .clientStep(client: number, attempt: clients[number].attempt),
            at: now + chance.number(in: 1_000...60_000))
    }
}
