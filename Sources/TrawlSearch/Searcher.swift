package import TrawlAnalysis
internal import TrawlBytes
package import TrawlIndex
package import TrawlJSON
internal import TrawlPostings
package import TrawlQuery
package import TrawlSchema
internal import TrawlSegment

/// Answers requests from one snapshot of one shard.
///
/// Every search sees the same documents, whatever is indexed, deleted or merged meanwhile. Hits
/// are ordered by score or as the request says; equal ones in the order of ingestion. The same
/// live documents give the same hits, the same bits of every score and the same order, however
/// they are spread over segments, and over shards when their statistics are passed in.
///
/// One thread at a time uses a search's objects; a searcher may be shared.
package final class Searcher: Sendable {
    package let snapshot: Snapshot
    package let mapping: Mapping
    package let catalog: AnalyzerCatalog
    package let similarities: [String: Similarity]
    /// Of the index whose snapshot this is: segments are known by their number there.
    package let cache: FilterCache?

    package init(
        _ snapshot: Snapshot, mapping: Mapping, catalog: AnalyzerCatalog,
        similarities: [String: Similarity] = [:], cache: FilterCache? = nil
    ) {
        self.snapshot = snapshot
        self.mapping = mapping
        self.catalog = catalog
        self.similarities = similarities
        self.cache = cache
    }

    /// What a search depends on besides the request.
    package struct Conditions {
        /// Of the whole index; nil when this shard is all of it.
        package var statistics: RankingStatistics?
        /// What `now` means in dates.
        package var now: Instant
        package var clock: SearchClock
        /// See every match: aggregations.
        package var collectors: [any BlockCollector]

        package init(
            statistics: RankingStatistics? = nil, now: Instant,
            clock: SearchClock = SearchClock(), collectors: [any BlockCollector] = []
        ) {
            self.statistics = statistics
            self.now = now
            self.clock = clock
            self.collectors = collectors
        }
    }

    /// A document that was found, before anything of it was read.
    package struct Found: Sendable {
        package var place: Snapshot.Place
        package var score: Float
        package var sort: [SortValue]
        /// For ties across shards.
        package var stamp: UInt64
        /// The value that hits are collapsed by.
        package var group: SortValue?

        package init(
            place: Snapshot.Place, score: Float, sort: [SortValue], stamp: UInt64,
            group: SortValue?
        ) {
            self.place = place
            self.score = score
            self.sort = sort
            self.stamp = stamp
            self.group = group
        }
    }

    package struct Result {
        package var found: [Found] = []
        package var total = TotalHits(value: 0, isExact: true)
        package var maxScore: Float?
        /// The deadline passed: what there is was found before it.
        package var timedOut = false
        package var terminatedEarly = false
        package var profile: JSONValue?
    }

    package var contexts: [SegmentContext] {
        let contexts = snapshot.segments.indices.map {
            SegmentContext(index: $0, view: snapshot.segments[$0], base: snapshot.bases[$0])
        }
        for (place, nested) in snapshot.nested.enumerated() {
            contexts[nested.segment].addNested(nested.view, index: contexts.count + place)
        }
        return contexts
    }

    package func analyzer(now: Instant) -> QueryAnalyzer {
        QueryAnalyzer(mapping: mapping, catalog: catalog, now: now)
    }

    func binder(_ conditions: Conditions) -> QueryBinder {
        QueryBinder(
            statistics: StatisticsSource(
                snapshot, given: conditions.statistics, clock: conditions.clock),
            mapping: mapping, similarities: similarities, cache: cache, clock: conditions.clock)
    }

    /// The counts of this shard that a request's scores depend on: added up over all shards, they
    /// make every shard score as one. Once the clock is over, what was counted by then.
    package func statistics(
        for request: SearchRequest, now: Instant, clock: SearchClock = SearchClock()
    ) throws -> RankingStatistics {
        let binder = binder(Conditions(now: now, clock: clock))
        let analyzer = analyzer(now: now)
        for query in [request.query].compactMap({ $0 }) + request.rescore.map(\.query) {
            do { _ = try binder.bind(try analyzer.analyze(query)) } catch is SearchStopped { break }
        }
        return binder.statistics.recorded
    }

    // MARK: Searching

    /// Finds the best documents. Nothing of them is read but what the order needs.
    package func search(_ request: SearchRequest, _ conditions: Conditions) throws -> Result {
        let analyzer = analyzer(now: conditions.now)
        let binder = binder(conditions)
        let analyzed = try request.query.map { query in try analyzer.analyze(query) } ?? .all
        if !request.allowsExpensiveQueries {
            try ExpensiveQueries(mapping).check(analyzed)
        }
        let start = ContinuousClock.now
        if request.profile { binder.profiler = Profiler() }
        var result = Result()
        var bound = start
        let profiler = binder.profiler
        do {
            let query = try binder.bind(analyzed)
            binder.profiler = nil
            bound = ContinuousClock.now
            var search = try SearchRun(
                request: request, searcher: self, conditions: conditions, query: query,
                postFilter: try request.postFilter.map {
                    try binder.filter(try analyzer.analyze($0))
                })
            result = try search.run()
            for rescore in request.rescore {
                try self.rescore(&result, rescore, binder, analyzer, search.segments)
            }
        } catch is SearchStopped {
            // What was found so far is what there is.
            result.timedOut = true
            result.total.isExact = false
        }
        if !request.rescore.isEmpty { result.maxScore = result.found.first?.score }
        if let profiler {
            result.profile = Self.profile(
                profiler, rewriting: bound - start, collecting: ContinuousClock.now - bound)
        }
        if let damage = snapshot.damage { throw damage }
        return result
    }

    /// How many documents match, without finding the best.
    package func count(
        _ query: Query?, _ conditions: Conditions, minScore: Float? = nil,
        terminateAfter: Int = 0
    ) throws -> Result {
        var request = SearchRequest()
        request.query = query
        request.size = 0
        request.trackTotalHits = .exact
        request.minScore = minScore
        request.terminateAfter = terminateAfter
        return try search(request, conditions)
    }

    /// Whether a document is in the slice that a request asks for: by its id, so that it is the
    /// same on every copy.
    static func isIn(_ slice: Slice, _ doc: Int, _ segment: SegmentContext) -> Bool {
        let (identity, doc) = segment.identity(of: doc)
        let hash = StableHash.hash64(identity.id(of: doc))
        return Int(hash % UInt64(slice.max)) == slice.id
    }

    /// One entry of `profile.shards[].searches`.
    private static func profile(
        _ profiler: Profiler, rewriting: Duration, collecting: Duration
    ) -> JSONValue {
        func nanos(_ duration: Duration) -> JSONValue {
            let parts = duration.components
            return JSONValue(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
        }
        return [
            "query": .array(profiler.roots.map(\.json)), "rewrite_time": nanos(rewriting),
            "collector": [
                [
                    "name": "SearchRun", "reason": "search_top_hits",
                    "time_in_nanos": nanos(collecting),
                ]
            ],
        ]
    }

    // MARK: Second thoughts

    private func rescore(
        _ result: inout Result, _ rescore: Rescore, _ binder: QueryBinder,
        _ analyzer: QueryAnalyzer, _ segments: [SegmentContext]
    ) throws {
        let query = try binder.bind(try analyzer.analyze(rescore.query))
        let window = min(result.found.count, rescore.windowSize ?? 10)
        var matchers: [Int: Matcher] = [:]
        for i in 0..<window {
            let place = result.found[i].place
            let matcher =
                try matchers[place.segment] ?? query.matcher(in: segments[place.segment])
            matchers[place.segment] = matcher
            let first = result.found[i].score * rescore.queryWeight
            guard let second = matcher.score(of: place.doc) else {
                result.found[i].score = first
                continue
            }
            let weighed = second * rescore.rescoreWeight
            switch rescore.scoreMode {
            case .total: result.found[i].score = first + weighed
            case .multiply: result.found[i].score = first * weighed
            case .avg: result.found[i].score = (first + weighed) / 2
            case .max: result.found[i].score = max(first, weighed)
            case .min: result.found[i].score = min(first, weighed)
            }
        }
        let head = result.found[..<window].enumerated().sorted {
            $0.element.score == $1.element.score
                ? Self.isEarlier($0.element, $1.element) : $0.element.score > $1.element.score
        }.map(\.element)
        result.found.replaceSubrange(..<window, with: head)
    }

    static func isEarlier(_ left: Found, _ right: Found) -> Bool {
        (left.place.segment, left.place.doc) < (right.place.segment, right.place.doc)
    }

    // MARK: Why

    /// Why a document scores what it scores, or why it does not match. Nil without the document.
    package func explain(
        _ query: Query, id: String, _ conditions: Conditions
    ) throws -> Explanation? {
        guard let place = snapshot.document(forID: id) else { return nil }
        let bound = try binder(conditions).bind(
            try analyzer(now: conditions.now).analyze(query))
        let explanation = try bound.explain(place.doc, in: contexts[place.segment])
        if let damage = snapshot.damage { throw damage }
        return explanation
    }
}
