internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlMetadata
internal import TrawlThreads
internal import TrawlTransport

/// Runs where the metadata is kept, and writes there what `Allocation` decides.
final class ClusterController: Sendable {
    private let member: ClusterMember
    private let catalog: IndexCatalog
    private let isStopped = Atomic<Bool>(false)
    private let began = ContinuousClock.now
    /// When a node that is away was last seen.
    private let awaySince = Mutex<[NodeID: ContinuousClock.Instant]>([:])
    private let log: @Sendable (String) -> Void

    /// After a start of this node, the others have so long to say that they are there.
    static let grace = Duration.seconds(3)
    /// Copies of a node that is away are made elsewhere after this: a restart must not move them.
    static let defaultDelay = Duration.seconds(60)

    init(
        _ member: ClusterMember, catalog: IndexCatalog, log: @escaping @Sendable (String) -> Void
    ) {
        self.member = member
        self.catalog = catalog
        self.log = log
    }

    func start() {
        _ = SystemThread(name: "controller") { [self] in
            var revision: Int64 = -1
            while !isStopped.load(ordering: .relaxed) {
                _ = member.wait(timeout: .milliseconds(200)) { $0.revision > revision ? true : nil }
                revision = member.state.revision
                do { try decide() } catch { log("the controller could not decide: \(error)") }
            }
        }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    private func decide() throws {
        let state = member.state
        let snapshot = catalog.snapshot
        let allocation = allocation(state, snapshot)
        for (key, change) in allocation.changes() { try write(change, of: key, state) }
        // What an operator asked for is done when the copies lie there.
        for (key, nodes) in state.overrides {
            guard let shard = state.shards[key], Set(shard.copies) != Set(nodes) else {
                var transaction = MetadataTransaction()
                transaction.delete(ClusterKey.override(key).text)
                _ = try member.store.commit(transaction)
                continue
            }
        }
    }

    private func write(
        _ change: Allocation.Change, of key: ShardKey, _ state: ClusterState
    ) throws {
        let name = ClusterKey.shard(key).text
        let entry = try member.store.get(name)
        let known = try entry.map { try Wire.decode(ShardState.self, from: $0.value) }
        // Decided on another state than the one that is there: decided again with the next change.
        guard known == state.shards[key] else { return }
        var transaction = MetadataTransaction()
        transaction.require(name, revision: entry?.revision ?? 0)
        switch change {
        case .remove: transaction.delete(name)
        case .set(let next):
            if let violation = next.violation {
                log("a state of \(key) is refused: \(violation)")
                return
            }
            transaction.put(name, try Wire.encode(next))
            if let known, next.epoch > known.epoch, known.epoch > 0 {
                log("\(key) is led by \(next.leader?.string ?? "nobody") in epoch \(next.epoch)")
            }
        }
        _ = try member.store.commit(transaction)
    }

    private func allocation(_ state: ClusterState, _ snapshot: CatalogSnapshot) -> Allocation {
        let now = ContinuousClock.now
        let delay = Self.delay(snapshot)
        let away = awaySince.withLock { away in
            for node in state.known.keys {
                away[node] = state.nodes[node] == nil ? away[node] ?? now : nil
            }
            return away
        }
        // Until everybody had time to come back, those who were there are taken to be.
        return ClusterAllocation.make(
            state, snapshot, isAway: { node in away[node].map { now - $0 > delay } ?? false },
            isEarly: now - began < Self.grace)
    }

    private static func delay(_ snapshot: CatalogSnapshot) -> Duration {
        snapshot.setting("cluster.routing.allocation.node_left.delay")
            .flatMap { TimeText.parse($0) } ?? defaultDelay
    }
}

/// `60s`, `500ms`, `1m`.
enum TimeText {
    static func parse(_ text: String) -> Duration? {
        let units: [(String, Duration)] = [
            ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)),
            ("h", .seconds(3600)),
        ]
        for (suffix, unit) in units where text.hasSuffix(suffix) {
            if let count = Double(text.dropLast(suffix.count)) { return unit * count }
        }
        return nil
    }
}
