internal import TrawlCluster

/// Everything that was ever committed, by anyone: the one history that all copies must agree on.
struct CommitLedger {
    private var leaders: [[Int64: NodeID]]
    private(set) var records: [[SimulatedRecord]]
    /// Where each request was committed first.
    private(set) var firstOffsets: [[Int64: Int64]]
    private var digests: [[UInt64?]]

    init(shardCount: Int) {
        leaders = Array(repeating: [:], count: shardCount)
        records = Array(repeating: [], count: shardCount)
        firstOffsets = Array(repeating: [:], count: shardCount)
        digests = Array(repeating: [], count: shardCount)
    }

    /// - Returns: What is wrong, or nil.
    mutating func leads(_ node: NodeID, shard: Int, epoch: Int64) -> String? {
        if let other = leaders[shard][epoch], other != node {
            return "shard \(shard): \(other) and \(node) both lead in epoch \(epoch)"
        }
        leaders[shard][epoch] = node
        return nil
    }

    mutating func commits(
        _ record: SimulatedRecord, at offset: Int64, shard: Int, by node: NodeID
    ) -> String? {
        let place = Int(offset)
        if place < records[shard].count {
            let known = records[shard][place]
            guard known == record else {
                return "shard \(shard): \(node) commits \(record) at \(offset), "
                    + "where \(known) was committed"
            }
            return nil
        }
        guard place == records[shard].count else {
            return "shard \(shard): \(node) commits \(offset), a gap after \(records[shard].count)"
        }
        records[shard].append(record)
        if firstOffsets[shard][record.request] == nil {
            firstOffsets[shard][record.request] = offset
        }
        return nil
    }

    mutating func applies(_ index: SimulatedIndex, shard: Int, by node: NodeID) -> String? {
        let place = Int(index.applied)
        while digests[shard].count <= place { digests[shard].append(nil) }
        if let known = digests[shard][place], known != index.digest {
            return "shard \(shard): \(node) applied \(place) changes to another content"
        }
        digests[shard][place] = index.digest
        return nil
    }
}

extension Simulation {
    /// What must hold once the faults have stopped and time has passed.
    mutating func checkAtRest() {
        for shard in store.states.indices {
            let state = store.states[shard]
            let effects = ledger.firstOffsets[shard]
            let lost = acknowledged.filter { shardOfRequest[$0] == shard && effects[$0] == nil }
            if !lost.isEmpty {
                violation("shard \(shard): acknowledged and lost: \(lost.sorted().prefix(5))")
            }
            guard let leader = state.leader else {
                violation("shard \(shard) has no leader at rest")
                continue
            }
            if Set(state.inSync) != Set(state.copies) {
                violation("shard \(shard): in sync at rest are \(state.inSync) of \(state.copies)")
            }
            if state.copies.count != settings.copyCount {
                violation("shard \(shard) has \(state.copies.count) copies at rest")
            }
            let indexes = nodes.filter { state.copies.contains($0.id) }
                .compactMap { $0.copies[shard]?.index }
            guard indexes.count == state.copies.count, let first = indexes.first else {
                violation("shard \(shard): a copy is missing at rest, led by \(leader)")
                continue
            }
            if indexes.contains(where: { $0 != first }) {
                let places = indexes.map { "\($0.applied)" }.joined(separator: ", ")
                violation("shard \(shard): copies differ at rest, applied \(places)")
            }
            if first.applied != Int64(ledger.records[shard].count) {
                violation(
                    "shard \(shard): \(ledger.records[shard].count) committed, "
                        + "\(first.applied) applied at rest")
            }
        }
    }
}
