internal import TrawlCluster

/// One record of a simulated log: whose request it carries.
struct SimulatedRecord: Equatable, Sendable {
    var epoch: Int64
    var request: Int64
}

/// What the index of a copy comes to when changes are applied: which requests took effect, in
/// which order. Two copies that applied the same records have equal digests.
struct SimulatedIndex: Equatable, Sendable {
    var applied: Int64 = 0
    var digest: UInt64 = 0

    /// - Parameter fresh: Whether the request stands in the log for the first time. One that is
    ///   there again, because a client asked twice, takes no effect.
    mutating func apply(_ record: SimulatedRecord, fresh: Bool) {
        var h = digest ^ UInt64(bitPattern: applied &* 31 &+ (fresh ? record.request : -1))
        h = (h ^ (h >> 33)) &* 0xff51_afd7_ed55_8ccd
        digest = h ^ (h >> 29)
        applied += 1
    }
}

/// One copy of a shard on a simulated node: the real core, a log and an index in memory, and what
/// of them would survive.
struct SimulatedCopy {
    var core: ReplicaCore
    /// `records[0]` is the record at `core.startOffset`.
    var records: [SimulatedRecord] = []
    var index = SimulatedIndex()
    /// The last commit of the index: survives everything but corruption.
    var committedIndex = SimulatedIndex()
    /// Requests that wait for their offset to be committed, by offset.
    var waiting: [Int64: (request: Int64, client: Int)] = [:]
    var syncUnderWay = false

    /// A new copy, with nothing in it.
    init(node: NodeID, life: Int, incarnation: Int64, settings: ReplicaCore.Settings) {
        core = ReplicaCore(
            node: node, life: Int64(life), incarnation: incarnation, history: EpochHistory(),
            startOffset: 0, endOffset: 0, applied: 0, settings: settings)
    }

    func record(at offset: Int64) -> SimulatedRecord {
        records[Int(offset - core.startOffset)]
    }

    /// Starts again from what is on disk.
    ///
    /// - Parameter end: Up to where the log survived.
    mutating func restart(survivingTo end: Int64, life: Int, settings: ReplicaCore.Settings) {
        var history = core.history
        history.truncate(to: end)
        records.removeLast(records.count - Int(end - core.startOffset))
        index = committedIndex
        waiting = [:]
        syncUnderWay = false
        core = ReplicaCore(
            node: core.node, life: Int64(life), incarnation: core.incarnation, history: history,
            startOffset: core.startOffset, endOffset: end,
            applied: index.applied, settings: settings)
    }
}
