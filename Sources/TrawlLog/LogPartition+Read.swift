internal import Synchronization
internal import TrawlBytes
internal import TrawlFiles
internal import TrawlThreads

extension LogPartition {
    /// Whole batches as they stand in the file, durable ones only.
    package struct Chunk: Sendable {
        package var bytes: [UInt8]
        /// The offset to go on with.
        package var nextOffset: Int64
        /// The file it is from, for messages.
        package var file: String
    }

    package func read(
        from offset: Int64, maxByteCount: Int = 1 << 20
    ) throws(LogError) -> [LogRecord] {
        var records: [LogRecord] = []
        var next = offset
        // A batch that compaction emptied holds nothing, but the log goes on after it.
        while records.isEmpty {
            guard let chunk = try readChunk(from: next, maxByteCount: maxByteCount) else { break }
            next = chunk.nextOffset
            var rest = chunk.bytes[...]
            while let header = RecordBatch.header(of: rest) {
                let batch = rest.prefix(header.byteCount)
                do throws(CorruptionError) {
                    let all = try RecordBatch.records(of: batch, header: header, file: chunk.file)
                    records.append(contentsOf: all.drop { $0.offset < offset })
                } catch {
                    throw .damaged(error)
                }
                rest = rest.dropFirst(header.byteCount)
            }
        }
        return records
    }

    /// Batches from the one that holds `offset` on; nil at the end. Every checksum is compared.
    package func readChunk(
        from offset: Int64, maxByteCount: Int = 1 << 20
    ) throws(LogError) -> Chunk? {
        let found: Result<(LogFile, any GrowingFile, end: Int64)?, LogError> = state.withLock {
            state in
            Result { () throws(LogError) in try self.find(offset, &state) }
        }
        guard let (file, handle, end) = try found.get() else { return nil }
        let chunk: Result<Chunk?, LogError>
        do throws(FileError) {
            chunk = try scan(file, handle, from: offset, end: end, maxByteCount: maxByteCount)
        } catch {
            throw .file(error)
        }
        return try chunk.get()
    }

    private func find(
        _ offset: Int64, _ state: inout State
    ) throws(LogError) -> (LogFile, any GrowingFile, end: Int64)? {
        guard offset >= state.startOffset, offset <= state.syncedEnd else {
            throw .offsetOutOfRange(
                offset: offset, start: state.startOffset, end: state.syncedEnd)
        }
        if offset == state.syncedEnd { return nil }
        guard let i = state.files.lastIndex(where: { $0.baseOffset <= offset }) else {
            preconditionFailure("a file begins at or before the start offset")
        }
        if state.files[i].handle == nil {
            if state.isClosed { throw .closed }
            do throws(FileError) {
                state.files[i].handle = try store.grow(state.files[i].logName)
            } catch {
                throw .file(error)
            }
        }
        guard let handle = state.files[i].handle else { return nil }
        return (state.files[i], handle, state.syncedEnd)
    }

    private func scan(
        _ file: LogFile, _ handle: any GrowingFile, from offset: Int64, end: Int64,
        maxByteCount: Int
    ) throws(FileError) -> Result<Chunk?, LogError> {
        var place = file.byteOffset(before: offset)
        var want = max(maxByteCount, LogFile.indexInterval * 2)
        let path = store.path + "/" + file.logName
        func damaged(_ reason: String) -> Result<Chunk?, LogError> {
            .failure(.damaged(CorruptionError(file: path, byteOffset: place, reason: reason)))
        }
        while true {
            let bytes = try handle.read(place..<min(place + want, file.byteCount))
            var start = 0
            var cursor = 0
            var next = offset
            var needed = RecordBatch.headerByteCount
            while cursor < bytes.count {
                guard let header = RecordBatch.header(of: bytes[cursor...]) else {
                    // Cut by the length that was read, unless a whole header was there.
                    if bytes.count - cursor < RecordBatch.headerByteCount { break }
                    place += cursor
                    return damaged("no batch begins here")
                }
                guard header.baseOffset >= file.baseOffset, header.lastOffset < file.endOffset
                else {
                    place += cursor
                    return damaged("a batch of offset \(header.baseOffset) has no place here")
                }
                guard cursor + header.byteCount <= bytes.count else {
                    needed = header.byteCount
                    break
                }
                if header.lastOffset < offset {
                    cursor += header.byteCount
                    start = cursor
                    continue
                }
                // Written, but not yet durable.
                if header.baseOffset >= end { break }
                let batch = bytes[cursor..<cursor + header.byteCount]
                guard RecordBatch.isIntact(batch, header: header) else {
                    place += cursor
                    return damaged(
                        "the batch of offset \(header.baseOffset) is not what was written")
                }
                cursor += header.byteCount
                next = header.lastOffset + 1
            }
            if next > offset {
                return .success(
                    Chunk(bytes: Array(bytes[start..<cursor]), nextOffset: next, file: path))
            }
            place += cursor
            guard place + needed <= file.byteCount else {
                return damaged("offset \(offset) should be here, and the file ends before")
            }
            guard cursor > 0 || bytes.count < needed else {
                return damaged("offset \(offset) should be here and is not")
            }
            want = max(want, needed)
        }
    }

    /// Sleeps until there is a durable record at `offset`, or the time is over.
    package func wait(for offset: Int64, timeout: Duration) -> Bool {
        growth.wait(timeout: timeout) {
            self.state.withLock { $0.syncedEnd > offset || $0.failure != nil || $0.isClosed }
                ? true : nil
        } != nil && endOffset > offset
    }

    /// The first offset whose record may be as late as `time` (milliseconds since 1970).
    package func offset(at time: Int64) throws(LogError) -> Int64 {
        let (start, end) = state.withLock { state -> (Int64, Int64) in
            let file = state.files.first { $0.latestTime >= time }
            guard let file else { return (state.syncedEnd, state.syncedEnd) }
            return (max(file.offset(before: time), state.startOffset), state.syncedEnd)
        }
        var next = start
        while next < end {
            let records = try read(from: next)
            if let first = records.first(where: { $0.timestamp >= time }) { return first.offset }
            guard let last = records.last else { break }
            next = last.offset + 1
        }
        return end
    }
}
