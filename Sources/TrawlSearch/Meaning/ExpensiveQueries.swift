internal import TrawlQuery
internal import TrawlSchema

/// Refuses queries that walk dictionaries or ask scripts, where `search.allow_expensive_queries` is
/// off: patterns, ranges of strings, scripts, joins.
struct ExpensiveQueries {
    private let mapping: Mapping

    init(_ mapping: Mapping) { self.mapping = mapping }

    func check(_ query: AnalyzedQuery) throws(QueryError) {
        switch query {
        case .script: throw refuse("[script] queries")
        case .scriptScore: throw refuse("[script score] queries")
        case .nested: throw refuse("[joining] queries")
        case .expansion(let expansion): try check(expansion)
        case .byteRange(let field, let lower, _, let upper, _):
            // A single value is looked up, and addresses are numbers.
            let family = mapping.field(field)?.type.family
            if lower != upper || lower == nil, family == .keyword || family == .text {
                throw refuse("[range] queries on [text] or [keyword] fields")
            }
        case .boolean(let boolean): for clause in boolean.clauses { try check(clause.query) }
        case .disMax(let queries, _), .minimumMatch(let queries, _):
            for inner in queries { try check(inner) }
        case .boosting(let positive, let negative, _):
            try check(positive)
            try check(negative)
        case .constant(let inner), .boosted(let inner, _), .named(let inner, _): try check(inner)
        case .functionScore(let score):
            try check(score.query)
            for function in score.functions {
                if let filter = function.filter { try check(filter) }
            }
        case .all, .none, .term, .synonyms, .phrase, .numbers, .numberSet, .intervals, .termSet,
            .exists, .ids, .geoDistance, .geoBox, .blended, .combined, .distanceFeature,
            .proximity, .spans, .moreLikeThis:
            break
        }
    }

    private func check(_ expansion: TermExpansion) throws(QueryError) {
        switch expansion.pattern {
        case .prefix:
            throw refuse(
                "[prefix] queries",
                " For optimised prefix queries on text fields please enable [index_prefixes].")
        case .wildcard: throw refuse("[wildcard] queries")
        case .regexp: throw refuse("[regexp] queries")
        case .fuzzy: throw refuse("[fuzzy] queries")
        case .range: throw refuse("[range] queries on [text] or [keyword] fields")
        }
    }

    private func refuse(_ what: String, _ advice: String = "") -> QueryError {
        QueryError(
            type: "exception",
            reason: what + " cannot be executed when 'search.allow_expensive_queries' is set to "
                + "false." + advice)
    }
}
