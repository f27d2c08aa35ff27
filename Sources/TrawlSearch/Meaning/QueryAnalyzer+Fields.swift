internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Texts that are looked for in several fields.
extension QueryAnalyzer {
    struct WeighedField {
        var field: Mapping.Field
        var boost: Float
    }

    /// Patterns stand for all fields that fit and take text; what the mapping has not is left out.
    func fields(_ wanted: [FieldBoost]) throws(QueryError) -> [WeighedField] {
        var order: [String] = []
        var found: [String: WeighedField] = [:]
        let all = wanted.isEmpty ? [FieldBoost("*")] : wanted
        for entry in all {
            let isPattern = entry.field.contains("*")
            for (path, field) in mapping.fields(matching: entry.field) {
                if isPattern, !Self.takesText(field) { continue }
                if var known = found[path] {
                    known.boost *= entry.boost
                    found[path] = known
                } else {
                    found[path] = WeighedField(field: field, boost: entry.boost)
                    order.append(path)
                }
            }
        }
        if order.count > maxFieldExpansion {
            throw .illegalArgument(
                "field expansion matches too many fields, limit: \(maxFieldExpansion), got: "
                    + "\(order.count)")
        }
        return order.compactMap { found[$0] }
    }

    private static func takesText(_ field: Mapping.Field) -> Bool {
        switch field.type.family {
        case .text, .keyword, .number, .date, .boolean, .ip: field.type.isSearchable
        default: false
        }
    }

    func isLenient(_ lenient: Bool?, _ wanted: [FieldBoost]) -> Bool {
        lenient ?? (wanted.isEmpty || wanted.contains { $0.field == "*" })
    }

    func multiMatch(_ match: MultiMatchQuery) throws(QueryError) -> AnalyzedQuery {
        let fields = try fields(match.fields)
        if fields.isEmpty { return .none("No fields to search") }
        var rules = TextRules(
            operation: match.operation, analyzer: match.analyzer, fuzzy: match.fuzzy,
            slop: match.slop, maxExpansions: match.fuzzy.maxExpansions,
            synonymPhrases: match.synonymPhrases,
            lenient: isLenient(match.lenient, match.fields))
        switch match.form {
        case .bestFields, .mostFields: break
        case .phrase: (rules.form, rules.isQuoted) = (.phrase, true)
        case .phrasePrefix: (rules.form, rules.isQuoted) = (.phrasePrefix, true)
        case .boolPrefix: rules.form = .booleanPrefix
        case .crossFields:
            return try crossFields(match, fields, rules)
        }
        let query = try each(
            match.text, fields, rules, minimum: match.minimumShouldMatch,
            tieBreaker: match.tieBreaker ?? Self.tieBreaker(match.form))
        return query ?? Self.zeroTerms(match.zeroTerms)
    }

    static func tieBreaker(_ form: MultiMatchQuery.Form) -> Float {
        form == .mostFields || form == .boolPrefix ? 1 : 0
    }

    /// The best of the fields; nil when no field's analyzer leaves a term.
    func each(
        _ text: JSONValue, _ fields: [WeighedField], _ rules: TextRules,
        minimum: MinimumShouldMatch?, tieBreaker: Float
    ) throws(QueryError) -> AnalyzedQuery? {
        var queries: [AnalyzedQuery] = []
        for entry in fields {
            guard let query = try self.text(text, entry.field, rules) else { continue }
            queries.append(try applying(minimum, to: query).boosted(by: entry.boost))
        }
        switch queries.count {
        case 0: return nil
        case 1: return queries[0]
        default: return .disMax(queries, tieBreaker: tieBreaker)
        }
    }

    // MARK: Fields as one

    private func crossFields(
        _ match: MultiMatchQuery, _ fields: [WeighedField], _ rules: TextRules
    ) throws(QueryError) -> AnalyzedQuery {
        let tieBreaker = match.tieBreaker ?? 0
        // Fields of one analyzer are searched together; each other group by itself.
        var groups: [(analyzer: Analyzer?, fields: [WeighedField])] = []
        for entry in fields {
            let analyzer = try analyzer(of: entry.field, named: match.analyzer)
            let place = groups.firstIndex {
                $0.analyzer.map(ObjectIdentifier.init) == analyzer.map(ObjectIdentifier.init)
                    && $0.analyzer != nil
            }
            if let place {
                groups[place].fields.append(entry)
            } else {
                groups.append((analyzer, [entry]))
            }
        }
        var queries: [AnalyzedQuery] = []
        for group in groups {
            guard let analyzer = group.analyzer, group.fields.count > 1 else {
                for entry in group.fields {
                    guard let query = try text(match.text, entry.field, rules) else { continue }
                    queries.append(
                        try applying(match.minimumShouldMatch, to: query).boosted(by: entry.boost))
                }
                continue
            }
            let graph = TokenGraph(analyzer.analyze(match.text.queryText))
            if graph.isEmpty { continue }
            let clauses = graph.slots.map { slot -> AnalyzedQuery in
                let terms = slot.terms.flatMap { term in
                    group.fields.map {
                        BlendedTerm(field: $0.field.path, term: term, boost: $0.boost)
                    }
                }
                return .blended(terms, tieBreaker: tieBreaker)
            }
            let query =
                clauses.count == 1 ? clauses[0] : try boolean(clauses, match.operation)
            queries.append(try applying(match.minimumShouldMatch, to: query))
        }
        switch queries.count {
        case 0: return Self.zeroTerms(match.zeroTerms)
        case 1: return queries[0]
        default: return .disMax(queries, tieBreaker: tieBreaker)
        }
    }

    func combinedFields(_ match: CombinedFieldsQuery) throws(QueryError) -> AnalyzedQuery {
        let fields = try fields(match.fields)
        if fields.isEmpty { return .none("No fields to search") }
        var shared: Analyzer?
        for entry in fields {
            guard entry.field.type.family == .text else {
                throw .illegalArgument(
                    "Field [\(entry.field.path)] of type [\(entry.field.type.typeName)] does not "
                        + "support [combined_fields] queries")
            }
            let analyzer = try analyzer(of: entry.field, named: nil)
            if let shared, shared !== analyzer {
                throw .illegalArgument(
                    "All fields in [combined_fields] query must have the same search analyzer")
            }
            shared = analyzer
        }
        guard let analyzer = shared else { return .none("No fields to search") }
        let graph = TokenGraph(analyzer.analyze(match.text))
        if graph.isEmpty { return Self.zeroTerms(match.zeroTerms) }
        let boosts = fields.map { FieldBoost($0.field.path, boost: $0.boost) }
        let clauses = graph.slots.map {
            AnalyzedQuery.combined(fields: boosts, terms: $0.terms)
        }
        let query = clauses.count == 1 ? clauses[0] : try boolean(clauses, match.operation)
        return try applying(match.minimumShouldMatch, to: query)
    }
}
