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
            guard !state.buffer.isEmpty else { return nil }
            let flushing = FlushingBuffer(buffer: state.buffer, id: takeNumber(&state))
            state.flushing = flushing
            state.buffer = SegmentBuffer()
            return flushing
        }
        guard let started else { return }
        let frozen = FrozenBuffer(buffer: started.buffer)
        let id = started.id
        OwnThread.start { [self] in
            let result = Result { try write(frozen.buffer, as: id) }
            state.withLock { state in
                switch result {
                case .success(let written):
                    add(written, dead: state.flushing?.dead ?? [], to: &state)
                    state.flushing = nil
                case .failure(let error):
                    state.flushing?.failure = error
                    note(error, in: &state)
                }
            }
        }
    }

    /// A buffer that nobody changes any more, so threads may read it side by side.
    private struct FrozenBuffer: @unchecked Sendable { let buffer: SegmentBuffer }

    private struct Flushed {
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

    private func add(_ flushed: Flushed, dead: Set<Int>, to state: inout State) {
        ledger.hold(flushed.reader.fileNames)
        var segment = SegmentState(
            flushed.reader, live: flushed.written.live, liveGeneration: 0,
            unsynced: flushed.written.output)
        for doc in dead.sorted() { segment.delete(doc) }
        state.segments.append(segment)
        state.written.flushedSegmentCount += 1
        state.written.flushedByteCount += flushed.reader.byteCount
    }
}
