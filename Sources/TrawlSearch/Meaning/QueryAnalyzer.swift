package import TrawlAnalysis
internal import TrawlJSON
package import TrawlQuery
package import TrawlSchema

/// Says what a query means under a mapping: which fields it names, which terms its text has.
///
/// Knows no index: the same request against every shard gives the same result. Fields that the
/// mapping has not match nothing and are no error.
package struct QueryAnalyzer {
    package let mapping: Mapping
    package let catalog: AnalyzerCatalog
    package let now: Instant
    package var maxClauseCount = 1024
    package var maxFieldExpansion = 1024
    /// The nested field whose objects are asked; nil for whole documents.
    package var nestedScope: String?

    package init(mapping: Mapping, catalog: AnalyzerCatalog, now: Instant) {
        self.mapping = mapping
        self.catalog = catalog
        self.now = now
    }

    /// - Throws: What is wrong, in the words of the API.
    package func analyze(_ query: Query) throws(QueryError) -> AnalyzedQuery {
        let meaning: AnalyzedQuery
        do {
            meaning = try self.meaning(of: query)
        } catch {
            if error.type == "parsing_exception" || error.type == "query_shard_exception" {
                throw error
            }
            throw QueryError.queryShard("failed to create query: \(error.reason)")
                .caused(by: error)
        }
        if meaning.leafCount > maxClauseCount { throw .tooManyNestedClauses(limit: maxClauseCount) }
        return meaning
    }

    func meaning(of query: Query) throws(QueryError) -> AnalyzedQuery {
        let plain = try meaning(of: query.kind).boosted(by: query.boost)
        return query.name.map { .named(plain, name: $0) } ?? plain
    }

    private func meaning(of kind: Query.Kind) throws(QueryError) -> AnalyzedQuery {
        switch kind {
        case .matchAll: return .all
        case .matchNone: return .none("User requested \"match_none\" query.")
        case .match(let match): return try self.match(match)
        case .matchPhrase(let match): return try phrase(match, isPrefix: false)
        case .matchPhrasePrefix(let match): return try phrase(match, isPrefix: true)
        case .matchBoolPrefix(let match): return try boolPrefix(match)
        case .multiMatch(let match): return try multiMatch(match)
        case .combinedFields(let match): return try combinedFields(match)
        case .queryString(let query):
            return try QueryStringBuilder(self, query).build()
        case .simpleQueryString(let query):
            return try SimpleQueryStringBuilder(self, query).build()
        case .term(let term):
            return try self.term(
                term.field, term.value, caseInsensitive: term.caseInsensitive)
        case .terms(let terms): return try self.terms(terms)
        case .termsSet(let set): return try termsSet(set)
        case .range(let range): return try self.range(range)
        case .exists(let field): return exists(field)
        case .prefix(let query): return try pattern(query, .prefix)
        case .wildcard(let query): return try pattern(query, .wildcard)
        case .regexp(let query): return try pattern(query, .regexp)
        case .fuzzy(let query): return try fuzzy(query)
        case .ids(let ids): return .ids(ids)
        case .bool(let bool): return try self.bool(bool)
        case .boosting(let boosting):
            return .boosting(
                positive: try meaning(of: boosting.positive),
                negative: try meaning(of: boosting.negative), factor: boosting.negativeBoost)
        case .constantScore(let filter): return .constant(try meaning(of: filter))
        case .disMax(let disMax):
            let queries = try disMax.queries.map { query throws(QueryError) in
                try meaning(of: query)
            }
            return .disMax(queries, tieBreaker: disMax.tieBreaker)
        case .functionScore(let score): return try functionScore(score)
        case .geoDistance(let geo):
            guard try hasPoints(geo.field, geo.ignoreUnmapped) else {
                return .none("unmapped field")
            }
            return .geoDistance(field: geo.field, center: geo.center, meters: geo.meters)
        case .geoBoundingBox(let box):
            guard try hasPoints(box.field, box.ignoreUnmapped) else {
                return .none("unmapped field")
            }
            return .constant(.geoBox(box))
        case .script(let script):
            _ = try DocumentScript(script, mapping)
            return .script(script)
        case .distanceFeature(let feature): return try distanceFeature(feature)
        case .intervals(let query): return try intervals(query)
        case .span(let query): return try spans(query)
        case .moreLikeThis(let query): return try moreLikeThis(query)
        case .scriptScore(let score):
            return .scriptScore(
                try meaning(of: score.query), script: score.script, minScore: score.minScore)
        case .nested(let nested):
            guard try hasObjects(nested.path, nested.ignoreUnmapped) else {
                return .none("unmapped nested path")
            }
            return .nested(
                .init(
                    path: nested.path, scope: nestedScope,
                    query: try within(nested.path).meaning(of: nested.query),
                    scoreMode: nested.scoreMode))
        }
    }

    // MARK: Nested

    /// The same for the objects of a nested field.
    package func within(_ path: String?) -> QueryAnalyzer {
        var inner = self
        inner.nestedScope = path
        return inner
    }

    private func hasObjects(_ path: String, _ ignoreUnmapped: Bool) throws(QueryError) -> Bool {
        guard let object = mapping.object(path) else {
            if ignoreUnmapped { return false }
            throw QueryError(
                type: "illegal_state_exception",
                reason: "[nested] failed to find nested object under path [\(path)]")
        }
        guard object.nested != nil else {
            throw QueryError(
                type: "illegal_state_exception",
                reason: "[nested] nested object under path [\(path)] is not of nested type")
        }
        return true
    }

    // MARK: Compound

    private func bool(_ bool: BoolQuery) throws(QueryError) -> AnalyzedQuery {
        var clauses: [AnalyzedBoolean.Clause] = []
        for (occur, queries) in [
            (AnalyzedBoolean.Occur.must, bool.must), (.mustNot, bool.mustNot),
            (.should, bool.should), (.filter, bool.filter),
        ] {
            if clauses.count + queries.count > maxClauseCount {
                throw .tooManyClauses(limit: maxClauseCount)
            }
            for query in queries { clauses.append(.init(occur, try meaning(of: query))) }
        }
        if clauses.isEmpty { return .all }
        if clauses.count > maxClauseCount { throw .tooManyClauses(limit: maxClauseCount) }
        let minimum = try bool.minimumShouldMatch?.count(among: bool.should.count) ?? 0
        if minimum > bool.should.count { return .none("minimum_should_match") }
        if bool.adjustPureNegative, clauses.allSatisfy({ $0.occur == .mustNot }) {
            clauses.append(.init(.filter, .all))
        }
        return .boolean(.init(clauses: clauses, minimumShouldMatch: minimum))
    }

    /// Clauses as full-text queries make them; fails when there are too many.
    func boolean(
        _ queries: [AnalyzedQuery], _ operation: BooleanOperator
    ) throws(QueryError) -> AnalyzedQuery {
        if queries.count > maxClauseCount { throw .tooManyClauses(limit: maxClauseCount) }
        let occur: AnalyzedBoolean.Occur = operation == .and ? .must : .should
        return .boolean(.init(clauses: queries.map { .init(occur, $0) }))
    }

    func applying(
        _ minimum: MinimumShouldMatch?, to query: AnalyzedQuery
    ) throws(QueryError) -> AnalyzedQuery {
        guard let minimum, case .boolean(var boolean) = query else { return query }
        let optional = boolean.queries(.should).count
        let count = try minimum.count(among: optional)
        if count > optional { return .none("minimum_should_match") }
        boolean.minimumShouldMatch = count
        return .boolean(boolean)
    }

    // MARK: Fields

    func field(_ name: String) -> Mapping.Field? { mapping.field(name) }

    static func absent(_ field: String) -> AnalyzedQuery { .none("unmapped field [\(field)]") }

    /// Runs what the schema says, and turns its errors into ours.
    func asking<T>(_ body: () throws(SchemaError) -> T) throws(QueryError) -> T {
        do { return try body() } catch { throw Self.error(error) }
    }

    static func error(_ error: SchemaError) -> QueryError {
        var result = QueryError(type: error.type, reason: error.reason)
        var cause: QueryError?
        for inner in error.causes.reversed() {
            var next = QueryError(type: inner.type, reason: inner.reason)
            if let cause { next.causes = [cause] }
            cause = next
        }
        if let cause { result.causes = [cause] }
        return result
    }

    var valueContext: QueryValueContext { QueryValueContext(now: now) }

    /// The analyzer of a field's queries; nil when the field takes its text whole.
    func analyzer(
        of field: Mapping.Field, named name: String?, quoted: Bool = false
    ) throws(QueryError) -> Analyzer? {
        if let name {
            do { return try catalog.analyzer(named: name) } catch {
                throw .queryShard("[match] analyzer [\(name)] not found")
            }
        }
        guard let text = field.type as? TextType else { return nil }
        return try asking { () throws(SchemaError) in
            try catalog.analyzer(
                forMapping: quoted ? text.searchQuoteAnalyzer : text.searchAnalyzer)
        }
    }

    /// One term as the field keeps it: characters filtered and folded, nothing cut or dropped.
    func normalized(_ text: String, for field: Mapping.Field) throws(QueryError) -> String {
        if let keyword = field.type as? KeywordType {
            guard let name = keyword.normalizer else { return text }
            guard let normalizer = try? catalog.normalizer(named: name) else { return text }
            return normalizer.normalize(text)
        }
        return try analyzer(of: field, named: nil)?.normalize(text) ?? text
    }

    private func hasPoints(_ name: String, _ ignoreUnmapped: Bool) throws(QueryError) -> Bool {
        guard let field = field(name) else {
            if ignoreUnmapped { return false }
            throw .queryShard("failed to find geo field [\(name)]")
        }
        guard field.type.family == .geoPoint else {
            throw .queryShard("field [\(name)] is not a geo_point field")
        }
        return true
    }
}

extension JSONValue {
    /// A scalar as the text of a query.
    var queryText: String {
        switch self {
        case .string(let text): text
        case .number(let number): number.literal
        case .bool(let bool): bool ? "true" : "false"
        default: ""
        }
    }
}
