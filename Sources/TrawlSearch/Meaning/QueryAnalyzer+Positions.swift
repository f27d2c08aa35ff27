internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Queries by where terms stand.
extension QueryAnalyzer {
    // MARK: Intervals

    func intervals(_ query: IntervalsQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(query.field) else { return Self.absent(query.field) }
        let source = try source(query.rule, field)
        return source == .none ? .none("no intervals") : .proximity(field: field.path, source)
    }

    private func source(
        _ rule: IntervalRule, _ field: Mapping.Field
    ) throws(QueryError) -> IntervalSource {
        switch rule {
        case .match(let match):
            guard let own = try positioned(match.useField, field) else { return .none }
            let analyzer = try analyzer(of: own, named: match.analyzer)
            let made = try intervals(
                analyzer?.analyze(match.text), own.path, match.combination)
            return try applying(match.filter, to: made, field)
        case .allOf(let rules, let combination, let filter):
            let parts = try rules.map { rule throws(QueryError) in try source(rule, field) }
            return try applying(filter, to: try .combining(parts, combination), field)
        case .anyOf(let rules, let filter):
            if rules.count > maxClauseCount { throw .tooManyClauses(limit: maxClauseCount) }
            let parts = try rules.map { rule throws(QueryError) in try source(rule, field) }
            return try applying(filter, to: .either(parts), field)
        case .prefix(let terms):
            return try expansion(terms, field) { text, _ throws(QueryError) in
                .prefix(Array(text.utf8), caseInsensitive: false)
            } shown: {
                $0 + "*"
            }
        case .wildcard(let terms):
            guard let own = try positioned(terms.useField, field) else { return .none }
            let pattern =
                terms.analyzer == nil
                ? try normalizedWildcard(terms.text, own) : terms.text
            return .expansion(
                .init(
                    field: own.path, pattern: .wildcard(pattern, caseInsensitive: false),
                    rewrite: .constantScore), limit: terms.maxExpansions, text: pattern)
        case .regexp(let terms, let flags, let caseInsensitive):
            guard let own = try positioned(terms.useField, field) else { return .none }
            _ = try RegexpPattern.compile(
                terms.text, flags: flags, caseInsensitive: caseInsensitive, limit: 10_000)
            return .expansion(
                .init(
                    field: own.path,
                    pattern: .regexp(
                        terms.text, flags: flags, caseInsensitive: caseInsensitive),
                    rewrite: .constantScore), limit: terms.maxExpansions, text: terms.text)
        case .fuzzy(let terms, let options):
            return try expansion(terms, field) { text, _ throws(QueryError) in
                .fuzzy(
                    text, edits: (options.fuzziness ?? .automatic).edits(for: text),
                    prefixLength: options.prefixLength, transpositions: options.transpositions)
            } shown: {
                $0 + "~"
            }
        }
    }

    private func expansion(
        _ terms: IntervalRule.Terms, _ field: Mapping.Field,
        _ pattern: (String, Mapping.Field) throws(QueryError) -> TermExpansion.Pattern,
        shown: (String) -> String
    ) throws(QueryError) -> IntervalSource {
        guard let own = try positioned(terms.useField, field) else { return .none }
        let text = try analyzer(of: own, named: terms.analyzer)?.normalize(terms.text) ?? terms.text
        return .expansion(
            .init(field: own.path, pattern: try pattern(text, own), rewrite: .constantScore),
            limit: terms.maxExpansions, text: shown(text))
    }

    /// The field whose positions are asked; nil when the mapping has it not.
    private func positioned(
        _ name: String?, _ field: Mapping.Field
    ) throws(QueryError) -> Mapping.Field? {
        var own = field
        if let name {
            guard let other = self.field(name) else { return nil }
            own = other
        }
        guard own.type.family == .text else {
            throw .illegalArgument(
                "Can only use interval queries on text fields - not on [\(own.path)] which is of "
                    + "type [\(own.type.typeName)]")
        }
        guard own.type.storage.postings >= .positions else {
            throw .illegalArgument(
                "Cannot create intervals over field [\(own.path)] with no positions indexed")
        }
        return own
    }

    private func applying(
        _ filter: IntervalFilter?, to source: IntervalSource, _ field: Mapping.Field
    ) throws(QueryError) -> IntervalSource {
        guard let filter else { return source }
        return try source.related(filter.relation, to: try self.source(filter.rule, field))
    }

    private func intervals(
        _ tokens: TokenBuffer?, _ field: String, _ combination: IntervalRule.Combination
    ) throws(QueryError) -> IntervalSource {
        guard let tokens else { return .none }
        let graph = TokenGraph(tokens)
        if graph.isEmpty { return .none }
        func term(_ term: [UInt8]) -> IntervalSource { .term(field: field, term: term) }
        var parts: [IntervalSource] = []
        var next = 0
        func add(_ source: IntervalSource, from: Int, to: Int) {
            // A word that was dropped before it leaves room, as if the word stood there.
            let hole = from - next
            parts.append(hole > 0 ? .extended(source, before: hole, after: 0) : source)
            next = to
        }
        if graph.hasSidePaths {
            for part in graph.parts() {
                let from = part.map(\.from).min() ?? next
                let to = part.map(\.to).max() ?? next
                let ways = try TokenGraph.paths(through: part).map { path in
                    path.count == 1 ? term(path[0].term) : .block(path.map { term($0.term) })
                }
                add(.either(ways), from: from, to: to)
            }
        } else {
            for slot in graph.slots {
                add(.either(slot.terms.map(term)), from: slot.position, to: slot.position + 1)
            }
        }
        return try .combining(parts, combination)
    }

    // MARK: Spans

    func spans(_ query: SpanQuery) throws(QueryError) -> AnalyzedQuery {
        let source = try spanSource(query)
        return .spans(field: try spanField(query), source)
    }

    /// The field whose lengths count.
    private func spanField(_ query: SpanQuery) throws(QueryError) -> String {
        switch query {
        case .term(let term): return field(term.field)?.path ?? term.field
        case .near(let clauses, _, _), .or(let clauses):
            let fields = try clauses.map { clause throws(QueryError) in try spanField(clause) }
            guard Set(fields).count == 1 else {
                throw .illegalArgument("Clauses must have same field.")
            }
            return fields[0]
        case .not(let include, let exclude, _, _):
            let field = try spanField(include)
            guard try spanField(exclude) == field else {
                throw .illegalArgument("Clauses must have same field.")
            }
            return field
        case .first(let inner, _): return try spanField(inner)
        case .multi(let query): return try multiTerms(query).field
        case .containing(let big, let little), .within(let big, let little):
            let field = try spanField(big)
            guard try spanField(little) == field else {
                throw .illegalArgument("big and little not same field")
            }
            return field
        case .masking(_, let name): return field(name)?.path ?? name
        }
    }

    private func spanSource(_ query: SpanQuery) throws(QueryError) -> SpanSource {
        func all(_ clauses: [SpanQuery]) throws(QueryError) -> [SpanSource] {
            if clauses.count > maxClauseCount { throw .tooManyClauses(limit: maxClauseCount) }
            return try clauses.map { clause throws(QueryError) in try spanSource(clause) }
        }
        switch query {
        case .term(let term):
            let text = term.value.queryText
            guard let field = field(term.field) else {
                return .term(field: term.field, term: Array(text.utf8))
            }
            guard field.type.storage.postings >= .positions else {
                throw QueryError(
                    type: "illegal_state_exception",
                    reason: "field \"\(field.path)\" was indexed without position data; cannot run "
                        + "SpanTermQuery (term=\(text))")
            }
            return .term(field: field.path, term: Array(text.utf8))
        case .near(let clauses, let slop, let inOrder):
            let own = try all(clauses)
            return own.count == 1 ? own[0] : .near(own, slop: slop, inOrder: inOrder)
        case .or(let clauses): return .or(try all(clauses))
        case .not(let include, let exclude, let before, let after):
            return .not(
                include: try spanSource(include), exclude: try spanSource(exclude), before: before,
                after: after)
        case .first(let inner, let end): return .first(try spanSource(inner), end: end)
        case .multi(let query): return .expansion(try multiTerms(query))
        case .containing(let big, let little):
            return .containing(big: try spanSource(big), little: try spanSource(little))
        case .within(let big, let little):
            return .within(big: try spanSource(big), little: try spanSource(little))
        case .masking(let inner, _): return try spanSource(inner)
        }
    }

    /// A query for many terms as the expansion that it is.
    private func multiTerms(_ query: Query) throws(QueryError) -> TermExpansion {
        var meaning = try self.meaning(of: query)
        while true {
            switch meaning {
            case .expansion(let expansion): return expansion
            case .constant(let inner), .boosted(let inner, _), .named(let inner, _):
                meaning = inner
            case .byteRange(let field, let lower, let includesLower, let upper, let includesUpper):
                return TermExpansion(
                    field: field,
                    pattern: .range(
                        lower: lower, includesLower: includesLower, upper: upper,
                        includesUpper: includesUpper), rewrite: .scoringBoolean)
            case .none:
                // A field that is not mapped has no terms.
                return TermExpansion(
                    field: "", pattern: .prefix([], caseInsensitive: false),
                    rewrite: .scoringBoolean)
            default:
                throw .illegalArgument(
                    "unsupported inner query generated by [span_multi], should be a multi term "
                        + "query but was \(meaning.luceneName)")
            }
        }
    }
}
