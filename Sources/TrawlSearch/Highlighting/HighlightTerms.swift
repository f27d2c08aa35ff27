internal import TrawlQuery

/// What a query marks in the text of a field: words, patterns of words, and phrases, whose words
/// count only where the phrase stands. What a query excludes marks nothing.
struct HighlightTerms {
    private(set) var terms: Set<[UInt8]> = []
    private(set) var tests: [TermTest] = []
    private(set) var phrases: [AnalyzedPhrase] = []
    /// Nil: the words of every field of the query.
    private let field: String?

    /// - Throws: When a pattern cannot be compiled.
    init(_ query: AnalyzedQuery, of field: String?) throws(QueryError) {
        self.field = field
        try collect(query)
    }

    var isEmpty: Bool { terms.isEmpty && tests.isEmpty && phrases.isEmpty }

    private func isWanted(_ field: String) -> Bool { self.field.map { $0 == field } ?? true }

    private mutating func collect(_ query: AnalyzedQuery) throws(QueryError) {
        switch query {
        case .term(let field, let term): add([term], of: field)
        case .synonyms(let field, let terms): add(terms, of: field)
        case .termSet(let field, let terms): add(terms, of: field)
        case .blended(let blended, _): for part in blended { add([part.term], of: part.field) }
        case .combined(let fields, let terms): for part in fields { add(terms, of: part.field) }
        case .phrase(let phrase):
            guard isWanted(phrase.field) else { return }
            if phrase.slots.count > 1 {
                phrases.append(phrase)
            } else if let slot = phrase.slots.first, slot.isPrefix {
                tests += slot.terms.map { TermTest(prefix: $0) }
            } else if let slot = phrase.slots.first {
                add(slot.terms, of: phrase.field)
            }
        case .expansion(let expansion):
            if isWanted(expansion.field) { tests.append(try TermTest(expansion)) }
        case .byteRange(let field, let lower, let includesLower, let upper, let includesUpper):
            guard isWanted(field) else { return }
            tests.append(
                TermTest(
                    from: lower, includesLower: includesLower, to: upper,
                    includesUpper: includesUpper))
        case .boolean(let boolean):
            // Nothing is found by what is demanded and excluded at once.
            let excluded = Set(boolean.queries(.mustNot))
            let demanded = boolean.queries(.must) + boolean.queries(.filter)
            if demanded.contains(where: excluded.contains) { return }
            for clause in boolean.clauses where clause.occur != .mustNot {
                try collect(clause.query)
            }
        case .disMax(let queries, _), .minimumMatch(let queries, _):
            for query in queries { try collect(query) }
        case .boosting(let positive, _, _): try collect(positive)
        case .constant(let inner), .boosted(let inner, _), .named(let inner, _):
            try collect(inner)
        case .functionScore(let score): try collect(score.query)
        case .nested(let nested): try collect(nested.query)
        case .scriptScore(let inner, _, _): try collect(inner)
        case .proximity(_, let source):
            // All their words, wherever they stand.
            var leaves: [IntervalSource] = []
            source.forEachLeaf { leaves.append($0) }
            for leaf in leaves {
                switch leaf {
                case .term(let field, let term): add([term], of: field)
                case .expansion(let expansion, _, _): try collect(.expansion(expansion))
                default: break
                }
            }
        case .spans(_, let source):
            var leaves: [SpanSource] = []
            source.forEachLeaf { leaves.append($0) }
            for leaf in leaves {
                switch leaf {
                case .term(let field, let term): add([term], of: field)
                case .expansion(let expansion): try collect(.expansion(expansion))
                default: break
                }
            }
        case .moreLikeThis(let like):
            for group in like.documents + [like.text].compactMap({ $0 }) {
                for field in group.fields { add(group.words.map(\.term), of: field) }
            }
        case .all, .none, .numbers, .numberSet, .intervals, .script, .exists, .ids, .geoDistance,
            .geoBox,
            .distanceFeature:
            break
        }
    }

    private mutating func add(_ terms: [[UInt8]], of field: String) {
        if isWanted(field) { self.terms.formUnion(terms) }
    }
}
