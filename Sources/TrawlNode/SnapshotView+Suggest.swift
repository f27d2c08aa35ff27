internal import TrawlCoordinator
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSearch

extension SnapshotView {
    func terms(
        of field: String, near word: String, edits: Int, prefixLength: Int
    ) throws -> [(term: String, docCount: Int)] {
        try searcher.terms(of: field, near: word, edits: edits, prefixLength: prefixLength)
    }

    func docCounts(of terms: [String], in field: String) throws -> [Int] {
        try searcher.docCounts(of: terms, in: field)
    }

    func figures(of field: String) -> (docCount: Int, wordCount: Int) {
        searcher.figures(of: field)
    }

    func completions(
        _ suggest: CompletionSuggest, of text: String
    ) throws -> ShardCompletions {
        let searcher = searcher
        let found = try CompletionFinder(suggest, text: text, searcher).best()
        return ShardCompletions(
            options: found.map {
                .init(text: $0.text, score: $0.score, stamp: $0.stamp, contexts: $0.contexts)
            },
            fetch: { option, source in
                var request = SearchRequest()
                request.source = source
                let completion = found[option]
                let phase = try FetchPhase(
                    request, searcher, Searcher.Conditions(now: Instant(epochMillis: 0)))
                return try phase.hit(
                    Searcher.Found(
                        place: completion.place, score: completion.score, sort: [],
                        stamp: completion.stamp, group: nil))
            })
    }
}
