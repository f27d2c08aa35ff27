internal import Synchronization
internal import TrawlBytes
package import TrawlFiles

extension LogPartition {
    /// What opening found and mended.
    package struct OpenReport: Sendable, Equatable {
        /// Bytes of a batch that was never wholly written, cut from the end.
        package var cutByteCount = 0
        /// Index files that had to be made again.
        package var rebuiltIndexCount = 0
    }

    /// Opens the partition in a directory, or makes it when the directory is empty.
    package static func open(
        _ store: any FileStore, options: LogOptions = LogOptions(), syncer: LogSyncer,
        report: ((OpenReport) -> Void)? = nil
    ) throws(LogError) -> LogPartition {
        var found = OpenReport()
        let opened: Result<LogPartition, LogError>
        do throws(FileError) {
            let meta = try readMeta(store)
            opened = try recover(store, meta, options, syncer, &found)
        } catch {
            throw .file(error)
        }
        let partition = try opened.get()
        report?(found)
        return partition
    }

    private static func readMeta(
        _ store: any FileStore
    ) throws(FileError) -> Result<PartitionMeta, CorruptionError> {
        let name = PartitionMeta.fileName
        if store.exists(name) {
            let bytes = try store.readAll(name)
            return Result { () throws(CorruptionError) in
                try PartitionMeta(bytes: bytes, file: store.path + "/" + name)
            }
        }
        if let log = try store.list().first(where: { $0.hasSuffix(".log") }) {
            return .failure(
                CorruptionError(
                    file: store.path + "/" + name, byteOffset: 0,
                    reason: "it is missing, and \(log) is there"))
        }
        let meta = PartitionMeta(logID: UInt64.random(in: 1 ... .max))
        try store.replaceAtomically(name, with: meta.bytes())
        return .success(meta)
    }

    private static func recover(
        _ store: any FileStore, _ found: Result<PartitionMeta, CorruptionError>,
        _ options: LogOptions, _ syncer: LogSyncer, _ report: inout OpenReport
    ) throws(FileError) -> Result<LogPartition, LogError> {
        let meta: PartitionMeta
        switch found {
        case .success(let value): meta = value
        case .failure(let error): return .failure(.damaged(error))
        }
        do throws(RecoveryFailure) {
            let (files, producers) = try LogRecovery(
                store: store, logID: meta.logID
            ).files(startOffset: meta.startOffset, report: &report)
            let state = State(
                files: files, startOffset: max(meta.startOffset, files[0].baseOffset),
                syncedEnd: files[files.count - 1].endOffset, epochs: meta.epochs,
                producers: producers)
            return .success(
                LogPartition(
                    store: store, options: options, syncer: syncer, logID: meta.logID,
                    state: state))
        } catch {
            switch error {
            case .file(let error): throw error
            case .damaged(let error): return .failure(.damaged(error))
            }
        }
    }

    /// A new leader begins: its epoch must be larger than all before.
    package func beginEpoch(_ epoch: Int64) throws(LogError) {
        let result: Result<Void, LogError> = state.withLock { state in
            let current = state.epochs.last?.epoch ?? 0
            guard epoch > current else {
                return .failure(.fenced(epoch: epoch, current: current))
            }
            var meta = PartitionMeta(logID: logID)
            meta.startOffset = state.startOffset
            meta.epochs =
                state.epochs + [
                    PartitionMeta.Epoch(epoch: epoch, startOffset: state.last.endOffset)
                ]
            do throws(FileError) {
                try store.replaceAtomically(PartitionMeta.fileName, with: meta.bytes())
            } catch {
                return .failure(.file(error))
            }
            state.epochs = meta.epochs
            return .success(())
        }
        try result.get()
    }
}

enum RecoveryFailure: Error {
    case file(FileError)
    case damaged(CorruptionError)
}

/// Finds out what the files of a partition hold.
///
/// Sealed files are known from their index. The last one is read batch by batch: what follows the
/// last whole batch was never acknowledged and is cut. But a bad batch with a good one after it
/// was synced once, so it is damage, not an end, and is named.
struct LogRecovery {
    let store: any FileStore
    let logID: UInt64

    private func path(_ name: String) -> String { store.path + "/" + name }

    private func attempt<T>(_ body: () throws(FileError) -> T) throws(RecoveryFailure) -> T {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    private func damaged(_ name: String, at place: Int, _ reason: String) -> RecoveryFailure {
        .damaged(CorruptionError(file: path(name), byteOffset: place, reason: reason))
    }

    func files(
        startOffset: Int64, report: inout LogPartition.OpenReport
    ) throws(RecoveryFailure) -> ([LogFile], ProducerTable) {
        let names = try attempt { () throws(FileError) in try store.list() }
        var bases: [Int64] = []
        for name in names where name.hasSuffix(".log") {
            guard let base = Int64(name.dropLast(4)), LogFile.stem(base) + ".log" == name else {
                throw damaged(name, at: 0, "no file of a log has such a name")
            }
            bases.append(base)
        }
        bases.sort()
        // Left by a crash between making and renaming; never anyone's.
        for name in names where name.hasSuffix(".new") {
            try attempt { () throws(FileError) in try store.remove(name) }
        }
        guard let first = bases.first else { return (try startFresh(at: startOffset), .init()) }
        guard first <= startOffset else {
            throw damaged(
                LogFile.stem(startOffset) + ".log", at: 0,
                "the file with offset \(startOffset) is missing; the first is of \(first)")
        }
        var files: [LogFile] = []
        var producers = ProducerTable()
        for (i, base) in bases.enumerated() {
            let isLast = i == bases.count - 1
            if let before = files.last, before.endOffset != base {
                throw damaged(
                    LogFile.stem(before.endOffset) + ".log", at: 0,
                    "the file with offsets \(before.endOffset) to \(base - 1) is missing")
            }
            if !isLast, let (file, table) = try sealed(base) {
                files.append(file)
                producers = table
                continue
            }
            var file = LogFile(baseOffset: base)
            try read(&file, &producers, isLast: isLast, &report)
            if !isLast {
                report.rebuiltIndexCount += 1
                try attempt { () throws(FileError) in
                    try store.replaceAtomically(
                        file.indexName, with: file.indexBytes(producers: producers, owner: logID))
                }
            }
            files.append(file)
        }
        return (files, producers)
    }

    private func startFresh(at offset: Int64) throws(RecoveryFailure) -> [LogFile] {
        var file = LogFile(baseOffset: offset)
        file.handle = try attempt { () throws(FileError) in
            let handle = try store.grow(file.logName)
            try store.syncDirectory()
            return handle
        }
        return [file]
    }

    /// A sealed file by its index; nil when the index must be made again.
    private func sealed(_ base: Int64) throws(RecoveryFailure) -> (LogFile, ProducerTable)? {
        let empty = LogFile(baseOffset: base)
        guard store.exists(empty.indexName) else { return nil }
        let bytes = try attempt { () throws(FileError) in try store.readAll(empty.indexName) }
        guard
            let found = try? LogFile.read(
                index: bytes, name: path(empty.indexName), baseOffset: base, owner: logID)
        else { return nil }
        let length = try attempt { () throws(FileError) in
            try store.byteCount(of: empty.logName)
        }
        guard length >= found.0.byteCount else {
            throw damaged(
                empty.logName, at: length,
                "it ends here, its index says \(found.0.byteCount) (truncated?)")
        }
        return found
    }

    /// Reads a file to learn what it holds, and cuts what was not wholly written.
    private func read(
        _ file: inout LogFile, _ producers: inout ProducerTable, isLast: Bool,
        _ report: inout LogPartition.OpenReport
    ) throws(RecoveryFailure) {
        let name = file.logName
        let bytes = try attempt { () throws(FileError) in try store.readAll(name) }
        var place = 0
        while place < bytes.count {
            let rest = bytes[place...]
            guard let header = RecordBatch.header(of: rest),
                header.byteCount <= rest.count,
                header.baseOffset == file.endOffset,
                RecordBatch.isIntact(rest.prefix(header.byteCount), header: header)
            else { break }
            if let producer = header.producer {
                producers.note(
                    producer, recordCount: header.recordCount, baseOffset: header.baseOffset)
            }
            file.note(header)
            place += header.byteCount
        }
        if place < bytes.count {
            if let next = Self.laterBatch(in: bytes, after: place, beyond: file.endOffset) {
                throw damaged(
                    name, at: place,
                    "the batch of offset \(file.endOffset) is not what was written, and a whole "
                        + "one follows at byte \(next)")
            }
            guard isLast else {
                throw damaged(name, at: place, "it does not end with a whole batch")
            }
        }
        guard isLast else { return }
        let handle = try attempt { () throws(FileError) in try store.grow(name) }
        file.handle = handle
        let valid = place
        // Synced in any case: those bytes count as durable from now on, and were perhaps not.
        try attempt { () throws(FileError) in
            if valid < bytes.count { try handle.truncate(to: valid) }
            if !bytes.isEmpty { try handle.sync() }
        }
        report.cutByteCount += bytes.count - valid
    }

    /// The first place after `start` where a whole batch of a later offset stands.
    private static func laterBatch(in bytes: [UInt8], after start: Int, beyond offset: Int64)
        -> Int?
    {
        var place = start + 1
        while place + RecordBatch.headerByteCount <= bytes.count {
            // The magic byte and the top bytes of an offset and a length sort out nearly all.
            if bytes[place + 16] == 2, bytes[place] == 0,
                let header = RecordBatch.header(of: bytes[place...]),
                header.baseOffset > offset, header.byteCount <= bytes.count - place,
                RecordBatch.isIntact(bytes[place..<place + header.byteCount], header: header)
            {
                return place
            }
            place += 1
        }
        return nil
    }
}
