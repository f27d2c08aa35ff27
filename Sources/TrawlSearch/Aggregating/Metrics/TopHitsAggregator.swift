internal import TrawlIndex
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `top_hits`: the best documents of each bucket, by score or as its sort says.
final class TopHitsAggregator: Aggregator {
    private let search: SearchRequest
    private let plan: SortPlan?
    private let isScored: Bool
    private let limit: Int
    private let scope: String?
    private var sorter: SegmentSorter?
    /// Of the open segment, by bucket.
    private var tops: [SortedTop] = []
    private var touched: [Int] = []
    /// Of the segments before, by bucket.
    private var found: [[Searcher.Found]] = []
    private var totals: [Int] = []
    private var maxScores: [Float] = []
    private var fetch: FetchPhase?

    init(
        _ request: Aggregation, _ topHits: TopHitsAggregation, _ context: AggregationContext,
        query: Query?
    ) throws {
        var search = topHits.request
        search.query = query
        let window = search.from + search.size
        if window > Self.maxWindow {
            throw QueryError.illegalArgument(
                "Top hits result window is too large, the top hits aggregator [\(request.name)]'s "
                    + "from + size must be less than or equal to: [\(Self.maxWindow)] but was "
                    + "[\(window)]. This limit can be set by changing the "
                    + "[index.max_inner_result_window] index level setting.")
        }
        self.search = search
        plan =
            search.sort.isEmpty
            ? nil
            : try context.searcher.sortPlan(
                search.sort, context.conditions, scope: context.nestedScope)
        scope = context.nestedScope
        isScored = plan?.needsScores ?? true || search.trackScores
        limit = window
        super.init(request, context)
    }

    private static let maxWindow = 100

    override var needsScores: Bool { isScored }

    override func begin(_ segment: SegmentContext) throws {
        sorter = try plan.map { try SegmentSorter($0, segment) }
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        while tops.count < bucketCount {
            tops.append(SortedTop(limit: limit))
            found.append([])
            totals.append(0)
            maxScores.append(-.infinity)
        }
        let keyCount = plan?.keys.count ?? 1
        for place in block.places {
            let doc = block.doc(place)
            let bucket = block.bucket(place)
            let score = isScored ? block.score(place) : 0
            totals[bucket] += 1
            if isScored, score > maxScores[bucket] { maxScores[bucket] = score }
            let key =
                sorter?.key(0, doc: doc, score: score) ?? ~SortedTop.key(ofScore: score)
            if !tops[bucket].admits(key) { continue }
            if tops[bucket].heap.isEmpty { touched.append(bucket) }
            var others: [Int64] = []
            for i in 1..<max(1, keyCount) {
                others.append(sorter?.key(i, doc: doc, score: score) ?? 0)
            }
            tops[bucket].insert(.init(key: key, others: others, doc: doc, score: score))
        }
        try account(tops.count * (64 + limit * 96))
    }

    override func end(_ segment: SegmentContext) throws {
        try sorter?.check()
        for bucket in touched {
            for entry in tops[bucket].heap {
                let (identity, owner) = segment.identity(of: entry.doc)
                let values =
                    plan?.keys.indices.map {
                        sorter?.value($0, doc: entry.doc, score: entry.score) ?? .null
                    } ?? []
                found[bucket].append(
                    .init(
                        place: .init(segment: segment.index, doc: entry.doc), score: entry.score,
                        sort: values,
                        stamp: identity.stamp(of: owner), group: nil))
            }
            tops[bucket] = SortedTop(limit: limit)
            found[bucket].sort { left, right in
                let order = Self.compare(left.sort, left.score, right.sort, right.score, search)
                return order == 0 ? Searcher.isEarlier(left, right) : order < 0
            }
            if found[bucket].count > limit {
                found[bucket].removeLast(found[bucket].count - limit)
            }
        }
        touched = []
    }

    fileprivate static func compare(
        _ left: [SortValue], _ leftScore: Float, _ right: [SortValue], _ rightScore: Float,
        _ search: SearchRequest
    ) -> Int {
        if search.sort.isEmpty {
            return leftScore == rightScore ? 0 : leftScore > rightScore ? -1 : 1
        }
        return HitOrder(search.sort).compare(left, right)
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        var partial = TopHitsPartial()
        guard bucket >= 0, bucket < found.count else { return partial }
        partial.total = totals[bucket]
        if isScored, totals[bucket] > 0 { partial.maxScore = maxScores[bucket] }
        let phase =
            try fetch
            ?? FetchPhase(
                search, context.searcher, context.conditions, index: context.index,
                showsObjects: false)
        fetch = phase
        partial.hits = try found[bucket].map { found in
            .init(
                hit: PlacedHit(hit: try phase.hit(found), place: context.place),
                score: found.score)
        }
        return partial
    }
}

extension SortedTop {
    static func key(ofScore score: Float) -> Int64 { SortableNumber.encode(score) }
}

struct TopHitsPartial: PartialAggregation {
    struct Entry: Sendable, Codable {
        var hit: PlacedHit
        var score: Float
    }

    var total = 0
    var maxScore: Float?
    var hits: [Entry] = []

    mutating func merge(_ other: TopHitsPartial, _ reduction: Reduction) throws {
        total += other.total
        if let score = other.maxScore { maxScore = max(maxScore ?? -.infinity, score) }
        hits += other.hits
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        guard case .topHits(let topHits) = request.kind else {
            preconditionFailure("[\(request.name)] wants no hits")
        }
        let search = topHits.request
        let sorted = hits.sorted { left, right in
            let order = TopHitsAggregator.compare(
                left.hit.hit.sort, left.score, right.hit.hit.sort, right.score, search)
            if order != 0 { return order < 0 }
            let (a, b) = (left.hit, right.hit)
            if a.hit.stamp != b.hit.stamp { return a.hit.stamp < b.hit.stamp }
            return (a.place.index, a.place.shard) < (b.place.index, b.place.shard)
        }
        return AggregationResult(
            "top_hits",
            .hits(
                HitsContent(
                    request: search, total: TotalHits(value: total, isExact: true),
                    maxScore: maxScore,
                    hits: sorted.dropFirst(search.from).prefix(search.size).map(\.hit))))
    }
}
