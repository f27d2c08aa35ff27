internal import Synchronization
internal import TrawlCluster
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlErrors
internal import TrawlQuery
internal import TrawlSearch
internal import TrawlThreads
internal import TrawlTransport

/// Asks the nodes that have the shards: each once, all at the same time, this one meanwhile. Where a
/// node fails, other copies of its shards are asked.
final class ClusterScatter: ShardScatter {
    let hosting: ShardHosting
    private let surroundings: CopySurroundings
    private let chooser = CopyChooser()
    /// Views that are open on other nodes.
    private let open = Mutex<[NodeID: Set<Int64>]>([:])
    private let released = Mutex<[NodeID: [Int64]]>([:])

    /// When a search has no deadline of its own.
    private static let timeout = Duration.seconds(30)
    private static let attempts = 3

    init(_ surroundings: CopySurroundings, hosting: ShardHosting) {
        self.surroundings = surroundings
        self.hosting = hosting
    }

    // MARK: Views

    /// A copy in sync on a node that is there: this node's first, else the one that answers soonest.
    func choose(_ key: ShardKey, besides failed: Set<NodeID>) -> NodeID? {
        let state = surroundings.member.state
        guard let shard = state.shards[key] else { return nil }
        let here = surroundings.node
        if shard.inSync.contains(here), !failed.contains(here), hosting.isCurrent(key) {
            return here
        }
        let candidates = shard.inSync.filter { !failed.contains($0) && state.nodes[$0] != nil }
        return chooser.best(of: candidates)
    }

    func release(_ id: Int64, on node: NodeID) {
        open.withLock { _ = $0[node]?.remove(id) }
        released.withLock { $0[node, default: []].append(id) }
    }

    /// Tells the other nodes which views are not needed any more, and which are. Called now and then.
    func tick(renewing: Bool) {
        let gone = released.withLock { released in
            defer { released = [:] }
            return released
        }
        for (node, views) in gone {
            guard let client = surroundings.client(node) else { continue }
            _ = try? client.begin(ViewQuestions.Release(views: views), timeout: .seconds(2))
        }
        guard renewing else { return }
        for (node, views) in open.withLock({ $0 }) where !views.isEmpty {
            guard let client = surroundings.client(node) else { continue }
            _ = try? client.begin(
                ViewQuestions.Renew(views: views.sorted()), timeout: .seconds(2))
        }
    }

    // MARK: Asking

    /// Has every view answer, those of other nodes by one question for each node.
    private func ask<Value: Codable & Sendable>(
        _ views: [ClusterView], timeout: Duration,
        here: (ClusterView) throws -> Value,
        there: ([ViewQuestions.Place], PeerClient) throws
            -> () throws -> [ViewQuestions.Outcome<Value>]
    ) -> [Result<Value, any Error>] {
        var results = [Result<Value, any Error>?](repeating: nil, count: views.count)
        var left = Array(views.indices)
        for attempt in 1...Self.attempts where !left.isEmpty {
            var groups: [NodeID: [Int]] = [:]
            for i in left {
                do { groups[try views[i].node(), default: []].append(i) } catch {
                    // Why the last copy failed says more than that there is no other.
                    results[i] = results[i] ?? .failure(error)
                }
            }
            let nodes = groups.keys.sorted()
            var waiting:
                [(
                    node: NodeID, began: ContinuousClock.Instant,
                    answers: () throws -> [ViewQuestions.Outcome<Value>]
                )] = []
            for node in nodes where node != surroundings.node {
                let places = groups[node]!.map { i in
                    ViewQuestions.Place(
                        shard: views[i].key, view: views[i].place.withLock { $0.remote })
                }
                chooser.begin(node)
                let began = ContinuousClock.now
                do {
                    guard let client = surroundings.client(node) else {
                        throw TransportError(
                            .unreachable, peer: "\(node)", "it left the cluster")
                    }
                    waiting.append((node, began, try there(places, client)))
                } catch {
                    waiting.append((node, began, { throw error }))
                }
            }
            for i in groups[surroundings.node] ?? [] {
                results[i] = Result { try here(views[i]) }
            }
            for entry in waiting {
                let answers = Result { try entry.answers() }
                chooser.end(
                    entry.node, took: ContinuousClock.now - entry.began,
                    failed: (try? answers.get()) == nil)
                take(answers, for: groups[entry.node]!, views, on: entry.node, &results)
            }
            left = left.filter { i in
                guard attempt < Self.attempts, case .failure(let error)? = results[i],
                    Self.anotherCopyMayHelp(error),
                    let node = views[i].place.withLock({ $0.node })
                else { return false }
                return views[i].leave(node)
            }
        }
        return results.map {
            $0
                ?? .failure(
                    CoordinatorError(
                        .unavailable, "no_shard_available_action_exception", "not asked"))
        }
    }

    private func take<Value>(
        _ answers: Result<[ViewQuestions.Outcome<Value>], any Error>, for group: [Int],
        _ views: [ClusterView], on node: NodeID, _ results: inout [Result<Value, any Error>?]
    ) {
        switch answers {
        case .failure(let error): for i in group { results[i] = .failure(error) }
        case .success(let list):
            for (place, i) in group.enumerated() {
                guard place < list.count else {
                    results[i] = .failure(
                        TransportError(.malformed, peer: "\(node)", "an answer is missing"))
                    continue
                }
                switch list[place] {
                case .found(let value, let id):
                    results[i] = .success(value)
                    views[i].place.withLock { $0.remote = id }
                    open.withLock { _ = $0[node, default: []].insert(id) }
                case .failed(let failure):
                    results[i] = .failure(PeerErrors.error(of: failure))
                }
            }
        }
    }

    private static func anotherCopyMayHelp(_ error: any Error) -> Bool {
        (error as? any TrawlError)?.kind.anotherCopyMayHelp ?? true
    }

    private func remaining(_ deadline: Deadline) -> Duration {
        // The shard ends at the deadline by itself and answers with what it has.
        deadline.instant.map { max(.zero, $0 - .now) + .seconds(1) } ?? Self.timeout
    }

    /// How much time is left, as questions say it.
    private static func milliseconds(_ deadline: Deadline) -> Int64? {
        deadline.instant.map { Int64(max(.zero, $0 - .now) / .milliseconds(1)) }
    }

    // MARK: Questions

    func statistics(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<any ShardStatistics, any Error>] {
        let timeout = remaining(question.deadline)
        let sums: [Result<RankingStatistics, any Error>] = ask(
            views.map(Self.own), timeout: timeout,
            here: { view in
                let sum = try view.localView().statistics(of: question)
                guard let own = sum as? RankingSum else {
                    preconditionFailure("views of this node sum up rankings")
                }
                return own.sum
            },
            there: { places, client in
                try client.begin(
                    ViewQuestions.Statistics(
                        places: places, request: question.request, now: question.now,
                        milliseconds: Self.milliseconds(question.deadline)), timeout: timeout)
            })
        return sums.map { $0.map { RankingSum(sum: $0) as any ShardStatistics } }
    }

    private static func own(_ view: any ShardView) -> ClusterView {
        guard let own = view as? ClusterView else {
            preconditionFailure("a cluster's views are its own")
        }
        return own
    }

    func find(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<ShardAnswer, any Error>] {
        let views = views.map(Self.own)
        let timeout = remaining(question.deadline)
        // Answers of this node come with their documents at hand.
        var here: [ObjectIdentifier: ShardAnswer] = [:]
        let found: [Result<ViewQuestions.FoundHits, any Error>] = ask(
            views, timeout: timeout,
            here: { view in
                let answer = try view.localView().find(question)
                here[ObjectIdentifier(view)] = answer
                return ViewQuestions.FoundHits(answer)
            },
            there: { places, client in
                try client.begin(
                    ViewQuestions.Find(
                        places: places, request: question.request, now: question.now,
                        statistics: (question.statistics as? RankingSum)?.sum,
                        milliseconds: Self.milliseconds(question.deadline),
                        isOnlyShard: question.isOnlyShard), timeout: timeout)
            })
        return zip(views, found).map { view, result in
            result.map { hits in
                view.place.withLock { $0.lastQuestion = question }
                var answer = here[ObjectIdentifier(view)] ?? hits.answer
                answer.view = view
                return answer
            }
        }
    }

    func fetch(
        _ wanted: [(answer: ShardAnswer, places: [Int])]
    ) -> [Result<[Hit], any Error>] {
        var results = [Result<[Hit], any Error>?](repeating: nil, count: wanted.count)
        var groups: [NodeID: [Int]] = [:]
        for (i, entry) in wanted.enumerated() {
            guard let view = entry.answer.view as? ClusterView else { continue }
            let place = view.place.withLock { ($0.node, $0.remote) }
            if let node = place.0, place.1 != nil { groups[node, default: []].append(i) }
        }
        var waiting: [(group: [Int], answers: () throws -> [ViewQuestions.Outcome<[Hit]>])] = []
        for node in groups.keys.sorted() {
            let group = groups[node]!
            let places = group.map { i in
                ViewQuestions.Fetch.Wanted(
                    view: (wanted[i].answer.view as? ClusterView)?.place.withLock { $0.remote }
                        ?? 0,
                    places: wanted[i].places)
            }
            do {
                guard let client = surroundings.client(node) else {
                    throw TransportError(.unreachable, peer: "\(node)", "it left the cluster")
                }
                waiting.append(
                    (
                        group,
                        try client.begin(
                            ViewQuestions.Fetch(wanted: places), timeout: Self.timeout)
                    ))
            } catch {
                waiting.append((group, { throw error }))
            }
        }
        let remote = Set(groups.values.joined())
        for i in wanted.indices where !remote.contains(i) {
            results[i] = Result { try wanted[i].answer.fetch(wanted[i].places) }
        }
        for entry in waiting {
            let answers = Result { try entry.answers() }
            for (place, i) in entry.group.enumerated() {
                let own: Result<[Hit], any Error> = answers.flatMap { list in
                    guard place < list.count else {
                        return .failure(
                            TransportError(.malformed, peer: "fetch", "an answer is missing"))
                    }
                    switch list[place] {
                    case .found(let hits, _): return .success(hits)
                    case .failed(let failure): return .failure(PeerErrors.error(of: failure))
                    }
                }
                results[i] = own.flatMapError { error in
                    Result { try elsewhere(wanted[i].answer, wanted[i].places, after: error) }
                }
            }
        }
        for entry in wanted {
            (entry.answer.view as? ClusterView)?.place.withLock { $0.isUsed = true }
        }
        return results.map { $0 ?? .success([]) }
    }

    /// The node was lost between finding and fetching. Another copy finds the same hits, when it has
    /// seen the same changes; if not, the failure stands.
    private func elsewhere(
        _ answer: ShardAnswer, _ places: [Int], after error: any Error
    ) throws -> [Hit] {
        guard Self.anotherCopyMayHelp(error), let view = answer.view as? ClusterView,
            let node = view.place.withLock({ $0.node }),
            let question = view.place.withLock({ $0.lastQuestion }), view.leave(node),
            let again = try? find([view], question)[0].get(),
            again.keys.count == answer.keys.count,
            places.allSatisfy({ again.keys[$0] == answer.keys[$0] })
        else { throw error }
        if view.place.withLock({ $0.remote }) == nil { return try again.fetch(places) }
        return try fetch([(again, places)])[0].get()
    }

    func count(
        _ views: [any ShardView], _ question: ShardQuestion
    ) -> [Result<Int, any Error>] {
        ask(
            views.map(Self.own), timeout: Self.timeout,
            here: { try $0.localView().count(question) },
            there: { places, client in
                try client.begin(
                    ViewQuestions.Count(
                        places: places, request: question.request, now: question.now),
                    timeout: Self.timeout)
            })
    }

    func suggest(
        _ view: ClusterView, _ asked: ViewQuestions.Suggest.Asked
    ) throws -> ViewQuestions.Suggest.Told {
        try ask(
            [view], timeout: Self.timeout, here: { try asked.told(by: try $0.localView()) },
            there: { places, client in
                let answer = try client.begin(
                    ViewQuestions.Suggest(place: places[0], asked: asked),
                    timeout: Self.timeout)
                return { [try answer()] }
            })[0].get()
    }

    func explain(
        _ view: ClusterView, _ question: ShardQuestion, id: DocumentID
    ) throws -> Explanation? {
        let found: [Result<[Explanation], any Error>] = ask(
            [view], timeout: Self.timeout,
            here: { try $0.localView().explain(question, id: id).map { [$0] } ?? [] },
            there: { places, client in
                let answer = try client.begin(
                    ViewQuestions.Explain(
                        place: places[0], id: id, request: question.request, now: question.now,
                        statistics: (question.statistics as? RankingSum)?.sum),
                    timeout: Self.timeout)
                return { [try answer()] }
            })
        return try found[0].get().first
    }
}

/// Which node to ask: the one that answered soonest lately, counting what it still has to do.
final class CopyChooser: Sendable {
    private struct Record {
        /// Seconds, weighted towards the last answers.
        var time = 0.001
        var underWay = 0
    }

    private let records = Mutex<[NodeID: Record]>([:])
    /// How much the last answer counts.
    private static let weight = 0.2
    private static let failureTime = 1.0

    func best(of nodes: [NodeID]) -> NodeID? {
        records.withLock { records in
            // In a different order each time, so that equal ones take turns.
            nodes.shuffled().min { a, b in
                func cost(_ node: NodeID) -> Double {
                    let record = records[node] ?? Record()
                    return record.time * Double(1 + record.underWay)
                }
                return cost(a) < cost(b)
            }
        }
    }

    func begin(_ node: NodeID) { records.withLock { $0[node, default: Record()].underWay += 1 } }

    func end(_ node: NodeID, took: Duration, failed: Bool) {
        records.withLock { records in
            var record = records[node, default: Record()]
            record.underWay = max(0, record.underWay - 1)
            let seconds = failed ? Self.failureTime : took / .seconds(1)
            record.time += Self.weight * (seconds - record.time)
            records[node] = record
        }
    }
}

extension ShardHosting {
    func isCurrent(_ key: ShardKey) -> Bool {
        copy(key)?.state.withLock { $0.isCurrent && $0.failure == nil && !$0.isClosed } ?? false
    }
}
