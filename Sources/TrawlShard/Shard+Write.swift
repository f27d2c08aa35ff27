internal import Synchronization
package import TrawlDocument
internal import TrawlIndex
internal import TrawlLog
internal import TrawlSchema
internal import TrawlSegment
internal import TrawlThreads

extension Shard {
    /// Appends changes to the log, waits until they are durable, applies them.
    ///
    /// What is hopeless is refused before anything is appended: a document that does not fit the
    /// mapping, a condition that cannot hold any more. The others are decided when they are
    /// applied. Results come in the order of the changes.
    ///
    /// - Throws: When the log or the index fails. Then it is unknown which changes happened; with
    ///   request ids, sending them again is harmless.
    package func write(
        _ changes: [Change], leading: Leadership? = nil
    ) throws -> [AppliedChange] {
        if let failure = applied.withLock({ $0.failure }) { throw failure }
        var results = [AppliedChange?](repeating: nil, count: changes.count)
        var waiting: [(place: Int, pending: Pending)] = []
        var ids: Set<DocumentID> = []
        for (place, change) in changes.enumerated() {
            switch try admit(change, isAlone: !ids.contains(change.id)) {
            case .refused(let result): results[place] = result
            case .accepted(let ready):
                ids.insert(change.id)
                waiting.append((place, Pending(change, ready: ready)))
            }
        }
        if !waiting.isEmpty {
            try append(waiting.map(\.pending), leading)
            for (place, pending) in waiting { results[place] = pending.result }
        }
        return results.map { result in
            guard let result else { preconditionFailure("every change has a result") }
            return result
        }
    }

    /// In which epoch a copy takes changes, and what it waits for besides its own disk.
    package struct Leadership: Sendable {
        package var epoch: Int64
        /// Returns when everything before the offset is on every copy in sync.
        package var committed: @Sendable (Int64) throws -> Void

        package init(epoch: Int64, committed: @escaping @Sendable (Int64) throws -> Void) {
            self.epoch = epoch
            self.committed = committed
        }
    }

    // MARK: Admission

    private enum Admission {
        case refused(AppliedChange)
        case accepted(ReadyDocument?)
    }

    /// - Parameter isAlone: Whether no change before it in the same call is of the same document.
    private func admit(_ change: Change, isAlone: Bool) throws -> Admission {
        let ready: ReadyDocument?
        switch change.operation {
        case .index(let source), .create(let source):
            do {
                ready = try reader.read(
                    id: change.id.string, routing: change.routing, source: source)
            } catch let error as SchemaError {
                return .refused(.failed(error, offset: -1, epoch: log.epoch))
            }
        case .delete, .update: ready = nil
        }
        // A request that comes again may already have its answer, and conditions no longer hold.
        guard isAlone, change.requestID == nil, !isOnItsWay(change.id) else {
            return .accepted(ready)
        }
        return try judge(change) ?? .accepted(ready)
    }

    private func isOnItsWay(_ id: DocumentID) -> Bool {
        appended.withLock { $0.ids[id] != nil }
    }

    /// What the document's present state says of the change; nil when it says nothing.
    private func judge(_ change: Change) throws -> Admission? {
        guard change.condition != .none || change.operation.dependsOnDocument else { return nil }
        let current = applied.withLock { $0.applier.current(change.id) }
        let offset = current.facts?.sequence ?? -1
        let epoch = current.facts?.epoch ?? log.epoch
        if let reason = ChangeRules.conflict(change, current) {
            return .refused(AppliedChange(.conflict(reason: reason), offset: offset, epoch: epoch))
        }
        guard case .update(let update) = change.operation else { return nil }
        do {
            let found = try index.document(forID: change.id.string)
            switch try UpdateResolver.resolve(update, of: change.id, found: found) {
            case .noop:
                return .refused(
                    AppliedChange(
                        .noop(version: current.version, offset: offset), offset: offset,
                        epoch: epoch))
            case .delete: return nil
            case .replace(let source):
                // Most probably what it will come to when it is applied.
                return .accepted(
                    try reader.read(
                        id: change.id.string, routing: change.routing ?? found?.routing,
                        source: source))
            }
        } catch let error as SchemaError {
            return .refused(.failed(error, offset: -1, epoch: epoch))
        }
    }

    // MARK: Appending and applying

    private func append(_ pending: [Pending], _ leading: Leadership?) throws {
        let time = options.wallClock()
        let records = pending.map { ChangeCodec.record(of: $0.change, timestamp: time) }
        let answer = Answer()
        let signal = Signal()
        // Registered before anyone can apply them: an offset is known to others only when it is
        // durable, and this lock is held until the changes are in the table.
        let offsets = try appended.withLock { appended in
            let offsets = try log.append(records, producer: nil, epoch: leading?.epoch) { error in
                signal.change { answer.result = .some(error) }
            }
            for (offset, entry) in zip(offsets, pending) {
                appended.byOffset[offset] = entry
                appended.ids[entry.change.id, default: 0] += 1
            }
            return offsets
        }
        if leading != nil || !isAsynchronous.load(ordering: .relaxed) {
            let result: LogError?? = signal.wait { answer.result }
            if case .some(.some(let error)) = result {
                appended.withLock { $0.forget(offsets) }
                throw error
            }
        }
        do {
            try leading?.committed(offsets.upperBound)
            try apply(through: offsets.upperBound)
        } catch {
            appended.withLock { $0.forget(offsets) }
            throw error
        }
        // Another thread may have applied them: its lock was released since, so this sees them.
        applied.withLock { _ in }
    }

    /// Guarded by the signal it is used with.
    private final class Answer: @unchecked Sendable { var result: LogError?? = nil }

    /// Applies what is durable, up to `end` and in order. Whoever comes first does it for all.
    package func apply(through end: Int64) throws {
        try applied.withLock { state in
            if let failure = state.failure { throw failure }
            while state.applier.checkpoint.applied < end {
                let next = state.applier.checkpoint.applied
                if let entry = appended.withLock({ $0.byOffset[next] }) {
                    entry.result = try apply(
                        entry.change, at: next, ready: entry.ready, epoch: log.epoch(at: next),
                        &state)
                    appended.withLock { $0.forget(next..<next + 1) }
                } else {
                    try replay(from: next, through: end, &state)
                }
            }
        }
        progress.change {}
    }

    /// Applies records that are in the log only. While one stretch is applied, the documents of the
    /// next are read.
    private func replay(from start: Int64, through end: Int64, _ state: inout Applied) throws {
        func stretch(_ start: Int64) throws -> CatchUp {
            let records = try log.read(from: start, maxByteCount: 1 << 20)
                .filter { $0.offset < end }
            return CatchUp(
                records, reader: reader,
                threadCount: records.count < CatchUp.minimumCount ? 0 : options.catchUpThreads)
        }
        var current = try stretch(start)
        while let last = current.records.last {
            let next = last.offset + 1 < end ? try stretch(last.offset + 1) : nil
            for (record, (change, ready)) in zip(current.records, current.finish()) {
                // Others may have been registered meanwhile; they have someone who waits.
                if appended.withLock({ $0.byOffset[record.offset] != nil }) { return }
                precondition(
                    record.offset == state.applier.checkpoint.applied,
                    "the log of a shard has no gaps")
                switch change {
                case .success(let change):
                    _ = try apply(
                        change, at: record.offset, ready: ready,
                        epoch: log.epoch(at: record.offset), &state)
                case .failure(let error):
                    try letters.add(record, type: "not_a_change", reason: error.reason)
                    state.applier.checkpoint.applied = record.offset + 1
                }
            }
            guard let next else { return }
            current = next
        }
    }

    private func apply(
        _ change: Change, at offset: Int64, ready: ReadyDocument?, epoch: Int64,
        _ state: inout Applied
    ) throws -> AppliedChange {
        do {
            let result = try state.applier.apply(change, at: offset, epoch: epoch, ready: ready)
            state.changeCount += 1
            if case .failed(let type, let reason) = result.outcome,
                type != "document_missing_exception"
            {
                let record = ChangeCodec.record(of: change, timestamp: 0)
                try letters.add(record, at: offset, type: type, reason: reason)
            }
            return result
        } catch {
            // Half of a change may be in the index: only the last commit is to be trusted.
            let failure = ShardError.stopped(path: path, cause: "\(error)")
            state.failure = failure
            throw failure
        }
    }
}

extension Shard.Appended {
    mutating func forget(_ offsets: Range<Int64>) {
        for offset in offsets {
            guard let entry = byOffset.removeValue(forKey: offset) else { continue }
            let count = ids[entry.change.id] ?? 1
            ids[entry.change.id] = count > 1 ? count - 1 : nil
        }
    }
}

extension Change.Operation {
    /// Whether what becomes of it depends on the document that is there.
    fileprivate var dependsOnDocument: Bool {
        switch self {
        case .index, .delete: false
        case .create, .update: true
        }
    }
}
