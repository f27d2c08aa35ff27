internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlLog
internal import TrawlShard
internal import TrawlThreads
internal import TrawlTransport

/// What a copy needs of the node it is on.
struct CopySurroundings: Sendable {
    let node: NodeID
    let life: Int64
    let member: ClusterMember
    let dispatcher: PeerDispatcher
    let pool: PeerPool
    let began = ContinuousClock.now
    let log: @Sendable (String) -> Void

    /// The time of the copies' cores.
    var now: Duration { .now - began }

    func client(_ node: NodeID, _ channel: PeerPool.Channel = .questions) -> PeerClient? {
        member.state.nodes[node].map { pool.client($0.peer, channel) }
    }
}

/// One copy of a shard on this node: performs what its `ReplicaCore` decides.
///
/// The core, the order of the log and the order of what is sent are guarded by one lock. Under it the
/// log is appended to and cut, which are writes to files that the system keeps in memory; nothing is
/// sent, synced or applied under it.
///
/// Whenever the lock is free:
/// - the core's end is the log's, except for a leader's own appends under way;
/// - what the index has applied is below the core's high watermark.
final class HostedCopy: Sendable {
    /// A follower's question that waits for news.
    struct Parked {
        var fetch: ReplicationMessage.Fetch
        var call: PeerCall
        var until: ContinuousClock.Instant
    }

    struct State {
        var core: ReplicaCore
        var local: LocalShard
        var parked: [NodeID: Parked] = [:]
        /// The high watermark that each follower was told last.
        var told: [NodeID: Int64] = [:]
        /// The followers' files are copied from here: the log keeps what comes after.
        var transfers: [Int64: CopyTransfer] = [:]
        /// Searches may be answered once this is applied: what was acknowledged when this life of the
        /// copy began. Nil until the leader has said it.
        var currentFrom: Int64?
        var isCurrent = false
        var isApplying = false
        var isClosed = false
        /// Why the copy does not work; nil while it does.
        var failure: String?
    }

    let key: ShardKey
    let surroundings: CopySurroundings
    let state: Mutex<State>
    let progress = Signal()
    /// Asks whoever keeps the copies to begin this one anew, from the leader's files or empty.
    let renew: @Sendable (HostedCopy, Renewal) -> Void

    enum Renewal: Sendable {
        case empty
        case fromFiles(of: NodeID)
    }

    /// How long a follower's question waits for news.
    static let parkTime = Duration.milliseconds(300)
    static let writeTimeout = Duration.seconds(30)
    /// Records that a log keeps although they are committed: copies that were away for a moment then
    /// need no files.
    static let logSlack: Int64 = 50_000
    /// A follower that was not heard of for so long copies files instead of the log.
    static let followerPatience = Duration.seconds(600)

    init(
        _ key: ShardKey, local: LocalShard, incarnation: Int64, _ surroundings: CopySurroundings,
        renew: @escaping @Sendable (HostedCopy, Renewal) -> Void
    ) {
        self.key = key
        self.surroundings = surroundings
        self.renew = renew
        let core = Self.core(of: local, incarnation: incarnation, surroundings)
        state = Mutex(State(core: core, local: local))
    }

    static func core(
        of local: LocalShard, incarnation: Int64, _ surroundings: CopySurroundings
    ) -> ReplicaCore {
        let log = local.shard.log
        var settings = ReplicaCore.Settings()
        settings.maxRecordsPerFetch = .max / 2
        settings.fetchTimeout = .seconds(1)
        return ReplicaCore(
            node: surroundings.node, life: surroundings.life, incarnation: incarnation,
            history: EpochHistory(
                starts: log.epochStarts.map { .init(epoch: $0.epoch, offset: $0.offset) }),
            startOffset: log.startOffset, endOffset: log.endOffset,
            applied: local.shard.appliedEnd, settings: settings)
    }

    var local: LocalShard { state.withLock { $0.local } }
    var isLeader: Bool { state.withLock { $0.core.isLeader } }
    var incarnation: Int64 { state.withLock { $0.core.incarnation } }
    var failure: String? { state.withLock { $0.failure } }

    func fail(_ reason: String) {
        progress.change { state.withLock { $0.failure = $0.failure ?? reason } }
        surroundings.log("the copy of \(key) on this node does not work: \(reason)")
    }

    // MARK: What the store says

    func adopt(_ new: ShardState) {
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return [] }
            let log = state.local.shard.log
            let goesOn =
                new.leader == surroundings.node && new.leaderLife == surroundings.life
            if state.core.isLeader, !(goesOn && new.epoch == state.core.epoch) {
                // First nothing more comes in, then what came in is counted, then it is over.
                log.follow()
                count(&state)
            }
            let before = state.core.epoch
            var actions = state.core.adopt(new, at: surroundings.now)
            if state.core.isLeader {
                do throws(LogError) {
                    try log.lead(epoch: state.core.epoch)
                } catch {
                    state.failure = error.description
                    return []
                }
                if state.core.epoch != before {
                    state.told = [:]
                    state.currentFrom = state.core.endOffset
                }
            } else {
                log.follow()
                if state.core.epoch != before { state.parked = [:] }
            }
            perform(&actions, [], &state)
            return actions
        }
        finish(actions)
    }

    // MARK: What the log says

    /// Tells the core what the log took and synced since.
    private func count(_ state: inout State) {
        let log = state.local.shard.log
        guard state.core.isLeader else { return }
        let written = log.writtenEnd
        if written > state.core.endOffset {
            _ = state.core.appended(count: written - state.core.endOffset)
        }
    }

    private func noteSynced() {
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed else { return [] }
            count(&state)
            var actions = state.core.synced(
                upTo: state.local.shard.log.endOffset, at: surroundings.now)
            perform(&actions, [], &state)
            return actions
        }
        finish(actions)
    }

    /// Returns when everything before `end` is on every copy in sync.
    ///
    /// - Throws: When this copy does not lead any more. Then it is unknown what became of the
    ///   changes: whoever leads now may have them or not.
    func waitCommitted(_ end: Int64, epoch: Int64) throws {
        noteSynced()
        let result: Result<Void, CoordinatorError>? = progress.wait(timeout: Self.writeTimeout) {
            state.withLock { state in
                guard state.core.isLeader, state.core.epoch == epoch, !state.isClosed else {
                    return .failure(Self.lost(key))
                }
                return state.core.highWatermark >= end ? .success(()) : nil
            }
        }
        guard let result else {
            throw CoordinatorError(
                .timedOut, "timeout_exception",
                "\(key): the copies in sync did not all confirm the change in time", status: 503)
        }
        try result.get()
    }

    static func lost(_ key: ShardKey) -> CoordinatorError {
        CoordinatorError(
            .unavailable, "not_leader_exception", "\(key): this node does not lead the shard")
    }

    // MARK: What other copies say

    /// A follower asks.
    func answer(_ fetch: ReplicationMessage.Fetch, from node: NodeID, _ call: PeerCall) {
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return [] }
            count(&state)
            var actions = state.core.receive(.fetch(fetch), from: node, at: surroundings.now)
            perform(&actions, [], &state)
            if isNews(actions, for: node, fetch, state) {
                note(answer: actions, to: node, &state)
            } else {
                actions.removeAll { if case .send = $0 { true } else { false } }
                state.parked[node] = Parked(
                    fetch: fetch, call: call, until: .now + Self.parkTime)
            }
            return actions
        }
        finish(actions, replyTo: [node: call])
    }

    private func isNews(
        _ actions: [ReplicaCore.Action], for node: NodeID, _ fetch: ReplicationMessage.Fetch,
        _ state: borrowing State
    ) -> Bool {
        for case .send(.records(let records), _) in actions {
            return state.local.shard.log.endOffset > fetch.offset
                || records.highWatermark != state.told[node]
        }
        return true
    }

    private func note(
        answer actions: [ReplicaCore.Action], to node: NodeID, _ state: inout State
    ) {
        for case .send(.records(let records), _) in actions {
            state.told[node] = records.highWatermark
        }
    }

    /// Answers the followers for whom there is news.
    private func serveParked() {
        var calls: [NodeID: PeerCall] = [:]
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed, !state.parked.isEmpty else { return [] }
            let now = ContinuousClock.now
            var all: [ReplicaCore.Action] = []
            for node in state.parked.keys.sorted() {
                guard let parked = state.parked[node] else { continue }
                if parked.call.isAbandoned {
                    state.parked[node] = nil
                    continue
                }
                let hasNews =
                    state.local.shard.log.endOffset > parked.fetch.offset
                    || state.core.highWatermark != state.told[node] || now >= parked.until
                guard hasNews else { continue }
                state.parked[node] = nil
                calls[node] = parked.call
                var actions = state.core.receive(
                    .fetch(parked.fetch), from: node, at: surroundings.now)
                perform(&actions, [], &state)
                note(answer: actions, to: node, &state)
                all += actions
            }
            return all
        }
        if !actions.isEmpty { finish(actions, replyTo: calls) }
    }

    /// The leader's answer to this copy's question.
    func take(_ answer: ReplicaAnswer, from node: NodeID) {
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return [] }
            var actions = state.core.receive(answer.message, from: node, at: surroundings.now)
            if case .records(let records) = answer.message, records.epoch == state.core.epoch,
                state.currentFrom == nil
            {
                state.currentFrom = records.highWatermark
            }
            perform(&actions, answer.bytes, &state)
            return actions
        }
        finish(actions)
    }

    // MARK: Time

    func tick() {
        let actions: [ReplicaCore.Action] = state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return [] }
            count(&state)
            let log = state.local.shard.log
            if log.startOffset > state.core.startOffset {
                state.core.trimmed(to: min(log.startOffset, state.core.highWatermark))
            }
            var actions = state.core.synced(upTo: log.endOffset, at: surroundings.now)
            actions += state.core.tick(at: surroundings.now)
            perform(&actions, [], &state)
            return actions
        }
        finish(actions)
        serveParked()
        applyCommitted()
    }

    // MARK: Doing

    /// Does what belongs to the log, under the lock; leaves the rest.
    private func perform(
        _ actions: inout [ReplicaCore.Action], _ bytes: [UInt8], _ state: inout State
    ) {
        var rest: [ReplicaCore.Action] = []
        let log = state.local.shard.log
        for action in actions {
            do throws(LogError) {
                switch action {
                case .append(let records):
                    let offsets = try log.append(batches: bytes) { [weak self] error in
                        guard error == nil, let self else { return }
                        self.noteSynced()
                    }
                    guard offsets == records.offsets else {
                        state.failure = "the leader's records do not fit: \(offsets)"
                        return
                    }
                    state.core.appended(records)
                case .truncate(let offset): try log.cut(to: offset)
                default: rest.append(action)
                }
            } catch {
                if case .truncate = action { state.failure = error.description }
                // What could not be appended is asked for again.
                surroundings.log("\(key): \(error)")
            }
        }
        actions = rest
    }

    private func finish(_ actions: [ReplicaCore.Action], replyTo calls: [NodeID: PeerCall] = [:]) {
        var isCommitted = false
        for action in actions {
            switch action {
            case .send(.fetch(let fetch), let leader): ask(leader, fetch)
            case .send(let message, let node):
                if let call = calls[node] { reply(message, to: call) }
            case .committed: isCommitted = true
            case .propose(let inSync, let revision): propose(inSync, revision)
            case .discard: renew(self, .empty)
            case .bootstrap(let leader): renew(self, .fromFiles(of: leader))
            case .append, .truncate: preconditionFailure("done under the lock")
            }
        }
        progress.change {}
        if isCommitted {
            serveParked()
            applyCommitted()
        }
    }

    private func ask(_ leader: NodeID, _ fetch: ReplicationMessage.Fetch) {
        // A connection may have to be made: not on the thread that syncs or watches.
        surroundings.dispatcher.run(.replication) { [weak self] in
            guard let self, let client = self.surroundings.client(leader, .replication),
                let bytes = try? Wire.encode(ReplicaFetch(shard: self.key, fetch: fetch))
            else { return }
            _ = client.begin(ReplicaFetch.method, bytes, timeout: .seconds(2)) {
                [weak self] result in
                guard let self, case .success(let bytes) = result else { return }
                self.surroundings.dispatcher.run(.replication) { [weak self] in
                    guard let answer = try? Wire.decode(ReplicaAnswer.self, from: bytes) else {
                        return
                    }
                    self?.take(answer, from: leader)
                }
            }
        }
    }

    /// Records go as whole batches, as they stand in the log.
    private func reply(_ message: ReplicationMessage, to call: PeerCall) {
        var answer = ReplicaAnswer(message: message, bytes: [])
        if case .records(var records) = message {
            let log = local.shard.log
            do throws(LogError) {
                let chunk = try log.readChunk(from: records.offsets.lowerBound)
                answer.bytes = chunk?.bytes ?? []
                let end = chunk?.nextOffset ?? records.offsets.lowerBound
                // Never more than the message speaks of: the rest comes with the next one.
                guard end <= records.offsets.upperBound else { return }
                records.offsets = records.offsets.lowerBound..<end
                records.starts.removeAll { $0.offset >= end }
                answer.message = .records(records)
            } catch {
                // Let go meanwhile; the next question is answered with it.
                return
            }
        }
        let made = answer
        call.answer(PeerErrors.catching { try Wire.encode(made) })
    }

    private func propose(_ inSync: [NodeID], _ revision: Int64) {
        surroundings.dispatcher.run(.metadata) { [weak self] in
            guard let self else { return }
            let node = self.surroundings.node
            let epoch = self.state.withLock { $0.core.epoch }
            let accepted = try? self.surroundings.member.change(self.key) { state in
                ShardController.accept(
                    inSync: inSync, from: node, epoch: epoch, revision: revision, in: state)
            }
            if let accepted {
                self.adopt(accepted)
            } else {
                self.state.withLock { $0.core.proposalRefused() }
            }
        }
    }

    // MARK: Applying

    /// Applies what is committed, on a thread that may take its time.
    private func applyCommitted() {
        let isDue = state.withLock { state in
            let isBehind = state.local.shard.appliedEnd < state.core.highWatermark
            let mustShow =
                !state.isCurrent
                && state.currentFrom.map { $0 <= state.core.highWatermark } ?? false
            guard !state.isApplying, !state.isClosed, state.failure == nil, isBehind || mustShow
            else { return false }
            state.isApplying = true
            return true
        }
        guard isDue else { return }
        let isTaken = surroundings.dispatcher.run(.replication) { [weak self] in self?.apply() }
        if !isTaken { state.withLock { $0.isApplying = false } }
    }

    private func apply() {
        let (shard, end) = state.withLock { ($0.local.shard, $0.core.highWatermark) }
        do {
            try shard.apply(through: end)
            let becomesCurrent = state.withLock { state in
                !state.isCurrent && state.local.shard === shard
                    && state.currentFrom.map { $0 <= end } ?? false
            }
            if becomesCurrent {
                try shard.refresh()
                state.withLock { $0.isCurrent = true }
            }
        } catch {
            fail("\(error)")
        }
        progress.change { state.withLock { $0.isApplying = false } }
        let isBehind = state.withLock { $0.core.highWatermark > end }
        if isBehind { applyCommitted() }
    }

    /// Whether it may answer: it has everything that was acknowledged before this life began. Waits
    /// for that, at most so long.
    func waitCurrent(timeout: Duration) -> Bool {
        progress.wait(timeout: timeout) {
            state.withLock { state in
                if state.isClosed || state.failure != nil { return false }
                return state.isCurrent ? true : nil
            }
        } ?? false
    }

    // MARK: The end

    /// What the log must not let go of.
    var logFloor: Int64 {
        state.withLock { state in
            var floor = state.core.highWatermark - Self.logSlack
            for transfer in state.transfers.values { floor = min(floor, transfer.appliedEnd) }
            let slowest = state.core.slowestFollower(
                at: surroundings.now, patience: Self.followerPatience)
            if let slowest { floor = min(floor, slowest) }
            return max(0, floor)
        }
    }

    func close() {
        let local: LocalShard? = state.withLock { state in
            defer {
                state.isClosed = true
                state.parked = [:]
                state.transfers = [:]
            }
            return state.isClosed ? nil : state.local
        }
        local?.close()
        progress.change {}
    }
}

/// A follower's question, and the leader's answer.
struct ReplicaFetch: Codable, Sendable {
    static let method = "replica.fetch"
    var shard: ShardKey
    var fetch: ReplicationMessage.Fetch
}

struct ReplicaAnswer: Codable, Sendable {
    var message: ReplicationMessage
    var bytes: [UInt8]
}
