internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

extension QueryAnalyzer {
    // MARK: Values

    func term(
        _ name: String, _ value: JSONValue, caseInsensitive: Bool = false
    ) throws(QueryError) -> AnalyzedQuery {
        if name == "_id" { return .constant(.ids([value.queryText])) }
        guard let field = field(name) else { return Self.absent(name) }
        if caseInsensitive, field.type.family == .keyword || field.type.family == .text {
            let text = try normalized(value.queryText, for: field)
            let pattern = WildcardPattern.escaped(text)
            return .expansion(
                .init(
                    field: field.path,
                    pattern: .wildcard(pattern, caseInsensitive: true), rewrite: .constantScore))
        }
        var value = value
        if field.type is KeywordType {
            value = .string(try normalized(value.queryText, for: field))
        }
        let lookup = try asking { () throws(SchemaError) in
            try field.type.lookup(term: value, context: valueContext)
        }
        return try query(for: lookup, field)
    }

    func query(
        for lookup: ValueLookup, _ field: Mapping.Field
    ) throws(QueryError) -> AnalyzedQuery {
        switch lookup {
        case .none: return .none("no value of [\(field.path)] can match")
        case .all: return .constant(.all)
        case .term(let term):
            guard field.type.storage.postings != .none else { throw notIndexed(field) }
            return .term(field: field.path, term: term)
        case .numbers(let range):
            guard field.type.storage.points || field.type.storage.column != .none else {
                throw notIndexed(field)
            }
            return .numbers(field: field.path, range: range)
        case .bytes(let lower, let includesLower, let upper, let includesUpper):
            return .byteRange(
                field: field.path, lower: lower, includesLower: includesLower, upper: upper,
                includesUpper: includesUpper)
        case .intervals(let relation, let first, let last):
            return .intervals(field: field.path, relation, first: first, last: last)
        }
    }

    private func notIndexed(_ field: Mapping.Field) -> QueryError {
        .illegalArgument(
            "Cannot search on field [\(field.path)] since it is not indexed nor has doc values.")
    }

    func terms(_ terms: TermsQuery) throws(QueryError) -> AnalyzedQuery {
        if terms.lookUp != nil {
            throw .illegalArgument("query must be rewritten first")
        }
        if terms.values.count > 65_536 {
            throw .illegalArgument(
                "The number of terms [\(terms.values.count)] used in the Terms Query request has "
                    + "exceeded the allowed maximum of [65536]. This maximum can be set by "
                    + "changing the [index.max_terms_count] index level setting.")
        }
        if terms.field == "_id" { return .constant(.ids(terms.values.map(\.queryText))) }
        guard let field = field(terms.field) else { return Self.absent(terms.field) }
        var bytes: Set<[UInt8]> = []
        var numbers: Set<Int64> = []
        var others: [AnalyzedQuery] = []
        for value in terms.values {
            switch try term(terms.field, value) {
            case .term(_, let term): bytes.insert(term)
            case .numbers(_, let range) where range.count == 1: numbers.insert(range.lowerBound)
            case .none: break
            case let other: others.append(other)
            }
        }
        if !bytes.isEmpty {
            let sorted = bytes.sorted { $0.lexicographicallyPrecedes($1) }
            others.append(.termSet(field: field.path, terms: sorted))
        }
        if !numbers.isEmpty {
            others.append(.numberSet(field: field.path, values: numbers.sorted()))
        }
        switch others.count {
        case 0: return .none("No terms")
        case 1: return .constant(others[0])
        default: return .constant(.bool(should: others))
        }
    }

    func termsSet(_ set: TermsSetQuery) throws(QueryError) -> AnalyzedQuery {
        let queries = try set.values.map { value throws(QueryError) in
            try term(set.field, value)
        }
        if queries.count > maxClauseCount { throw .tooManyClauses(limit: maxClauseCount) }
        if let name = set.minimumField {
            guard let field = field(name), field.type.storage.column == .number else {
                throw .queryShard("failed to find minimum_should_match field [\(name)]")
            }
            return .minimumMatch(queries: queries, .field(field.path))
        }
        if var script = set.minimumScript {
            if case .string = script { script = ["source": script] }
            var params = script["params"] ?? [:]
            params["num_terms"] = JSONValue(queries.count)
            script["params"] = params
            return .minimumMatch(queries: queries, .script(script))
        }
        return .minimumMatch(
            queries: queries, .count(try set.minimum?.count(among: queries.count) ?? 1))
    }

    func range(_ range: RangeQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(range.field) else { return Self.absent(range.field) }
        var value = ValueRange(
            lower: range.lower, includesLower: range.includesLower, upper: range.upper,
            includesUpper: range.includesUpper, format: range.format, timeZone: range.timeZone)
        if let relation = range.relation.flatMap({ RangeRelation(rawValue: $0.rawValue) }) {
            value.relation = relation
        }
        if field.type.family == .keyword || field.type.family == .text {
            func folded(_ bound: JSONValue?) throws(QueryError) -> JSONValue? {
                guard let bound else { return nil }
                return .string(try normalized(bound.queryText, for: field))
            }
            value.lower = try folded(value.lower)
            value.upper = try folded(value.upper)
        }
        let lookup = try asking { [value] () throws(SchemaError) in
            try field.type.lookup(range: value, context: valueContext)
        }
        let found = try query(for: lookup, field)
        if case .none = found { return found }
        return .constant(found)
    }

    func exists(_ name: String) -> AnalyzedQuery {
        if name == "_id" || name == "_index" || name == "_source" { return .constant(.all) }
        if let field = field(name) { return .constant(existence(of: field)) }
        // An object exists when a field of it does.
        let inner = mapping.fields(matching: name + ".*").map { existence(of: $0.field) }
        let pattern =
            name.contains("*")
            ? mapping.fields(matching: name).map { existence(of: $0.field) } : []
        let all = inner + pattern
        switch all.count {
        case 0: return Self.absent(name)
        case 1: return .constant(all[0])
        default: return .constant(.bool(should: all))
        }
    }

    private func existence(of field: Mapping.Field) -> AnalyzedQuery {
        let kind: ExistenceKind =
            switch field.type.existence {
            case .column: .column
            case .norms: .norms
            case .fieldNames: .fieldNames
            case .always: .always
            }
        return .exists(field: field.path, kind)
    }

    // MARK: Patterns

    enum PatternForm: String { case prefix, wildcard, regexp }

    func pattern(_ query: PatternQuery, _ form: PatternForm) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(query.field) else { return Self.absent(query.field) }
        guard field.type.family == .keyword || field.type.family == .text else {
            let article = form == .prefix ? "prefix" : form.rawValue
            throw .queryShard(
                "Can only use \(article) queries on keyword, text and wildcard fields - not on "
                    + "[\(query.field)] which is of type [\(field.type.typeName)]")
        }
        if form == .regexp, query.pattern.utf16.count > RegexpPattern.maxLength {
            throw .illegalArgument(
                "The length of regex [\(query.pattern.utf16.count)] used in the Regexp Query "
                    + "request has exceeded the allowed maximum of [\(RegexpPattern.maxLength)]. "
                    + "This maximum can be set by changing the [index.max_regex_length] index "
                    + "level setting.")
        }
        let pattern: TermExpansion.Pattern
        switch form {
        case .prefix:
            let text =
                field.type is KeywordType
                ? try normalized(query.pattern, for: field) : query.pattern
            pattern = .prefix(Array(text.utf8), caseInsensitive: query.caseInsensitive)
        case .wildcard:
            let text = try normalizedWildcard(query.pattern, field)
            pattern = .wildcard(text, caseInsensitive: query.caseInsensitive)
        case .regexp:
            let text =
                field.type.typeName == "wildcard"
                ? try normalized(query.pattern, for: field) : query.pattern
            // Read once now, so that a mistake shows whatever the index holds.
            _ = try RegexpPattern.compile(
                text, flags: query.flags, caseInsensitive: query.caseInsensitive,
                limit: query.maxDeterminizedStates)
            pattern = .regexp(
                text, flags: query.flags, caseInsensitive: query.caseInsensitive)
        }
        return .expansion(
            .init(
                field: field.path, pattern: pattern, rewrite: query.rewrite ?? .constantScore,
                maxStates: query.maxDeterminizedStates))
    }

    /// The text between the operators, as the field keeps its terms.
    func normalizedWildcard(
        _ pattern: String, _ field: Mapping.Field
    ) throws(QueryError) -> String {
        var result = ""
        for piece in WildcardPattern.pieces(of: pattern) {
            switch piece {
            case .anyRun: result += "*"
            case .anyOne: result += "?"
            case .text(let text):
                result += WildcardPattern.escaped(try normalized(text, for: field))
            }
        }
        return result
    }

    func fuzzy(_ query: FuzzyQuery) throws(QueryError) -> AnalyzedQuery {
        guard let field = field(query.field) else { return Self.absent(query.field) }
        guard field.type.family == .keyword || field.type.family == .text else {
            throw .illegalArgument(
                "Can only use fuzzy queries on keyword and text fields - not on "
                    + "[\(query.field)] which is of type [\(field.type.typeName)]")
        }
        var options = query.options
        options.fuzziness = options.fuzziness ?? .automatic
        var text = query.value.queryText
        if field.type is KeywordType { text = try normalized(text, for: field) }
        return fuzzyTerm(text, options, field)
    }

    func fuzzyTerm(
        _ term: String, _ options: FuzzyOptions, _ field: Mapping.Field
    ) -> AnalyzedQuery {
        let edits = (options.fuzziness ?? .edits(0)).edits(for: term)
        return .expansion(
            .init(
                field: field.path,
                pattern: .fuzzy(
                    term, edits: edits, prefixLength: options.prefixLength,
                    transpositions: options.transpositions),
                rewrite: options.rewrite ?? .topTermsBlended(options.maxExpansions)))
    }
}
