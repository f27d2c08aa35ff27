internal import Synchronization
internal import TrawlBytes
package import TrawlFiles
package import TrawlSchema
package import TrawlSegment

/// Changes the index in one directory, and hands out snapshots of it.
///
/// One thread applies changes, in their order; snapshots, look-ups and merges may run beside it.
/// Which documents a segment holds, and in which order, depends on the changes and the times of
/// refresh and commit alone.
///
/// - A change is visible to searches after `refresh`, durable after `commit`. Until then it is
///   the log that keeps it.
/// - After a write failed other than for want of space, every later one is refused: what the
///   files hold is unknown, and only opening again tells.
package final class IndexWriter: Sendable {
    package struct Options: Sendable {
        /// About how much memory the buffer of new documents may take before it is flushed.
        package var bufferByteCount: Int
        /// Whether a full buffer is written by a thread of its own while changes go on. Then each
        /// of the two buffers may take half of the memory.
        package var flushesBeside: Bool
        package var mergePolicy: any MergePolicy
        /// How fast merges may write; nil for as fast as they can.
        package var mergeBytesPerSecond: Int?

        package init(
            bufferByteCount: Int = 64 << 20, flushesBeside: Bool = false,
            mergePolicy: any MergePolicy = AdjacentMergePolicy(), mergeBytesPerSecond: Int? = nil
        ) {
            self.bufferByteCount = bufferByteCount
            self.flushesBeside = flushesBeside
            self.mergePolicy = mergePolicy
            self.mergeBytesPerSecond = mergeBytesPerSecond
        }
    }

    /// How much was written, for those who watch the cost of merging.
    package struct Written: Sendable, Equatable {
        package var flushedSegmentCount = 0
        package var flushedByteCount = 0
        package var mergeCount = 0
        package var mergedByteCount = 0

        /// How often a flushed byte was written in all.
        package var amplification: Double {
            flushedByteCount == 0
                ? 1 : Double(flushedByteCount + mergedByteCount) / Double(flushedByteCount)
        }
    }

    /// What the lock guards.
    ///
    /// Whenever the lock is free:
    /// - every id has at most one living document, over the segments and the buffers;
    /// - `segments`, then `flushing`, then `buffer` hold the documents in the order of ingestion;
    /// - the files of `segments` and of `committed` are held in the ledger;
    /// - a segment that is being merged stays in `segments` until the result takes its place.
    struct State: @unchecked Sendable {
        // The buffer is used under the lock alone.
        var buffer = SegmentBuffer()
        var segments: [SegmentState] = []
        /// Between `segments` and `buffer`.
        var flushing: FlushingBuffer?
        /// What is on disk.
        var committed: Manifest
        var committedFiles: [String] = []
        var nextSegment: UInt64
        var nextLiveGeneration: UInt64
        var snapshotGeneration: UInt64 = 0
        /// Whether a refresh would show anything new.
        var isChanged = true
        var hasUncommitted = false
        var written = Written()
        var merges = MergeFigures()
        var failure: String?
        var isClosed = false
    }

    package let store: any FileStore
    package let options: Options
    let ledger: FileLedger
    let state: Monitor<State>
    private let published: Mutex<Snapshot>
    /// One merge at a time. Taken before `state`, never inside it.
    let mergeLock = Mutex(())
    /// One commit at a time. Taken before `state`, never inside it.
    let commitLock = Mutex(())
    let isCancelled = Atomic(false)

    /// Opens the index, or begins a new one in an empty directory. Files that the manifest does
    /// not name are removed. The caller has locked the directory.
    ///
    /// - Parameter identity: Of a new index; made up by the caller so that tests can repeat it.
    package init(
        _ store: any FileStore, options: Options = Options(), identity: @autoclosure () -> UInt64
    ) throws {
        self.store = store
        self.options = options
        ledger = FileLedger(store)
        var manifest: Manifest
        if store.exists(ManifestFormat.fileName) {
            manifest = try Manifest(
                decoding: try store.readAll(ManifestFormat.fileName),
                file: ManifestFormat.fileName)
        } else {
            manifest = Manifest(identity: identity())
        }
        var segments: [SegmentState] = []
        for described in manifest.segments {
            let view = try IndexFiles.open(described, in: store)
            segments.append(
                SegmentState(
                    view.reader, live: view.live, liveGeneration: described.liveGeneration))
        }
        let files = IndexFiles.names(of: manifest, segments.map(\.reader))
        try IndexFiles.removeLeftovers(besides: files, in: store)
        ledger.hold(files)
        for segment in segments { ledger.hold(segment.reader.fileNames) }
        var state = State(
            committed: manifest, nextSegment: manifest.nextSegment,
            nextLiveGeneration: manifest.nextLiveGeneration)
        state.committedFiles = files
        state.segments = segments
        state.snapshotGeneration = manifest.generation + 1
        state.isChanged = false
        let views = segments.map { SegmentView($0.reader, live: $0.currentLive) }
        published = Mutex(
            Snapshot(generation: state.snapshotGeneration, segments: views, ledger: ledger))
        self.state = Monitor(state)
    }

    /// What the last commit carried.
    package var committedPayload: [UInt8] { state.withLock { $0.committed.payload } }
    package var committed: Manifest { state.withLock { $0.committed } }
    package var written: Written { state.withLock { $0.written } }
    package var bufferedDocCount: Int { state.withLock { $0.buffer.docCount } }
    package var bufferByteCount: Int { state.withLock { $0.buffer.memoryByteCount } }
    package var hasUncommittedChanges: Bool { state.withLock { $0.hasUncommitted } }
    package var segmentCount: Int { state.withLock { $0.segments.count } }

    /// Living documents, those not yet refreshed included.
    package var liveCount: Int {
        state.withLock { state in
            let buffered =
                state.buffer.docCount - state.buffer.deletedCount
                + (state.flushing?.liveCount ?? 0)
            return state.segments.reduce(buffered) { $0 + $1.liveCount }
        }
    }

    /// What the last refresh showed.
    package var snapshot: Snapshot { published.withLock { $0 } }

    func publish(_ snapshot: Snapshot) { published.withLock { $0 = snapshot } }

    func refuseIfFailed(_ state: State) throws(IndexError) {
        if state.isClosed { throw IndexError(store.path, .closed) }
        if let cause = state.failure { throw IndexError(store.path, .failedBefore(cause: cause)) }
    }

    /// Ends the writer: waits for what is being written and refuses everything after. What was not
    /// committed is left to the next opening to sweep. Snapshots go on.
    ///
    /// Nobody else may open the index before.
    package func close() {
        cancelMerges()
        mergeLock.withLock { _ in }
        commitLock.withLock { _ in }
        state.withLock(when: { !$0.isFlushing }) { $0.isClosed = true }
        ledger.retire()
    }

    /// Notes a failure: unless it was want of space, nothing more is accepted.
    func note(_ error: any Error, in state: inout State) {
        if let error = error as? FileError, error.problem == .noSpace { return }
        state.failure = "\(error)"
    }

    // MARK: Changes

    /// Puts a document in place of whatever has its id.
    ///
    /// - Returns: What was known of the document it replaces; nil when there was none.
    /// - Throws: When the buffer was full and could not be flushed. The document is in the buffer
    ///   all the same; with space back, a later flush takes it along.
    @discardableResult
    package func put(
        _ document: ParsedDocument, _ facts: DocumentFacts, fields: FieldTable
    ) throws -> DocumentFacts? {
        let limit =
            options.flushesBeside
            ? options.bufferByteCount / 2 : options.bufferByteCount
        let (replaced, isFull) = try state.withLock { state in
            try refuseIfFailed(state)
            let replaced = Self.delete(id: document.id, in: &state)
            state.buffer.add(document, facts, fields: fields)
            state.isChanged = true
            state.hasUncommitted = true
            // Asking what the buffer takes costs a walk over its fields.
            let isFull =
                (state.buffer.docCount % 16 == 0 || document.source.count > 1 << 16)
                && state.buffer.memoryByteCount >= limit
            return (replaced, isFull)
        }
        if isFull {
            if options.flushesBeside {
                try flushBeside()
            } else {
                // A commit may be writing the buffer before this one.
                try state.withLock(when: { !$0.isFlushing }) { try flush(&$0) }
            }
        }
        return replaced
    }

    /// Deletes the document with an id.
    ///
    /// - Returns: What was known of it; nil when there was none.
    @discardableResult
    package func delete(id: String) throws -> DocumentFacts? {
        try state.withLock { state in
            try refuseIfFailed(state)
            return Self.delete(id: id, in: &state)
        }
    }

    /// Deletes documents of a snapshot, as far as they are still what they were there.
    ///
    /// - Returns: How many died.
    package func delete(_ docs: [Snapshot.Place], of snapshot: Snapshot) throws -> Int {
        var count = 0
        for place in docs {
            let identity = snapshot[place].reader.identity
            let sequence = identity.sequence(of: place.doc)
            let id = identity.id(of: place.doc)
            try state.withLock { state in
                try refuseIfFailed(state)
                guard let found = Self.find(id, in: state),
                    Self.facts(of: found, in: state).sequence == sequence
                else { return }
                Self.delete(found, in: &state)
                count += 1
            }
        }
        return count
    }

    // MARK: Look-up

    /// Where the living document of an id is just now.
    enum Location {
        case buffer(doc: Int)
        case flushing(doc: Int)
        case segment(index: Int, doc: Int)
    }

    /// A document as the last change left it, refreshed or not.
    package struct Found: Sendable {
        package var facts: DocumentFacts
        package var routing: String?
        package var source: [UInt8]
    }

    /// The newest state of a document, changes not yet refreshed included.
    package func document(forID id: String) throws -> Found? {
        try state.withLock { state in
            switch Self.find(id, in: state) {
            case nil: return nil
            case .buffer(let doc):
                return Found(
                    facts: state.buffer.identity.facts(of: doc),
                    routing: state.buffer.identity.routing(of: doc),
                    source: state.buffer.source(of: doc))
            case .flushing(let doc):
                return state.flushing.map { flushing in
                    Found(
                        facts: flushing.buffer.identity.facts(of: doc),
                        routing: flushing.buffer.identity.routing(of: doc),
                        source: flushing.buffer.source(of: doc))
                }
            case .segment(let index, let doc):
                let reader = state.segments[index].reader
                return Found(
                    facts: reader.identity.facts(of: doc),
                    routing: reader.identity.routing(of: doc),
                    source: try reader.source(of: doc))
            }
        }
    }

    /// The same without reading the source.
    package func facts(forID id: String) -> DocumentFacts? {
        state.withLock { state in
            Self.find(id, in: state).map { Self.facts(of: $0, in: state) }
        }
    }

    private static func find(_ id: String, in state: State) -> Location? {
        let hash = StableHash.hash64(id)
        if let doc = state.buffer.doc(id: id, hash: hash) { return .buffer(doc: doc) }
        if let flushing = state.flushing, let doc = flushing.buffer.doc(id: id, hash: hash),
            flushing.isLive(doc)
        {
            return .flushing(doc: doc)
        }
        for index in state.segments.indices.reversed() {
            if let doc = state.segments[index].reader.identity.doc(id: id, hash: hash),
                state.segments[index].isLive(doc)
            {
                return .segment(index: index, doc: doc)
            }
        }
        return nil
    }

    private static func facts(of location: Location, in state: State) -> DocumentFacts {
        switch location {
        case .buffer(let doc): state.buffer.identity.facts(of: doc)
        case .flushing(let doc):
            state.flushing?.buffer.identity.facts(of: doc) ?? DocumentFacts()
        case .segment(let index, let doc): state.segments[index].reader.identity.facts(of: doc)
        }
    }

    private static func delete(_ location: Location, in state: inout State) {
        switch location {
        case .buffer(let doc): state.buffer.delete(doc)
        case .flushing(let doc): state.flushing?.dead.insert(doc)
        case .segment(let index, let doc): state.segments[index].delete(doc)
        }
        state.isChanged = true
        state.hasUncommitted = true
    }

    private static func delete(id: String, in state: inout State) -> DocumentFacts? {
        guard let found = find(id, in: state) else { return nil }
        let facts = facts(of: found, in: state)
        delete(found, in: &state)
        return facts
    }
}
