internal import Synchronization
package import TrawlBytes
package import TrawlDocument
package import TrawlIndex
package import TrawlLog
internal import TrawlThreads

/// One copy of one shard: a log and the index that is made from it.
///
/// A change is safe when its record is durable in the log; then it is applied, once, in order. The
/// index is committed together with the offset it was applied to, so that opening is: the newest
/// commit, and the log from there on.
package final class Shard: Sendable {
    package struct Options: Sendable {
        package var log = LogOptions()
        package var index = IndexWriter.Options()
        /// Nil: only when asked.
        package var refreshInterval: Duration? = .seconds(1)
        /// Uncommitted changes are replayed after a crash; this many at most, or this long.
        package var commitAfterChanges: Int64 = 100_000
        package var commitAfter: Duration = .seconds(60)
        /// Milliseconds since 1970, for the records' timestamps. Decides nothing.
        package var wallClock: @Sendable () -> Int64 = { 0 }
        /// One copy among several: the log may hold what is not committed, so opening applies nothing
        /// of it.
        package var isReplicated = false
        /// The log keeps what begins here, for others who need it.
        package var logFloor: @Sendable () -> Int64 = { .max }

        /// How many threads read the documents of what is caught up with.
        package var catchUpThreads = 2

        package init() {}
    }

    /// A change on its way: appended, not yet applied. Its result is written under the applier's
    /// lock and read after it was seen to be set there.
    final class Pending: @unchecked Sendable {
        let change: Change
        let ready: ReadyDocument?
        var result: AppliedChange?

        init(_ change: Change, ready: ReadyDocument?) {
            self.change = change
            self.ready = ready
        }
    }

    /// What was appended and not applied, by offset; and how many such changes each id has.
    struct Appended: Sendable {
        var byOffset: [Int64: Pending] = [:]
        var ids: [DocumentID: Int] = [:]
    }

    /// Guarded together with the applying of changes.
    struct Applied: Sendable {
        var applier: ShardApplier
        var failure: ShardError?
        var isClosed = false
        var committed: Int64
        var changeCount = 0
        var commitCount = 0
    }

    struct Times: Sendable {
        var lastRefresh: Duration = .zero
        var lastCommit: Duration = .zero
        /// Everything before this offset is visible to searches.
        var visible: Int64 = 0
        var refreshCount = 0
        /// Nil: only when asked.
        var refreshInterval: Duration?
    }

    package let path: String
    let options: Options
    package let log: LogPartition
    package let index: IndexWriter
    package let letters: DeadLetters
    let reader: DocumentReader
    /// Taken before `applied`, never inside it.
    let appended = Mutex(Appended())
    let applied: Mutex<Applied>
    let times: Mutex<Times>
    /// Wakes those who wait for a change to be applied or visible.
    let progress = Signal()
    /// Whether a change is acknowledged when it is written, before it is durable.
    let isAsynchronous = Atomic(false)

    init(
        path: String, options: Options, log: LogPartition, index: IndexWriter,
        letters: DeadLetters, reader: DocumentReader, applier: ShardApplier
    ) {
        self.path = path
        self.options = options
        self.log = log
        self.index = index
        self.letters = letters
        self.reader = reader
        applied = Mutex(Applied(applier: applier, committed: applier.checkpoint.applied))
        times = Mutex(
            Times(
                visible: applier.checkpoint.applied, refreshInterval: options.refreshInterval))
    }

    /// The offset after the last applied change.
    package var appliedEnd: Int64 { applied.withLock { $0.applier.checkpoint.applied } }

    /// The sum of the digests of all documents: equal for copies that hold the same.
    package var digest: StableHash.Hash128 {
        applied.withLock { $0.applier.checkpoint.digest }
    }

    // MARK: Reading

    /// The newest state of a document, refreshed or not.
    package func get(_ id: DocumentID) throws -> IndexWriter.Found? {
        try index.document(forID: id.string)
    }

    /// What the last refresh showed.
    package func snapshot() -> Snapshot { index.snapshot }

    // MARK: Durability of changes

    /// `index.translog.durability: async`: changes are acknowledged when they are written to the
    /// log. The next sync begins at once, but a crash of the machine before it ends loses what was
    /// acknowledged meanwhile. Never so for a copy among several.
    package func setAsynchronous(_ isAsynchronous: Bool) {
        self.isAsynchronous.store(isAsynchronous && !options.isReplicated, ordering: .relaxed)
    }

    /// Returns when everything before the offset is durable.
    private func waitUntilDurable(_ end: Int64) throws {
        while log.endOffset < end {
            if let failure = log.failure { throw failure }
            _ = log.wait(for: end - 1, timeout: .seconds(1))
        }
    }

    // MARK: Visibility

    /// Every change before this offset is visible to searches.
    package var visibleEnd: Int64 { times.withLock { $0.visible } }

    /// How often changes become visible by themselves; nil for only when asked.
    package func setRefreshInterval(_ interval: Duration?) {
        times.withLock { $0.refreshInterval = interval }
    }

    /// Makes everything applied so far visible to searches.
    @discardableResult
    package func refresh() throws -> Snapshot {
        // What is applied after this line may be visible too; what was before is.
        let end = appliedEnd
        let snapshot = try index.refresh()
        progress.change {
            times.withLock { times in
                times.visible = max(times.visible, end)
                times.refreshCount += 1
            }
        }
        return snapshot
    }

    /// Sleeps until the change at `offset` is visible, or the time is over.
    package func waitUntilVisible(_ offset: Int64, timeout: Duration) -> Bool {
        progress.wait(timeout: timeout) {
            times.withLock { $0.visible > offset } ? true : nil
        } ?? false
    }

    /// Sleeps until the change at `offset` is applied, or the time is over.
    package func waitUntilApplied(_ offset: Int64, timeout: Duration) -> Bool {
        progress.wait(timeout: timeout) { self.appliedEnd > offset ? true : nil } ?? false
    }

    // MARK: Durability of the index

    /// Makes the index durable as far as it is applied, so that opening need not replay. Then the
    /// log lets go of what is in the commit.
    package func commit() throws {
        var end: Int64 = 0
        try index.commit { drawLine in
            // Changes wait while the line is drawn, not while files are synced.
            try applied.withLock { state in
                if let failure = state.failure { throw failure }
                end = state.applier.checkpoint.applied
                // A commit is never ahead of the log.
                try waitUntilDurable(end)
                try drawLine(state.applier.checkpoint.bytes())
            }
        }
        let committed = applied.withLock { state in
            // Another commit may have been faster.
            state.committed = max(state.committed, end)
            state.commitCount += 1
            return state.committed
        }
        try log.truncate(before: min(committed, log.endOffset, options.logFloor()))
    }

    /// The files of the last commit, kept for copying, and the offset up to which they hold everything.
    package func holdCommit() throws -> (hold: IndexWriter.CommitHold, appliedEnd: Int64) {
        let (hold, payload) = index.holdCommit()
        let checkpoint = try ShardCheckpoint(
            bytes: payload, file: path + "/index/" + ManifestFormat.fileName)
        return (hold, checkpoint.applied)
    }

    /// Commits and lets go of the files. Later calls are refused.
    package func close() throws {
        let isFirst = applied.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        defer {
            log.close()
            letters.close()
        }
        if applied.withLock({ $0.failure }) == nil { try commit() }
    }

    // MARK: Schedule

    /// Does what is due: called now and then by whoever keeps the time.
    ///
    /// - Parameter now: Of a clock that does not jump.
    package func tick(at now: Duration) throws {
        let (isRefreshDue, isCommitDue): (Bool, Bool) = times.withLock { times in
            let isRefreshDue =
                times.refreshInterval.map { now - times.lastRefresh >= $0 } ?? false
            if isRefreshDue { times.lastRefresh = now }
            return (isRefreshDue, now - times.lastCommit >= options.commitAfter)
        }
        if isRefreshDue { try refresh() }
        let (behind, failure, isClosed) = applied.withLock {
            ($0.applier.checkpoint.applied - $0.committed, $0.failure, $0.isClosed)
        }
        guard failure == nil, !isClosed else { return }
        if behind >= options.commitAfterChanges || (isCommitDue && behind > 0) {
            try commit()
            times.withLock { $0.lastCommit = now }
        }
    }

    // MARK: Figures

    package struct Figures: Sendable, Equatable {
        package var docCount = 0
        package var bufferedDocCount = 0
        package var bufferByteCount = 0
        package var segmentCount = 0
        package var appliedEnd: Int64 = 0
        package var committed: Int64 = 0
        package var logStart: Int64 = 0
        package var logEnd: Int64 = 0
        package var logByteCount = 0
        package var letterCount = 0
        package var changeCount = 0
        package var refreshCount = 0
        package var commitCount = 0
    }

    package var figures: Figures {
        var figures = Figures()
        figures.docCount = index.liveCount
        figures.bufferedDocCount = index.bufferedDocCount
        figures.bufferByteCount = index.bufferByteCount
        figures.segmentCount = index.segmentCount
        figures.logStart = log.startOffset
        figures.logEnd = log.endOffset
        figures.logByteCount = log.byteCount
        figures.letterCount = letters.count
        figures.refreshCount = times.withLock { $0.refreshCount }
        applied.withLock { state in
            figures.appliedEnd = state.applier.checkpoint.applied
            figures.committed = state.committed
            figures.changeCount = state.changeCount
            figures.commitCount = state.commitCount
        }
        return figures
    }
}
