internal import Synchronization
internal import TrawlBytes
package import TrawlFiles

/// What a log does that is one copy among several: it takes its leader's batches as they are, and
/// gives up an end that the leader does not have.
extension LogPartition {
    /// Epochs that wrote something, each with its first offset.
    package var epochStarts: [(epoch: Int64, offset: Int64)] {
        state.withLock { state in
            let end = state.last.endOffset
            var starts: [(epoch: Int64, offset: Int64)] = []
            for (place, epoch) in state.epochs.enumerated() where epoch.startOffset < end {
                // An epoch in which nothing was written ends where it began.
                let next = place + 1 < state.epochs.count ? state.epochs[place + 1] : nil
                if next?.startOffset == epoch.startOffset { continue }
                starts.append((epoch.epoch, epoch.startOffset))
            }
            return starts
        }
    }

    /// This copy leads in `epoch`: it takes appends of its own, marked with it.
    package func lead(epoch: Int64) throws(LogError) {
        if epoch > self.epoch { try beginEpoch(epoch) }
        state.withLock { $0.isFollowing = false }
    }

    /// This copy does not lead any more: from the return on nothing but the leader's batches comes
    /// in.
    package func follow() { state.withLock { $0.isFollowing = true } }

    /// Appends batches as they stand in the leader's log, whole ones that go on where this log ends.
    ///
    /// - Returns: Their offsets; `done` is called on another thread when they are durable.
    package func append(
        batches bytes: [UInt8], whenDurable done: @escaping @Sendable (LogError?) -> Void
    ) throws(LogError) -> Range<Int64> {
        let result: Result<Range<Int64>, LogError> = state.withLock { state in
            Result { () throws(LogError) in try write(batches: bytes, done: done, &state) }
        }
        return try result.get()
    }

    private func write(
        batches bytes: [UInt8], done: @escaping @Sendable (LogError?) -> Void,
        _ state: inout State
    ) throws(LogError) -> Range<Int64> {
        if state.isClosed { throw .closed }
        if let failure = state.failure { throw failure }
        let start = state.last.endOffset
        let headers = try headers(of: bytes, from: start)
        try note(epochsOf: headers, &state)
        try checkSpace(bytes.count, &state)
        if state.last.byteCount >= options.fileByteCount { try roll(&state) }
        guard let handle = state.last.handle else {
            preconditionFailure("the last file is open")
        }
        reserve(bytes.count, handle, &state)
        do throws(FileError) {
            try handle.append(bytes)
        } catch {
            throw undo(error, handle, &state)
        }
        for header in headers { state.files[state.files.count - 1].note(header) }
        state.bytesSinceSpaceCheck += bytes.count
        let end = state.last.endOffset
        state.waiters.append(WaiterBox(end: end, done: done))
        if !state.isEnqueued {
            state.isEnqueued = true
            syncer.enqueue(self)
        }
        return start..<end
    }

    private func headers(
        of bytes: [UInt8], from start: Int64
    ) throws(LogError) -> [RecordBatch.Header] {
        var headers: [RecordBatch.Header] = []
        var rest = bytes[...]
        var next = start
        while !rest.isEmpty {
            guard let header = RecordBatch.header(of: rest), header.byteCount <= rest.count,
                header.baseOffset == next,
                RecordBatch.isIntact(rest.prefix(header.byteCount), header: header)
            else {
                throw .damaged(
                    CorruptionError(
                        file: path, byteOffset: bytes.count - rest.count,
                        reason: "what came from the leader is not the batch of offset \(next)"))
            }
            headers.append(header)
            next = header.lastOffset + 1
            rest = rest.dropFirst(header.byteCount)
        }
        guard !headers.isEmpty else {
            throw .damaged(
                CorruptionError(file: path, byteOffset: 0, reason: "no batch came from the leader"))
        }
        return headers
    }

    /// An epoch is on disk before its first record is.
    private func note(
        epochsOf headers: [RecordBatch.Header], _ state: inout State
    ) throws(LogError) {
        var meta = PartitionMeta(logID: logID)
        meta.startOffset = state.startOffset
        meta.epochs = state.epochs
        for header in headers {
            let epoch = Int64(header.leaderEpoch)
            while let last = meta.epochs.last, last.epoch != epoch,
                last.startOffset >= header.baseOffset
            {
                meta.epochs.removeLast()
            }
            let current = meta.epochs.last?.epoch ?? 0
            guard epoch >= current else { throw .fenced(epoch: epoch, current: current) }
            if epoch > current {
                meta.epochs.append(
                    PartitionMeta.Epoch(epoch: epoch, startOffset: header.baseOffset))
            }
        }
        guard meta.epochs != state.epochs else { return }
        do throws(FileError) {
            try store.replaceAtomically(PartitionMeta.fileName, with: meta.bytes())
        } catch {
            throw .file(error)
        }
        state.epochs = meta.epochs
    }

    // MARK: Giving up an end

    /// Cuts the log: what stands at `offset` and after it is gone, durably.
    ///
    /// - Precondition: A batch begins at the offset, or the log ends there.
    package func cut(to offset: Int64) throws(LogError) {
        let result: Result<[WaiterBox], LogError> = state.withLock { state in
            guard offset >= state.startOffset, offset <= state.last.endOffset else {
                return .failure(
                    .offsetOutOfRange(
                        offset: offset, start: state.startOffset, end: state.last.endOffset))
            }
            do throws(FileError) {
                try cut(to: offset, &state)
            } catch {
                stop(error.description, &state)
                return .failure(.file(error))
            }
            let lost = state.waiters.filter { $0.end > offset }
            state.waiters.removeAll { $0.end > offset }
            return .success(lost)
        }
        for waiter in try result.get() { waiter.done(.fenced(epoch: epoch, current: epoch)) }
    }

    private func cut(to offset: Int64, _ state: inout State) throws(FileError) {
        // A sync that is under way must not count what is written in place of what it synced.
        state.cutCount += 1
        while state.files.count > 1, state.last.baseOffset >= offset {
            let file = state.files.removeLast()
            try file.handle?.close()
            if store.exists(file.indexName) { try store.remove(file.indexName) }
            try store.remove(file.logName)
        }
        let old = state.last
        if store.exists(old.indexName) { try store.remove(old.indexName) }
        let handle: any GrowingFile
        if let open = old.handle { handle = open } else { handle = try store.grow(old.logName) }
        var file = LogFile(baseOffset: old.baseOffset)
        file.handle = handle
        var rest = try handle.read(0..<old.byteCount)[...]
        while let header = RecordBatch.header(of: rest), header.lastOffset < offset {
            file.note(header)
            rest = rest.dropFirst(header.byteCount)
        }
        assert(file.endOffset == offset, "a log is cut between batches")
        try handle.truncate(to: file.byteCount)
        try handle.sync()
        try store.syncDirectory()
        state.files[state.files.count - 1] = file
        state.syncedEnd = min(state.syncedEnd, file.endOffset)
        state.reservedByteCount = 0
        var meta = PartitionMeta(logID: logID)
        meta.startOffset = state.startOffset
        meta.epochs = state.epochs.filter { $0.startOffset < offset }
        try store.replaceAtomically(PartitionMeta.fileName, with: meta.bytes())
        state.epochs = meta.epochs
    }

    // MARK: Beginning with a copy

    /// Makes an empty log that goes on where copied files end.
    package static func begin(
        in store: any FileStore, logID: UInt64, at offset: Int64,
        epochs: [(epoch: Int64, offset: Int64)]
    ) throws(FileError) {
        var meta = PartitionMeta(logID: logID)
        meta.startOffset = offset
        meta.epochs = epochs.filter { $0.offset < offset }.map {
            PartitionMeta.Epoch(epoch: $0.epoch, startOffset: $0.offset)
        }
        try store.replaceAtomically(PartitionMeta.fileName, with: meta.bytes())
    }
}
