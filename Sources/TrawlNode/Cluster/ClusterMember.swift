internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlMetadata
internal import TrawlThreads
internal import TrawlTransport

/// This node's part in the cluster: it has a session as long as it lives, and knows what the others
/// know.
///
/// Loses the session when it is cut off or stopped for too long. Then it registers again, in the same
/// life: what it led meanwhile was either given to others, in a later epoch, or is still its own.
final class ClusterMember: Sendable {
    struct Timing: Sendable {
        /// A node that was not heard of for so long is given up by the others.
        var sessionTimeToLive = Duration.milliseconds(2000)
        var heartbeat = Duration.milliseconds(400)
        var watch = Duration.milliseconds(1000)
    }

    let id: NodeID
    let life: Int64
    let store: any MetadataStore
    private let settling: @Sendable (Int64) throws -> Void
    private let noteSeen: @Sendable (Int64) -> Void
    private let timing: Timing
    private let ownRecord: Mutex<NodeRecord>
    private let session = Mutex<Int64?>(nil)
    private let current = Mutex(ClusterState())
    private let changed = Signal()
    private let isStopped = Atomic<Bool>(false)
    private let observers = Mutex<[@Sendable (ClusterState) -> Void]>([])
    private let log: @Sendable (String) -> Void

    /// - Parameters:
    ///   - settling: Returns when all nodes know a revision.
    ///   - noteSeen: Told of every revision that this node has taken over.
    init(
        _ record: NodeRecord, store: any MetadataStore, timing: Timing = Timing(),
        settling: @escaping @Sendable (Int64) throws -> Void,
        noteSeen: @escaping @Sendable (Int64) -> Void = { _ in },
        log: @escaping @Sendable (String) -> Void
    ) throws {
        id = record.id
        self.store = store
        self.timing = timing
        self.settling = settling
        self.noteSeen = noteSeen
        self.log = log
        life = try Self.nextLife(of: record.id, in: store)
        var record = record
        record.life = life
        ownRecord = Mutex(record)
    }

    /// Every start of a node's process has a number of its own.
    private static func nextLife(of node: NodeID, in store: any MetadataStore) throws -> Int64 {
        let key = ClusterKey.life(node).text
        while true {
            let entry = try store.get(key)
            let life = 1 + (try entry.map { try Wire.decode(Int64.self, from: $0.value) } ?? 0)
            var transaction = MetadataTransaction()
            transaction.require(key, revision: entry?.revision ?? 0)
            transaction.put(key, try Wire.encode(life))
            if try store.commit(transaction) != nil { return life }
        }
    }

    /// How this node tells of itself.
    var record: NodeRecord { ownRecord.withLock { $0 } }

    var state: ClusterState { current.withLock { $0 } }

    /// Sleeps until the state is as wanted, or the time is over.
    func wait<T>(timeout: Duration, until body: (ClusterState) -> T?) -> T? {
        changed.wait(timeout: timeout) { body(state) }
    }

    /// Called with every new state, on the thread that watches: must not wait for the cluster.
    func observe(_ body: @escaping @Sendable (ClusterState) -> Void) {
        observers.withLock { $0.append(body) }
        body(state)
    }

    /// Reads everything once.
    func load() throws {
        let (entries, revision) = try store.list("")
        take(try ClusterState(entries, revision: revision))
    }

    private func take(_ new: ClusterState) {
        changed.change { current.withLock { $0 = new } }
        for observer in observers.withLock({ $0 }) { observer(new) }
        noteSeen(new.revision)
    }

    /// Appears among the nodes, and stays there.
    func start(httpPort: Int) throws {
        ownRecord.withLock { $0.httpPort = httpPort }
        try register()
        try load()
        _ = SystemThread(name: "cluster-watch") { [self] in watch() }
        _ = SystemThread(name: "cluster-session") { [self] in keepSession() }
    }

    private func register() throws {
        let record = record
        let session = try store.openSession(timeToLive: timing.sessionTimeToLive)
        var transaction = MetadataTransaction()
        let bytes = try Wire.encode(record)
        transaction.put(ClusterKey.node(id).text, bytes, session: session)
        transaction.put(ClusterKey.known(id).text, bytes)
        _ = try store.commit(transaction)
        self.session.withLock { $0 = session }
    }

    private func keepSession() {
        while !isStopped.load(ordering: .relaxed) {
            usleep(UInt32(timing.heartbeat / .microseconds(1)))
            do {
                if let session = session.withLock({ $0 }) {
                    try store.renew(session: session)
                } else {
                    try register()
                    log("this node is a member of the cluster again")
                }
            } catch {
                guard Self.hasEnded(error) else { continue }
                session.withLock { $0 = nil }
                log("this node was given up by the cluster: \(error)")
            }
        }
    }

    /// Whether the session is gone for good, and not just out of reach.
    private static func hasEnded(_ error: any Error) -> Bool {
        (error as? any TrawlError)?.code == MetadataError.sessionExpired(0).code
    }

    private func watch() {
        while !isStopped.load(ordering: .relaxed) {
            do {
                var next = state
                switch try store.changes(after: next.revision, timeout: timing.watch) {
                case .changed(let changes, let revision):
                    if changes.isEmpty, revision == next.revision { continue }
                    try next.apply(changes, upTo: revision)
                    take(next)
                case .forgotten: try load()
                }
            } catch {
                // The last state counts until the store is there again.
                usleep(100_000)
            }
        }
    }

    // MARK: Changing

    /// Changes one shard's state as its revision of the store allows.
    ///
    /// - Returns: The new state; nil when the change refuses, or somebody else was first.
    func change(
        _ shard: ShardKey, _ body: (ShardState) -> ShardState?
    ) throws -> ShardState? {
        let key = ClusterKey.shard(shard).text
        guard let entry = try store.get(key),
            let next = body(try Wire.decode(ShardState.self, from: entry.value))
        else { return nil }
        var transaction = MetadataTransaction()
        transaction.require(key, revision: entry.revision)
        transaction.put(key, try Wire.encode(next))
        return try store.commit(transaction) == nil ? nil : next
    }

    /// Returns when every node knows the revision, or does not answer any more.
    func settle(_ revision: Int64) {
        try? settling(revision)
        _ = wait(timeout: .seconds(1)) { $0.revision >= revision ? true : nil }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        if let session = session.withLock({ $0 }) { try? store.close(session: session) }
    }
}
