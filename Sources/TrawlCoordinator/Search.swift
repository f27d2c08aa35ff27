package import TrawlDocument
internal import TrawlErrors
package import TrawlJSON
package import TrawlQuery

/// One shard as it was at one moment. Every question to the same view sees the same documents.
package protocol ShardView: AnyObject, Sendable {
    /// Understands a query under the mapping of the view, without running it.
    func check(_ query: Query) throws
    /// Matches, scores and fetches, against statistics of all the views that are asked together.
    func search(
        _ query: ShardQuery, with others: [any ShardView], until deadline: Deadline
    ) throws -> ShardAnswer
    func count(_ query: Query?, aliasFilters: [JSONValue]?) throws -> Int
    /// Why a document has its score; nil when there is no such document.
    func explain(
        _ query: Query, aliasFilters: [JSONValue]?, id: DocumentID, with others: [any ShardView]
    ) throws -> Explanation?
}

/// When work has to end: a time, or the client's going away.
package struct Deadline: Sendable {
    package var instant: ContinuousClock.Instant?
    package var isAbandoned: @Sendable () -> Bool

    package init(
        _ instant: ContinuousClock.Instant? = nil,
        isAbandoned: @escaping @Sendable () -> Bool = { false }
    ) {
        self.instant = instant
        self.isAbandoned = isAbandoned
    }

    package var hasPassed: Bool { instant.map { ContinuousClock.now > $0 } ?? false }
}

/// The views of all the shards that an index expression names.
package struct SearchView: Sendable {
    package struct Part: Sendable {
        package var target: CatalogSnapshot.Target
        package var shard: Int
        package var view: any ShardView
    }

    package var parts: [Part]
    /// How many shards the indices have, those that routing leaves out too.
    package var shardCount: Int { parts.count }

    package init(parts: [Part]) { self.parts = parts }

    /// The views of one index, in the order of its shards.
    func siblings(of part: Part) -> [any ShardView] {
        parts.filter { $0.target.index.uuid == part.target.index.uuid }.map(\.view)
    }
}

extension Coordinator {
    /// Opens a view of everything that an expression names.
    ///
    /// - Parameter routing: Only shards that hold documents of these routing values.
    package func view(
        of targets: [CatalogSnapshot.Target], routing: Set<String>? = nil
    ) throws -> SearchView {
        var parts: [SearchView.Part] = []
        for target in targets {
            try target.index.checkAccess(.read)
            var wanted: Set<Int>?
            let values =
                target.searchRouting.map { fixed in routing.map { fixed.intersection($0) } ?? fixed
                }
                ?? routing
            if let values {
                wanted = Set(
                    values.map {
                        Self.shardNumber(routing: $0, of: target.index.shardCount)
                    })
            }
            for shard in try shards(of: target.index)
            where wanted?.contains(shard.number) ?? true {
                parts.append(
                    SearchView.Part(target: target, shard: shard.number, view: try shard.view()))
            }
        }
        return SearchView(parts: parts)
    }

    /// Searches every part of a view and merges: the same hits, bit for bit, however the
    /// documents are spread over shards.
    package func search(
        _ request: SearchRequest, in view: SearchView, until deadline: Deadline = Deadline()
    ) throws -> SearchAnswer {
        var answer = SearchAnswer()
        answer.shardCount = view.shardCount
        var merged: [SearchAnswer.Placed] = []
        var total = TotalHits(value: 0, isExact: true)
        for part in view.parts {
            do {
                var query = ShardQuery(request: request, limit: request.from + request.size)
                query.aliasFilters = part.target.filters
                query.boost = try boost(of: part.target.index, in: request)
                let own = try part.view.search(
                    query, with: view.siblings(of: part), until: deadline)
                merged += own.hits.map {
                    SearchAnswer.Placed(index: part.target.index, shard: part.shard, hit: $0)
                }
                total.value += own.total.value
                total.isExact = total.isExact && own.total.isExact
                if let score = own.maxScore {
                    answer.maxScore = max(answer.maxScore ?? -.infinity, score)
                }
                answer.timedOut = answer.timedOut || own.timedOut
                if let early = own.terminatedEarly {
                    answer.terminatedEarly = (answer.terminatedEarly ?? false) || early
                }
                if let profile = own.profile { answer.profile.append(profile) }
            } catch {
                answer.failures.append(
                    SearchAnswer.Failure(
                        index: part.target.index, shard: part.shard, error: error))
            }
        }
        if view.parts.count > 1 {
            merged.sort { HitOrder.isBefore($0.hit, $1.hit, request.sort) }
        }
        answer.hits = Array(merged.dropFirst(request.from).prefix(request.size))
        switch request.trackTotalHits {
        case .none: answer.total = nil
        case .exact: answer.total = total
        case .upTo(let limit):
            answer.total =
                total.value > limit ? TotalHits(value: limit, isExact: false) : total
        }
        return answer
    }

    private func boost(of index: IndexMetadata, in request: SearchRequest) throws -> Float {
        if request.indicesBoost.isEmpty { return 1 }
        for (name, boost) in request.indicesBoost {
            let found = try catalog.snapshot.resolve(name, .search, now: now)
            if found.contains(where: { $0.index.uuid == index.uuid }) { return boost }
        }
        return 1
    }

    package func count(_ query: Query?, in view: SearchView) throws -> (
        count: Int, failures: [SearchAnswer.Failure]
    ) {
        var count = 0
        var failures: [SearchAnswer.Failure] = []
        for part in view.parts {
            do {
                count += try part.view.count(query, aliasFilters: part.target.filters)
            } catch {
                failures.append(
                    .init(index: part.target.index, shard: part.shard, error: error))
            }
        }
        return (count, failures)
    }
}
