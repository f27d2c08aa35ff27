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
        try binder.filter(try analyzer.analyze(query))
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

/// An aggregator that sorts documents into buckets of its own and hands them on to those inside.
class BucketAggregator: Aggregator {
    let children: [Aggregator]
    /// How many documents each bucket has.
    final var counts: [Int] = []
    final var out = DocBlock()
    private let wantsScores: Bool

    override init(_ request: Aggregation, _ context: AggregationContext) {
        preconditionFailure("made with its children")
    }

    init(_ request: Aggregation, _ context: AggregationContext, children: [Aggregator]) {
        self.children = children
        wantsScores = children.contains { $0.needsScores }
        super.init(request, context)
    }

    final override var needsScores: Bool { wantsScores }

    override var seesEverySegment: Bool { children.contains { $0.seesEverySegment } }

    override func begin(_ segment: SegmentContext) throws {
        for child in children { try child.begin(segment) }
    }

    override func end(_ segment: SegmentContext) throws {
        for child in children { try child.end(segment) }
    }

    final func growCounts(to count: Int) {
        if counts.count < count {
            counts.append(contentsOf: repeatElement(0, count: count - counts.count))
        }
    }

    /// Puts a document of a block into a bucket.
    @inline(__always)
    final func put(_ block: DocBlock, _ place: Int, into bucket: Int) {
        if bucket >= counts.count { growCounts(to: bucket + 1) }
        counts[bucket] += 1
        if children.isEmpty { return }
        out.docs.append(block.docs[place])
        out.buckets.append(Int32(bucket))
        if wantsScores { out.scores.append(block.scores[place]) }
    }

    /// Hands on what was put since the last time. Before `collect` returns.
    final func handOn(_ block: DocBlock) throws {
        if children.isEmpty || out.docs.isEmpty { return }
        out.window = block.window
        for child in children { try child.collect(out, bucketCount: counts.count) }
        out.removeAll()
    }

    final func count(of bucket: Int) -> Int {
        bucket >= 0 && bucket < counts.count ? counts[bucket] : 0
    }

    final func childPartials(of bucket: Int) throws -> [any PartialAggregation] {
        try children.map { try $0.partial(of: bucket) }
    }
}

/// Buckets by one number: rounded values, ordinals of terms, tuples of keys.
class KeyedAggregator: BucketAggregator {
    final var table = BucketTable()
    private var groups: BucketGroups?

    @inline(__always)
    final func put(_ block: DocBlock, _ place: Int, key: Int64) {
        put(block, place, into: table.number(block.buckets[place], key))
    }

    /// The buckets within one around.
    final func buckets(of parent: Int) -> ArraySlice<Int32> {
        let known = groups ?? BucketGroups(table.parents)
        groups = known
        return known[parent]
    }

    final func accountTable(besides byteCount: Int = 0) throws {
        try account(table.memoryByteCount + counts.capacity * 8 + byteCount)
    }
}

/// Where a shard stands, for hits that aggregations show.
package struct ShardPlace: Sendable {
    package var index: String
    package var shard: Int
}
