internal import Synchronization
package import TrawlDocument
internal import TrawlErrors
internal import TrawlJSON

/// A change of a document as a client asked for it.
package struct WriteRequest: Sendable {
    package enum Kind: String, Sendable {
        case index, create, update, delete
    }

    package var kind: Kind
    /// An index, an alias, or a name with date math.
    package var index: String
    /// Nil: the index gives one.
    package var id: String?
    /// The document, or the body of an update.
    package var source: [UInt8]
    package var routing: String?
    package var condition = Change.Condition.none
    package var requiresAlias = false
    package var requestID: String?
    /// The pipeline that the document goes through, in place of its index's own.
    package var pipeline: String?
    /// The primary store that the change comes from. What comes from one goes through no pipeline:
    /// the document stays what the store says.
    package var origin: String?

    package init(kind: Kind, index: String, id: String?, source: [UInt8] = []) {
        self.kind = kind
        self.index = index
        self.id = id
        self.source = source
    }
}

/// What came of it.
package struct WriteAnswer: Sendable {
    package var index: String
    package var id: String
    package var shard = 0
    package var shardCopies = 1
    package var routing: String?
    package var result: Result<ShardWrite, any Error>

    /// A document that a pipeline dropped: nothing was written, and nothing failed.
    static func dropped(_ request: WriteRequest) -> WriteAnswer {
        WriteAnswer(
            index: request.index, id: request.id ?? "auto-generated",
            result: .success(
                ShardWrite(outcome: .noop(version: -3, offset: -2), offset: -2, epoch: 0)))
    }
}

extension Coordinator {
    /// Writes documents, each to the log of its shard. What is returned is durable.
    ///
    /// Requests fail one by one. Those for one shard are appended together, in their order.
    package func write(_ requests: [WriteRequest]) -> [WriteAnswer] {
        writeThroughPipelines(requests).answers
    }

    /// The same, and how long the documents were in pipelines; nil when none was in any.
    package func writeThroughPipelines(
        _ requests: [WriteRequest]
    ) -> (answers: [WriteAnswer], pipelineTime: Duration?) {
        var stage = IngestStage(self)
        var ready: [WriteRequest] = []
        ready.reserveCapacity(requests.count)
        // What never comes to a shard, by its place among the requests.
        var ended: [Int: WriteAnswer] = [:]
        for (place, request) in requests.enumerated() {
            switch stage.prepare(request) {
            case .ready(let prepared): ready.append(prepared)
            case .dropped: ended[place] = .dropped(request)
            case .failed(let error):
                ended[place] = WriteAnswer(
                    index: request.index, id: request.id ?? "", result: .failure(error))
            }
        }
        let written = send(ready)
        if ended.isEmpty { return (written, stage.duration) }
        var rest = written[...]
        let answers = requests.indices.map { ended[$0] ?? rest.removeFirst() }
        return (answers, stage.duration)
    }

    private func send(_ requests: [WriteRequest]) -> [WriteAnswer] {
        var answers: [WriteAnswer] = []
        answers.reserveCapacity(requests.count)
        var batches: [ShardKey: Batch] = [:]
        var order: [ShardKey] = []
        var targets: [String: Result<Target, any Error>] = [:]
        for (place, request) in requests.enumerated() {
            let id = request.id ?? RandomID.make()
            do {
                let target = try self.target(of: request, known: &targets)
                var routing = request.routing
                if let fixed = target.alias?.indexRouting {
                    if let given = routing, given != fixed {
                        throw CoordinatorError.illegalArgument(
                            "Alias [\(request.index)] has index routing associated with it "
                                + "[\(fixed)], and was provided with routing value [\(given)], "
                                + "rejecting operation")
                    }
                    routing = fixed
                }
                let number = Self.shardNumber(
                    routing: routing ?? id, of: target.index.shardCount)
                answers.append(
                    WriteAnswer(
                        index: target.index.name, id: id, shard: number,
                        shardCopies: 1 + target.index.replicaCount, routing: routing,
                        result: .failure(CoordinatorError.illegalArgument("not done"))))
                let key = ShardKey(uuid: target.index.uuid, number: number)
                let change = try change(request, id: id, routing: routing, in: target)
                if batches[key] == nil {
                    batches[key] = Batch(index: target.index, number: number)
                    order.append(key)
                }
                batches[key]!.changes.append(change)
                batches[key]!.places.append(place)
            } catch {
                if answers.count == place {
                    answers.append(
                        WriteAnswer(
                            index: request.index, id: request.id ?? "", result: .failure(error)))
                } else {
                    answers[place].result = .failure(error)
                    if request.id == nil { answers[place].id = id }
                }
            }
        }
        for key in order { write(batches[key]!, &answers) }
        return answers
    }

    private struct ShardKey: Hashable {
        var uuid: String
        var number: Int
    }

    private struct Batch {
        var index: IndexMetadata
        var number: Int
        var changes: [Change] = []
        var places: [Int] = []
    }

    private typealias Target = (index: IndexMetadata, alias: AliasMetadata?)

    private func write(_ batch: Batch, _ answers: inout [WriteAnswer]) {
        do {
            let shard = try shards(of: batch.index)[batch.number]
            let writes = try shard.write(batch.changes)
            for (place, write) in zip(batch.places, writes) {
                answers[place].result = .success(write)
            }
        } catch {
            for place in batch.places { answers[place].result = .failure(error) }
        }
    }

    private func target(
        of request: WriteRequest, known: inout [String: Result<Target, any Error>]
    ) throws -> Target {
        let key = "\(request.requiresAlias)\(request.kind == .delete)\(request.index)"
        if let found = known[key] { return try found.get() }
        let result = Result<Target, any Error> {
            if request.kind == .delete, !request.isExternal,
                try catalog.snapshot.writeTarget(request.index, now: now) == nil
            {
                throw CoordinatorError.indexNotFound(request.index)
            }
            let target = try writeTarget(request.index, requireAlias: request.requiresAlias)
            try target.index.checkAccess(request.kind == .delete ? .delete : .write)
            if request.kind == .delete { try target.index.checkDeleteAccess() }
            return target
        }
        known[key] = result
        return try result.get()
    }

    private func change(
        _ request: WriteRequest, id: String, routing: String?, in target: Target
    ) throws -> Change {
        let index = target.index
        if id.utf8.count > DocumentID.maxByteCount {
            throw CoordinatorError.illegalArgument(
                "id [\(id)] is too long, must be no longer than \(DocumentID.maxByteCount) bytes "
                    + "but was: \(id.utf8.count)")
        }
        if routing == nil, index.mapping.requiresRouting {
            throw CoordinatorError(
                .invalidRequest, "routing_missing_exception",
                "routing is required for [\(index.name)]/[\(id)]", index: index.name,
                indexUUID: "_na_")
        }
        let operation: Change.Operation
        switch request.kind {
        case .index, .create:
            operation =
                request.kind == .create
                ? .create(source: request.source) : .index(source: request.source)
        case .update:
            operation = .update(
                Change.Update(body: try catalog.snapshot.writingOutScript(of: request.source)))
        case .delete: operation = .delete
        }
        return Change(
            id: DocumentID(id), operation: operation, routing: routing,
            condition: request.condition, requestID: request.requestID, stamp: nextStamp(),
            schemaVersion: index.version, origin: request.origin)
    }
}

extension CatalogSnapshot {
    /// The body of an update in which a stored script stands as text: a change carries all that
    /// decides what comes of it.
    fileprivate func writingOutScript(of body: [UInt8]) throws -> [UInt8] {
        if scripts.isEmpty { return body }
        guard var update = try? JSONValue.parse(body), let id = update["script"]?["id"]?.stringValue
        else { return body }
        guard let script = scripts[id] else {
            throw CoordinatorError(
                .notFound, "resource_not_found_exception", "unable to find script [\(id)]")
        }
        let params = update["script"]?["params"]
        update["script"] = .object(script)
        if let params { update["script"]?["params"] = params }
        return update.serialized()
    }
}

extension WriteRequest {
    fileprivate var isExternal: Bool {
        switch condition {
        case .external, .externalOrEqual: true
        default: false
        }
    }
}

extension IndexMetadata {
    /// A block on writes forbids deletes, too.
    fileprivate func checkDeleteAccess() throws(CoordinatorError) {
        if settings.bool("index.blocks.write") == true {
            throw .blocked(name, "FORBIDDEN/8/index write (api)")
        }
    }
}
