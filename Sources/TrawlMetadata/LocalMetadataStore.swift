internal import Synchronization
internal import TrawlBytes
package import TrawlFiles
package import TrawlLog
internal import TrawlThreads

/// The metadata of a small cluster, on the disk of one of its nodes.
///
/// A transaction is a record of a log; a snapshot of everything takes the place of the log's
/// beginning now and then. What a session put lives in memory: after a restart there are no sessions,
/// and whoever is there says so again.
///
/// Whenever the lock is free:
/// - every transaction that was answered is durable in the log or in the snapshot;
/// - revisions and sessions are larger than all that were ever given out.
package final class LocalMetadataStore: MetadataStore {
    private struct Session {
        var timeToLive: Duration
        var renewedAt: ContinuousClock.Instant
    }

    private struct State {
        var entries = MetadataState()
        var sessions: [Int64: Session] = [:]
        var nextSession: Int64 = 1
        var isClosed = false
    }

    static let snapshotName = "snapshot"
    static let kind = "meta"
    static let versions: ClosedRange<UInt16> = 1...1
    /// Revisions that were used by sessions alone are not in the log, so a restarted store begins
    /// so far above the last one it finds; sessions likewise.
    private static let restartGap: Int64 = 1_000_000

    private let store: any FileStore
    private let log: LogPartition
    private let snapshotEvery: Int
    private let state: Mutex<State>
    private let changed = Signal()

    /// - Parameter snapshotEvery: After how many bytes of log a snapshot is written.
    package init(
        _ store: any FileStore, syncer: LogSyncer, snapshotEvery: Int = 8 << 20
    ) throws {
        self.store = store
        self.snapshotEvery = snapshotEvery
        log = try LogPartition.open(try store.directory("log"), syncer: syncer)
        var state = State()
        if store.exists(Self.snapshotName) {
            let (_, payload) = try EnvelopeFormat.unwrap(
                try store.readAll(Self.snapshotName), file: store.path + "/" + Self.snapshotName,
                kind: Self.kind, versions: Self.versions, owner: log.logID)
            var reader = ByteReader(payload, file: store.path + "/" + Self.snapshotName)
            (state.entries, state.nextSession) = try MetadataState.read(from: &reader)
        }
        var next = log.startOffset
        while next < log.endOffset {
            for record in try log.read(from: next, maxByteCount: 4 << 20) {
                next = record.offset + 1
                let (transaction, revision) = try MetadataTransaction.read(
                    record: record.value ?? [], file: log.path)
                guard revision > state.entries.revision else { continue }
                state.entries.skip(to: revision - 1)
                state.entries.apply(transaction)
            }
        }
        state.entries.skip(to: state.entries.revision + Self.restartGap)
        state.nextSession += Self.restartGap
        self.state = Mutex(state)
        try self.state.withLock { try writeSnapshot(of: $0) }
    }

    /// Called under the lock.
    private func writeSnapshot(of state: borrowing State) throws {
        var writer = ByteWriter()
        state.entries.write(to: &writer, nextSession: state.nextSession)
        try store.replaceAtomically(
            Self.snapshotName,
            with: EnvelopeFormat.wrap(
                writer.bytes, kind: Self.kind, version: Self.versions.upperBound,
                owner: log.logID))
        try log.truncate(before: log.endOffset)
    }

    // MARK: Sessions

    package func openSession(timeToLive: Duration) throws -> Int64 {
        try state.withLock { state in
            if state.isClosed { throw MetadataError.stopped(reason: "the node stops") }
            let number = state.nextSession
            state.nextSession += 1
            state.sessions[number] = Session(timeToLive: timeToLive, renewedAt: .now)
            return number
        }
    }

    package func renew(session: Int64) throws {
        try state.withLock { state in
            guard state.sessions[session] != nil else {
                throw MetadataError.sessionExpired(session)
            }
            state.sessions[session]?.renewedAt = .now
        }
    }

    package func close(session: Int64) throws { end([session]) }

    /// Ends the sessions that were not renewed. Called now and then by whoever keeps the time.
    package func expire(at now: ContinuousClock.Instant = .now) {
        let late = state.withLock { state in
            state.sessions.filter { now - $0.value.renewedAt > $0.value.timeToLive }.keys.sorted()
        }
        if !late.isEmpty { end(late) }
    }

    private func end(_ sessions: [Int64]) {
        changed.change {
            state.withLock { state in
                for session in sessions { state.sessions[session] = nil }
                let ended = Set(sessions)
                var transaction = MetadataTransaction()
                for entry in state.entries.list("") {
                    if let session = entry.session, ended.contains(session) {
                        transaction.delete(entry.key)
                    }
                }
                if !transaction.deletes.isEmpty { state.entries.apply(transaction) }
            }
        }
    }

    // MARK: Entries

    package func get(_ key: String) -> MetadataEntry? {
        state.withLock { $0.entries.entries[key] }
    }

    package func list(_ prefix: String) -> (entries: [MetadataEntry], revision: Int64) {
        state.withLock { ($0.entries.list(prefix), $0.entries.revision) }
    }

    package var revision: Int64 { state.withLock { $0.entries.revision } }

    package func commit(_ transaction: MetadataTransaction) throws -> Int64? {
        let result: Int64? = try state.withLock { state in
            if state.isClosed { throw MetadataError.stopped(reason: "the node stops") }
            guard state.entries.holds(transaction.conditions) else { return nil }
            for put in transaction.puts {
                if let session = put.session, state.sessions[session] == nil {
                    throw MetadataError.sessionExpired(session)
                }
            }
            if state.entries.isEmpty(transaction) { return state.entries.revision }
            if touchesLasting(transaction, state.entries) {
                let record = transaction.record(revision: state.entries.revision + 1)
                _ = try log.append([LogRecord(key: nil, value: record)])
            }
            state.entries.apply(transaction)
            if log.byteCount > snapshotEvery { try writeSnapshot(of: state) }
            return state.entries.revision
        }
        changed.change {}
        return result
    }

    private func touchesLasting(
        _ transaction: MetadataTransaction, _ entries: MetadataState
    ) -> Bool {
        func lasts(_ key: String) -> Bool {
            entries.entries[key].map { $0.session == nil } ?? false
        }
        return transaction.puts.contains { $0.session == nil || lasts($0.key) }
            || transaction.deletes.contains(where: lasts)
    }

    package func changes(after revision: Int64, timeout: Duration) throws -> MetadataChanges {
        let found: MetadataChanges?? = changed.wait(timeout: timeout) {
            state.withLock { state -> MetadataChanges?? in
                if state.isClosed { return .some(nil) }
                return state.entries.changes(after: revision).map { .some($0) }
            }
        }
        return (found ?? nil) ?? .changed([], upTo: revision)
    }

    package func close() {
        changed.change { state.withLock { $0.isClosed = true } }
        log.close()
    }
}
