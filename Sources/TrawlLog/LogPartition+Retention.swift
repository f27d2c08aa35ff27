internal import Synchronization
internal import TrawlBytes
internal import TrawlFiles

/// What a topic keeps.
package struct LogRetention: Sendable, Equatable {
    /// Files whose latest record is older are removed.
    package var time: Duration?
    /// Old files are removed while all together are larger.
    package var byteCount: Int?
    /// Of each key, only the newest record is kept.
    package var keepsNewestOfKey = false

    package init() {}
}

extension LogPartition {
    /// Removes whole files whose records are all before `offset`.
    package func truncate(before offset: Int64) throws(LogError) {
        let result: Result<[LogFile], LogError> = state.withLock { state in
            guard offset > state.startOffset else { return .success([]) }
            guard offset <= state.syncedEnd else {
                return .failure(
                    .offsetOutOfRange(
                        offset: offset, start: state.startOffset, end: state.syncedEnd))
            }
            var meta = PartitionMeta(logID: logID)
            meta.startOffset = offset
            meta.epochs = state.epochs
            do throws(FileError) {
                // First said, then done: after a crash in between, the next truncation removes
                // the files.
                try store.replaceAtomically(PartitionMeta.fileName, with: meta.bytes())
            } catch {
                return .failure(.file(error))
            }
            state.startOffset = offset
            let dead = state.files.dropLast().prefix { $0.endOffset <= offset }
            state.files.removeFirst(dead.count)
            return .success(Array(dead))
        }
        try remove(try result.get())
    }

    private func remove(_ files: [LogFile]) throws(LogError) {
        guard !files.isEmpty else { return }
        do throws(FileError) {
            for file in files {
                try? file.handle?.close()
                if store.exists(file.indexName) { try store.remove(file.indexName) }
                try store.remove(file.logName)
            }
            try store.syncDirectory()
        } catch {
            throw .file(error)
        }
    }

    /// Removes what the retention lets go, but nothing that someone still has to read.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970.
    ///   - slowest: The smallest offset that a consumer or a copy still needs; nil for none.
    /// - Returns: The new start offset.
    @discardableResult
    package func retain(
        _ retention: LogRetention, now: Int64, slowest: Int64?
    ) throws(LogError) -> Int64 {
        let limit: Int64 = state.withLock { state in
            var limit = state.startOffset
            var total = state.files.reduce(0) { $0 + $1.byteCount }
            for file in state.files.dropLast() {
                let age = Duration.milliseconds(now - file.latestTime)
                let isOld = retention.time.map { age > $0 } ?? false
                let isTooMuch = retention.byteCount.map { total > $0 } ?? false
                guard isOld || isTooMuch else { break }
                if let slowest, file.endOffset > slowest { break }
                limit = file.endOffset
                total -= file.byteCount
            }
            return limit
        }
        try truncate(before: limit)
        return limit
    }

    /// Rewrites the sealed files so that of each key only the newest record is left. Records
    /// without a key stay. Offsets stay what they were.
    ///
    /// - Returns: How many records are gone.
    package func compact() throws(LogError) -> Int {
        let (sealed, start) = state.withLock { (Array($0.files.dropLast()), $0.startOffset) }
        guard !sealed.isEmpty else { return 0 }
        var newest: [[UInt8]: Int64] = [:]
        var next = start
        while true {
            let records = try read(from: next)
            guard let last = records.last else { break }
            for record in records { if let key = record.key { newest[key] = record.offset } }
            next = last.offset + 1
        }
        var removed = 0
        for file in sealed {
            removed += try rewrite(file) { record in
                record.key.map { newest[$0] == record.offset } ?? true
            }
        }
        return removed
    }

    private func rewrite(
        _ old: LogFile, keeping isKept: (LogRecord) -> Bool
    ) throws(LogError) -> Int {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try store.readAll(old.logName) } catch { throw .file(error) }
        var new = LogFile(baseOffset: old.baseOffset)
        var out: [UInt8] = []
        var removed = 0
        var rest = bytes.prefix(old.byteCount)
        while let header = RecordBatch.header(of: rest) {
            let batch = rest.prefix(header.byteCount)
            let records: [LogRecord]
            do throws(CorruptionError) {
                records = try RecordBatch.records(
                    of: batch, header: header, file: store.path + "/" + old.logName)
            } catch {
                throw .damaged(error)
            }
            let kept = records.filter(isKept)
            removed += records.count - kept.count
            // The last record of a batch without any would leave a gap between batches: an
            // emptied batch keeps its last record.
            let written = kept.isEmpty ? [records[records.count - 1]] : kept
            if kept.isEmpty { removed -= 1 }
            let encoded =
                written.count == records.count
                ? Array(batch)
                : RecordBatch.encode(
                    written, baseOffset: header.baseOffset, leaderEpoch: header.leaderEpoch,
                    producer: header.producer, keepingOffsets: header.lastOffsetDelta)
            guard let newHeader = RecordBatch.header(of: encoded[...]) else {
                preconditionFailure("a batch that was written can be read")
            }
            new.note(newHeader)
            out.append(contentsOf: encoded)
            rest = rest.dropFirst(header.byteCount)
        }
        if removed == 0 { return 0 }
        try replace(old, with: new, bytes: out)
        return removed
    }

    private func replace(_ old: LogFile, with new: LogFile, bytes: [UInt8]) throws(LogError) {
        let result: Result<Void, LogError> = state.withLock { state in
            guard let i = state.files.firstIndex(where: { $0.baseOffset == old.baseOffset })
            else { return .success(()) }
            do throws(FileError) {
                // Without its index, a file is read whole: a crash between the two is harmless.
                if store.exists(old.indexName) { try store.remove(old.indexName) }
                try store.replaceAtomically(old.logName, with: bytes)
            } catch {
                return .failure(.file(error))
            }
            try? state.files[i].handle?.close()
            state.files[i] = new
            return .success(())
        }
        try result.get()
    }
}
