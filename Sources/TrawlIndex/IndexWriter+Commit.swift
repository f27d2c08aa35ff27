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
        var superseded: [String] = []
        defer { ledger.release(superseded) }
        try state.withLock(when: { !$0.isFlushing }) { state in
            try refuseIfFailed(state)
            guard state.hasUncommitted || payload != state.committed.payload else { return }
            try flush(&state)
            do { superseded = try write(payload, &state) } catch {
                note(error, in: &state)
                throw error
            }
        }
    }

    /// - Returns: The files of the commit before, to be released.
    private func write(_ payload: [UInt8], _ state: inout State) throws -> [String] {
        for index in state.segments.indices {
            do { try state.segments[index].unsynced?.sync() } catch {
                // Even for want of space: what the system could not write it may have dropped,
                // and a second sync that succeeds would prove nothing.
                state.failure = "\(error)"
                throw error
            }
            state.segments[index].unsynced = nil
            try saveDeletes(index, &state)
        }
        try store.syncDirectory()
        var manifest = state.committed
        manifest.generation += 1
        manifest.nextSegment = state.nextSegment
        manifest.nextLiveGeneration = state.nextLiveGeneration
        manifest.payload = payload
        manifest.segments = state.segments.map { segment in
            Manifest.Segment(
                id: segment.reader.id, docCount: segment.reader.docCount,
                liveCount: segment.liveCount, liveGeneration: segment.liveGeneration,
                byteCount: segment.reader.byteCount)
        }
        try store.replaceAtomically(ManifestFormat.fileName, with: manifest.encoded())
        let files = IndexFiles.names(of: manifest, state.segments.map(\.reader))
        ledger.hold(files)
        let before = state.committedFiles
        state.committedFiles = files
        state.committed = manifest
        state.hasUncommitted = false
        return before
    }

    private func saveDeletes(_ index: Int, _ state: inout State) throws {
        guard state.segments[index].hasUnsavedDeletes,
            let live = state.segments[index].currentView().live
        else { return }
        // A number is used once: what a failed attempt left behind is never mistaken for this.
        let generation = state.nextLiveGeneration
        state.nextLiveGeneration += 1
        let id = state.segments[index].reader.id
        let name = SegmentFormat.liveFileName(id, generation: generation)
        do { try store.write(name, bytes: LiveDocsFormat.encode(live, owner: id)) } catch {
            try? store.remove(name)
            throw error
        }
        state.segments[index].savedDeletes(generation: generation)
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

    package func holdCommit() -> CommitHold {
        state.withLock { state in
            CommitHold(
                manifest: state.committed.encoded(), files: state.committedFiles, ledger: ledger)
        }
    }
}
