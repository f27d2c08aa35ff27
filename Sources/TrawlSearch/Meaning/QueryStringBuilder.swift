internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Makes a query of what the classic query syntax says.
///
/// A clause whose analysis leaves nothing disappears, and then the operator before it still marks
/// the clause before it, as in Lucene.
struct QueryStringBuilder {
    private let analyzer: QueryAnalyzer
    private let query: QueryStringQuery
    private let defaults: [FieldBoost]
    private let isLenient: Bool

    init(_ analyzer: QueryAnalyzer, _ query: QueryStringQuery) throws(QueryError) {
        self.analyzer = analyzer
        self.query = query
        if let field = query.defaultField {
            guard query.fields.isEmpty else {
                throw .parsing(
                    "cannot use [fields] parameter in conjunction with [default_field]")
            }
            defaults = field == "*" ? [] : [FieldBoost(field)]
        } else {
            defaults = query.fields
        }
        isLenient = analyzer.isLenient(query.lenient, defaults)
    }

    /// What Lucene's parser would give.
    func parsed() throws(QueryError) -> AnalyzedQuery {
        let tree: QueryStringNode
        do { tree = try QueryStringSyntax.parse(query.text) } catch {
            throw QueryError.queryShard("Failed to parse query [\(query.text)]")
                .caused(by: error)
        }
        return try node(tree) ?? .bool()
    }

    func build() throws(QueryError) -> AnalyzedQuery {
        let blank = query.text.allSatisfy(\.isWhitespace)
        if blank { return .none("Matching no documents because no terms present") }
        let fixed = try analyzer.applying(query.minimumShouldMatch, to: try parsed())
        // Exclusions alone match everything else, as elsewhere in the API.
        if case .boolean(var boolean) = fixed {
            if boolean.clauses.isEmpty { return .none("empty query") }
            if boolean.clauses.allSatisfy({ $0.occur == .mustNot }) {
                boolean.clauses.append(.init(.filter, .all))
                return .boolean(boolean)
            }
        }
        return fixed
    }

    // MARK: Structure

    private func node(_ node: QueryStringNode) throws(QueryError) -> AnalyzedQuery? {
        switch node {
        case .clauses(let clauses): return try self.clauses(clauses)
        case .leaf(let leaf): return try self.leaf(leaf)
        case .boosted(let inner, let boost):
            return try self.node(inner).map { .boosted($0, by: boost) }
        }
    }

    private func clauses(
        _ written: [QueryStringClause]
    ) throws(QueryError) -> AnalyzedQuery? {
        let isAnd = query.operation == .and
        var made: [AnalyzedBoolean.Clause] = []
        var first: AnalyzedQuery?
        for (i, clause) in written.enumerated() {
            let found = try node(clause.node)
            if clause.isRun {
                if i == 0 { first = found }
                guard let found else { continue }
                made += run(found, isAnd: isAnd)
                continue
            }
            if i == 0, clause.modifier == .none { first = found }
            if let last = made.indices.last, made[last].occur != .mustNot {
                if clause.conjunction == .and { made[last].occur = .must }
                if clause.conjunction == .or, isAnd { made[last].occur = .should }
            }
            guard let found else { continue }
            let occur: AnalyzedBoolean.Occur
            if clause.modifier == .prohibited {
                occur = .mustNot
            } else if isAnd {
                occur = clause.conjunction == .or ? .should : .must
            } else {
                let isRequired = clause.modifier == .required || clause.conjunction == .and
                occur = isRequired ? .must : .should
            }
            made.append(.init(occur, found))
        }
        if made.count > analyzer.maxClauseCount {
            throw .tooManyClauses(limit: analyzer.maxClauseCount)
        }
        if made.count == 1, let first { return first }
        return made.isEmpty ? nil : .boolean(.init(clauses: made))
    }

    /// The clauses of bare words that were analysed as one text.
    private func run(_ found: AnalyzedQuery, isAnd: Bool) -> [AnalyzedBoolean.Clause] {
        let occur: AnalyzedBoolean.Occur = isAnd ? .must : .should
        guard case .boolean(let boolean) = found else { return [.init(occur, found)] }
        let isTermsOnly = boolean.clauses.allSatisfy {
            if case .term = $0.query { true } else { false }
        }
        return isTermsOnly
            ? boolean.clauses : boolean.clauses.map { .init(occur, $0.query) }
    }

    // MARK: Leaves

    private func targets(
        _ name: String?
    ) throws(QueryError) -> [QueryAnalyzer.WeighedField] {
        guard let name else { return try analyzer.fields(defaults) }
        return try analyzer.fields([FieldBoost(name)])
    }

    /// The best of what the fields make of a leaf.
    private func best(
        _ leaf: QueryStringLeaf,
        _ make: (QueryAnalyzer.WeighedField) throws(QueryError) -> AnalyzedQuery?
    ) throws(QueryError) -> AnalyzedQuery? {
        let fields = try targets(leaf.field)
        if fields.isEmpty { return QueryAnalyzer.absent(leaf.field ?? query.defaultField ?? "*") }
        var queries: [AnalyzedQuery] = []
        for entry in fields {
            do {
                if let query = try make(entry) { queries.append(query.boosted(by: entry.boost)) }
            } catch {
                guard isLenient else { throw error }
                queries.append(.none("failed [\(entry.field.path)] query"))
            }
        }
        switch queries.count {
        case 0: return nil
        case 1: return queries[0]
        default:
            return .disMax(
                queries,
                tieBreaker: query.tieBreaker ?? QueryAnalyzer.tieBreaker(query.form))
        }
    }

    private func leaf(_ leaf: QueryStringLeaf) throws(QueryError) -> AnalyzedQuery? {
        switch leaf.form {
        case .text(let text): return try self.text(text, leaf)
        case .phrase(let text, let slop):
            let slop = slop.flatMap { Float($0) }.map { Int($0) } ?? query.phraseSlop
            return try phrase(text, slop: slop, leaf)
        case .prefix(let prefix):
            if leaf.field == "_exists_" { return analyzer.exists(prefix + "*") }
            return try best(leaf) { entry throws(QueryError) in
                try pattern(prefix, .prefix, entry.field)
            }
        case .wildcard(let pattern): return try wildcard(pattern, leaf)
        case .regexp(let pattern):
            return try best(leaf) { entry throws(QueryError) in
                try self.pattern(pattern, .regexp, entry.field)
            }
        case .fuzzy(let text, let edits): return try fuzzy(text, edits, leaf)
        case .range(let lower, let upper, let includesLower, let includesUpper):
            return try best(leaf) { entry throws(QueryError) in
                if lower == nil && upper == nil { return analyzer.exists(entry.field.path) }
                var range = RangeQuery(field: entry.field.path)
                range.lower = lower.map { .string($0) }
                range.upper = upper.map { .string($0) }
                range.includesLower = includesLower
                range.includesUpper = includesUpper
                range.timeZone = entry.field.type.family == .date ? query.timeZone : nil
                return try analyzer.range(range)
            }
        }
    }

    private func text(_ text: String, _ leaf: QueryStringLeaf) throws(QueryError) -> AnalyzedQuery?
    {
        if leaf.field == "_exists_" { return analyzer.exists(text) }
        var rules = TextRules(
            operation: query.operation, analyzer: query.analyzer,
            synonymPhrases: query.synonymPhrases, lenient: isLenient)
        switch query.form {
        case .phrase:
            rules.form = .phrase
            rules.slop = query.phraseSlop
        case .phrasePrefix: rules.form = .phrasePrefix
        case .boolPrefix: rules.form = .booleanPrefix
        case .crossFields where leaf.field == nil:
            var match = MultiMatchQuery(text: .string(text))
            match.fields = defaults
            match.form = .crossFields
            match.operation = query.operation
            match.analyzer = query.analyzer
            match.tieBreaker = query.tieBreaker
            match.lenient = isLenient
            return try analyzer.multiMatch(match)
        default: break
        }
        return try best(leaf) { entry throws(QueryError) in
            // A word of numbers and dates may use the query's own rules.
            let value = JSONValue.string(text)
            return try analyzer.text(value, entry.field, rules)
        }
    }

    private func phrase(
        _ text: String, slop: Int, _ leaf: QueryStringLeaf
    ) throws(QueryError) -> AnalyzedQuery? {
        if leaf.field == "_exists_" { return analyzer.exists(text) }
        let rules = TextRules(
            form: .phrase, analyzer: query.quoteAnalyzer ?? query.analyzer, slop: slop,
            lenient: isLenient, isQuoted: true)
        return try best(leaf) { entry throws(QueryError) in
            var field = entry.field
            if let suffix = query.quoteFieldSuffix,
                let quoted = analyzer.field(field.path + suffix)
            {
                field = quoted
            }
            return try analyzer.text(.string(text), field, rules)
        }
    }

    private func pattern(
        _ text: String, _ form: QueryAnalyzer.PatternForm, _ field: Mapping.Field
    ) throws(QueryError) -> AnalyzedQuery {
        var pattern = PatternQuery(field: field.path, pattern: text)
        if form == .prefix { pattern.pattern = try analyzer.normalized(text, for: field) }
        pattern.rewrite = query.rewrite
        pattern.maxDeterminizedStates = query.maxDeterminizedStates
        return try analyzer.pattern(pattern, form)
    }

    private func wildcard(
        _ pattern: String, _ leaf: QueryStringLeaf
    ) throws(QueryError) -> AnalyzedQuery? {
        if pattern == "*" {
            if leaf.field == "*" || (leaf.field == nil && defaults.isEmpty) { return .all }
            if leaf.field == "_exists_" { return .all }
            return try best(leaf) { entry in analyzer.exists(entry.field.path) }
        }
        if !query.allowLeadingWildcard, pattern.hasPrefix("*") || pattern.hasPrefix("?") {
            throw QueryError.queryShard("Failed to parse query [\(query.text)]").caused(
                by: QueryError(
                    type: "parse_exception",
                    reason: "Cannot parse '\(query.text)': '*' or '?' not allowed as first "
                        + "character in WildcardQuery"))
        }
        return try best(leaf) { entry throws(QueryError) in
            try self.pattern(pattern, .wildcard, entry.field)
        }
    }

    private func fuzzy(
        _ text: String, _ edits: String, _ leaf: QueryStringLeaf
    ) throws(QueryError) -> AnalyzedQuery? {
        var options = query.fuzzy
        if !edits.isEmpty {
            if let number = Float(edits) {
                if number >= 1, number != number.rounded() {
                    throw .queryShard("Fractional edit distances are not allowed!")
                }
                options.fuzziness =
                    number >= 1 || number == 0
                    ? .edits(min(2, Int(min(number, 9)))) : .similarity(number)
            } else if edits.uppercased().hasPrefix("AUTO") {
                options.fuzziness = try Fuzziness(parsing: edits)
            }
        }
        return try best(leaf) { entry throws(QueryError) in
            guard entry.field.type.family == .text || entry.field.type.family == .keyword else {
                return try analyzer.term(entry.field.path, .string(text))
            }
            let word = try analyzer.normalized(text, for: entry.field)
            return analyzer.fuzzyTerm(word, options, entry.field)
        }
    }
}

/// Makes a query of what the forgiving syntax says.
struct SimpleQueryStringBuilder {
    private let analyzer: QueryAnalyzer
    private let query: SimpleQueryStringQuery
    private let fields: [QueryAnalyzer.WeighedField]
    private let isLenient: Bool

    init(_ analyzer: QueryAnalyzer, _ query: SimpleQueryStringQuery) throws(QueryError) {
        self.analyzer = analyzer
        self.query = query
        fields = try analyzer.fields(query.fields)
        isLenient = analyzer.isLenient(query.lenient, query.fields)
    }

    func build() throws(QueryError) -> AnalyzedQuery {
        if query.text.split(whereSeparator: \.isWhitespace) == ["*"] { return .all }
        let events = try SimpleQueryString.parse(query.text, flags: query.flags)
        guard let made = try tree(events) else { return .none("empty query") }
        return try analyzer.applying(query.minimumShouldMatch, to: made)
    }

    private func tree(_ events: [SimpleQueryString.Event]) throws(QueryError) -> AnalyzedQuery? {
        var top: AnalyzedQuery?
        var current: AnalyzedBoolean.Occur?
        var previous: AnalyzedBoolean.Occur?
        for event in events {
            switch event {
            case .and: if current == nil, top != nil { current = .must }
            case .or: if current == nil, top != nil { current = .should }
            case .nothing: current = nil
            case .branch(let branch, let isNegated):
                guard var query = try self.branch(branch) else { continue }
                if isNegated { query = .bool(should: [.all], mustNot: [query]) }
                guard let above = top else {
                    top = query
                    current = nil
                    continue
                }
                let occur = current ?? (self.query.operation == .and ? .must : .should)
                if previous != occur {
                    top = .boolean(.init(clauses: [.init(occur, above), .init(occur, query)]))
                } else if case .boolean(var boolean) = above {
                    boolean.clauses.append(.init(occur, query))
                    if boolean.clauses.count > analyzer.maxClauseCount {
                        throw .tooManyClauses(limit: analyzer.maxClauseCount)
                    }
                    top = .boolean(boolean)
                }
                previous = occur
                current = nil
            }
        }
        return top
    }

    private func branch(_ branch: SimpleQueryString.Branch) throws(QueryError) -> AnalyzedQuery? {
        switch branch {
        case .group(let events): return try tree(events)
        case .text(let text):
            let rules = TextRules(
                operation: query.operation, analyzer: query.analyzer,
                synonymPhrases: query.synonymPhrases, lenient: isLenient)
            return try each { field throws(QueryError) in
                try analyzer.text(.string(text), field, rules)
            }
        case .phrase(let text, let slop):
            let rules = TextRules(
                form: .phrase, analyzer: query.analyzer, slop: slop, lenient: isLenient,
                isQuoted: true)
            return try each { field throws(QueryError) in
                var field = field
                if let suffix = query.quoteFieldSuffix,
                    let quoted = analyzer.field(field.path + suffix)
                {
                    field = quoted
                }
                return try analyzer.text(.string(text), field, rules)
            }
        case .prefix(let text):
            return try each { field throws(QueryError) in
                let pattern = PatternQuery(
                    field: field.path, pattern: try analyzer.normalized(text, for: field))
                return try analyzer.pattern(pattern, .prefix)
            }
        case .fuzzy(let text, let edits):
            var options = query.fuzzy
            options.fuzziness = .edits(edits)
            return try each { [options] field throws(QueryError) in
                guard field.type.family == .text || field.type.family == .keyword else {
                    return try analyzer.term(field.path, .string(text))
                }
                return analyzer.fuzzyTerm(
                    try analyzer.normalized(text, for: field), options, field)
            }
        }
    }

    /// The best of the fields.
    private func each(
        _ make: (Mapping.Field) throws(QueryError) -> AnalyzedQuery?
    ) throws(QueryError) -> AnalyzedQuery? {
        var queries: [AnalyzedQuery] = []
        for entry in fields {
            do {
                guard let query = try make(entry.field) else { continue }
                queries.append(query.boosted(by: entry.boost))
            } catch { if !isLenient { throw error } }
        }
        switch queries.count {
        case 0: return nil
        case 1: return queries[0]
        default: return .disMax(queries, tieBreaker: 1)
        }
    }
}
