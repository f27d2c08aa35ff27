/// A run measured against judgements, query by query and on average.
package struct Evaluation: Sendable, Equatable {
    /// Which queries the averages are over.
    package enum Scope: Sendable { case allJudged, judgedAndRun }

    /// In ascending byte order of their ids.
    package let queries: [String]
    package let measures: [Measure]
    /// measure → values in the order of `queries`.
    package let values: [Measure: [Double]]

    /// A judged query that the run does not have counts as an empty ranking, unless the scope
    /// leaves it out. A query without judgements is never counted.
    package init(
        run: Run, judgements: Judgements, measures: [Measure] = Measure.usual,
        scope: Scope = .allJudged
    ) {
        queries = judgements.queries
            .filter { scope == .allJudged || run.given[$0] != nil }
            .sorted { $0.precedesInBytes($1) }
        self.measures = measures
        var values: [Measure: [Double]] = [:]
        for measure in measures { values[measure] = [] }
        for query in queries {
            let metrics = RankingMetrics(
                ranking: run.ranking(of: query), judgements: judgements[query])
            for measure in measures { values[measure]!.append(metrics.value(of: measure)) }
        }
        self.values = values
    }

    package init(queries: [String], values: [Measure: [Double]], measures: [Measure]) {
        self.queries = queries
        self.values = values
        self.measures = measures
    }

    package func mean(_ measure: Measure) -> Double {
        let all = values[measure] ?? []
        let sum = all.reduce(0, +)
        return measure.isCount || all.isEmpty ? sum : sum / Double(all.count)
    }

    package func value(_ measure: Measure, of query: String) -> Double? {
        guard let index = queries.firstIndex(of: query) else { return nil }
        return values[measure]?[index]
    }
}
