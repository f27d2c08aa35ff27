import Synchronization
import TrawlCoordinator
import TrawlDocument
import TrawlJSON

/// A shard as short as it can be: a dictionary. What the routes are tested on apart from the
/// engine.
final class ReferenceShard: ShardClient {
    struct Entry: Sendable {
        var source: [UInt8]
        var routing: String?
        var version: Int64
        var offset: Int64
        var isDeleted = false
    }

    struct State: Sendable {
        var documents: [String: Entry] = [:]
        var last: Int64 = -1
        var refreshCount = 0
    }

    let number: Int
    let state = Mutex(State())

    init(number: Int) { self.number = number }

    func write(_ changes: [Change]) throws -> [ShardWrite] {
        state.withLock { state in changes.map { Self.apply($0, to: &state) } }
    }

    private static func apply(_ change: Change, to state: inout State) -> ShardWrite {
        let old = state.documents[change.id.string].flatMap { $0.isDeleted ? nil : $0 }
        let last = state.documents[change.id.string]
        state.last += 1
        let offset = state.last
        func result(_ outcome: ChangeOutcome) -> ShardWrite {
            ShardWrite(outcome: outcome, offset: offset, epoch: 1)
        }
        let id = change.id.string
        switch change.condition {
        case .sequence(let wanted, let epoch) where last?.offset != wanted || epoch != 1:
            return result(
                .conflict(
                    reason: "[\(id)]: version conflict, required seqNo [\(wanted)], primary term "
                        + "[\(epoch)]. "
                        + (old.map {
                            "current document has seqNo [\($0.offset)] and primary term [1]"
                        } ?? "but no document was found")))
        case .external(let version) where version <= last?.version ?? -1,
            .externalOrEqual(let version) where version < last?.version ?? -1:
            return result(
                .conflict(
                    reason: "[\(id)]: version conflict, current version [\(last!.version)] is "
                        + "higher or equal to the one provided [\(version)]"))
        default: break
        }
        var version = (last?.version ?? 0) + 1
        if case .external(let given) = change.condition { version = given }
        if case .externalOrEqual(let given) = change.condition { version = given }
        func put(_ source: [UInt8]) {
            state.documents[id] = Entry(
                source: source, routing: change.routing, version: version, offset: offset)
        }
        switch change.operation {
        case .create where old != nil:
            return result(
                .conflict(
                    reason: "[\(id)]: version conflict, document already exists (current version "
                        + "[\(old!.version)])"))
        case .create(let source), .index(let source):
            put(source)
            return result(old == nil ? .created(version: version) : .updated(version: version))
        case .delete:
            state.documents[id] = Entry(
                source: [], routing: nil, version: version, offset: offset, isDeleted: true)
            return result(old == nil ? .notFound(version: version) : .deleted(version: version))
        case .update(let update):
            let body = try! JSONValue.parse(update.body)
            guard let old else {
                let upsert =
                    body["doc_as_upsert"] == true ? body["doc"] : body["upsert"]
                guard let upsert else {
                    return result(
                        .failed(
                            type: "document_missing_exception", reason: "[\(id)]: document missing")
                    )
                }
                put(upsert.serialized())
                return result(.created(version: version))
            }
            let before = try! JSONValue.parse(old.source)
            var after = before
            for (key, value) in body["doc"]?.objectValue ?? [:] { after[key] = value }
            if after == before, body["detect_noop"] != false {
                return result(.noop(version: old.version, offset: old.offset))
            }
            put(after.serialized())
            return result(.updated(version: version))
        }
    }

    func get(_ id: DocumentID, inRealTime: Bool) throws -> ShardDocument? {
        state.withLock { state in
            guard let entry = state.documents[id.string], !entry.isDeleted else { return nil }
            return ShardDocument(
                id: id.string, source: entry.source, routing: entry.routing,
                version: entry.version, offset: entry.offset, epoch: 1)
        }
    }

    /// A dictionary is not searched.
    func view() throws -> any ShardView {
        throw CoordinatorError.illegalArgument("the reference shard is not searched")
    }

    func refresh() throws { state.withLock { $0.refreshCount += 1 } }
    func flush() throws {}
    func forceMerge(to segmentCount: Int, onlyExpungesDeletes: Bool) throws {}
    func adopt(_ index: IndexMetadata) {}
    func close() {}

    var figures: ShardFigures {
        state.withLock { state in
            var figures = ShardFigures()
            figures.docCount = state.documents.values.count { !$0.isDeleted }
            figures.maxOffset = state.last
            figures.refreshCount = state.refreshCount
            return figures
        }
    }
}

struct ReferenceShards: ShardProvider {
    func openShard(_ index: IndexMetadata, number: Int) throws -> any ShardClient {
        ReferenceShard(number: number)
    }
    func removeAll(but uuids: Set<String>) {}
    var diskByteCounts: (total: Int, free: Int) { (1000, 500) }
}
