internal import TrawlIndex
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

extension Searcher {
    /// The terms of a field within some edits of a word, the word itself left out, with how many
    /// living documents have each.
    package func terms(
        of path: String, near word: String, edits: Int, prefixLength: Int
    ) throws -> [(term: String, docCount: Int)] {
        guard let field = mapping.field(path) else { return [] }
        let expansion = TermExpansion(
            field: field.path,
            pattern: .fuzzy(
                word, edits: edits, prefixLength: prefixLength, transpositions: true),
            rewrite: .constantScore)
        return try StatisticsSource(snapshot).terms(expansion).compactMap { found in
            let term = String(decoding: found.term, as: UTF8.self)
            return term == word ? nil : (term, found.docFrequency)
        }
    }

    /// How many living documents have each term.
    package func docCounts(of terms: [String], in path: String) throws -> [Int] {
        guard let field = mapping.field(path) else { return terms.map { _ in 0 } }
        return try terms.map { try snapshot.docFrequency(of: Array($0.utf8), in: field.path) }
    }

    /// How many living documents have a field, and how many words they have in it together.
    package func figures(of path: String) -> (docCount: Int, wordCount: Int) {
        guard let field = mapping.field(path) else { return (0, 0) }
        let statistics = snapshot.statistics(of: field.path)
        return (Int(statistics.docCount), Int(statistics.totalLength))
    }
}
