internal import Glibc
internal import TrawlBytes
internal import TrawlQuery

extension QueryBinder {
    /// Chooses the words that tell most: those that are frequent in the examples and rare in the
    /// index. By counts of the whole index, so that every shard chooses the same.
    func moreLikeThis(_ like: AnalyzedMoreLikeThis, _ boost: Float) throws -> any BoundQuery {
        var queries: [AnalyzedQuery] = []
        var clauses: [AnalyzedQuery] = []
        for group in like.documents { clauses += try chosen(group, like) }
        if !like.documents.isEmpty { queries.append(try joined(clauses, like)) }
        if let text = like.text { queries.append(try joined(try chosen(text, like), like)) }
        let found = queries.filter { if case .none = $0 { false } else { true } }
        if found.isEmpty { return BoundNone("no word of the examples tells enough") }
        return try bind(found.count == 1 ? found[0] : .bool(should: found), boost: boost)
    }

    private func joined(
        _ clauses: [AnalyzedQuery], _ like: AnalyzedMoreLikeThis
    ) throws -> AnalyzedQuery {
        let least = try like.minimumShouldMatch.count(among: clauses.count)
        if clauses.isEmpty || least > clauses.count { return .none("no word tells enough") }
        return .bool(should: clauses, minimumShouldMatch: least)
    }

    private func chosen(
        _ group: AnalyzedMoreLikeThis.Group, _ like: AnalyzedMoreLikeThis
    ) throws -> [AnalyzedQuery] {
        struct Candidate {
            var field: String
            var term: [UInt8]
            var score: Float
        }
        // Asked of every shard, whatever it would choose by itself.
        for name in group.fields { _ = statistics.field(name) }
        let docCount = Double(statistics.documentCount)
        var candidates: [Candidate] = []
        for word in group.words where word.count >= like.minTermFrequency {
            var field = group.fields[0]
            var frequency = 0
            for name in group.fields {
                let own = try statistics.docFrequency(name, word.term)
                if own > frequency {
                    field = name
                    frequency = own
                }
            }
            guard frequency > 0, frequency >= like.minDocFrequency,
                frequency <= like.maxDocFrequency
            else { continue }
            let idf = Float(log((docCount + 1) / (Double(frequency) + 1)) + 1)
            candidates.append(
                Candidate(field: field, term: word.term, score: Float(word.count) * idf))
        }
        candidates.sort {
            $0.score == $1.score
                ? $0.term.lexicographicallyPrecedes($1.term) : $0.score > $1.score
        }
        let best = candidates.first?.score ?? 1
        return candidates.prefix(like.maxQueryTerms).map { candidate in
            let term = AnalyzedQuery.term(field: candidate.field, term: candidate.term)
            return like.boostTerms > 0
                ? term.boosted(by: like.boostTerms * candidate.score / best) : term
        }
    }
}
