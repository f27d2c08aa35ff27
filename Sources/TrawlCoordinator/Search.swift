package import TrawlDocument
internal import TrawlErrors
internal import TrawlJSON
package import TrawlQuery

/// One shard as it was at one moment. Every question to the same view sees the same documents.
package protocol ShardView: AnyObject, Sendable, SuggestView {
    /// Understands a query under the mapping of the view, without running it.
    func check(_ query: Query, now: Int64) throws
    /// What scores depend on besides the document: to be added up over all shards of the index.
    /// Whatever was counted by the deadline: `find` does nothing after it.
    func statistics(of question: ShardQuestion) throws -> any ShardStatistics
    /// Matches and orders. Documents are read when the answer's `fetch` is called.
    func find(_ question: ShardQuestion) throws -> ShardAnswer
    func count(_ question: ShardQuestion) throws -> Int
    /// Why a document has its score; nil when there is no such document.
    func explain(_ question: ShardQuestion, id: DocumentID) throws -> Explanation?
    /// How often terms of a field stand in the shard.
    func figures(of terms: [[UInt8]], in field: String) throws -> TermFigures
}

/// Counts that scores depend on. Those of many shards are added up, so that each scores as one.
package protocol ShardStatistics: Sendable {
    func adding(_ other: any ShardStatistics) -> any ShardStatistics
}

/// What the aggregations of a request came to on one shard, to be brought together with those
/// of the others.
package protocol ShardAggregations: Sendable {
    func reduced(
        with others: [any ShardAggregations], for request: SearchRequest
    ) throws -> ReducedAggregations
}

/// What aggregations came to over all shards.
package struct ReducedAggregations: Sendable {
    /// The JSON object, with the types in its keys or without.
    package var serialized: @Sendable (_ typedKeys: Bool) -> [UInt8]

    package init(_ serialized: @escaping @Sendable (_ typedKeys: Bool) -> [UInt8]) {
        self.serialized = serialized
    }
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
}

/// The views of all the shards that an index expression names.
package struct SearchView: Sendable {
    package struct Part: Sendable {
        package var target: CatalogSnapshot.Target
        package var shard: Int
        package var view: any ShardView
        /// Milliseconds since 1970: what `now` means in dates, the same on every shard.
        package var now: Int64
    }

    package var parts: [Part]
    package var shardCount: Int { parts.count }

    package init(parts: [Part]) { self.parts = parts }
}

extension SearchView.Part {
    /// The request as this index understands it: the filters of the aliases by which the index
    /// was named, and its boost.
    func request(_ request: SearchRequest, boost: Float = 1) throws -> SearchRequest {
        var request = request
        if let filters = target.filters {
            var bool = BoolQuery()
            bool.must = [request.query ?? Query(.matchAll)]
            var any = BoolQuery()
            any.should = try filters.map { try QueryDSL.parse($0) }
            bool.filter = [Query(.bool(any))]
            request.query = Query(.bool(bool))
        }
        if boost != 1 {
            var query = request.query ?? Query(.matchAll)
            query.boost *= boost
            request.query = query
        }
        return request
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
        let now = now
        for target in targets {
            try target.index.checkAccess(.read)
            var values = routing
            if let fixed = target.searchRouting {
                values = routing.map { fixed.intersection($0) } ?? fixed
            }
            let wanted = values.map { values in
                Set(values.map { Self.shardNumber(routing: $0, of: target.index.shardCount) })
            }
            for shard in try shards(of: target.index)
            where wanted?.contains(shard.number) ?? true {
                parts.append(
                    SearchView.Part(
                        target: target, shard: shard.number, view: try shard.view(), now: now))
            }
        }
        return SearchView(parts: parts)
    }

    /// Searches every part of a view and merges: the same hits, bit for bit, however the
    /// documents are spread over the shards of an index.
    package func search(
        _ request: SearchRequest, in view: SearchView, until deadline: Deadline = Deadline()
    ) throws -> SearchAnswer {
        let request = try resolvingLookUps(in: request, among: view)
        var answer = SearchAnswer()
        answer.shardCount = view.shardCount
        if request.suggest != nil {
            answer.suggest = try SuggestRun(request, in: view, self).answers()
            if request.isOnlySuggest {
                answer.total = TotalHits(value: 0, isExact: true)
                return answer
            }
        }
        var answers: [(part: SearchView.Part, answer: ShardAnswer)] = []
        var total = TotalHits(value: 0, isExact: true)
        for group in groups(view) {
            let own: [(part: SearchView.Part, answer: ShardAnswer)] = try find(
                request, in: group, isOnly: view.parts.count == 1, until: deadline,
                failures: &answer.failures)
            for (_, found) in own {
                total.value += found.total.value
                total.isExact = total.isExact && found.total.isExact
                if let score = found.maxScore {
                    answer.maxScore = max(answer.maxScore ?? -.infinity, score)
                }
                answer.timedOut = answer.timedOut || found.timedOut
                if let early = found.terminatedEarly {
                    answer.terminatedEarly = (answer.terminatedEarly ?? false) || early
                }
                if let profile = found.profile { answer.profile.append(profile) }
            }
            answers += own
        }
        let partials = answers.compactMap(\.answer.aggregations)
        answer.aggregations = try partials.first?.reduced(
            with: Array(partials.dropFirst()), for: request)
        if request.from + request.size == 0 { answer.maxScore = nil }
        if let refusal = Self.mixedSort(answers) {
            answer.failures = view.parts.map {
                .init(index: $0.target.index, shard: $0.shard, error: refusal)
            }
            return answer
        }
        fetch(request, answers, into: &answer)
        if let collapse = request.collapse, !collapse.innerHits.isEmpty {
            for i in answer.hits.indices {
                answer.hits[i].inner = try innerHits(
                    collapse, of: answer.hits[i].hit, request, view, deadline)
            }
        }
        switch request.trackTotalHits {
        case .none: answer.total = nil
        case .exact: answer.total = total
        case .upTo(let limit):
            answer.total =
                total.value > limit ? TotalHits(value: limit, isExact: false) : total
        }
        return answer
    }

    /// Numbers without a sign are not compared with others: no type holds both.
    private static func mixedSort(
        _ answers: [(part: SearchView.Part, answer: ShardAnswer)]
    ) -> QueryError? {
        var unsigned: Set<Int> = []
        var others: Set<Int> = []
        for (_, answer) in answers {
            for (place, value) in (answer.keys.first?.sort ?? []).enumerated() {
                switch value {
                case .unsigned: unsigned.insert(place)
                case .integer, .double, .float, .formatted: others.insert(place)
                case .null, .text, .keyed: break
                }
            }
        }
        guard !unsigned.isDisjoint(with: others) else { return nil }
        return .illegalArgument(
            "Can't do sort across indices, as a field has [unsigned_long] type in one index, and "
                + "different type in another index!")
    }

    /// The parts of each index, together.
    private func groups(_ view: SearchView) -> [[SearchView.Part]] {
        var groups: [[SearchView.Part]] = []
        for part in view.parts {
            if groups.last?.first?.target.index.uuid == part.target.index.uuid {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        return groups
    }

    /// One shard needs no statistics but its own.
    private func statistics(
        _ request: SearchRequest, _ parts: [SearchView.Part], until deadline: Deadline
    ) throws -> (any ShardStatistics)? {
        if parts.count < 2 { return nil }
        var sum: (any ShardStatistics)?
        var failure: (any Error)?
        let all = provider.scatter.statistics(
            parts.map(\.view),
            ShardQuestion(request: request, now: parts[0].now, deadline: deadline))
        for result in all {
            switch result {
            case .success(let own): sum = sum?.adding(own) ?? own
            case .failure(let error):
                guard Self.concernsOneShard(error) else { throw error }
                failure = error
            }
        }
        // What no copy can count is missing from the answer, which says so.
        if sum == nil, let failure { throw failure }
        return sum
    }

    /// Whether the failure lies with a shard, rather than with the request.
    private static func concernsOneShard(_ error: any Error) -> Bool {
        (error as? any TrawlError)?.kind.anotherCopyMayHelp ?? true
    }

    private func find(
        _ request: SearchRequest, in parts: [SearchView.Part], isOnly: Bool,
        until deadline: Deadline, failures: inout [SearchAnswer.Failure]
    ) throws -> [(part: SearchView.Part, answer: ShardAnswer)] {
        func failure(_ part: SearchView.Part, _ error: any Error) -> SearchAnswer.Failure {
            SearchAnswer.Failure(index: part.target.index, shard: part.shard, error: error)
        }
        let question: ShardQuestion
        do {
            let own = try parts[0].request(
                request, boost: try boost(of: parts[0].target.index, in: request))
            question = ShardQuestion(
                request: own, now: parts[0].now,
                statistics: try statistics(own, parts, until: deadline),
                deadline: deadline, isOnlyShard: isOnly)
        } catch {
            // What one shard of an index cannot do, none of them can: they share its mapping.
            failures += parts.map { failure($0, error) }
            return []
        }
        var result: [(part: SearchView.Part, answer: ShardAnswer)] = []
        for (part, found) in zip(parts, provider.scatter.find(parts.map(\.view), question)) {
            switch found {
            case .success(let answer): result.append((part, answer))
            case .failure(let error) where Self.concernsOneShard(error):
                failures.append(failure(part, error))
            case .failure(let error):
                // A shard without hits may not have noticed what another one cannot do.
                failures += parts.map { failure($0, error) }
                return []
            }
        }
        return result
    }

    /// Merges by order, cuts the page, and has just those documents read. Those of a shard that
    /// cannot read them are missing, and the answer says so.
    private func fetch(
        _ request: SearchRequest, _ answers: [(part: SearchView.Part, answer: ShardAnswer)],
        into answer: inout SearchAnswer
    ) {
        var order: [(source: Int, place: Int)] = []
        for (source, entry) in answers.enumerated() {
            order += entry.answer.keys.indices.map { (source, $0) }
        }
        if answers.count > 1 {
            func key(_ at: (source: Int, place: Int)) -> ShardAnswer.Key {
                answers[at.source].answer.keys[at.place]
            }
            order.sort { HitOrder.isBefore(key($0), key($1), request.sort) }
        }
        if request.collapse != nil {
            var seen: Set<SortValue> = []
            order = order.filter { at in
                seen.insert(answers[at.source].answer.keys[at.place].group ?? .null).inserted
            }
        }
        let page = order.dropFirst(request.from).prefix(request.size)
        var places: [Int: [Int]] = [:]
        for at in page { places[at.source, default: []].append(at.place) }
        var read: [Int: [Hit]] = [:]
        let sources = places.keys.sorted()
        let fetched = provider.scatter.fetch(
            sources.map { (answers[$0].answer, places[$0] ?? []) })
        for (source, result) in zip(sources, fetched) {
            switch result {
            case .success(let hits): read[source] = hits
            case .failure(let error):
                let part = answers[source].part
                answer.failures.append(
                    .init(index: part.target.index, shard: part.shard, error: error))
            }
        }
        var next: [Int: Int] = [:]
        for at in page {
            let place = next[at.source, default: 0]
            next[at.source] = place + 1
            let part = answers[at.source].part
            guard let hits = read[at.source], place < hits.count else { continue }
            answer.hits.append(
                SearchAnswer.Placed(
                    index: part.target.index, shard: part.shard, hit: hits[place]))
        }
    }

    /// Searches among the documents of one group, one search after the other.
    private func innerHits(
        _ collapse: Collapse, of hit: Hit, _ request: SearchRequest, _ view: SearchView,
        _ deadline: Deadline
    ) throws -> [SearchAnswer.InnerHits] {
        var group = BoolQuery(must: [request.query ?? Query(.matchAll)])
        if let value = hit.group, value != .null {
            let term: JSONObject = [collapse.field: value]
            group.filter = [try QueryDSL.parse(["term": .object(term)])]
        } else {
            group.mustNot = [Query(.exists(field: collapse.field))]
        }
        return try collapse.innerHits.map { inner in
            var own = inner.request
            own.query = Query(.bool(group))
            own.postFilter = request.postFilter
            let answer = try search(own, in: view, until: deadline)
            if let failure = answer.failures.first { throw failure.error }
            return .init(name: inner.name, request: own, answer: answer)
        }
    }

    private func boost(of index: IndexMetadata, in request: SearchRequest) throws -> Float {
        if request.indicesBoost.isEmpty { return 1 }
        for entry in request.indicesBoost {
            var options = IndexOptions.search
            options.ignoreUnavailable = request.ignoresUnavailable
            let found = try catalog.snapshot.resolve(entry.index, options, now: now)
            if found.contains(where: { $0.index.uuid == index.uuid }) { return entry.boost }
        }
        return 1
    }

    package func count(
        _ query: Query?, in view: SearchView, minScore: Float? = nil, terminateAfter: Int = 0
    ) throws -> (count: Int, failures: [SearchAnswer.Failure]) {
        var count = 0
        var failures: [SearchAnswer.Failure] = []
        var request = SearchRequest()
        request.query = query
        request.minScore = minScore
        request.terminateAfter = terminateAfter
        request = try resolvingLookUps(in: request, among: view)
        for group in groups(view) {
            do {
                let own = try group[0].request(request)
                let counts = provider.scatter.count(
                    group.map(\.view), ShardQuestion(request: own, now: group[0].now))
                for (part, result) in zip(group, counts) {
                    switch result {
                    case .success(let own): count += own
                    case .failure(let error):
                        failures.append(
                            .init(index: part.target.index, shard: part.shard, error: error))
                    }
                }
            } catch {
                failures += group.map {
                    .init(index: $0.target.index, shard: $0.shard, error: error)
                }
            }
        }
        return (count, failures)
    }

    /// Why a document of one shard has its score, with the statistics of all shards.
    package func explain(
        _ query: Query, id: DocumentID, shard: Int, in view: SearchView
    ) throws -> Explanation? {
        guard let part = view.parts.first(where: { $0.shard == shard }) else { return nil }
        var request = SearchRequest()
        request.query = query
        let own = try part.request(try resolvingLookUps(in: request, among: view))
        return try part.view.explain(
            ShardQuestion(
                request: own, now: part.now,
                statistics: try statistics(own, view.parts, until: Deadline())),
            id: id)
    }
}
