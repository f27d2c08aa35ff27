internal import TrawlEval

/// Puts the report of one collection together: what is shown, not how.
struct EvalPage {
    /// So many queries get a panel of their own.
    static let panelCount = 30

    let run: EvalRun
    let baseline: Baseline
    let beforeName: String
    let verdict: GateVerdict?

    var html: String {
        let collection = run.collection
        let measures = run.evaluation.measures.filter {
            baseline.evaluation.values[$0] != nil && !$0.isCount && $0.kind != .judged
        }
        let documents = Dictionary(
            collection.documents.map { ($0.id, $0) }
        ) { first, _ in first }
        let moved = run.moves(since: baseline, measures.first ?? Measure(.nDCG, at: 10))
        let shown = moved.filter { !$0.moves.isEmpty || $0.delta.delta != 0 }
        let half = EvalPage.panelCount / 2
        let chosen =
            shown.count <= EvalPage.panelCount
            ? shown : Array(shown.prefix(half)) + Array(shown.suffix(half))
        let panels = chosen.compactMap { delta, moves in
            collection.topics[delta.query].map { panel($0, delta, moves, documents) }
        }
        return ReportPage(
            Report(
                title: collection.name, beforeName: beforeName,
                afterName: run.configuration.label,
                facts: [
                    ("documents", "\(collection.documents.count)"),
                    ("queries", "\(run.evaluation.queries.count)"),
                    ("judgements", "\(collection.judgements.count)"),
                    ("language", collection.language ?? "not said"),
                    ("engine", "trawl \(Trawl.version)"), ("fingerprint", collection.fingerprint),
                ],
                rows: Report.MeasureRow.rows(
                    measures, before: baseline.evaluation, after: run.evaluation),
                history: baseline.history, panels: panels, verdict: verdict)
        ).html
    }

    private func panel(
        _ topic: Topic, _ delta: Comparison.QueryDelta, _ moves: [ExplainedMoves.Move],
        _ documents: [String: Collection.Document]
    ) -> Report.QueryPanel {
        let grades = run.collection.judgements[topic.id]
        func results(_ ranking: [ExplainedMoves.Placed]) -> [Report.Result] {
            ranking.prefix(EvalRun.kept).map { placed in
                Report.Result(
                    document: placed.document, title: documents[placed.document]?.title ?? "",
                    snippet: Report.Snippet.around(
                        documents[placed.document]?.body ?? "", query: topic.text),
                    score: placed.score, grade: grades[placed.document])
            }
        }
        let before = baseline.rankings[topic.id] ?? []
        let after = run.rankings[topic.id] ?? []
        return Report.QueryPanel(
            topic: topic, delta: delta, before: results(before), after: results(after),
            moves: moves, waterfalls: waterfalls(after, moves, grades))
    }

    /// Two documents against each other in the new ranking, and the document that moved most
    /// against itself.
    private func waterfalls(
        _ after: [ExplainedMoves.Placed], _ moves: [ExplainedMoves.Move], _ grades: [String: Int]
    ) -> [Report.Waterfall] {
        var found: [Report.Waterfall] = []
        var most: (ScoreDifference, String)?
        for move in moves {
            guard case .score(let difference) = move.reason else { continue }
            if difference.total.magnitude > (most?.0.total.magnitude ?? 0) {
                most = (difference, move.document)
            }
        }
        if let (difference, document) = most {
            found.append(
                Report.Waterfall(
                    title: "Why the score of \(document) changed",
                    from: ("before", Double(difference.before)),
                    to: ("after", Double(difference.after)), steps: difference.parts))
        }
        if let first = after.first, let one = first.breakdown,
            let rival = after.dropFirst().first(where: {
                (grades[$0.document] ?? 0) > (grades[first.document] ?? 0)
            }) ?? after.dropFirst().first,
            let other = rival.breakdown
        {
            let difference = ScoreDifference(
                before: other, after: one, context: .init(documentChanged: true))
            found.append(
                Report.Waterfall(
                    title: "Why \(first.document) stands before \(rival.document)",
                    from: (rival.document, Double(other.score)),
                    to: (first.document, Double(one.score)), steps: difference.parts))
        }
        return found
    }
}
