/// One copy's part in keeping its shard's log the same everywhere.
///
/// A value that reads no clock and sends nothing: time, messages and finished disk work come in
/// as calls, what to do comes out as actions. Leaders, epochs and the in-sync set are decided by
/// the metadata store alone; here is how they are obeyed.
///
/// What is always true:
/// - `highWatermark <= syncedOffset <= endOffset`, and it never falls while the copy runs;
/// - everything below the high watermark is synced on every member of the in-sync set, so every
///   leader to come has it;
/// - a leader counts a member that it proposed to add, and one that it proposed to remove, until
///   the store has answered: whichever set is in force, its rule was kept;
/// - a follower cuts its log back by comparing epochs, never by its high watermark.
public struct ReplicaCore: Sendable {
    public struct Settings: Sendable, Hashable {
        /// A follower that has not caught up for this long is proposed for removal.
        public var maxLag: Duration
        public var maxRecordsPerFetch: Int64
        /// How long a question may stay unanswered before it is asked again.
        public var fetchTimeout: Duration

        public init(
            maxLag: Duration = .seconds(2), maxRecordsPerFetch: Int64 = 10_000,
            fetchTimeout: Duration = .milliseconds(500)
        ) {
            self.maxLag = maxLag
            self.maxRecordsPerFetch = maxRecordsPerFetch
            self.fetchTimeout = fetchTimeout
        }
    }

    public enum Action: Sendable, Equatable {
        case send(ReplicationMessage, to: NodeID)
        /// Write the records that came with the message, then call `appended`.
        case append(ReplicationMessage.Records)
        /// Cut the log back, then go on. Never below the high watermark.
        case truncate(to: Int64)
        /// Everything below may be applied, read and acknowledged.
        case committed(upTo: Int64)
        /// Ask the store for another in-sync set, if its revision is still this one.
        case propose(inSync: [NodeID], revision: Int64)
        /// The store counts another incarnation: begin the copy anew, with an empty log.
        case discard
        /// Copy the leader's files, then call `bootstrapped`.
        case bootstrap(from: NodeID)
    }

    struct FollowerProgress: Sendable, Equatable {
        var incarnation: Int64
        /// Everything below is synced on the follower; -1 until it asked in this epoch.
        var syncedOffset: Int64 = -1
        /// When it last had all that the leader had when it asked before: a leader that takes changes
        /// all the time is never caught up with otherwise.
        var caughtUpAt: Duration
        var hasCaughtUp = false
        /// When it asked last, and where the leader's log ended then.
        var askedAt: Duration?
        var endWhenAsked: Int64 = .max
    }

    struct Leadership: Sendable, Equatable {
        var followers: [NodeID: FollowerProgress]
        /// The in-sync set proposed to the store and not yet answered.
        var proposed: [NodeID]?
    }

    enum Role: Sendable, Equatable {
        case waiting
        /// `askedAt` is when the question under way was sent; nil when none is.
        case follower(leader: NodeID, askedAt: Duration?)
        case bootstrapping(leader: NodeID)
        case leader(Leadership)
    }

    public let node: NodeID
    /// Which start of the process this is; never the same twice on a node.
    public let life: Int64
    public let incarnation: Int64
    private let settings: Settings
    private(set) var role: Role = .waiting
    public private(set) var state: ShardState?
    public private(set) var history: EpochHistory
    /// Offsets before this one are gone from the log: they are in the segments.
    public private(set) var startOffset: Int64
    public private(set) var endOffset: Int64
    public private(set) var syncedOffset: Int64
    public private(set) var highWatermark: Int64

    /// A copy as found on disk: everything in the log is synced, and `applied` was committed.
    public init(
        node: NodeID, life: Int64, incarnation: Int64, history: EpochHistory,
        startOffset: Int64, endOffset: Int64, applied: Int64, settings: Settings = Settings()
    ) {
        self.node = node
        self.life = life
        self.incarnation = incarnation
        self.settings = settings
        self.history = history
        self.startOffset = startOffset
        self.endOffset = endOffset
        syncedOffset = endOffset
        highWatermark = applied
        checkInvariants()
    }

    public var epoch: Int64 { state?.epoch ?? -1 }

    public var isLeader: Bool {
        if case .leader = role { return true }
        return false
    }

    private func checkInvariants() {
        precondition(startOffset <= endOffset, "the log ends before it starts")
        precondition(syncedOffset <= endOffset, "more is synced than there is")
        precondition(
            highWatermark <= syncedOffset,
            "committed up to \(highWatermark), synced up to \(syncedOffset)")
    }

    // MARK: What the store says

    /// Obeys a state of the shard. Older ones than the one known are ignored.
    public mutating func adopt(_ new: ShardState, at now: Duration) -> [Action] {
        defer { checkInvariants() }
        if let state, new.revision <= state.revision { return [] }
        let known = new.incarnation(of: node)
        // A state from before this copy was begun anew says nothing about it.
        if new.copies.contains(node), known < incarnation { return [] }
        let sameEpoch = new.epoch == epoch
        state = new
        guard new.copies.contains(node), let leader = new.leader else {
            role = .waiting
            return []
        }
        if known > incarnation {
            role = .waiting
            return [.discard]
        }
        if leader == node {
            guard new.leaderLife == life else {
                // An earlier life of this process led. Whether this one may, is for the store.
                role = .waiting
                return []
            }
            if sameEpoch, case .leader(var leadership) = role {
                // The answer to a proposal, or somebody else's change of the copies.
                leadership.proposed = nil
                let old = leadership.followers
                leadership.followers = Self.followers(of: new, but: node, at: now)
                for (other, progress) in leadership.followers {
                    guard let before = old[other], before.incarnation == progress.incarnation
                    else { continue }
                    leadership.followers[other] = before
                }
                role = .leader(leadership)
                return advance()
            }
            role = .leader(
                Leadership(followers: Self.followers(of: new, but: node, at: now)))
            return advance()
        }
        if sameEpoch {
            switch role {
            case .follower, .bootstrapping: return []
            case .waiting, .leader: break
            }
        }
        role = .follower(leader: leader, askedAt: nil)
        return fetch(at: now)
    }

    private static func followers(
        of state: ShardState, but node: NodeID, at now: Duration
    ) -> [NodeID: FollowerProgress] {
        var result: [NodeID: FollowerProgress] = [:]
        for other in state.copies where other != node {
            result[other] = FollowerProgress(
                incarnation: state.incarnation(of: other), caughtUpAt: now)
        }
        return result
    }

    /// The store refused a proposal; the state it has instead comes by `adopt`.
    public mutating func proposalRefused() {
        guard case .leader(var leadership) = role else { return }
        leadership.proposed = nil
        role = .leader(leadership)
    }

    // MARK: What the disk says

    /// The leader wrote `count` records of its epoch at the end of its log.
    ///
    /// - Returns: Their offsets.
    public mutating func appended(count: Int64) -> Range<Int64> {
        precondition(isLeader, "only a leader writes records of its own")
        let offsets = endOffset..<endOffset + count
        history.note(epoch: epoch, at: endOffset)
        endOffset = offsets.upperBound
        return offsets
    }

    /// A follower wrote the records of an `append` action.
    public mutating func appended(_ records: ReplicationMessage.Records) {
        precondition(records.offsets.lowerBound == endOffset, "records have to follow the log")
        for start in records.starts { history.note(epoch: start.epoch, at: start.offset) }
        endOffset = records.offsets.upperBound
    }

    /// Everything below `offset` is on disk now.
    public mutating func synced(upTo offset: Int64, at now: Duration) -> [Action] {
        defer { checkInvariants() }
        guard offset > syncedOffset else { return [] }
        // A truncation may have come between the writing and the syncing.
        syncedOffset = min(offset, endOffset)
        switch role {
        case .leader: return advance()
        case .follower: return fetch(at: now)
        case .waiting, .bootstrapping: return []
        }
    }

    /// The log lost its beginning: what was there is in the segments.
    public mutating func trimmed(to offset: Int64) {
        precondition(offset <= highWatermark, "only what was committed may be trimmed")
        startOffset = max(startOffset, offset)
    }

    /// The leader's files were copied; they hold everything below `offset`.
    public mutating func bootstrapped(
        upTo offset: Int64, history: EpochHistory, at now: Duration
    ) -> [Action] {
        defer { checkInvariants() }
        startOffset = offset
        endOffset = offset
        syncedOffset = offset
        highWatermark = offset
        self.history = history
        self.history.truncate(to: offset)
        guard case .bootstrapping(let leader) = role else { return [] }
        role = .follower(leader: leader, askedAt: nil)
        return fetch(at: now)
    }

    /// The files could not be copied; asks the leader again, which says so again if need be.
    public mutating func bootstrapFailed() {
        guard case .bootstrapping(let leader) = role else { return }
        role = .follower(leader: leader, askedAt: nil)
    }

    // MARK: What other copies say

    public mutating func receive(
        _ message: ReplicationMessage, from sender: NodeID, at now: Duration
    ) -> [Action] {
        defer { checkInvariants() }
        switch message {
        case .fetch(let fetch): return answer(fetch, from: sender, at: now)
        case .records(let records): return take(records, from: sender, at: now)
        case .diverging(let epoch, let lastEpoch, let endOffset):
            guard epoch == self.epoch, isFollower(of: sender) else { return [] }
            return cutBack(lastEpoch: lastEpoch, leaderEnd: endOffset, at: now)
        case .tooOld(let epoch):
            guard epoch == self.epoch, isFollower(of: sender) else { return [] }
            role = .bootstrapping(leader: sender)
            return [.bootstrap(from: sender)]
        case .notLeader(let epoch):
            guard epoch == self.epoch, isFollower(of: sender) else { return [] }
            role = .follower(leader: sender, askedAt: nil)
            return []
        }
    }

    private func isFollower(of sender: NodeID) -> Bool {
        if case .follower(let leader, _) = role { return leader == sender }
        return false
    }

    private mutating func answer(
        _ fetch: ReplicationMessage.Fetch, from sender: NodeID, at now: Duration
    ) -> [Action] {
        guard case .leader(var leadership) = role, fetch.epoch == epoch,
            var progress = leadership.followers[sender],
            progress.incarnation == fetch.incarnation
        else { return [.send(.notLeader(epoch: fetch.epoch), to: sender)] }
        guard fetch.offset >= startOffset else {
            return [.send(.tooOld(epoch: epoch), to: sender)]
        }
        let common = history.end(ofEpoch: fetch.lastEpoch, logEnd: endOffset)
        guard common.epoch == fetch.lastEpoch, fetch.offset <= common.offset else {
            let answer = ReplicationMessage.diverging(
                epoch: epoch, lastEpoch: common.epoch, endOffset: common.offset)
            return [.send(answer, to: sender)]
        }
        progress.syncedOffset = max(progress.syncedOffset, fetch.offset)
        if fetch.offset >= endOffset {
            progress.caughtUpAt = now
            progress.hasCaughtUp = true
        } else if fetch.offset >= progress.endWhenAsked, let before = progress.askedAt {
            progress.caughtUpAt = max(progress.caughtUpAt, before)
            progress.hasCaughtUp = true
        }
        progress.askedAt = now
        progress.endWhenAsked = endOffset
        leadership.followers[sender] = progress
        role = .leader(leadership)
        var actions = advance()
        let upper = min(endOffset, fetch.offset + settings.maxRecordsPerFetch)
        let offsets = fetch.offset..<upper
        let records = ReplicationMessage.Records(
            epoch: epoch, offsets: offsets, starts: starts(within: offsets),
            highWatermark: highWatermark)
        actions.append(.send(.records(records), to: sender))
        return actions + proposals(at: now)
    }

    /// The epochs of some records, as the follower has to note them.
    private func starts(within offsets: Range<Int64>) -> [EpochHistory.Start] {
        guard !offsets.isEmpty else { return [] }
        let first = EpochHistory.Start(
            epoch: history.epoch(at: offsets.lowerBound), offset: offsets.lowerBound)
        return [first]
            + history.starts.filter {
                $0.offset > offsets.lowerBound && $0.offset < offsets.upperBound
            }
    }

    private mutating func take(
        _ records: ReplicationMessage.Records, from sender: NodeID, at now: Duration
    ) -> [Action] {
        guard case .follower(let leader, _) = role, leader == sender, records.epoch == epoch,
            records.offsets.lowerBound == endOffset, endOffset == syncedOffset
        else { return [] }
        role = .follower(leader: leader, askedAt: nil)
        var actions: [Action] = []
        let watermark = min(records.highWatermark, syncedOffset)
        if watermark > highWatermark {
            highWatermark = watermark
            actions.append(.committed(upTo: watermark))
        }
        if !records.offsets.isEmpty { actions.append(.append(records)) }
        return actions
    }

    private mutating func cutBack(
        lastEpoch: Int64, leaderEnd: Int64, at now: Duration
    ) -> [Action] {
        let own = history.end(ofEpoch: lastEpoch, logEnd: endOffset)
        let target = max(startOffset, min(leaderEnd, own.offset, endOffset))
        guard case .follower(let leader, _) = role else { return [] }
        role = .follower(leader: leader, askedAt: nil)
        guard target >= highWatermark else {
            // What this copy has applied is not the leader's: only a fresh copy helps. Reached
            // when a copy comes back from an older disk than the one it had.
            role = .bootstrapping(leader: leader)
            return [.bootstrap(from: leader)]
        }
        guard target < endOffset else { return fetch(at: now) }
        history.truncate(to: target)
        endOffset = target
        syncedOffset = min(syncedOffset, target)
        return [.truncate(to: target)] + fetch(at: now)
    }

    // MARK: Time

    /// Asks again what was not answered; proposes to go on without those who fell behind.
    public mutating func tick(at now: Duration) -> [Action] {
        defer { checkInvariants() }
        switch role {
        case .follower(let leader, let askedAt):
            if let askedAt, now - askedAt < settings.fetchTimeout { return [] }
            role = .follower(leader: leader, askedAt: nil)
            return fetch(at: now)
        case .leader: return proposals(at: now)
        case .waiting, .bootstrapping: return []
        }
    }

    private mutating func fetch(at now: Duration) -> [Action] {
        guard case .follower(let leader, nil) = role, syncedOffset == endOffset else { return [] }
        role = .follower(leader: leader, askedAt: now)
        let fetch = ReplicationMessage.Fetch(
            epoch: epoch, offset: endOffset, lastEpoch: history.lastEpoch,
            incarnation: incarnation)
        return [.send(.fetch(fetch), to: leader)]
    }

    /// Moves the high watermark to what every member that counts has on disk.
    private mutating func advance() -> [Action] {
        guard case .leader(let leadership) = role, let state else { return [] }
        var watermark = syncedOffset
        for member in Set(state.inSync).union(leadership.proposed ?? []) where member != node {
            watermark = min(watermark, leadership.followers[member]?.syncedOffset ?? -1)
        }
        guard watermark > highWatermark else { return [] }
        highWatermark = watermark
        return [.committed(upTo: watermark)]
    }

    /// What the slowest copy that still comes by has on disk; nil when nobody needs the log. Copies
    /// that were away for longer than `patience` begin with the leader's files.
    public func slowestFollower(at now: Duration, patience: Duration) -> Int64? {
        guard case .leader(let leadership) = role, let state else { return nil }
        var slowest: Int64?
        for (node, progress) in leadership.followers {
            let comesBy = progress.askedAt.map { now - $0 <= patience } ?? false
            guard comesBy || state.inSync.contains(node) else { continue }
            slowest = min(slowest ?? .max, max(0, progress.syncedOffset))
        }
        return slowest
    }

    /// At most one proposal is under way at a time.
    private mutating func proposals(at now: Duration) -> [Action] {
        guard case .leader(var leadership) = role, let state, leadership.proposed == nil else {
            return []
        }
        let inSync = state.copies.filter { copy in
            if copy == node { return true }
            guard let progress = leadership.followers[copy] else { return false }
            if state.inSync.contains(copy) {
                return now - progress.caughtUpAt <= settings.maxLag
            }
            return progress.hasCaughtUp && progress.syncedOffset >= highWatermark
                && now - progress.caughtUpAt <= settings.maxLag
        }
        guard Set(inSync) != Set(state.inSync) else { return [] }
        leadership.proposed = inSync
        role = .leader(leadership)
        return [.propose(inSync: inSync, revision: state.revision)]
    }
}
