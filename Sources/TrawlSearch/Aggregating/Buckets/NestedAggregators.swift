internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSegment

/// Hands documents of another place on to the aggregations inside: objects in place of the
/// documents that they are in, or the other way round.
class JoiningAggregator: SingleAggregator {
    /// Documents on their way, with the bucket and score of the document that they stand for.
    private var gathered: [(doc: Int, bucket: Int, score: Float)] = []
    private var block = DocBlock()
    /// Where the documents that are handed on are; nil when there are none.
    private var target: SegmentContext?

    /// Where the documents are that stand for those of a segment.
    func target(of segment: SegmentContext) throws -> SegmentContext? { nil }

    /// Calls back with the documents that stand for one.
    func forEachDoc(for doc: Int, bucket: Int, _ body: (Int) -> Void) {}

    final override func begin(_ segment: SegmentContext) throws {
        target = try target(of: segment)
        if let target { try super.begin(target) }
    }

    final override func end(_ segment: SegmentContext) throws {
        if let target { try super.end(target) }
        target = nil
    }

    final override func collect(_ block: DocBlock, bucketCount: Int) throws {
        guard let target else { return }
        let wantsScores = needsScores
        gathered.removeAll(keepingCapacity: true)
        for place in block.places {
            let bucket = block.bucket(place)
            let score = wantsScores ? block.score(place) : 0
            forEachDoc(for: block.doc(place), bucket: bucket) {
                gathered.append(($0, bucket, score))
            }
        }
        gathered.sort { ($0.doc, $0.bucket) < ($1.doc, $1.bucket) }
        var next = 0
        while next < gathered.count {
            // One window at a time.
            let base = DocNumber(gathered[next].doc) & ~(DocWindow.capacity - 1)
            let end = min(DocNumber(target.docCount), base + DocWindow.capacity)
            self.block.removeAll()
            self.block.window = DocWindow(base: base, end: end)
            while next < gathered.count, gathered[next].doc < Int(end) {
                let entry = gathered[next]
                self.block.append(
                    doc: entry.doc, to: entry.bucket, score: wantsScores ? entry.score : nil)
                next += 1
            }
            let own = self.block
            try sort(own, isOneToOne: true) { sorter in
                for place in own.places { sorter.put(own, place, into: own.bucket(place)) }
            }
        }
    }
}

/// `nested`: the objects of a path within each document.
final class NestedAggregator: JoiningAggregator {
    private let path: String
    private var source: SegmentContext?
    private var ofPath: FixedBitSet?

    init(
        _ request: Aggregation, _ path: String, _ context: AggregationContext,
        children: [Aggregator]
    ) {
        self.path = path
        super.init(request, context, children: children)
    }

    override func target(of segment: SegmentContext) throws -> SegmentContext? {
        source = segment
        guard let objects = segment.objects else { return nil }
        ofPath = try objects.documents(ofPath: path)
        return ofPath == nil ? nil : objects
    }

    override func forEachDoc(for doc: Int, bucket: Int, _ body: (Int) -> Void) {
        guard let source, let ofPath else { return }
        for object in source.nestedRange(of: doc) where ofPath.contains(object) { body(object) }
    }
}

/// `reverse_nested`: the documents that objects are in, each once a bucket.
final class ReverseNestedAggregator: JoiningAggregator {
    private let path: String?
    private var source: SegmentContext?
    private var ordinal: Int?
    /// By bucket: the last document that was handed on. Objects of one follow each other.
    private var last: [Int] = []

    init(
        _ request: Aggregation, _ path: String?, _ context: AggregationContext,
        children: [Aggregator]
    ) throws {
        guard context.nestedScope != nil else {
            throw QueryError.illegalArgument(
                "Reverse nested aggregation [\(request.name)] can only be used inside a [nested] "
                    + "aggregation")
        }
        self.path = path
        super.init(request, context, children: children)
    }

    override func target(of segment: SegmentContext) throws -> SegmentContext? {
        source = segment
        last.removeAll(keepingCapacity: true)
        guard let roots = segment.roots else { return nil }
        guard let path else { return context.segments[roots.index] }
        ordinal = segment.tree.ordinal(ofPath: path)
        return ordinal == nil ? nil : segment
    }

    override func forEachDoc(for doc: Int, bucket: Int, _ body: (Int) -> Void) {
        guard let source else { return }
        let owner =
            path == nil
            ? source.root(of: doc)
            : ordinal.flatMap { source.tree.ancestor(of: doc, pathOrdinal: $0) }
        guard let owner else { return }
        while last.count <= bucket { last.append(-1) }
        if last[bucket] == owner { return }
        last[bucket] = owner
        body(owner)
    }
}
