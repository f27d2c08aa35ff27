internal import TrawlBytes
internal import TrawlDocument
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlSchema
internal import TrawlSegment

/// Applies changes to the index, one after the other, in the order of the log.
///
/// A pure step: what becomes of a change depends on the changes before it and on nothing else, no
/// clock, no chance, so that every copy comes to the same documents and the same answers.
struct ShardApplier: Sendable {
    var checkpoint: ShardCheckpoint
    let index: IndexWriter
    let reader: DocumentReader

    /// A document as the changes so far left it.
    struct Current {
        var facts: DocumentFacts?
        var tombstone: Tombstones.Tombstone?

        /// The version that the next internal change adds one to.
        var version: Int64 { facts?.version ?? tombstone?.version ?? 0 }
    }

    func current(_ id: DocumentID) -> Current {
        let facts = index.facts(forID: id.string)
        return Current(
            facts: facts, tombstone: facts == nil ? checkpoint.tombstones[id.string] : nil)
    }

    /// - Parameter ready: The document of the change, when it was read before; of an update what
    ///   it would have come to then.
    /// - Returns: What became of it, and whether it belongs to the dead letters.
    mutating func apply(
        _ change: Change, at offset: Int64, epoch: Int64, ready: ReadyDocument?
    ) throws -> AppliedChange {
        precondition(offset == checkpoint.applied, "changes are applied in order, each once")
        let key = change.requestID.map { RequestWindow.key($0, change.id) }
        if let key, let answered = checkpoint.requests[key] {
            checkpoint.applied = offset + 1
            return answered
        }
        let origin = change.origin.flatMap { ChangeOrigin($0) }
        let result =
            if let origin, isKnown(change, from: origin) {
                noop(change.id, at: offset, epoch: epoch)
            } else {
                try decide(change, at: offset, epoch: epoch, ready: ready)
            }
        if let origin, let place = origin.place {
            checkpoint.origins[origin.source] = max(
                checkpoint.origins[origin.source] ?? place, place)
        }
        if let key { checkpoint.requests.insert(key, result) }
        checkpoint.applied = offset + 1
        checkpoint.lastStamp = max(checkpoint.lastStamp, change.stamp)
        return result
    }

    /// Whether a change of a primary store would change nothing: its place in the stream was
    /// passed, or the document is as it says.
    private func isKnown(_ change: Change, from origin: ChangeOrigin) -> Bool {
        if let place = origin.place, let last = checkpoint.origins[origin.source], place <= last {
            return true
        }
        guard case .index(let source) = change.operation,
            let facts = index.facts(forID: change.id.string)
        else { return false }
        return facts.digest == Self.digest(of: change.id, source)
    }

    private func noop(_ id: DocumentID, at offset: Int64, epoch: Int64) -> AppliedChange {
        let current = current(id)
        return AppliedChange(
            .noop(version: current.version, offset: current.facts?.sequence ?? offset),
            offset: offset, epoch: epoch)
    }

    private mutating func decide(
        _ change: Change, at offset: Int64, epoch: Int64, ready: ReadyDocument?
    ) throws -> AppliedChange {
        func result(_ outcome: ChangeOutcome) -> AppliedChange {
            AppliedChange(outcome, offset: offset, epoch: epoch)
        }
        let current = current(change.id)
        if let reason = ChangeRules.conflict(change, current) {
            return result(.conflict(reason: reason))
        }
        let version = ChangeRules.nextVersion(change, current)
        do {
            switch change.operation {
            case .index(let source), .create(let source):
                try put(change, source, version, at: offset, epoch: epoch, ready: ready)
                return result(
                    current.facts == nil
                        ? .created(version: version) : .updated(version: version))
            case .delete:
                try delete(change.id, version, at: offset)
                return result(
                    current.facts == nil
                        ? .notFound(version: version) : .deleted(version: version))
            case .update(let update):
                let found = try index.document(forID: change.id.string)
                switch try UpdateResolver.resolve(update, of: change.id, found: found) {
                case .noop:
                    return result(
                        .noop(
                            version: current.version,
                            offset: current.facts?.sequence ?? offset))
                case .delete:
                    try delete(change.id, version, at: offset)
                    return result(
                        current.facts == nil
                            ? .notFound(version: version) : .deleted(version: version))
                case .replace(let source):
                    var change = change
                    change.routing = change.routing ?? found?.routing
                    // Read before, unless the document has changed since.
                    let isSame =
                        ready?.document.source == source
                        && ready?.document.routing == change.routing
                    try put(
                        change, source, version, at: offset, epoch: epoch,
                        ready: isSame ? ready : nil)
                    return result(
                        current.facts == nil
                            ? .created(version: version) : .updated(version: version))
                }
            }
        } catch let error as SchemaError {
            return .failed(error, offset: offset, epoch: epoch)
        }
    }

    private mutating func put(
        _ change: Change, _ source: [UInt8], _ version: Int64, at offset: Int64, epoch: Int64,
        ready: ReadyDocument?
    ) throws {
        let ready =
            try ready ?? reader.read(id: change.id.string, routing: change.routing, source: source)
        let digest = Self.digest(of: change.id, source)
        let facts = DocumentFacts(
            sequence: offset, epoch: epoch, version: version,
            stamp: change.stamp == 0 ? UInt64(offset) : change.stamp, digest: digest)
        let replaced = index.facts(forID: change.id.string)
        try tolerateFullDisk {
            try index.put(ready.document, facts, fields: ready.fields)
        }
        checkpoint.tombstones.remove(change.id.string)
        checkpoint.digest = checkpoint.digest &+ digest
        if let replaced { checkpoint.digest = checkpoint.digest &- replaced.digest }
    }

    private mutating func delete(_ id: DocumentID, _ version: Int64, at offset: Int64) throws {
        if let facts = try index.delete(id: id.string) {
            checkpoint.digest = checkpoint.digest &- facts.digest
        }
        checkpoint.tombstones.insert(id.string, version: version, offset: offset)
    }

    /// The buffer could not be flushed for want of space. The document is in it all the same, and
    /// in the log; a later flush takes it along.
    private func tolerateFullDisk(_ body: () throws -> Void) throws {
        do { try body() } catch let error as FileError where error.problem == .noSpace {}
    }

    static func digest(of id: DocumentID, _ source: [UInt8]) -> StableHash.Hash128 {
        var bytes = Array(id.string.utf8)
        bytes.reserveCapacity(bytes.count + 1 + source.count)
        bytes.append(0)
        bytes.append(contentsOf: source)
        return StableHash.hash128(bytes)
    }
}

/// Whether a change may happen, in the words of the Elasticsearch API, and which version it makes.
enum ChangeRules {
    static func conflict(_ change: Change, _ current: ShardApplier.Current) -> String? {
        let id = change.id
        if case .create = change.operation, let facts = current.facts {
            return "[\(id)]: version conflict, document already exists (current version "
                + "[\(facts.version)])"
        }
        switch change.condition {
        case .none: return nil
        case .sequence(let offset, let epoch):
            guard let facts = current.facts else {
                return "[\(id)]: version conflict, required seqNo [\(offset)], primary term "
                    + "[\(epoch)]. but no document was found"
            }
            if facts.sequence == offset && facts.epoch == epoch { return nil }
            return "[\(id)]: version conflict, required seqNo [\(offset)], primary term "
                + "[\(epoch)]. current document has seqNo [\(facts.sequence)] and primary term "
                + "[\(facts.epoch)]"
        case .version(let version):
            guard let facts = current.facts else {
                return "[\(id)]: version conflict, document does not exist (expected version "
                    + "[\(version)])"
            }
            if facts.version == version { return nil }
            return "[\(id)]: version conflict, current version [\(facts.version)] is different "
                + "than the one provided [\(version)]"
        case .external(let version):
            guard current.facts != nil || current.tombstone != nil, current.version >= version
            else { return nil }
            return "[\(id)]: version conflict, current version [\(current.version)] is higher or "
                + "equal to the one provided [\(version)]"
        case .externalOrEqual(let version):
            guard current.facts != nil || current.tombstone != nil, current.version > version
            else { return nil }
            return "[\(id)]: version conflict, current version [\(current.version)] is higher "
                + "than the one provided [\(version)]"
        }
    }

    static func nextVersion(_ change: Change, _ current: ShardApplier.Current) -> Int64 {
        switch change.condition {
        case .external(let version), .externalOrEqual(let version): version
        case .none, .sequence, .version: current.version + 1
        }
    }
}
