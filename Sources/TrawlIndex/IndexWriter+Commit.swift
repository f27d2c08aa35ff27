internal import Synchronization
internal import TrawlFiles
internal import TrawlSegment

extension IndexWriter {
    /// Makes all changes so far visible. Cheap when there were none.
    @discardableResult
    package func refresh() throws -> Snapshot {
        try state.withLock(when: { !$0.isFlushing }) { state in
            try refuseIfFailed(state)
            guard state.isChanged else { return snapshot }
            try flush(&state)
            state.snapshotGeneration += 1
            var views: [SegmentView] = []
            for index in state.segments.indices {
                let view = state.segments[index].currentView()
                if view.liveCount > 0 { views.append(view) }
            }
            let made = Snapshot(
                generation: state.snapshotGeneration, segments: views, ledger: ledger)
            publish(made)
            state.isChanged = false
            return made
        }
    }

    /// Makes all changes so far durable, together with the payload: after a crash both are there
    /// or neither.
    ///
    /// Does nothing when neither changed since the last commit.
    package func commit(payload: [UInt8]) throws {
        try commit { drawLine in try drawLine(payload) }
    }

    /// The same, for a caller who has to keep changes away while the payload is made.
    ///
    /// - Parameter body: Calls the function it is given once. What was changed before that call is
    ///   in the commit, what comes after is not, and changes wait for this call alone: files are
    ///   written and synced after `body` has returned.
    package func commit(
        _ body: (_ drawLine: ([UInt8]) throws -> Void) throws -> Void
    ) throws {
        try commitLock.withLock { _ in
            var line: CommitLine?
            try body { payload in line = try drawLine(payload) }
            guard let line else { return }
            // Merges may put others in the place of these segments meanwhile.
            let files = line.segments.flatMap(\.view.reader.fileNames)
            defer { ledger.release(files) }
            do { try finish(line) } catch {
                state.withLock { state in
                    state.hasUncommitted = true
                    for segment in line.segments where segment.savesDeletes {
                        state.place(of: segment.view.id).map {
                            state.segments[$0].forgetSavedDeletes()
                        }
                    }
                    note(error, in: &state)
                }
                throw error
            }
        }
    }

    /// What a commit holds, decided in one moment. Everything in it stays as it is.
    private struct CommitLine {
        struct Segment {
            var view: SegmentView
            var liveGeneration: UInt64
            /// Whether the file of that generation has still to be written.
            var savesDeletes: Bool
            var unsynced: SegmentOutput?
        }

        var payload: [UInt8]
        var segments: [Segment]
        /// The newest documents, and the generation of what died among them.
        var flushing: (buffer: FrozenBuffer, id: SegmentID, liveGeneration: UInt64)?
        var manifest: Manifest
    }

    private func drawLine(_ payload: [UInt8]) throws -> CommitLine? {
        try state.withLock(when: { !$0.isFlushing }) { state in
            try refuseIfFailed(state)
            guard state.hasUncommitted || payload != state.committed.payload else { return nil }
            // One that failed before goes first, so that order is kept.
            if state.flushing != nil { try flush(&state) }
            var line = CommitLine(payload: payload, segments: [], manifest: state.committed)
            for index in state.segments.indices {
                let savesDeletes = state.segments[index].hasUnsavedDeletes
                // A number is used once: what a failed attempt left behind is never mistaken.
                if savesDeletes {
                    state.segments[index].savedDeletes(generation: state.takeLiveGeneration())
                }
                line.segments.append(
                    .init(
                        view: state.segments[index].currentView(),
                        liveGeneration: state.segments[index].liveGeneration,
                        savesDeletes: savesDeletes, unsynced: state.segments[index].unsynced))
            }
            if !state.buffer.isEmpty {
                let started = freezeBuffer(&state)
                line.flushing = (
                    FrozenBuffer(buffer: started.buffer), started.id, state.takeLiveGeneration()
                )
            }
            ledger.hold(line.segments.flatMap(\.view.reader.fileNames))
            line.manifest.generation += 1
            line.manifest.nextSegment = state.nextSegment
            line.manifest.nextLiveGeneration = state.nextLiveGeneration
            line.manifest.payload = payload
            state.hasUncommitted = false
            return line
        }
    }

    private func finish(_ line: CommitLine) throws {
        var segments = line.segments
        var newest: [String] = []
        defer { ledger.release(newest) }
        if let (frozen, id, generation) = line.flushing {
            let flushed = try writeFrozen(frozen, as: id, savingDeletesAs: generation)
            newest = flushed.reader.fileNames
            segments.append(
                .init(
                    view: SegmentView(flushed.reader, live: flushed.written.live),
                    liveGeneration: flushed.written.live == nil ? 0 : generation,
                    savesDeletes: flushed.written.live != nil, unsynced: flushed.written.output))
        }
        for segment in segments {
            do { try segment.unsynced?.sync() } catch {
                // Even for want of space: what the system could not write it may have dropped,
                // and a second sync that succeeds would prove nothing.
                state.withLock { $0.failure = "\(error)" }
                throw error
            }
            if segment.savesDeletes { try saveDeletes(segment) }
        }
        try store.syncDirectory()
        var manifest = line.manifest
        manifest.segments = segments.map { segment in
            Manifest.Segment(
                id: segment.view.id, docCount: segment.view.docCount,
                liveCount: segment.view.liveCount, liveGeneration: segment.liveGeneration,
                byteCount: segment.view.reader.byteCount)
        }
        try store.replaceAtomically(ManifestFormat.fileName, with: manifest.encoded())
        let files = IndexFiles.names(of: manifest, segments.map(\.view.reader))
        ledger.hold(files)
        let before = state.withLock { state in
            for segment in segments {
                state.place(of: segment.view.id).map { state.segments[$0].unsynced = nil }
            }
            defer {
                state.committedFiles = files
                state.committed = manifest
            }
            return state.committedFiles
        }
        ledger.release(before)
    }

    private func saveDeletes(_ segment: CommitLine.Segment) throws {
        guard let live = segment.view.live else { return }
        let name = SegmentFormat.liveFileName(
            segment.view.id, generation: segment.liveGeneration)
        do {
            try store.write(name, bytes: LiveDocsFormat.encode(live, owner: segment.view.id))
        } catch {
            try? store.remove(name)
            throw error
        }
    }

    /// The files of the last commit, kept from being removed while this is kept: to copy them.
    package final class CommitHold: Sendable {
        package let manifest: [UInt8]
        package let files: [String]
        private let ledger: FileLedger

        init(manifest: [UInt8], files: [String], ledger: FileLedger) {
            self.manifest = manifest
            self.files = files
            self.ledger = ledger
            ledger.hold(files)
        }

        deinit { ledger.release(files) }
    }

    /// - Returns: The hold, and the payload of the commit.
    package func holdCommit() -> (hold: CommitHold, payload: [UInt8]) {
        state.withLock { state in
            let hold = CommitHold(
                manifest: state.committed.encoded(), files: state.committedFiles, ledger: ledger)
            return (hold, state.committed.payload)
        }
    }
}
