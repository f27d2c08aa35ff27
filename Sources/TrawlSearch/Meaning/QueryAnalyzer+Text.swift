internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// How a text becomes a query of one field.
struct TextRules {
    enum Form { case boolean, phrase, phrasePrefix, booleanPrefix }

    var form = Form.boolean
    var operation = BooleanOperator.or
    var analyzer: String?
    var fuzzy = FuzzyOptions()
    var slop = 0
    var maxExpansions = 50
    var synonymPhrases = true
    var lenient = false
    /// Terms that a phrase is made of come from the analyzer for quoted text.
    var isQuoted = false
}

extension QueryAnalyzer {
    func match(_ match: MatchQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(match.field) else { return Self.absent(match.field) }
        let rules = TextRules(
            operation: match.operation, analyzer: match.analyzer, fuzzy: match.fuzzy,
            synonymPhrases: match.synonymPhrases, lenient: match.lenient)
        guard let query = try text(match.text, field, rules) else {
            return Self.zeroTerms(match.zeroTerms)
        }
        return try applying(match.minimumShouldMatch, to: query)
    }

    func phrase(_ match: MatchPhraseQuery, isPrefix: Bool) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(match.field) else { return Self.absent(match.field) }
        let rules = TextRules(
            form: isPrefix ? .phrasePrefix : .phrase, analyzer: match.analyzer, slop: match.slop,
            maxExpansions: match.maxExpansions, isQuoted: true)
        return try text(match.text, field, rules) ?? Self.zeroTerms(match.zeroTerms)
    }

    func boolPrefix(_ match: MatchQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(match.field) else { return Self.absent(match.field) }
        let rules = TextRules(
            form: .booleanPrefix, operation: match.operation, analyzer: match.analyzer,
            fuzzy: match.fuzzy, lenient: match.lenient)
        guard let query = try text(match.text, field, rules) else {
            return Self.zeroTerms(match.zeroTerms)
        }
        return try applying(match.minimumShouldMatch, to: query)
    }

    static func zeroTerms(_ rule: ZeroTerms) -> AnalyzedQuery {
        rule == .all ? .all : .none("Matching no documents because no terms present")
    }

    /// Nil when analysis leaves nothing.
    func text(
        _ value: JSONValue, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery? {
        let isPhrase = rules.form == .phrase || rules.form == .phrasePrefix
        let analyzer = try analyzer(of: field, named: rules.analyzer, quoted: rules.isQuoted)
        guard let analyzer, field.type.family == .text || field.type.family == .keyword else {
            return try whole(value, field, rules)
        }
        let graph = TokenGraph(analyzer.analyze(value.queryText))
        if graph.isEmpty { return nil }
        if isPhrase, graph.positionCount > 1 || rules.form == .phrasePrefix,
            field.type.storage.postings < .positions
        {
            let wants = rules.form == .phrase ? "PhraseQuery" : "PhrasePrefixQuery"
            if graph.positionCount > 1 {
                throw .illegalArgument(
                    "field:[\(field.path)] was indexed without position data; cannot run \(wants)")
            }
        }
        switch rules.form {
        case .boolean: return try boolean(graph, field, rules)
        case .booleanPrefix: return try booleanPrefix(graph, field, rules)
        case .phrase, .phrasePrefix: return try phrase(graph, field, rules)
        }
    }

    /// A field that takes its text whole: one value.
    private func whole(
        _ value: JSONValue, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery? {
        if let keyword = field.type as? KeywordType {
            let text = try normalized(value.queryText, for: field)
            if keyword.splitsQueriesOnWhitespace, rules.form == .boolean {
                let words = text.split(whereSeparator: \.isWhitespace).map {
                    wholeTerm(String($0), field, rules)
                }
                if words.isEmpty { return nil }
                return words.count == 1 ? words[0] : try boolean(words, rules.operation)
            }
            if rules.form == .phrasePrefix || rules.form == .booleanPrefix {
                return prefix(Array(text.utf8), field)
            }
            return wholeTerm(text, field, rules)
        }
        do {
            return try term(field.path, value)
        } catch {
            if rules.lenient {
                return .none(
                    "failed [\(field.path)] query, caused by \(error.type):"
                        + "[\(error.reason)]")
            }
            throw error
        }
    }

    private func wholeTerm(
        _ text: String, _ field: Mapping.Field, _ rules: TextRules
    ) -> AnalyzedQuery {
        if rules.fuzzy.fuzziness != nil, rules.form == .boolean {
            return fuzzyTerm(text, rules.fuzzy, field)
        }
        let term = Array(text.utf8)
        if field.type.storage.postings == .none {
            return .byteRange(
                field: field.path, lower: term, includesLower: true, upper: term,
                includesUpper: true)
        }
        return .term(field: field.path, term: term)
    }

    private func prefix(_ bytes: [UInt8], _ field: Mapping.Field) -> AnalyzedQuery {
        .expansion(
            .init(
                field: field.path, pattern: .prefix(bytes, caseInsensitive: false),
                rewrite: .constantScore))
    }

    private func single(
        _ term: [UInt8], _ field: Mapping.Field, _ rules: TextRules
    ) -> AnalyzedQuery {
        if rules.fuzzy.fuzziness != nil {
            return fuzzyTerm(String(decoding: term, as: UTF8.self), rules.fuzzy, field)
        }
        return .term(field: field.path, term: term)
    }

    private func atOnePosition(
        _ terms: [[UInt8]], _ field: Mapping.Field, _ rules: TextRules
    ) -> AnalyzedQuery {
        if terms.count == 1 { return single(terms[0], field, rules) }
        var distinct: [[UInt8]] = []
        for term in terms where !distinct.contains(term) { distinct.append(term) }
        if distinct.count == 1 { return single(distinct[0], field, rules) }
        return .synonyms(
            field: field.path, terms: distinct.sorted { $0.lexicographicallyPrecedes($1) })
    }

    func boolean(
        _ graph: TokenGraph, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        if graph.hasSidePaths { return try sidePaths(graph, field, rules) }
        let slots = graph.slots
        if slots.count == 1 { return atOnePosition(slots[0].terms, field, rules) }
        return try boolean(
            slots.map { atOnePosition($0.terms, field, rules) }, rules.operation)
    }

    private func sidePaths(
        _ graph: TokenGraph, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        var clauses: [AnalyzedQuery] = []
        for part in graph.parts() {
            if part.allSatisfy({ $0.from == part[0].from && $0.to == part[0].to }) {
                clauses.append(atOnePosition(part.map(\.term), field, rules))
                continue
            }
            let ways = try TokenGraph.paths(through: part).map { path throws(QueryError) in
                try way(path.map(\.term), field, rules)
            }
            clauses.append(ways.count == 1 ? ways[0] : try boolean(ways, .or))
        }
        return clauses.count == 1 ? clauses[0] : try boolean(clauses, rules.operation)
    }

    private func way(
        _ terms: [[UInt8]], _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        if terms.count == 1 { return single(terms[0], field, rules) }
        if rules.synonymPhrases, field.type.storage.postings >= .positions {
            return .phrase(
                .init(
                    field: field.path,
                    slots: terms.enumerated().map { .init(position: $0, terms: [$1]) }))
        }
        return try boolean(terms.map { single($0, field, rules) }, .and)
    }

    private func booleanPrefix(
        _ graph: TokenGraph, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        var slots = graph.slots
        let last = slots.removeLast()
        var clauses = slots.map { atOnePosition($0.terms, field, rules) }
        let prefixes = last.terms.map { prefix($0, field) }
        if clauses.isEmpty, prefixes.count == 1 { return prefixes[0] }
        clauses.append(prefixes.count == 1 ? prefixes[0] : .bool(should: prefixes))
        return try boolean(clauses, rules.operation)
    }

    private func phrase(
        _ graph: TokenGraph, _ field: Mapping.Field, _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        let isPrefix = rules.form == .phrasePrefix
        if graph.hasSidePaths, graph.positionCount > 1 {
            let ways = try TokenGraph.paths(through: graph.edges).map { path in
                phrase(path.map { ($0.from, [$0.term]) }, field, rules, isPrefix)
            }
            return ways.count == 1 ? ways[0] : try boolean(ways, .or)
        }
        let slots = graph.slots
        if slots.count == 1, !isPrefix { return atOnePosition(slots[0].terms, field, rules) }
        return phrase(slots, field, rules, isPrefix)
    }

    private func phrase(
        _ slots: [(position: Int, terms: [[UInt8]])], _ field: Mapping.Field, _ rules: TextRules,
        _ isPrefix: Bool
    ) -> AnalyzedQuery {
        if slots.count == 1, !isPrefix { return single(slots[0].terms[0], field, rules) }
        var made = slots.map { AnalyzedPhrase.Slot(position: $0.position, terms: $0.terms) }
        if isPrefix { made[made.count - 1].isPrefix = true }
        return .phrase(
            .init(
                field: field.path, slots: made, slop: rules.slop,
                maxExpansions: rules.maxExpansions))
    }
}
