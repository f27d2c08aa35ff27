internal import TrawlEval
internal import TrawlJSON

/// A collection, what one configuration answered, and what that is worth.
struct EvalRun {
    /// So many results of each query are looked at.
    static let depth = 100
    /// So many have their scores taken apart, so that a move into the list can be explained.
    static let explained = 30
    /// So many are shown and kept in a baseline.
    static let kept = 10

    let collection: Collection
    let configuration: EvalConfiguration
    let index: EvalIndex
    let rankings: [String: [ExplainedMoves.Placed]]
    let run: Run
    let evaluation: Evaluation

    init(
        _ collection: Collection, _ configuration: EvalConfiguration, measures: [Measure],
        depth: Int = EvalRun.depth
    ) throws {
        let index = try EvalIndex(collection, configuration)
        var rankings: [String: [ExplainedMoves.Placed]] = [:]
        var run = Run()
        for topic in collection.topics.all {
            let found = try index.search(topic.text, limit: depth, explaining: EvalRun.explained)
            rankings[topic.id] = Array(found.prefix(EvalRun.explained))
            run.set(
                found.map { .init(document: $0.document, score: $0.score) }, for: topic.id)
        }
        self.collection = collection
        self.configuration = configuration
        self.index = index
        self.rankings = rankings
        self.run = run
        evaluation = Evaluation(
            run: run, judgements: collection.judgements.only(collection.topics.all.map(\.id)),
            measures: measures)
    }

    /// - Parameter kept: How much of each ranking; all of it serves a comparison in memory.
    func baseline(
        history: [Baseline.HistoryEntry], note: String, date: String, kept: Int = EvalRun.kept
    ) -> Baseline {
        var means: [String: Double] = [:]
        for measure in evaluation.measures {
            means[measure.description] = evaluation.mean(measure)
        }
        return Baseline(
            collection: collection.name, fingerprint: collection.fingerprint,
            engine: "trawl \(Trawl.version)", configuration: configuration.json,
            statistics: index.statisticsJSON, evaluation: evaluation,
            rankings: rankings.mapValues { Array($0.prefix(kept)) },
            history: history + [.init(date: date, note: note, means: means)])
    }

    /// What moved since a baseline, query by query, those that lost most first.
    func moves(
        since baseline: Baseline, _ measure: Measure
    ) -> [(delta: Comparison.QueryDelta, moves: [ExplainedMoves.Move])] {
        let ids = Set(collection.documents.map(\.id))
        let corpusChanged = baseline.fingerprint != collection.fingerprint
        let analysisChanged =
            baseline.configuration["analyzer"] != configuration.json["analyzer"]
            || baseline.configuration["analysis"] != configuration.json["analysis"]
        let context = ScoreDifference.Context(
            corpusChanged: corpusChanged, analysisChanged: analysisChanged)
        let comparison = Comparison(measure, before: baseline.evaluation, after: evaluation)
        return comparison.worstFirst.map { delta in
            let explained = ExplainedMoves(
                before: baseline.rankings[delta.query] ?? [], after: rankings[delta.query] ?? [],
                context: context, existsAfter: { ids.contains($0) },
                changed: { _ in corpusChanged && !analysisChanged })
            let kept = EvalRun.kept
            return (
                delta,
                explained.moves.filter {
                    ($0.rankBefore ?? .max) <= kept || ($0.rankAfter ?? .max) <= kept
                }
            )
        }
    }

    /// The parameters that do best on one half of the queries, measured on the other, and the
    /// reverse: the honest figure of a sweep.
    func sweep(_ measure: Measure) throws -> (
        best: (k1: Float, b: Float), mean: Double, cross: Double
    ) {
        var grid: [(k1: Float, b: Float, values: [Double])] = []
        for k1: Float in [0.5, 0.9, 1.2, 1.6, 2.2, 3] {
            for b: Float in [0.2, 0.4, 0.55, 0.75, 0.9] {
                index.use(k1: k1, b: b)
                var run = Run()
                for topic in collection.topics.all {
                    let found = try index.search(topic.text, limit: EvalRun.depth)
                    run.set(
                        found.map { .init(document: $0.document, score: $0.score) },
                        for: topic.id)
                }
                let evaluation = Evaluation(
                    run: run, judgements: collection.judgements, measures: [measure])
                grid.append((k1, b, evaluation.values[measure] ?? []))
            }
        }
        index.use(k1: configuration.k1, b: configuration.b)
        func mean(_ values: [Double], _ half: Int?) -> Double {
            let chosen = values.enumerated().filter { half == nil || $0.offset % 2 == half }
            return chosen.reduce(0) { $0 + $1.element } / Double(max(chosen.count, 1))
        }
        func best(_ half: Int?) -> (k1: Float, b: Float, values: [Double]) {
            grid.max { mean($0.values, half) < mean($1.values, half) }!
        }
        let count = Double(grid[0].values.count)
        let odd = Double(grid[0].values.count / 2)
        let cross =
            (mean(best(1).values, 0) * (count - odd) + mean(best(0).values, 1) * odd)
            / max(count, 1)
        let top = best(nil)
        return ((top.k1, top.b), mean(top.values, nil), cross)
    }
}
