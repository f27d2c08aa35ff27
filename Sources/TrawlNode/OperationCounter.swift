internal import Synchronization
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlQuery

/// Counts what one shard does.
final class OperationCounter: Sendable {
    private let figures = Mutex(OperationFigures())

    var now: OperationFigures { figures.withLock { $0 } }

    func change(_ body: (inout OperationFigures) -> Void) {
        figures.withLock { body(&$0) }
    }

    /// Counts one more of a kind, with the time it took.
    func measure<Result>(
        _ kind: WritableKeyPath<OperationFigures, OperationFigures.Tally>,
        _ body: () throws -> Result
    ) rethrows -> Result {
        let began = ContinuousClock.now
        change { $0[keyPath: kind].begin() }
        defer {
            change { figures in
                figures[keyPath: kind].end()
                figures[keyPath: kind].add(ContinuousClock.now - began)
            }
        }
        return try body()
    }

    func count(_ outcomes: [ChangeOutcome], _ changes: [Change], took duration: Duration) {
        change { figures in
            let share = duration / max(1, outcomes.count)
            for (outcome, change) in zip(outcomes, changes) {
                switch outcome {
                case .created, .updated: figures.index.add(share)
                case .deleted: figures.delete.add(share)
                case .noop: figures.noopUpdateCount += 1
                case .notFound: if change.operation == .delete { figures.delete.add(share) }
                case .failed: figures.failedIndexCount += 1
                case .conflict: break
                }
            }
        }
    }
}

/// A view that tells a counter of the questions put to it.
final class CountedView: ShardView {
    private let view: any ShardView
    private let counter: OperationCounter

    init(_ view: any ShardView, _ counter: OperationCounter) {
        self.view = view
        self.counter = counter
    }

    func check(_ query: Query, now: Int64) throws { try view.check(query, now: now) }

    func statistics(of question: ShardQuestion) throws -> any ShardStatistics {
        try view.statistics(of: question)
    }

    func find(_ question: ShardQuestion) throws -> ShardAnswer {
        let groups = question.request.stats
        let began = ContinuousClock.now
        counter.change { $0.query.begin() }
        defer { counter.change { $0.query.end() } }
        var answer = try view.find(question)
        let took = ContinuousClock.now - began
        counter.change { figures in
            figures.query.add(took)
            for group in groups { figures.groups[group, default: .init()].query.add(took) }
        }
        let fetch = answer.fetch
        answer.fetch = { [counter] places in
            let began = ContinuousClock.now
            counter.change { $0.fetch.begin() }
            defer {
                let took = ContinuousClock.now - began
                counter.change { figures in
                    figures.fetch.end()
                    figures.fetch.add(took)
                    for group in groups {
                        figures.groups[group, default: .init()].fetch.add(took)
                    }
                }
            }
            return try fetch(places)
        }
        return answer
    }

    func count(_ question: ShardQuestion) throws -> Int {
        try counter.measure(\.query) { try view.count(question) }
    }

    func explain(_ question: ShardQuestion, id: DocumentID) throws -> Explanation? {
        try view.explain(question, id: id)
    }

    // MARK: Suggestions

    func terms(
        of field: String, near word: String, edits: Int, prefixLength: Int
    ) throws -> [(term: String, docCount: Int)] {
        try view.terms(of: field, near: word, edits: edits, prefixLength: prefixLength)
    }

    func docCounts(of terms: [String], in field: String) throws -> [Int] {
        try view.docCounts(of: terms, in: field)
    }

    func figures(of field: String) throws -> (docCount: Int, wordCount: Int) {
        try view.figures(of: field)
    }

    func completions(
        _ suggest: CompletionSuggest, of text: String
    ) throws -> ShardCompletions {
        try view.completions(suggest, of: text)
    }

    func figures(of terms: [[UInt8]], in field: String) throws -> TermFigures {
        try view.figures(of: terms, in: field)
    }
}
