internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
package import TrawlSchema
internal import TrawlSegment

/// Gives analysed queries their statistics and weights: after it a query knows everything but
/// which segment it runs over.
package final class QueryBinder {
    let statistics: StatisticsSource
    let mapping: Mapping
    private let similarities: [String: Similarity]
    let cache: FilterCache?
    let clock: SearchClock
    let maxClauseCount: Int
    private var weighers: [String: FieldWeigher] = [:]
    /// Set to watch every clause.
    var profiler: Profiler?

    package init(
        statistics: StatisticsSource, mapping: Mapping,
        similarities: [String: Similarity] = [:], cache: FilterCache? = nil,
        clock: SearchClock = SearchClock(), maxClauseCount: Int = 1024
    ) {
        self.statistics = statistics
        self.mapping = mapping
        self.similarities = similarities
        self.cache = cache
        self.clock = clock
        self.maxClauseCount = maxClauseCount
    }

    func weigher(_ field: String) -> FieldWeigher {
        if let known = weighers[field] { return known }
        let type = mapping.field(field)?.type
        let name = (type as? TextType)?.similarity ?? (type as? KeywordType)?.similarity
        let similarity = similarities[name ?? "default"] ?? similarities["BM25"] ?? .standard
        var bm25 = BM25()
        var isBoolean = name == "boolean"
        switch similarity {
        case .bm25(let k1, let b, _): bm25 = BM25(k1: k1, b: b)
        case .boolean: isBoolean = true
        }
        let made = FieldWeigher(
            scoring: FieldScoring(bm25, statistics.field(field)), similarity: bm25,
            isBoolean: isBoolean)
        weighers[field] = made
        return made
    }

    // MARK: Scoring

    /// - Parameter boost: What all queries around it make of its weight.
    package func bind(_ query: AnalyzedQuery, boost: Float = 1) throws -> any BoundQuery {
        switch query {
        case .named(let inner, _): return try bind(inner, boost: boost)
        case .boosted(let inner, let factor): return try bind(inner, boost: factor * boost)
        default:
            guard let profiler else { return try bindPlain(query, boost) }
            return try profiler.watch(query) { try bindPlain(query, boost) }
        }
    }

    private func bindPlain(_ query: AnalyzedQuery, _ boost: Float) throws -> any BoundQuery {
        switch query {
        case .all: return BoundConstant(nil, score: boost, text: "*:*")
        case .none(let reason): return BoundNone(reason)
        case .named(let inner, _): return try bind(inner, boost: boost)
        case .boosted(let inner, let factor): return try bind(inner, boost: factor * boost)
        case .constant(let inner):
            return BoundConstant(
                try filter(inner), score: boost, text: query.text())
        case .term(let field, let term):
            let weigher = weigher(field)
            return BoundTerm(
                field: field, term: term, entries: try statistics.entries(field, term),
                boost: boost, weigher: weigher,
                docFrequency: try statistics.docFrequency(field, term))
        case .synonyms(let field, let terms): return try synonyms(field, terms, boost)
        case .phrase(let phrase): return try self.phrase(phrase, boost)
        case .expansion(let expansion): return try self.expansion(expansion, boost)
        case .boolean(let boolean): return try self.boolean(boolean, boost)
        case .disMax(let queries, let tieBreaker):
            return BoundDisMax(
                try queries.map { try bind($0, boost: boost) }, tieBreaker: tieBreaker)
        case .boosting(let positive, let negative, let factor):
            return BoundBoosting(
                try bind(positive, boost: boost), try filter(negative), factor: factor)
        case .blended(let terms, let tieBreaker): return try blended(terms, tieBreaker, boost)
        case .combined(let fields, let terms): return try combined(fields, terms, boost)
        case .functionScore(let score): return try functionScore(score, boost)
        case .proximity(_, let source): return proximity(source, query.text(), boost)
        case .spans(let field, let source):
            return try spans(field, source, query.text(), boost)
        case .scriptScore(let inner, let script, let minScore):
            return try scriptScore(
                try bind(inner), script, minScore: minScore, boost, query.text())
        case .moreLikeThis(let like): return try moreLikeThis(like, boost)
        case .nested(let nested):
            return BoundNested(
                nested, try bind(nested.query, boost: boost), text: query.text(), clock: clock)
        case .distanceFeature(let field, let origin, let pivot):
            return try distanceFeature(field, origin, pivot, boost)
        case .minimumMatch(let queries, let least):
            return try minimumMatch(queries, least, boost)
        case .numbers, .numberSet, .byteRange, .intervals, .script, .termSet,
            .exists, .ids, .geoDistance,
            .geoBox:
            return BoundConstant(try filter(query), score: boost, text: query.text())
        }
    }

    private func boolean(_ boolean: AnalyzedBoolean, _ boost: Float) throws -> any BoundQuery {
        let boolean = boolean.withoutRepetition
        let clauses = try boolean.clauses.map { clause in
            let isScored = clause.occur == .must || clause.occur == .should
            return BoundBoolean.Clause(
                occur: clause.occur,
                query: isScored
                    ? try bind(clause.query, boost: boost) : try filter(clause.query),
                text: clause.query.text())
        }
        return BoundBoolean(clauses, minimumShouldMatch: boolean.minimumShouldMatch)
    }

    // MARK: Filters

    /// The documents alone. What is dear to find is kept in the cache.
    package func filter(_ query: AnalyzedQuery) throws -> any BoundQuery {
        switch query {
        case .named(let inner, _), .boosted(let inner, _), .constant(let inner):
            return try filter(inner)
        case .all, .none, .term: return try bind(query)
        case .boolean(let boolean):
            let clauses = try boolean.clauses.map {
                BoundBoolean.Clause(
                    occur: $0.occur, query: try filter($0.query), text: $0.query.text())
            }
            let bound = BoundBoolean(clauses, minimumShouldMatch: boolean.minimumShouldMatch)
            return BoundFilter(query, cache: cache, clock: clock) { try bound.matcher(in: $0) }
        case .expansion(let expansion):
            var constant = expansion
            // Which terms count most says nothing of which documents match, unless it limits.
            switch expansion.rewrite {
            case .topTerms, .topTermsBoost, .topTermsBlended:
                let bound = try self.expansion(expansion, 1)
                return BoundFilter(query, cache: nil, clock: clock) { try bound.matcher(in: $0) }
            default: constant.rewrite = .constantScore
            }
            return BoundFilter(.expansion(constant), cache: cache, clock: clock) { [self] segment in
                try expansionMatcher(constant, segment)
            }
        case .numbers, .numberSet, .byteRange, .intervals, .script, .termSet,
            .exists, .ids, .geoDistance,
            .geoBox:
            return BoundFilter(query, cache: cache, clock: clock) { [self] in
                try plainMatcher(query, $0)
            }
        default:
            let bound = try bind(query)
            return BoundFilter(query, cache: cache, clock: clock) { try bound.matcher(in: $0) }
        }
    }

    // MARK: Expansions

    private func expansion(_ expansion: TermExpansion, _ boost: Float) throws -> any BoundQuery {
        let query = AnalyzedQuery.expansion(expansion)
        switch expansion.rewrite {
        case .constantScore, .constantScoreBoolean:
            return BoundConstant(
                try filter(query), score: boost, text: "ConstantScore(\(query.text()))")
        case .scoringBoolean:
            let terms = try statistics.terms(expansion)
            if terms.count > maxClauseCount {
                throw QueryError.tooManyClauses(limit: maxClauseCount)
            }
            return try should(
                terms.map { term in
                    try bind(.term(field: expansion.field, term: term.term), boost: boost)
                }, expansion, terms)
        case .topTerms:
            let terms = try statistics.terms(expansion)
            return try should(
                terms.map { term in
                    try bind(
                        .term(field: expansion.field, term: term.term), boost: term.boost * boost)
                }, expansion, terms)
        case .topTermsBoost:
            let terms = try statistics.terms(expansion)
            return try should(
                terms.map { term in
                    try bind(
                        .constant(.term(field: expansion.field, term: term.term)),
                        boost: term.boost * boost)
                }, expansion, terms)
        case .topTermsBlended:
            let terms = try statistics.terms(expansion)
            let weigher = weigher(expansion.field)
            let most = terms.map(\.docFrequency).max() ?? 0
            return try should(
                terms.map { term in
                    BoundTerm(
                        field: expansion.field, term: term.term,
                        entries: try statistics.entries(expansion.field, term.term),
                        boost: term.boost * boost, weigher: weigher, docFrequency: most)
                }, expansion, terms)
        }
    }

    private func should(
        _ queries: [any BoundQuery], _ expansion: TermExpansion,
        _ terms: [RankingStatistics.ExpandedTerm]
    ) throws -> any BoundQuery {
        if queries.isEmpty { return BoundNone("no term of [\(expansion.field)] fits") }
        if queries.count == 1 { return queries[0] }
        return BoundBoolean(
            zip(queries, terms).map {
                .init(
                    occur: .should, query: $0,
                    text: AnalyzedQuery.term(field: expansion.field, term: $1.term).text())
            }, minimumShouldMatch: 0)
    }

    private func expansionMatcher(
        _ expansion: TermExpansion, _ segment: SegmentContext
    ) throws -> Matcher {
        guard let postings = segment.view.field(expansion.field)?.postings else {
            return NoneMatcher()
        }
        var union = DocUnion(docCount: segment.docCount)
        try TermWalker(expansion, clock).forEachTerm(of: postings) { _, entry, _ in
            try union.add(postings.open(entry), clock)
            return true
        }
        return union.matcher()
    }

    // MARK: Text

    private func idf(_ field: String, _ term: [UInt8]) throws -> Explanation {
        ScoreReasons.idf(
            weigher(field), docFrequency: try statistics.docFrequency(field, term))
    }

    private func synonyms(
        _ field: String, _ terms: [[UInt8]], _ boost: Float
    ) throws -> any BoundQuery {
        let weigher = weigher(field)
        var most = 0
        for term in terms { most = max(most, try statistics.docFrequency(field, term)) }
        return BoundFrequencies(
            text: AnalyzedQuery.synonyms(field: field, terms: terms).text(), field: field,
            boost: boost, weigher: weigher,
            idfs: [ScoreReasons.idf(weigher, docFrequency: most)],
            what: "termFreq"
        ) { [clock] segment, own in
            try TextFrequencies.any(of: terms, own, segment, clock)
        }
    }

    private func phrase(_ phrase: AnalyzedPhrase, _ boost: Float) throws -> any BoundQuery {
        var phrase = phrase
        if let last = phrase.slots.last, last.isPrefix {
            var terms: [[UInt8]] = []
            for prefix in last.terms {
                let expansion = TermExpansion(
                    field: phrase.field, pattern: .prefix(prefix, caseInsensitive: false),
                    rewrite: .topTerms(phrase.maxExpansions))
                terms += try statistics.terms(expansion).map(\.term)
            }
            if terms.isEmpty { return BoundNone("no term begins as the phrase ends") }
            terms = Array(terms.prefix(phrase.maxExpansions))
            phrase.slots[phrase.slots.count - 1] = .init(position: last.position, terms: terms)
        }
        if phrase.slots.count == 1 {
            let terms = phrase.slots[0].terms
            if terms.count == 1 {
                return try bind(.term(field: phrase.field, term: terms[0]), boost: boost)
            }
            return try boolean(
                .init(
                    clauses: terms.map { .init(.should, .term(field: phrase.field, term: $0)) }),
                boost)
        }
        let weigher = weigher(phrase.field)
        let idfs = try phrase.slots.flatMap(\.terms).map { try idf(phrase.field, $0) }
        let isPlain = phrase.slots.allSatisfy { $0.terms.count == 1 }
        if isPlain, phrase.slop == 0 {
            return BoundExactPhrase(
                phrase,
                entries: try phrase.slots.map { try statistics.entries(phrase.field, $0.terms[0]) },
                boost: boost, weigher: weigher, idfs: idfs)
        }
        return BoundFrequencies(
            text: AnalyzedQuery.phrase(phrase).text(), field: phrase.field, boost: boost,
            weigher: weigher, idfs: idfs, what: "phraseFreq"
        ) { [clock] segment, own in
            try TextFrequencies.phrase(phrase, own, segment, clock)
        }
    }

    // MARK: Fields as one

    /// Each term is scored as if it were as frequent as in the field where it is most frequent:
    /// a name's rarity in an address field says nothing.
    private func blended(
        _ terms: [BlendedTerm], _ tieBreaker: Float, _ boost: Float
    ) throws -> any BoundQuery {
        var frequencies = try terms.map { try statistics.docFrequency($0.field, $0.term) }
        let most = frequencies.max() ?? 0
        if most > 0 {
            let order = frequencies.indices.sorted {
                frequencies[$0] == frequencies[$1] ? $0 < $1 : frequencies[$0] > frequencies[$1]
            }
            var previous = frequencies[order[0]]
            var actual = most
            for i in order {
                let current = frequencies[i]
                if current == 0 { break }
                // A little dearer the rarer the field: breaks ties towards the usual one.
                if previous > current { actual += 1 }
                frequencies[i] = min(actual, Int(statistics.field(terms[i].field).docCount))
                previous = current
            }
        }
        let bound = try zip(terms, frequencies).map { term, frequency in
            BoundTerm(
                field: term.field, term: term.term,
                entries: try statistics.entries(term.field, term.term),
                boost: term.boost * boost, weigher: weigher(term.field), docFrequency: frequency)
        }
        return bound.count == 1 ? bound[0] : BoundDisMax(bound, tieBreaker: tieBreaker)
    }

    /// BM25F: frequencies and lengths are added up by weight before they are scored.
    private func combined(
        _ fields: [FieldBoost], _ terms: [[UInt8]], _ boost: Float
    ) throws -> any BoundQuery {
        var docCount: Int64 = 0
        var total = 0.0
        var frequency = 0
        for field in fields {
            let counts = statistics.field(field.field)
            docCount = max(docCount, counts.docCount)
            total += Double(field.boost) * Double(counts.totalLength)
            for term in terms {
                frequency = max(frequency, try statistics.docFrequency(field.field, term))
            }
        }
        let first = fields.first.map { weigher($0.field).similarity } ?? BM25()
        let joint = FieldWeigher(
            scoring: FieldScoring(
                first, FieldStatistics(docCount: docCount, totalLength: Int64(total))),
            similarity: first)
        let weight = joint.scoring.weight(documentFrequency: frequency, boost: boost)
        let text = AnalyzedQuery.combined(fields: fields, terms: terms).text()
        return BoundMatcher(
            text,
            explaining: { doc, segment, score in
                let found = try TextFrequencies.combined(fields, terms, segment, SearchClock())
                    .first { $0.doc == doc }
                let norm = found?.norm ?? 1
                return ScoreReasons.score(
                    text, doc, score: score, frequency: found?.frequency ?? 0, boost: boost,
                    idf: ScoreReasons.idf(joint, docFrequency: frequency),
                    tf: ScoreReasons.tf(joint, frequency: found?.frequency ?? 0, norm: norm))
            }
        ) { [clock] segment in
            let found = try TextFrequencies.combined(fields, terms, segment, clock)
            return ScoredListMatcher(
                found.map(\.doc),
                scores: found.map {
                    BM25.score(
                        weight: weight,
                        x: $0.frequency * (unsafe joint.scoring.inverses[Int($0.norm)]))
                })
        }
    }
}
