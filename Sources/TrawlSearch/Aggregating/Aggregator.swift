internal import TrawlQuery

/// What the aggregators of one search on one shard have in common.
final class AggregationContext {
    let searcher: Searcher
    let conditions: Searcher.Conditions
    let binder: QueryBinder
    let analyzer: QueryAnalyzer
    let values: ValuesBinder
    let budget: AggregationBudget
    let index: IndexFacts
    let place: ShardPlace
    /// Whether what this shard finds is all there is: then it need not keep what it will not show.
    let isOnlyShard: Bool
    let segments: [SegmentContext]
    /// The nested field whose objects the aggregation that is made will see; nil for whole
    /// documents.
    var nestedScope: String?

    init(
        searcher: Searcher, conditions: Searcher.Conditions, index: IndexFacts, shard: Int,
        isOnlyShard: Bool, limits: AggregationLimits
    ) {
        self.searcher = searcher
        self.conditions = conditions
        self.index = index
        place = ShardPlace(index: index.name, shard: shard)
        self.isOnlyShard = isOnlyShard
        binder = searcher.binder(conditions)
        analyzer = searcher.analyzer(now: conditions.now)
        values = ValuesBinder(
            mapping: searcher.mapping, indexName: index.name, now: conditions.now)
        budget = AggregationBudget(limit: limits.maxByteCount)
        segments = searcher.contexts
    }

    /// A query as a filter.
    func filter(_ query: Query) throws -> any BoundQuery {
        try binder.filter(try analyzer.within(nestedScope).analyze(query))
    }
}

/// Collects one aggregation of a shard, for any number of buckets around it at once.
///
/// Documents come in blocks, each with the number of the bucket that it is for: what is kept lies
/// in flat arrays by that number. Blocks are of one window of one segment; segments come in
/// order. Subclasses say what is kept; see `BucketAggregator` for those that make buckets.
class Aggregator {
    let request: Aggregation
    let context: AggregationContext
    private var charged = 0

    init(_ request: Aggregation, _ context: AggregationContext) {
        self.request = request
        self.context = context
    }

    /// Whether blocks must carry scores.
    var needsScores: Bool { false }

    /// Whether it has to look at segments without a match, too.
    var seesEverySegment: Bool { false }

    /// A new segment begins.
    func begin(_ segment: SegmentContext) throws {}

    /// - Parameter bucketCount: All buckets of the block are below it; it never falls.
    func collect(_ block: DocBlock, bucketCount: Int) throws {
        preconditionFailure("\(type(of: self)) does not collect")
    }

    /// The documents of a segment have all been seen.
    func end(_ segment: SegmentContext) throws {}

    /// What was collected for a bucket; for `none`, what nothing comes to.
    func partial(of bucket: Int) throws -> any PartialAggregation {
        preconditionFailure("\(type(of: self)) has no result")
    }

    /// The bucket that no document is in.
    static let none = -1

    /// Answers for what is kept by now.
    final func account(_ byteCount: Int) throws {
        if byteCount > charged {
            try context.budget.charge(byteCount - charged, for: request.name)
            charged = byteCount
        }
    }
}

/// Runs a loop over a value that a class keeps: one access to it, not one an element.
@inline(__always)
func change<Value>(_ value: inout Value, _ body: (inout Value) -> Void) { body(&value) }

/// Which buckets there are, how many documents each has, and the documents on their way to the
/// aggregations inside: what the inner loops change.
struct BucketSorter {
    var table = BucketTable()
    private(set) var counts: [Int] = []
    private(set) var out = DocBlock()
    let wantsDocs: Bool
    let wantsScores: Bool
    private var sharesDocs = false
    /// Buckets of the first one around, by the place of their keys among those of a segment.
    private var direct: [Int32] = []
    /// Documents by the place of their key, where nothing inside wants to see them.
    private var flat: [Int] = []

    init(wantsDocs: Bool, wantsScores: Bool) {
        self.wantsDocs = wantsDocs
        self.wantsScores = wantsScores
    }

    var memoryByteCount: Int {
        table.memoryByteCount + (counts.capacity + flat.capacity) * 8 + direct.capacity * 4
    }

    mutating func growCounts(to count: Int) {
        if counts.count < count {
            counts.append(contentsOf: repeatElement(0, count: count - counts.count))
        }
    }

    mutating func add(_ count: Int, to bucket: Int) {
        growCounts(to: bucket + 1)
        counts[bucket] += count
    }

    /// Keys of a segment have places below `count`; zero when there are too many.
    mutating func beginSegment(keyPlaces count: Int) {
        direct.removeAll(keepingCapacity: true)
        direct.append(contentsOf: repeatElement(-1, count: count))
    }

    /// A block begins.
    ///
    /// - Parameter isOneToOne: Every document of it will be put into just one bucket.
    mutating func begin(_ block: DocBlock, isOneToOne: Bool) {
        sharesDocs = isOneToOne
        out.removeAll()
    }

    /// Puts a document of a block into a bucket.
    @inline(__always)
    mutating func put(_ block: DocBlock, _ place: Int, into bucket: Int) {
        if bucket >= counts.count { growCounts(to: bucket + 1) }
        counts[bucket] &+= 1
        guard wantsDocs else { return }
        if sharesDocs {
            out.addNext(to: bucket)
        } else {
            out.add(block, place, to: bucket, withScore: wantsScores)
        }
    }

    @inline(__always)
    mutating func put(_ block: DocBlock, _ place: Int, key: Int64) {
        put(block, place, into: table.number(Int32(truncatingIfNeeded: block.bucket(place)), key))
    }

    /// The same for the first bucket around, by the place of the key among those of the segment.
    @inline(__always)
    mutating func put(_ block: DocBlock, _ place: Int, keyPlace: Int, key: () -> Int64) {
        var bucket = direct[keyPlace]
        if bucket < 0 {
            bucket = Int32(table.number(0, key()))
            direct[keyPlace] = bucket
        }
        put(block, place, into: Int(bucket))
    }

    /// The same for all documents of a block at once, each with one key: those of a segment have
    /// places below `direct.count`; where damage says otherwise, the last one is taken.
    mutating func putAll(
        _ block: DocBlock, places: UnsafeBufferPointer<Int64>, key: (Int) -> Int64
    ) {
        assert(sharesDocs && places.count == block.count)
        let count = direct.count
        for at in places.indices {
            let place = unsafe SegmentOrdinals.clamped(places[at], below: count)
            if direct[place] < 0 { direct[place] = Int32(table.number(0, key(place))) }
        }
        growCounts(to: table.count)
        unsafe direct.withUnsafeBufferPointer { direct in
            unsafe counts.withUnsafeMutableBufferPointer { counts in
                if wantsDocs {
                    out.addAll(places.count) { at in
                        let bucket = unsafe direct[
                            SegmentOrdinals.clamped(places[at], below: count)]
                        unsafe counts[Int(bucket)] &+= 1
                        return bucket
                    }
                } else {
                    for at in places.indices {
                        let place = unsafe SegmentOrdinals.clamped(places[at], below: count)
                        unsafe counts[Int(direct[place])] &+= 1
                    }
                }
            }
        }
    }

    /// Counts documents by the place of their key, for the first bucket around: the body adds
    /// to them. Only while nothing inside wants documents; see `fold`.
    @inline(__always)
    mutating func countPlaces(_ body: (UnsafeMutableBufferPointer<Int>) -> Void) {
        assert(!wantsDocs)
        if flat.isEmpty { flat = [Int](repeating: 0, count: direct.count) }
        unsafe flat.withUnsafeMutableBufferPointer { unsafe body($0) }
    }

    /// What was counted by places becomes buckets: at the end of a segment.
    mutating func fold(key: (Int) -> Int64) {
        for place in flat.indices where flat[place] > 0 {
            add(flat[place], to: table.number(0, key(place)))
        }
        flat = []
    }

    /// What was put since the block began.
    mutating func finish(_ block: DocBlock) {
        out.window = block.window
        if sharesDocs, wantsDocs { out.share(block) }
    }
}

/// An aggregator that sorts documents into buckets of its own and hands them on to those inside.
class BucketAggregator: Aggregator {
    let children: [Aggregator]
    final var sorter: BucketSorter

    override init(_ request: Aggregation, _ context: AggregationContext) {
        preconditionFailure("made with its children")
    }

    init(_ request: Aggregation, _ context: AggregationContext, children: [Aggregator]) {
        self.children = children
        sorter = BucketSorter(
            wantsDocs: !children.isEmpty, wantsScores: children.contains { $0.needsScores })
        super.init(request, context)
    }

    override var needsScores: Bool { sorter.wantsScores }

    override var seesEverySegment: Bool { children.contains { $0.seesEverySegment } }

    override func begin(_ segment: SegmentContext) throws {
        for child in children { try child.begin(segment) }
    }

    override func end(_ segment: SegmentContext) throws {
        for child in children { try child.end(segment) }
    }

    /// Sorts a block by `body` and hands it on.
    @inline(__always)
    final func sort(
        _ block: DocBlock, isOneToOne: Bool = false, besides byteCount: Int = 0,
        _ body: (inout BucketSorter) -> Void
    ) throws {
        change(&sorter) { sorter in
            sorter.begin(block, isOneToOne: isOneToOne)
            body(&sorter)
            sorter.finish(block)
        }
        try account(sorter.memoryByteCount + byteCount)
        if sorter.out.isEmpty { return }
        for child in children {
            try child.collect(sorter.out, bucketCount: sorter.counts.count)
        }
    }

    final var bucketCount: Int { sorter.counts.count }

    final func count(of bucket: Int) -> Int {
        bucket >= 0 && bucket < sorter.counts.count ? sorter.counts[bucket] : 0
    }

    final func childPartials(of bucket: Int) throws -> [any PartialAggregation] {
        try children.map { try $0.partial(of: bucket) }
    }

    /// Buckets as results have them.
    final func partials(
        _ buckets: some Sequence<Int>, key: (Int) -> BucketKey
    ) throws -> PartialBuckets {
        var partials = PartialBuckets()
        for bucket in buckets {
            partials.buckets.append(
                PartialBucket(
                    key: key(bucket), docCount: count(of: bucket),
                    children: try childPartials(of: bucket)))
        }
        if children.contains(where: { $0.seesEverySegment }) {
            partials.emptyChildren = try childPartials(of: Aggregator.none)
        }
        return partials
    }
}

/// Buckets by one number: rounded values, ordinals of terms, tuples of keys.
class KeyedAggregator: BucketAggregator {
    private var groups: BucketGroups?

    final func key(at bucket: Int) -> Int64 { sorter.table.keys[bucket] }

    /// The buckets within one around.
    final func buckets(of parent: Int) -> ArraySlice<Int32> {
        let known = groups ?? BucketGroups(sorter.table.parents)
        groups = known
        return known[parent]
    }
}

/// Where a shard stands, for hits that aggregations show.
package struct ShardPlace: Sendable, Codable {
    package var index: String
    package var shard: Int
}
