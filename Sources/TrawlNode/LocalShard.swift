internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlIndex
internal import TrawlSearch
internal import TrawlSegment
internal import TrawlShard

/// A shard of this process, as the coordinator knows it.
final class LocalShard: ShardClient {
    let number: Int
    let shard: Shard
    private let catalog: IndexCatalog
    /// The index as it was when the shard was opened; its name and uuid never change.
    private let opened: IndexMetadata
    private let cache = FilterCache()
    private let counter = OperationCounter()

    init(number: Int, shard: Shard, index: IndexMetadata, catalog: IndexCatalog) {
        self.number = number
        self.shard = shard
        self.catalog = catalog
        opened = index
    }

    var indexName: String { opened.name }

    /// The index as the catalog has it now: documents bring fields at any time.
    private var index: IndexMetadata {
        guard let index = catalog.snapshot.indices[opened.name], index.uuid == opened.uuid else {
            return opened
        }
        return index
    }

    func write(_ changes: [Change]) throws -> [ShardWrite] { try write(changes, leading: nil) }

    func write(_ changes: [Change], leading: Shard.Leadership?) throws -> [ShardWrite] {
        let began = ContinuousClock.now
        let results = try shard.write(changes, leading: leading)
        counter.count(results.map(\.outcome), changes, took: ContinuousClock.now - began)
        return results.map { result in
            var write = ShardWrite(
                outcome: result.outcome, offset: result.offset, epoch: result.epoch)
            write.error = result.error
            return write
        }
    }

    func get(_ id: DocumentID, inRealTime: Bool) throws -> ShardDocument? {
        let began = ContinuousClock.now
        let document = try find(id, inRealTime: inRealTime)
        let took = ContinuousClock.now - began
        counter.change { figures in
            if document == nil { figures.getMissing.add(took) } else { figures.getFound.add(took) }
        }
        return document
    }

    private func find(_ id: DocumentID, inRealTime: Bool) throws -> ShardDocument? {
        if inRealTime {
            return try shard.get(id).map {
                Self.document(id, $0.facts, $0.routing, $0.source)
            }
        }
        let snapshot = shard.snapshot()
        guard let place = snapshot.document(forID: id.string) else { return nil }
        let reader = snapshot[place].reader
        return Self.document(
            id, reader.identity.facts(of: place.doc), reader.identity.routing(of: place.doc),
            try reader.source(of: place.doc))
    }

    private static func document(
        _ id: DocumentID, _ facts: DocumentFacts, _ routing: String?, _ source: [UInt8]
    ) -> ShardDocument {
        ShardDocument(
            id: id.string, source: source, routing: routing, version: facts.version,
            offset: facts.sequence, epoch: facts.epoch)
    }

    func view() throws -> any ShardView {
        CountedView(
            try SnapshotView(
                snapshot: shard.snapshot(), index: index, shard: number, cache: cache), counter)
    }

    func refresh() throws { _ = try counter.measure(\.refresh) { try shard.refresh() } }

    func flush() throws { try counter.measure(\.flush) { try shard.commit() } }

    func forceMerge(to segmentCount: Int, onlyExpungesDeletes: Bool) throws {
        try shard.refresh()
        if onlyExpungesDeletes {
            try shard.index.expungeDeletes()
        } else {
            try shard.index.forceMerge(to: max(1, segmentCount))
        }
        try shard.refresh()
        try shard.commit()
    }

    /// The mapping is read from the catalog whenever it is needed; this is told.
    func adopt(_ index: IndexMetadata) {
        shard.setRefreshInterval(index.refreshInterval)
        shard.setAsynchronous(index.settings.text("index.translog.durability") == "async")
    }

    func show(through offset: Int64) throws {
        if shard.visibleEnd <= offset { try refresh() }
    }

    func tick(at now: Duration) {
        // A shard that has failed says so to the next who writes; here there is nobody to tell.
        try? shard.tick(at: now)
    }

    func close() { try? shard.close() }

    var figures: ShardFigures {
        let own = shard.figures
        var figures = ShardFigures()
        let snapshot = shard.snapshot()
        figures.docCount = snapshot.liveCount
        figures.deletedCount = snapshot.docCount - snapshot.liveCount
        figures.maxOffset = own.appliedEnd - 1
        figures.refreshCount = own.refreshCount
        figures.flushCount = own.commitCount
        figures.memoryByteCount = own.bufferByteCount
        figures.operations = counter.now
        let merges = shard.index.mergeFigures
        figures.operations.merge.add(merges.duration, times: merges.count)
        figures.operations.mergedDocCount = merges.docCount
        figures.operations.mergedByteCount = merges.byteCount
        for view in snapshot.segments {
            var segment = ShardFigures.Segment(name: "_\(String(view.id.number, radix: 36))")
            segment.docCount = view.liveCount
            segment.deletedCount = view.docCount - view.liveCount
            segment.byteCount = view.reader.byteCount
            figures.byteCount += segment.byteCount
            figures.segments.append(segment)
        }
        return figures
    }
}
