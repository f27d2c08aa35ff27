internal import Synchronization
internal import TrawlBytes
internal import TrawlCapture
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlThreads

/// The indices of this node, or of its cluster, as what follows a primary store needs them.
struct CoordinatorTarget: CaptureTarget {
    let coordinator: Coordinator

    private var catalog: CatalogSnapshot { coordinator.catalog.snapshot }

    var now: Double { Double(coordinator.now) }

    private func index(_ name: String) throws -> IndexMetadata {
        guard let index = catalog.indices[name] else {
            throw CaptureError.stopped(
                "index_lost",
                "the index [\(name)] is not there any more. trawl sync resync makes it anew")
        }
        return index
    }

    // MARK: Indices

    func concreteIndex(_ name: String) throws -> String? {
        let catalog = catalog
        if catalog.indices[name] != nil { return name }
        guard let behind = catalog.aliases[name] else { return nil }
        guard behind.count == 1 else {
            throw CaptureError.invalid(
                "[\(name)] names \(behind.count) indices: a store is followed into one")
        }
        return behind[0]
    }

    func create(_ index: String, fields: [SourceField], alias: String?) throws {
        var creation = IndexCreation(name: index)
        creation.mappings = ["properties": .object(Self.properties(fields))]
        if let alias { creation.aliases = [alias: [:]] }
        try coordinator.createIndex(creation)
    }

    func extend(_ name: String, fields: [SourceField]) throws {
        let known = try index(name).mapping.json["properties"]?.objectValue ?? [:]
        let properties = JSONObject(
            Self.properties(fields).members.filter { known[$0.key] == nil })
        if properties.isEmpty { return }
        do {
            try coordinator.putMapping(["properties": .object(properties)], of: [name])
        } catch let error as SchemaError {
            throw CaptureError.stopped(
                "mapping_refused", "the mapping of [\(name)] takes no more fields: \(error)")
        }
    }

    /// Fields that are nested, or of no declared type, are mapped by what comes.
    private static func properties(_ fields: [SourceField]) -> JSONObject {
        var properties = JSONObject()
        for field in fields {
            switch field.kind {
            case .text:
                properties[field.name] = [
                    "type": "text",
                    "fields": ["keyword": ["type": "keyword", "ignore_above": 256]],
                ]
            case .long, .double, .boolean, .binary:
                properties[field.name] = ["type": .string(field.kind.rawValue)]
            case .date:
                properties[field.name] = [
                    "type": "date", "format": "strict_date_optional_time||epoch_millis",
                    "ignore_malformed": true,
                ]
            case .json, .keyword: break
            }
        }
        return properties
    }

    func remove(_ index: String) throws { try coordinator.deleteIndices([index]) }

    func moveAlias(_ alias: String, from old: String, to new: String) throws {
        _ = try coordinator.changeAliases { catalog, _ in
            guard var target = catalog.indices[new] else {
                throw CoordinatorError.indexNotFound(new)
            }
            var metadata = AliasMetadata()
            if var source = catalog.indices[old] {
                if let own = source.aliases.removeValue(forKey: alias) { metadata = own }
                source.version += 1
                catalog.put(source)
            }
            target.aliases[alias] = metadata
            target.version += 1
            catalog.put(target)
        }
    }

    // MARK: Documents

    func write(
        _ changes: [CapturedChange], to name: String, origin: String?
    ) throws -> [String?] {
        // Otherwise the first write would make an index without a mapping.
        _ = try index(name)
        var lanes = [[Int]](repeating: [], count: Self.laneCount)
        for (place, change) in changes.enumerated() {
            lanes[Self.lane(of: change.id)].append(place)
        }
        guard changes.count >= Self.sideBySideFrom else {
            return try writeInOrder(changes, to: name, origin: origin)
        }
        let results = Mutex<[Int: Result<[String?], any Error>]>([:])
        let threads = lanes.enumerated().filter { !$1.isEmpty }.map { lane, places in
            SystemThread(name: "sync-lane") {
                let result = Result {
                    try writeInOrder(places.map { changes[$0] }, to: name, origin: origin)
                }
                results.withLock { $0[lane] = result }
            }
        }
        for thread in threads { thread.join() }
        var reasons = [String?](repeating: nil, count: changes.count)
        for (lane, places) in lanes.enumerated() {
            guard let result = results.withLock({ $0[lane] }) else { continue }
            for (place, reason) in zip(places, try result.get()) { reasons[place] = reason }
        }
        return reasons
    }

    /// A document's changes go through one lane for ever, in their order; each lane of a stream has
    /// places of its own in the shards' commits. So large batches are analysed side by side, and
    /// what is read again still changes nothing.
    private static let laneCount = 4
    private static let sideBySideFrom = 500

    private static func lane(of id: String) -> Int {
        Int(StableHash.hash64(id) % UInt64(laneCount))
    }

    private func writeInOrder(
        _ changes: [CapturedChange], to name: String, origin: String?
    ) throws -> [String?] {
        let requests = changes.map { change in
            var request = WriteRequest(
                kind: change.source == nil ? .delete : .index, index: name, id: change.id,
                source: change.source ?? [])
            request.pipeline = "_none"
            request.origin = origin.map {
                ChangeOrigin(
                    source: change.place == nil
                        ? $0 : "\($0)/\(change.stream).\(Self.lane(of: change.id))",
                    place: change.place
                ).text
            }
            return request
        }
        return try coordinator.write(requests).map { answer in
            switch answer.result {
            case .success(let write):
                if case .failed(let type, let reason) = write.outcome {
                    return "\(type): \(reason)"
                }
                return nil
            case .failure(let error): return try Self.reason(error)
            }
        }
    }

    /// Why one document is refused. What is wrong with more than a document is thrown.
    private static func reason(_ error: any Error) throws -> String {
        if let error = error as? SchemaError { return "\(error.type): \(error.reason)" }
        if let error = error as? CoordinatorError, error.kind == .invalidRequest,
            error.type == "illegal_argument_exception"
        {
            return "\(error.type): \(error.reason)"
        }
        throw error
    }

    func source(of id: String, in name: String) throws -> [UInt8]? {
        let index = try index(name)
        let shards = try coordinator.shards(of: index)
        let number = Coordinator.shardNumber(routing: id, of: index.shardCount)
        return try shards[number].get(DocumentID(id), inRealTime: true)?.source
    }

    func empty(_ name: String) throws {
        let view = try view(of: name)
        var batch: [CapturedChange] = []
        func flush() throws {
            _ = try write(batch, to: name, origin: nil)
            batch = []
        }
        try view.scan { id, _ in
            batch.append(CapturedChange(id: id, source: nil))
            if batch.count == 5000 { try flush() }
        } unreadable: { id, _ in
            batch.append(CapturedChange(id: id, source: nil))
        }
        if !batch.isEmpty { try flush() }
    }

    func view(of name: String) throws -> any CaptureView {
        let index = try index(name)
        for shard in try coordinator.shards(of: index) { try shard.refresh() }
        return CoordinatorView(
            coordinator: coordinator, index: index,
            view: try coordinator.view(of: [CatalogSnapshot.Target(index: index, aliases: [])]))
    }
}

/// A view of an index whose documents are gone through, damaged ones included.
private struct CoordinatorView: CaptureView {
    let coordinator: Coordinator
    let index: IndexMetadata
    let view: SearchView

    private static let pageSize = 2000

    func scan(
        _ body: (String, [UInt8]) throws -> Void, unreadable: (String, String) throws -> Void
    ) throws {
        for part in view.parts {
            var after: [JSONValue]?
            while true {
                let (page, isEnd) = try page(
                    of: part, after: after, size: Self.pageSize, body, unreadable)
                after = page
                if isEnd { break }
            }
        }
    }

    private func request(after: [JSONValue]?, size: Int) -> SearchRequest {
        var request = SearchRequest()
        request.size = size
        request.sort = [SortKey(by: .document, order: .asc)]
        request.trackTotalHits = .none
        request.searchAfter = after
        return request
    }

    /// - Returns: Where the next page begins.
    private func page(
        of part: SearchView.Part, after: [JSONValue]?, size: Int,
        _ body: (String, [UInt8]) throws -> Void, _ unreadable: (String, String) throws -> Void
    ) throws -> (after: [JSONValue]?, isEnd: Bool) {
        let alone = SearchView(parts: [part])
        let found = try Result {
            let answer = try coordinator.search(request(after: after, size: size), in: alone)
            if let failure = answer.failures.first { throw failure.error }
            return answer
        }.whenDamaged { error in
            // Which ones: with fewer and fewer at a time, down to one.
            if size > 1 {
                var next = after
                for _ in 0..<2 {
                    let half = try page(
                        of: part, after: next, size: (size + 1) / 2, body, unreadable)
                    next = half.after
                    if half.isEnd { return .ended(next) }
                }
                return .went(next)
            }
            var bare = request(after: after, size: 1)
            bare.source = .none
            let answer = try coordinator.search(bare, in: alone)
            if let failure = answer.failures.first { throw failure.error }
            guard let hit = answer.hits.last?.hit else { return .ended(after) }
            try unreadable(hit.id, error.description)
            return .went(hit.sort.map(\.json))
        }
        switch found {
        case .ended(let after): return (after, true)
        case .went(let after): return (after, false)
        case .answer(let answer):
            for placed in answer.hits { try body(placed.hit.id, placed.hit.source ?? []) }
            return (
                answer.hits.last?.hit.sort.map(\.json) ?? after, answer.hits.count < size
            )
        }
    }
}

private enum Page {
    case answer(SearchAnswer)
    case went([JSONValue]?)
    case ended([JSONValue]?)
}

extension Result where Success == SearchAnswer, Failure == any Error {
    fileprivate func whenDamaged(_ body: (any TrawlError) throws -> Page) throws -> Page {
        switch self {
        case .success(let answer): return .answer(answer)
        case .failure(let error):
            guard let error = error as? any TrawlError, error.kind == .corrupted else {
                throw error
            }
            return try body(error)
        }
    }
}
