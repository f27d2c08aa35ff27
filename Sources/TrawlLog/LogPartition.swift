internal import Synchronization
internal import TrawlFiles
internal import TrawlThreads

/// How a partition keeps its files.
package struct LogOptions: Sendable {
    /// A file that reached this is sealed and a new one begun.
    package var fileByteCount = 64 << 20
    /// Below this much free space, appends are refused before anything is written.
    package var freeWatermark = 64 << 20
    package var maxBatchByteCount = 128 << 20
    /// Room asked of the device at once, so that appending changes no metadata.
    package var reserveByteCount = 4 << 20

    package init() {}
}

/// One ordered log of records, in the files of one directory.
///
/// Appends go to the last file and are readable once synced. One lock guards the list of files and
/// all offsets; it is held for a write to the last file, because the order of the bytes is the
/// order of the offsets, and never for a sync but that of a file being sealed.
///
/// Whenever the lock is free:
/// - files follow each other without gaps, and only the last one grows;
/// - `syncedEnd` ≤ the last file's `endOffset`;
/// - everything below `syncedEnd` was synced;
/// - when `failure` is set, `syncedEnd` does not grow any more.
package final class LogPartition: ChangeLog {
    struct Waiter {
        var end: Int64
        var done: @Sendable (LogError?) -> Void
    }

    struct State: Sendable {
        var files: [LogFile]
        var startOffset: Int64
        var syncedEnd: Int64
        var epochs: [PartitionMeta.Epoch]
        var producers: ProducerTable
        var failure: LogError?
        var isClosed = false
        var isEnqueued = false
        var bytesSinceSpaceCheck = Int.max / 2
        var reservedByteCount = 0
        var waiters: [WaiterBox] = []
        /// Another copy leads: nothing but its batches comes in.
        var isFollowing = false
        /// How often the end was cut off.
        var cutCount = 0

        var last: LogFile { files[files.count - 1] }
    }

    final class WaiterBox: Sendable {
        let end: Int64
        let done: @Sendable (LogError?) -> Void
        init(end: Int64, done: @escaping @Sendable (LogError?) -> Void) {
            self.end = end
            self.done = done
        }
    }

    let store: any FileStore
    let options: LogOptions
    let syncer: LogSyncer
    package let logID: UInt64
    let state: Mutex<State>
    /// Wakes those who wait for more records.
    let growth = Signal()

    init(
        store: any FileStore, options: LogOptions, syncer: LogSyncer, logID: UInt64, state: State
    ) {
        self.store = store
        self.options = options
        self.syncer = syncer
        self.logID = logID
        self.state = Mutex(state)
    }

    package var path: String { store.path }
    package var startOffset: Int64 { state.withLock { $0.startOffset } }
    package var endOffset: Int64 { state.withLock { $0.syncedEnd } }
    /// The offset after the last written record, synced or not.
    package var writtenEnd: Int64 { state.withLock { $0.last.endOffset } }
    package var epoch: Int64 { state.withLock { $0.epochs.last?.epoch ?? 1 } }
    /// The epoch of the leader that took the record at an offset.
    package func epoch(at offset: Int64) -> Int64 {
        state.withLock { $0.epochs.last { $0.startOffset <= offset }?.epoch ?? 1 }
    }
    package var byteCount: Int { state.withLock { $0.files.reduce(0) { $0 + $1.byteCount } } }
    package var fileCount: Int { state.withLock { $0.files.count } }
    /// Why it takes no more writes; nil while it does.
    package var failure: LogError? { state.withLock { $0.failure } }

    // MARK: Appending

    package func append(
        _ records: [LogRecord], producer: ProducerStamp? = nil
    ) throws(LogError) -> Range<Int64> {
        try append(records, producer: producer, epoch: nil)
    }

    /// Appends and waits until the records are durable.
    package func append(
        _ records: [LogRecord], producer: ProducerStamp?, epoch: Int64?
    ) throws(LogError) -> Range<Int64> {
        let answer = Answer()
        let signal = Signal()
        let offsets = try append(records, producer: producer, epoch: epoch) { error in
            signal.change { answer.result = .some(error) }
        }
        let result: LogError?? = signal.wait { answer.result }
        if case .some(.some(let error)) = result { throw error }
        return offsets
    }

    /// Guarded by the signal it is used with.
    private final class Answer: @unchecked Sendable { var result: LogError?? = nil }

    /// Appends; the offsets at once, the word that they are durable, or why not, later and on
    /// another thread.
    package func append(
        _ records: [LogRecord], producer: ProducerStamp?, epoch: Int64?,
        whenDurable done: @escaping @Sendable (LogError?) -> Void
    ) throws(LogError) -> Range<Int64> {
        precondition(!records.isEmpty, "a batch has a record")
        // Encoded outside of the lock; its place is filled in under it.
        var bytes = RecordBatch.encode(
            records, baseOffset: 0, leaderEpoch: 0, producer: producer)
        guard bytes.count <= options.maxBatchByteCount else {
            throw .tooLarge(byteCount: bytes.count, limit: options.maxBatchByteCount)
        }
        let written = bytes.count
        let result: Result<(Range<Int64>, isDurable: Bool), LogError> = state.withLock { state in
            Result { () throws(LogError) in
                try self.write(
                    &bytes, count: records.count, producer: producer, epoch: epoch, done: done,
                    &state)
            }
        }
        assert(written == bytes.count)
        let (offsets, isDurable) = try result.get()
        if isDurable { done(nil) }
        return offsets
    }

    private func write(
        _ bytes: inout [UInt8], count: Int, producer: ProducerStamp?, epoch: Int64?,
        done: @escaping @Sendable (LogError?) -> Void, _ state: inout State
    ) throws(LogError) -> (Range<Int64>, isDurable: Bool) {
        if state.isClosed { throw .closed }
        if let failure = state.failure { throw failure }
        let current = state.epochs.last?.epoch ?? 1
        if let epoch, epoch != current || state.isFollowing {
            throw .fenced(epoch: epoch, current: current)
        }
        if let producer {
            let verdict = try state.producers.check(producer, recordCount: Int32(count))
            if case .repeated(let base) = verdict {
                let offsets = base..<base + Int64(count)
                let isDurable = offsets.upperBound <= state.syncedEnd
                if !isDurable {
                    state.waiters.append(WaiterBox(end: offsets.upperBound, done: done))
                }
                return (offsets, isDurable)
            }
        }
        try checkSpace(bytes.count, &state)
        if state.last.byteCount >= options.fileByteCount { try roll(&state) }
        var file = state.last
        let offsets = file.endOffset..<file.endOffset + Int64(count)
        RecordBatch.place(
            &bytes, baseOffset: offsets.lowerBound, leaderEpoch: Int32(truncatingIfNeeded: current))
        guard let header = RecordBatch.header(of: bytes[...]), let handle = file.handle else {
            preconditionFailure("the last file is open and a batch that was written can be read")
        }
        reserve(bytes.count, handle, &state)
        do throws(FileError) {
            try handle.append(bytes)
        } catch {
            throw undo(error, handle, &state)
        }
        file.note(header)
        state.files[state.files.count - 1] = file
        state.bytesSinceSpaceCheck += bytes.count
        if let producer {
            state.producers.note(
                producer, recordCount: Int32(count), baseOffset: offsets.lowerBound)
        }
        state.waiters.append(WaiterBox(end: offsets.upperBound, done: done))
        if !state.isEnqueued {
            state.isEnqueued = true
            syncer.enqueue(self)
        }
        return (offsets, false)
    }

    /// The disk is asked now and then, and always while it is nearly full.
    func checkSpace(_ byteCount: Int, _ state: inout State) throws(LogError) {
        guard state.bytesSinceSpaceCheck + byteCount > 1 << 20 else { return }
        let free: Int
        do throws(FileError) { free = try store.freeByteCount() } catch { throw .file(error) }
        guard free - byteCount >= options.freeWatermark else {
            state.bytesSinceSpaceCheck = Int.max / 2
            throw .diskFull(
                partition: path, freeByteCount: free, watermark: options.freeWatermark)
        }
        state.bytesSinceSpaceCheck = 0
    }

    func reserve(_ byteCount: Int, _ handle: any GrowingFile, _ state: inout State) {
        let end = state.last.byteCount + byteCount
        guard options.reserveByteCount > 0, end > state.reservedByteCount else { return }
        state.reservedByteCount = end + options.reserveByteCount
        // Only for speed: where there is no room, the append says so itself.
        try? handle.reserve(byteCount: state.reservedByteCount)
    }

    /// After a failed write, the file is as long as before, or nothing more is taken.
    func undo(
        _ error: FileError, _ handle: any GrowingFile, _ state: inout State
    ) -> LogError {
        do throws(FileError) {
            try handle.truncate(to: state.last.byteCount)
        } catch let second {
            stop("\(error); and \(second)", &state)
            return state.failure ?? .file(error)
        }
        if error.problem == .noSpace {
            state.bytesSinceSpaceCheck = Int.max / 2
            return .diskFull(partition: path, freeByteCount: 0, watermark: options.freeWatermark)
        }
        stop(error.description, &state)
        return state.failure ?? .file(error)
    }

    func stop(_ reason: String, _ state: inout State) {
        if state.failure == nil { state.failure = .stopped(partition: path, reason: reason) }
    }

    /// Seals the last file and begins a new one.
    func roll(_ state: inout State) throws(LogError) {
        let file = state.last
        do throws(FileError) {
            try file.handle?.sync()
            try store.replaceAtomically(
                file.indexName, with: file.indexBytes(producers: state.producers, owner: logID))
            var next = LogFile(baseOffset: file.endOffset)
            next.handle = try store.grow(next.logName)
            try store.syncDirectory()
            state.reservedByteCount = 0
            state.files.append(next)
            // What was in the old file is durable now; those who wait hear it from the next sync.
        } catch {
            if error.problem == .noSpace {
                throw .diskFull(
                    partition: path, freeByteCount: 0, watermark: options.freeWatermark)
            }
            stop(error.description, &state)
            throw state.failure ?? .file(error)
        }
    }

    // MARK: Syncing

    /// Called on the sync thread.
    func syncNow() {
        let (handle, end, cutCount): ((any GrowingFile)?, Int64, Int) = state.withLock { state in
            state.isEnqueued = false
            // Earlier files were synced when they were sealed.
            return (
                state.failure == nil ? state.last.handle : nil, state.last.endOffset,
                state.cutCount
            )
        }
        var failed: FileError?
        do throws(FileError) { try handle?.sync() } catch { failed = error }
        let (ready, error): ([WaiterBox], LogError?) = state.withLock { state in
            if let failed { self.stop(failed.description, &state) }
            if let failure = state.failure {
                defer { state.waiters = [] }
                return (state.waiters, failure)
            }
            guard cutCount == state.cutCount else {
                // What was synced is not what is there now: once more.
                if !state.waiters.isEmpty, !state.isEnqueued {
                    state.isEnqueued = true
                    syncer.enqueue(self)
                }
                return ([], nil)
            }
            state.syncedEnd = max(state.syncedEnd, end)
            let ready = state.waiters.filter { $0.end <= end }
            state.waiters.removeAll { $0.end <= end }
            return (ready, nil)
        }
        growth.change {}
        for waiter in ready { waiter.done(error) }
    }

    /// Syncs what is written and lets the files go. Appends are refused from now on.
    package func close() {
        state.withLock { $0.isClosed = true }
        syncNow()
        state.withLock { state in
            for i in state.files.indices {
                try? state.files[i].handle?.close()
                state.files[i].handle = nil
            }
        }
    }
}
