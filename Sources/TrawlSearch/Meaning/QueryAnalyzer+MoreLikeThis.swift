internal import TrawlAnalysis
internal import TrawlJSON
package import TrawlQuery
internal import TrawlSchema

/// Words of texts and documents, of which those are looked for that tell most.
package struct AnalyzedMoreLikeThis: Sendable, Hashable {
    package struct Word: Sendable, Hashable {
        package var term: [UInt8]
        package var count: Int
    }

    /// Words that are weighed against each other.
    package struct Group: Sendable, Hashable {
        /// Of several, a word is looked for in the one where most documents have it.
        package var fields: [String]
        package var words: [Word]
    }

    /// Of the documents, by field; they make one query.
    package var documents: [Group]
    /// Of the texts.
    package var text: Group?
    package var maxQueryTerms: Int
    package var minTermFrequency: Int
    package var minDocFrequency: Int
    package var maxDocFrequency: Int
    package var minimumShouldMatch: MinimumShouldMatch
    /// 0: every word counts alike.
    package var boostTerms: Float
}

extension QueryAnalyzer {
    func moreLikeThis(_ query: MoreLikeThisQuery) throws(QueryError) -> AnalyzedQuery {
        let fields = try likeable(query)
        guard let first = fields.first else { return .none("no field that could be like another") }
        var counts: [String: [[UInt8]: Int]] = [:]
        var skipped: Set<[UInt8]> = []
        var textCounts: [[UInt8]: Int] = [:]
        var ids: [String] = []
        for example in query.unlike {
            switch example {
            case .text(let text):
                for field in fields {
                    for term in try terms(text, of: field, query.analyzer) { skipped.insert(term) }
                }
            case .item(let item):
                try forEachTerm(of: item, fields) { _, term in skipped.insert(term) }
            }
        }
        func isNoise(_ term: [UInt8]) -> Bool {
            let text = String(decoding: term, as: UTF8.self)
            let length = text.utf16.count
            return (query.minWordLength > 0 && length < query.minWordLength)
                || (query.maxWordLength > 0 && length > query.maxWordLength)
                || query.stopWords.contains(text) || skipped.contains(term)
        }
        for example in query.like {
            switch example {
            case .text(let text):
                for term in try terms(text, of: first, query.analyzer) where !isNoise(term) {
                    textCounts[term, default: 0] += 1
                }
            case .item(let item):
                if let id = item.id { ids.append(id) }
                try forEachTerm(of: item, fields) { field, term in
                    if !isNoise(term) { counts[field, default: [:]][term, default: 0] += 1 }
                }
            }
        }
        func words(_ counts: [[UInt8]: Int]) -> [AnalyzedMoreLikeThis.Word] {
            counts.map { .init(term: $0.key, count: $0.value) }
                .sorted { $0.term.lexicographicallyPrecedes($1.term) }
        }
        let like = AnalyzedQuery.moreLikeThis(
            AnalyzedMoreLikeThis(
                documents: fields.compactMap { field in
                    counts[field.path].map { .init(fields: [field.path], words: words($0)) }
                },
                text: textCounts.isEmpty
                    ? nil : .init(fields: fields.map(\.path), words: words(textCounts)),
                maxQueryTerms: query.maxQueryTerms, minTermFrequency: query.minTermFrequency,
                minDocFrequency: query.minDocFrequency, maxDocFrequency: query.maxDocFrequency,
                minimumShouldMatch: query.minimumShouldMatch, boostTerms: query.boostTerms))
        if query.isIncluded || ids.isEmpty { return like }
        return .bool(must: [like], mustNot: [.ids(ids)])
    }

    /// The fields that are compared.
    private func likeable(_ query: MoreLikeThisQuery) throws(QueryError) -> [Mapping.Field] {
        func isLikeable(_ field: Mapping.Field) -> Bool {
            (field.type.family == .text || field.type.family == .keyword)
                && field.type.storage.postings != .none
        }
        guard let names = query.fields else {
            return mapping.fields(matching: "*").map(\.field).filter {
                isLikeable($0) && $0.nestedPath == nestedScope
            }
        }
        var found: [Mapping.Field] = []
        for name in names {
            guard let field = field(name) else { continue }
            if isLikeable(field) {
                found.append(field)
            } else if query.failsOnUnsupportedField {
                throw .illegalArgument(
                    "more_like_this doesn't support binary/numeric fields: [\(name)]")
            }
        }
        return found
    }

    private func terms(
        _ text: String, of field: Mapping.Field, _ name: String?
    ) throws(QueryError) -> [[UInt8]] {
        guard let analyzer = try analyzer(of: field, named: name) else {
            return [Array(try normalized(text, for: field).utf8)]
        }
        return Self.terms(text, analyzer)
    }

    private static func terms(_ text: String, _ analyzer: Analyzer) -> [[UInt8]] {
        let tokens = analyzer.analyze(text)
        return tokens.tokens.map { Array(tokens.term(of: $0)) }
    }

    /// The terms that are indexed for a text, which may differ from those that are asked for.
    private func indexed(
        _ text: String, of field: Mapping.Field
    ) throws(QueryError) -> [[UInt8]] {
        guard let own = field.type as? TextType else { return try terms(text, of: field, nil) }
        let analyzer = try asking { () throws(SchemaError) in
            try catalog.analyzer(forMapping: own.analyzer)
        }
        return Self.terms(text, analyzer)
    }

    private func forEachTerm(
        of item: MoreLikeThisQuery.Item, _ fields: [Mapping.Field],
        _ body: (String, [UInt8]) -> Void
    ) throws(QueryError) {
        guard let document = item.document else { return }
        for field in fields {
            if let wanted = item.fields, !wanted.contains(field.path) { continue }
            let source = field.parent.map { mapping[$0].path } ?? field.path
            for value in SourceValues.values(at: source, in: document) {
                for term in try indexed(value.queryText, of: field) { body(field.path, term) }
            }
        }
    }
}
