internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlQuery
internal import TrawlTransport

/// The views that searches of other nodes have open here.
///
/// A view ends when it is released, or when nobody renewed it for a while: a coordinator that died
/// keeps no files for ever.
final class ViewService: Sendable {
    private final class OpenView: Sendable {
        let shard: ShardKey
        let view: any ShardView
        let usedAt = Mutex(ContinuousClock.now)
        /// What was found last: its documents may be fetched. Used by one search at a time, as the
        /// search that opened the view asks one question after the other.
        private let found = Mutex<Held?>(nil)

        private struct Held: @unchecked Sendable {
            // The closure reads an immutable snapshot.
            var answer: ShardAnswer
        }

        init(shard: ShardKey, view: any ShardView) {
            self.shard = shard
            self.view = view
        }

        func keep(_ answer: ShardAnswer) {
            let held = Held(answer: answer)
            found.withLock { $0 = held }
        }

        func fetch(_ places: [Int]) throws -> [Hit] {
            guard let held = found.withLock({ $0 }) else { throw ViewService.missing(shard) }
            guard places.allSatisfy(held.answer.keys.indices.contains) else {
                throw ViewService.missing(shard)
            }
            return try held.answer.fetch(places)
        }
    }

    private let hosting: ShardHosting
    private let views = Mutex<(open: [Int64: OpenView], next: Int64)>(([:], 1))
    static let leaseTime = Duration.seconds(60)
    private static let limit = 20_000

    init(hosting: ShardHosting) { self.hosting = hosting }

    private static func missing(_ shard: ShardKey) -> CoordinatorError {
        CoordinatorError(
            .notFound, "search_context_missing_exception",
            "\(shard): the view of this search is gone")
    }

    func serve(on dispatcher: PeerDispatcher) {
        dispatcher.on(ViewQuestions.Statistics.self, .searches) { [self] question, call in
            let asked = ShardQuestion(
                request: question.request, now: question.now,
                deadline: Self.deadline(question.milliseconds, call))
            return question.places.map { place in
                outcome(place) { view in
                    let sum = try view.statistics(of: asked)
                    guard let own = sum as? RankingSum else { throw Self.missing(place.shard) }
                    return own.sum
                }
            }
        }
        dispatcher.on(ViewQuestions.Find.self, .searches) { [self] question, call in
            find(question, call)
        }
        dispatcher.on(ViewQuestions.Fetch.self, .searches) { [self] question, _ in
            question.wanted.map { wanted in
                do {
                    guard let open = view(wanted.view) else {
                        throw CoordinatorError(
                            .notFound, "search_context_missing_exception",
                            "No search context found for id [\(wanted.view)]")
                    }
                    return .found(try open.fetch(wanted.places), view: wanted.view)
                } catch { return .failed(PeerErrors.failure(of: error)) }
            }
        }
        dispatcher.on(ViewQuestions.Count.self, .searches) { [self] question, _ in
            question.places.map { place in
                outcome(place) {
                    try $0.count(ShardQuestion(request: question.request, now: question.now))
                }
            }
        }
        dispatcher.on(ViewQuestions.Explain.self, .searches) { [self] question, _ in
            outcome(question.place) { view in
                let asked = ShardQuestion(
                    request: question.request, now: question.now,
                    statistics: question.statistics.map { RankingSum(sum: $0) })
                return try view.explain(asked, id: question.id).map { [$0] } ?? []
            }
        }
        dispatcher.on(ViewQuestions.Suggest.self, .searches) { [self] question, _ in
            outcome(question.place) { try question.asked.told(by: $0) }
        }
        dispatcher.on(ViewQuestions.Release.self, .searches) { [self] question, _ in
            views.withLock { views in for id in question.views { views.open[id] = nil } }
            return Nothing()
        }
        dispatcher.on(ViewQuestions.Renew.self, .searches) { [self] question, _ in
            for id in question.views { _ = view(id) }
            return Nothing()
        }
    }

    private static func deadline(_ milliseconds: Int64?, _ call: PeerCall) -> Deadline {
        Deadline(
            milliseconds.map { .now + .milliseconds($0) }, isAbandoned: { call.isAbandoned })
    }

    private func find(
        _ question: ViewQuestions.Find, _ call: PeerCall
    ) -> [ViewQuestions.Outcome<ViewQuestions.FoundHits>] {
        let asked = ShardQuestion(
            request: question.request, now: question.now,
            statistics: question.statistics.map { RankingSum(sum: $0) },
            deadline: Self.deadline(question.milliseconds, call),
            isOnlyShard: question.isOnlyShard)
        return question.places.map { place in
            outcome(place) { view, open in
                let answer = try view.find(asked)
                open.keep(answer)
                return ViewQuestions.FoundHits(answer)
            }
        }
    }

    private func view(_ id: Int64) -> OpenView? {
        views.withLock { views in
            let found = views.open[id]
            found?.usedAt.withLock { $0 = .now }
            return found
        }
    }

    private func outcome<Value>(
        _ place: ViewQuestions.Place, _ body: (any ShardView) throws -> Value
    ) -> ViewQuestions.Outcome<Value> {
        outcome(place) { view, _ in try body(view) }
    }

    private func outcome<Value>(
        _ place: ViewQuestions.Place, _ body: (any ShardView, OpenView) throws -> Value
    ) -> ViewQuestions.Outcome<Value> {
        do {
            let (id, open) = try openView(place)
            return .found(try body(open.view, open), view: id)
        } catch {
            return .failed(PeerErrors.failure(of: error))
        }
    }

    private func openView(_ place: ViewQuestions.Place) throws -> (Int64, OpenView) {
        if let id = place.view {
            guard let open = view(id), open.shard == place.shard else {
                throw Self.missing(place.shard)
            }
            return (id, open)
        }
        let open = OpenView(
            shard: place.shard, view: try hosting.currentView(of: place.shard))
        return try views.withLock { views in
            if views.open.count >= Self.limit / 2 {
                let now = ContinuousClock.now
                views.open = views.open.filter {
                    now - $0.value.usedAt.withLock { $0 } < Self.leaseTime
                }
            }
            guard views.open.count < Self.limit else {
                throw CoordinatorError(
                    .overloaded, "es_rejected_execution_exception",
                    "\(Self.limit) searches have views open on this node")
            }
            let id = views.next
            views.next += 1
            views.open[id] = open
            return (id, open)
        }
    }

    /// Lets go of the views that nobody renewed.
    func expire() {
        let now = ContinuousClock.now
        views.withLock { views in
            views.open = views.open.filter {
                now - $0.value.usedAt.withLock { $0 } < Self.leaseTime
            }
        }
    }
}

extension ShardHosting {
    /// What a search sees of a shard on this node.
    func currentView(of key: ShardKey) throws -> any ShardView {
        let copy = try require(key)
        guard copy.waitCurrent(timeout: ShardService.patience) else {
            throw CoordinatorError(
                .unavailable, "no_shard_available_action_exception",
                "\(key): the copy on this node is not up to date yet")
        }
        return try copy.local.view()
    }
}

extension ViewQuestions.FoundHits {
    init(_ answer: ShardAnswer) {
        keys = answer.keys
        total = answer.total
        maxScore = answer.maxScore
        timedOut = answer.timedOut
        terminatedEarly = answer.terminatedEarly
        profile = answer.profile
        aggregations = (answer.aggregations as? AggregationSum)?.partials
    }

    var answer: ShardAnswer {
        var answer = ShardAnswer()
        answer.keys = keys
        answer.total = total
        answer.maxScore = maxScore
        answer.timedOut = timedOut
        answer.terminatedEarly = terminatedEarly
        answer.profile = profile
        answer.aggregations = aggregations.map { AggregationSum(partials: $0) }
        return answer
    }
}
