internal import TrawlFiles
internal import TrawlSegment

/// A buffer on its way into files. It changes no more: what dies in it is noted here and dies in
/// the segment when that is there.
struct FlushingBuffer {
    let buffer: SegmentBuffer
    let id: SegmentID
    var dead: Set<Int> = []
    /// Why it could not be written. The next flush tries again.
    var failure: (any Error)?

    func isLive(_ doc: Int) -> Bool { buffer.isLive(doc) && !dead.contains(doc) }

    var liveCount: Int { buffer.docCount - buffer.deletedCount - dead.count }
}

extension IndexWriter.State {
    /// Whether a thread is writing a buffer just now.
    var isFlushing: Bool { flushing != nil && flushing?.failure == nil }

    mutating func takeLiveGeneration() -> UInt64 {
        defer { nextLiveGeneration += 1 }
        return nextLiveGeneration
    }

    /// Where a segment is, unless it was merged away.
    func place(of id: SegmentID) -> Int? { segments.firstIndex { $0.reader.id == id } }
}

extension IndexWriter {
    /// Writes the buffer as a segment. Afterwards it is empty.
    ///
    /// - Precondition: No thread is flushing.
    func flush(_ state: inout State) throws {
        precondition(!state.isFlushing)
        do {
            if let waiting = state.flushing {
                try add(write(waiting.buffer, as: waiting.id), dead: waiting.dead, to: &state)
                state.flushing = nil
            }
            guard !state.buffer.isEmpty else { return }
            let id = takeNumber(&state)
            try add(write(state.buffer, as: id), dead: [], to: &state)
            state.buffer = SegmentBuffer()
        } catch {
            note(error, in: &state)
            throw error
        }
    }

    private func takeNumber(_ state: inout State) -> SegmentID {
        defer { state.nextSegment += 1 }
        return SegmentID(state.nextSegment)
    }

    /// Hands the full buffer to a thread and goes on with an empty one. Waits while an earlier
    /// one is still being written: two buffers at most take memory.
    func flushBeside() throws {
        let started = try state.withLock(when: { !$0.isFlushing }) { state -> FlushingBuffer? in
            if state.flushing != nil { try flush(&state) }
            return state.buffer.isEmpty ? nil : freezeBuffer(&state)
        }
        guard let started else { return }
        let frozen = FrozenBuffer(buffer: started.buffer)
        let id = started.id
        // What went wrong is noted: the next flush tries again, or refuses.
        OwnThread.start { [self] in _ = try? writeFrozen(frozen, as: id) }
    }

    /// Sets the buffer aside to be written by `writeFrozen`, and goes on with an empty one.
    func freezeBuffer(_ state: inout State) -> FlushingBuffer {
        let flushing = FlushingBuffer(buffer: state.buffer, id: takeNumber(&state))
        state.flushing = flushing
        state.buffer = SegmentBuffer()
        return flushing
    }

    /// Writes the buffer that was set aside, without holding up changes.
    ///
    /// - Parameter generation: Given by a commit: of the file in which it keeps what died before
    ///   the buffer was set aside. The segment's files are held for it, too.
    @discardableResult
    func writeFrozen(
        _ frozen: FrozenBuffer, as id: SegmentID, savingDeletesAs generation: UInt64? = nil
    ) throws -> Flushed {
        let result = Result { try write(frozen.buffer, as: id) }
        return try state.withLock { state in
            switch result {
            case .success(let written):
                if generation != nil { ledger.hold(written.reader.fileNames) }
                add(
                    written, savingDeletesAs: generation, dead: state.flushing?.dead ?? [],
                    to: &state)
                state.flushing = nil
                return written
            case .failure(let error):
                state.flushing?.failure = error
                note(error, in: &state)
                throw error
            }
        }
    }

    /// A buffer that nobody changes any more, so threads may read it side by side.
    struct FrozenBuffer: @unchecked Sendable { let buffer: SegmentBuffer }

    struct Flushed {
        var reader: SegmentReader
        var written: SegmentWriter.Written
    }

    private func write(_ buffer: SegmentBuffer, as id: SegmentID) throws -> Flushed {
        let written = try SegmentWriter.write(buffer, as: id, in: store)
        do {
            return Flushed(reader: try SegmentReader(id, in: store), written: written)
        } catch {
            written.output.abandon()
            throw error
        }
    }

    private func add(
        _ flushed: Flushed, savingDeletesAs generation: UInt64? = nil, dead: Set<Int>,
        to state: inout State
    ) {
        ledger.hold(flushed.reader.fileNames)
        var segment = SegmentState(
            flushed.reader, live: flushed.written.live, liveGeneration: 0,
            unsynced: flushed.written.output)
        if let generation, flushed.written.live != nil {
            segment.savedDeletes(generation: generation)
        }
        for doc in dead.sorted() { segment.delete(doc) }
        state.segments.append(segment)
        state.written.flushedSegmentCount += 1
        state.written.flushedByteCount += flushed.reader.byteCount
    }
}
