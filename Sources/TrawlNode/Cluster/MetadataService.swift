internal import Glibc
internal import Synchronization
internal import TrawlCluster
internal import TrawlErrors
internal import TrawlMetadata
internal import TrawlThreads
internal import TrawlTransport

/// The metadata store of this node, answering for all of them.
final class MetadataService: Sendable {
    let store: LocalMetadataStore
    private let isStopped = Atomic<Bool>(false)
    /// Watchers of other nodes that wait for a change.
    private let parked = Mutex<[(call: PeerCall, after: Int64, until: ContinuousClock.Instant)]>([])
    /// The revision each node has seen.
    private let seen = Mutex<[NodeID: Int64]>([:])
    private let seenMore = Signal()

    /// How long a change waits at most for a node that does not answer but has its session yet.
    static let settleTimeout = Duration.seconds(3)

    init(_ store: LocalMetadataStore) { self.store = store }

    func serve(on dispatcher: PeerDispatcher) {
        let store = store
        dispatcher.on(MetadataQuestions.OpenSession.self, .metadata) { question, _ in
            try store.openSession(timeToLive: .milliseconds(question.milliseconds))
        }
        dispatcher.on(MetadataQuestions.Renew.self, .metadata) { question, _ in
            try store.renew(session: question.session)
            return Nothing()
        }
        dispatcher.on(MetadataQuestions.Close.self, .metadata) { question, _ in
            try store.close(session: question.session)
            return Nothing()
        }
        dispatcher.on(MetadataQuestions.Get.self, .metadata) { question, _ in
            store.get(question.key).map { [$0] } ?? []
        }
        dispatcher.on(MetadataQuestions.List.self, .metadata) { question, _ in
            let (entries, revision) = store.list(question.prefix)
            return MetadataQuestions.List.Answer(entries: entries, revision: revision)
        }
        dispatcher.on(MetadataQuestions.Commit.self, .metadata) { question, _ in
            try store.commit(question.transaction).map { [$0] } ?? []
        }
        // May wait for other nodes: not on the threads that their questions need.
        dispatcher.on(MetadataQuestions.Settle.self, .files) { [self] question, _ in
            settle(question.revision)
            return Nothing()
        }
        dispatcher.onCall(MetadataQuestions.Changes.method, .metadata) { [self] call in
            watch(call)
        }
        _ = SystemThread(name: "metadata-watch") { [self] in pump() }
    }

    private func watch(_ call: PeerCall) {
        guard
            let question = try? Wire.decode(MetadataQuestions.Changes.self, from: call.arguments)
        else { return }
        note(NodeID(call.peer), hasSeen: question.after)
        if answer(call, after: question.after, isLast: false) { return }
        parked.withLock {
            $0.append(
                (call, question.after, .now + .milliseconds(question.milliseconds)))
        }
        // Something may have changed before it was parked.
        if store.revision != question.after { serveParked() }
    }

    /// - Parameter isLast: Answers even when nothing changed.
    private func answer(_ call: PeerCall, after revision: Int64, isLast: Bool) -> Bool {
        guard let changes = try? store.changes(after: revision, timeout: .zero) else { return true }
        if !isLast, case .changed(let list, _) = changes, list.isEmpty { return false }
        call.answer(PeerErrors.catching { try Wire.encode(changes) })
        return true
    }

    private func serveParked() {
        let now = ContinuousClock.now
        let all = parked.withLock { parked in
            defer { parked = [] }
            return parked
        }
        let waiting = all.filter { entry in
            !entry.call.isAbandoned
                && !answer(entry.call, after: entry.after, isLast: now >= entry.until)
        }
        if !waiting.isEmpty { parked.withLock { $0 += waiting } }
    }

    private func pump() {
        var last: Int64 = 0
        while !isStopped.load(ordering: .relaxed) {
            _ = try? store.changes(after: last, timeout: .milliseconds(100))
            last = store.revision
            store.expire()
            serveParked()
        }
    }

    // MARK: Settling

    func note(_ node: NodeID, hasSeen revision: Int64) {
        seenMore.change { seen.withLock { $0[node] = revision } }
    }

    /// Returns when every node that is there knows the revision: then whatever was acknowledged to
    /// a client is known wherever the client asks next.
    func settle(_ revision: Int64) {
        let prefix = ClusterKey.node(NodeID("")).text
        _ = seenMore.wait(timeout: Self.settleTimeout) {
            let alive = store.list(prefix).entries.map {
                NodeID(String($0.key.dropFirst(prefix.count)))
            }
            return seen.withLock { seen in
                alive.allSatisfy { seen[$0, default: 0] >= revision }
            } ? true : nil
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        store.close()
    }
}
