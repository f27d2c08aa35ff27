internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSearch

/// A shard of this process as of one refresh.
final class SnapshotView: ShardView {
    private let snapshot: Snapshot
    let searcher: Searcher
    private let facts: IndexFacts
    private let shard: Int

    init(
        snapshot: Snapshot, index: IndexMetadata, shard: Int, cache: FilterCache
    ) throws {
        self.shard = shard
        self.snapshot = snapshot
        searcher = Searcher(
            snapshot, mapping: index.mapping.mapping, catalog: index.mapping.analyzers,
            similarities: try index.mapping.settings.similarities(), cache: cache)
        facts = IndexFacts(
            name: index.name,
            maxAnalyzedOffset: index.limit(
                "index.highlight.max_analyzed_offset",
                default: IndexFacts.defaultMaxAnalyzedOffset))
    }

    private func instant(_ milliseconds: Int64) -> Instant { Instant(epochMillis: milliseconds) }

    func check(_ query: Query, now: Int64) throws {
        _ = try searcher.analyzer(now: instant(now)).analyze(query)
    }

    func statistics(of question: ShardQuestion) throws -> any ShardStatistics {
        RankingSum(
            sum: try searcher.statistics(
                for: question.request, now: instant(question.now), clock: clock(question)))
    }

    private func clock(_ question: ShardQuestion) -> SearchClock {
        SearchClock(
            deadline: question.deadline.instant, isCancelled: question.deadline.isAbandoned)
    }

    private func conditions(_ question: ShardQuestion) -> Searcher.Conditions {
        Searcher.Conditions(
            statistics: (question.statistics as? RankingSum)?.sum, now: instant(question.now),
            clock: clock(question))
    }

    func find(_ question: ShardQuestion) throws -> ShardAnswer {
        var request = question.request
        // The shard finds what the whole may need; the coordinator cuts the page.
        request.size += request.from
        request.from = 0
        var conditions = conditions(question)
        var collector: AggregationCollector?
        if !request.aggregations.isEmpty {
            let made = try AggregationCollector(
                request, searcher, conditions, index: facts, shard: shard,
                isOnlyShard: question.isOnlyShard)
            conditions.collectors = [made]
            collector = made
        }
        let result = try searcher.search(request, conditions)
        var answer = ShardAnswer()
        if let collector {
            answer.aggregations = AggregationSum(partials: try collector.finish())
        }
        answer.keys = result.found.map {
            ShardAnswer.Key(
                score: $0.score, sort: $0.sort, stamp: $0.stamp, group: $0.group)
        }
        answer.total = result.total
        answer.maxScore = result.maxScore
        answer.timedOut = result.timedOut
        if result.terminatedEarly { answer.terminatedEarly = true }
        answer.profile = result.profile.map { search in
            [
                "id": .string("[\(facts.name)][\(shard)]"), "inbound_network_time_in_millis": 0,
                "outbound_network_time_in_millis": 0, "searches": [search],
                "aggregations": .array(collector?.profile ?? []),
            ]
        }
        let found = result.found
        let phase =
            try found.isEmpty ? nil : FetchPhase(request, searcher, conditions, index: facts)
        answer.fetch = { places in
            try places.compactMap { try phase?.hit(found[$0]) }
        }
        return answer
    }

    func count(_ question: ShardQuestion) throws -> Int {
        try searcher.count(
            question.request.query, conditions(question), minScore: question.request.minScore,
            terminateAfter: question.request.terminateAfter
        ).total.value
    }

    func explain(_ question: ShardQuestion, id: DocumentID) throws -> Explanation? {
        guard let query = question.request.query else { return nil }
        return try searcher.explain(query, id: id.string, conditions(question))
    }

    func figures(of terms: [[UInt8]], in field: String) throws -> TermFigures {
        try TermFigures(of: terms, in: field, snapshot)
    }
}

/// What aggregations came to, of one shard.
struct AggregationSum: ShardAggregations {
    var partials: PartialAggregations

    func reduced(
        with others: [any ShardAggregations], for request: SearchRequest
    ) throws -> ReducedAggregations {
        let reduction = Reduction(request.aggregationLimits)
        var sum = partials
        for other in others {
            guard let other = other as? AggregationSum else { continue }
            try sum.merge(other.partials, reduction)
        }
        let results = try sum.results(of: request.aggregations, reduction)
        return ReducedAggregations { results.serialized(typedKeys: $0) }
    }
}

/// What scores depend on, of one shard or of many.
struct RankingSum: ShardStatistics {
    var sum: RankingStatistics

    func adding(_ other: any ShardStatistics) -> any ShardStatistics {
        guard let other = other as? RankingSum else { return self }
        return RankingSum(sum: sum + other.sum)
    }
}
