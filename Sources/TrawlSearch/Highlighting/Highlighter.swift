internal import TrawlAnalysis
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// What the texts of errors and the limits of a fetch need of the index.
package struct IndexFacts: Sendable {
    package static let defaultMaxAnalyzedOffset = 1_000_000

    package var name: String
    /// Longer texts are not analysed for highlighting unless the request says how far.
    package var maxAnalyzedOffset: Int

    package init(
        name: String = "", maxAnalyzedOffset: Int = IndexFacts.defaultMaxAnalyzedOffset
    ) {
        self.name = name
        self.maxAnalyzedOffset = maxAnalyzedOffset
    }
}

/// Makes the snippets of hits. What does not depend on the hit is settled once.
struct Highlighter {
    private let fields: [HighlightedField]

    /// - Parameter query: The search's; fields may have one of their own.
    init(
        _ highlight: Highlight, query: AnalyzedQuery, analyzer: QueryAnalyzer, index: IndexFacts
    ) throws(QueryError) {
        var fields: [HighlightedField] = []
        for wanted in highlight.fields {
            let own = try wanted.options.query.map { query throws(QueryError) in
                try analyzer.analyze(query)
            }
            let isPattern = wanted.name.contains("*")
            for (path, field) in analyzer.mapping.fields(matching: wanted.name) {
                if field.isMetadata { continue }
                // A pattern is for what people read.
                if isPattern, field.type.family != .text, field.type.family != .keyword {
                    continue
                }
                fields.append(
                    try HighlightedField(
                        path, field, wanted, encoder: highlight.encoder, query: own ?? query,
                        analyzer: analyzer, index: index))
            }
        }
        self.fields = fields
    }

    /// The snippets of a hit by the names of the fields.
    func snippets(of source: JSONObject, id: String) throws(QueryError) -> JSONObject {
        var snippets = JSONObject()
        for field in fields {
            let own = try field.snippets(of: source, id: id)
            if !own.isEmpty { snippets[field.name] = .array(own.map { .string($0.text) }) }
        }
        return snippets
    }
}

/// One field of one request for highlighting.
private struct HighlightedField {
    enum Form {
        case unified(UnifiedHighlighter)
        case plain(PlainHighlighter)
    }

    let name: String
    private let sourcePath: String
    private let form: Form
    private let marks: [TextMarks]
    private let noMatchSize: Int
    /// Longer values are not part of the field.
    private let ignoreAbove: Int
    /// The request's, and the index's when that applies.
    private let requestedLimit: Int?
    private let indexLimit: Int?
    private let indexName: String

    init(
        _ path: String, _ field: Mapping.Field, _ wanted: Highlight.Field,
        encoder: Highlight.Encoder, query: AnalyzedQuery, analyzer: QueryAnalyzer,
        index: IndexFacts
    ) throws(QueryError) {
        let options = wanted.options
        name = path
        sourcePath = field.parent.map { analyzer.mapping[$0].path } ?? field.path
        indexName = index.name
        noMatchSize = options.noMatchSize ?? 0
        ignoreAbove = (field.type as? KeywordType)?.ignoreAbove ?? .max
        requestedLimit = options.maxAnalyzedOffset
        form = try Self.form(name, options, encoder)
        if case .fvh? = try Self.type(name, options), !Self.hasVectors(field, analyzer.mapping) {
            throw .illegalArgument(
                "the field [\(name)] should be indexed with term vector with position offsets to "
                    + "be used with fast vector highlighter")
        }
        // Where offsets are indexed, Elasticsearch needs no analysis; we do, at the same limit
        // as any request that names its own.
        let hasOffsets =
            field.type.storage.postings == .offsets || Self.hasVectors(field, analyzer.mapping)
        if case .unified = form, hasOffsets {
            indexLimit = nil
        } else {
            indexLimit = requestedLimit == nil ? index.maxAnalyzedOffset : nil
        }
        var marks: [TextMarks] = []
        let matched = wanted.matchedFields.flatMap { analyzer.mapping.fields(matching: $0) }
        var paths: [String] = []
        for field in [field] + matched.map(\.field) where !paths.contains(field.path) {
            paths.append(field.path)
            let terms = try HighlightTerms(
                query, of: options.requiresFieldMatch ?? true ? field.path : nil)
            marks.append(TextMarks(terms, tokens: try Self.tokens(of: field, analyzer)))
        }
        self.marks = marks
    }

    // MARK: What is asked

    private enum Kind: String { case unified, plain, fvh }

    private static func type(
        _ name: String, _ options: Highlight.Options
    ) throws(QueryError) -> Kind? {
        guard let type = options.type else { return nil }
        guard let kind = Kind(rawValue: type) else {
            throw .illegalArgument("unknown highlighter type [\(type)] for the field [\(name)]")
        }
        return kind
    }

    private static func form(
        _ name: String, _ options: Highlight.Options, _ encoder: Highlight.Encoder
    ) throws(QueryError) -> Form {
        let writer = SnippetWriter(
            preTag: options.preTags?.first ?? "<em>", postTag: options.postTags?.first ?? "</em>",
            encoder: encoder)
        let size = options.fragmentSize ?? Highlight.defaultFragmentSize
        let count = options.numberOfFragments ?? Highlight.defaultNumberOfFragments
        if case .plain? = try type(name, options) {
            let fragmenter = options.fragmenter ?? "span"
            guard let known = PlainHighlighter.Fragmenter(rawValue: fragmenter) else {
                throw .illegalArgument(
                    "unknown fragmenter option [\(fragmenter)] for the field [\(name)]")
            }
            return .plain(
                PlainHighlighter(
                    fragmenter: known, fragmentSize: size, fragmentCount: count,
                    isOrderedByScore: options.isOrderedByScore ?? false,
                    noMatchSize: options.noMatchSize ?? 0, writer: writer))
        }
        return .unified(
            UnifiedHighlighter(
                rule: count == 0 ? .whole : rule(options, size), locale: options.locale ?? "",
                passageCount: count, isOrderedByScore: options.isOrderedByScore ?? false,
                noMatchSize: options.noMatchSize ?? 0, writer: writer))
    }

    private static func rule(_ options: Highlight.Options, _ size: Int) -> PassageRule {
        switch options.scanner ?? .sentence {
        case .sentence: .sentence(maxLength: size)
        case .word: .word
        case .chars:
            .chars(
                size: size, maxScan: options.boundaryMaxScan ?? 20,
                boundaries: Set((options.boundaryChars ?? ".,!? \t\n").utf16))
        }
    }

    private static func hasVectors(_ field: Mapping.Field, _ mapping: Mapping) -> Bool {
        guard case .leaf(let leaf)? = mapping.node(field.path) else { return false }
        return leaf.parameters["term_vector"]?.stringValue?
            .hasPrefix("with_positions_offsets") ?? false
    }

    /// How the field made tokens when its documents were indexed.
    private static func tokens(
        of field: Mapping.Field, _ analyzer: QueryAnalyzer
    ) throws(QueryError) -> ValueTokens {
        if let name = field.type.indexAnalyzer?.analyzer {
            return .analyzed(
                try analyzer.asking { () throws(SchemaError) in
                    try analyzer.catalog.analyzer(forMapping: name)
                })
        }
        let normalizer = field.type.normalizerName
        return .whole(
            normalizer: normalizer.flatMap { try? analyzer.catalog.normalizer(named: $0) })
    }

    // MARK: One hit

    func snippets(of source: JSONObject, id: String) throws(QueryError) -> [Snippet] {
        if noMatchSize == 0, marks.allSatisfy(\.isEmpty) { return [] }
        let texts = SourceValues.values(at: sourcePath, in: source).compactMap { value in
            let text = Array(value.queryText.utf8)
            return text.isEmpty || isIgnored(text) ? nil : text
        }
        if texts.isEmpty { return [] }
        let values = texts.map { Array(String(decoding: $0, as: UTF8.self).utf16) }
        try checkLength(values, id)
        var found = FoundWords()
        let tokens = texts.indices.map { index in
            self.tokens(texts[index], behind: values[..<index], &found)
        }
        switch form {
        case .unified(let unified):
            return unified.snippets(
                values: values, marks: tokens.map { $0.filter { $0.word != nil } },
                frequencies: found.frequencies)
        case .plain(let plain): return plain.snippets(values: values, tokens: tokens)
        }
    }

    private func isIgnored(_ text: [UInt8]) -> Bool {
        text.count > ignoreAbove && String(decoding: text, as: UTF8.self).utf16.count > ignoreAbove
    }

    /// A text of the unified highlighter is all values, a separator between; the plain one takes
    /// them one by one.
    private func checkLength(_ values: [[UInt16]], _ id: String) throws(QueryError) {
        guard let indexLimit else { return }
        let length: Int
        let advice: String
        switch form {
        case .unified:
            length = values.reduce(values.count - 1) { $0 + $1.count }
            advice = "For large texts, indexing with offsets or term vectors is recommended!"
        case .plain:
            length = values.map(\.count).max() ?? 0
            advice =
                "For large texts, indexing with offsets or term vectors, and highlighting with "
                + "unified or fvh highlighter is recommended!"
        }
        if length <= indexLimit { return }
        throw .illegalArgument(
            "The length of [\(name)] field of [\(id)] doc of [\(indexName)] index has exceeded "
                + "[\(indexLimit)] - maximum allowed to be analyzed for highlighting. This maximum "
                + "can be set by changing the [index.highlight.max_analyzed_offset] index level "
                + "setting. \(advice)")
    }

    /// The tokens of a value, found ones marked, in the order of their beginnings.
    private func tokens(
        _ text: [UInt8], behind others: ArraySlice<[UInt16]>, _ found: inout FoundWords
    ) -> [MarkedToken] {
        var limit = Int.max
        var text = text
        if let requestedLimit {
            let before = others.reduce(0) { $0 + $1.count + 1 }
            limit = requestedLimit - before
            if limit < 0 { return [] }
            // No token is longer than 255 characters of at most four bytes.
            if text.count > 4 * (limit + 256) { text.removeSubrange((4 * (limit + 256))...) }
        }
        var all = marks[0].tokens(of: text, limit: limit, found: &found)
        for other in marks.dropFirst() where !other.isEmpty {
            all += other.tokens(of: text, limit: limit, found: &found).filter { $0.word != nil }
        }
        let isOrdered = zip(all, all.dropFirst()).allSatisfy {
            ($0.start, $0.end) <= ($1.start, $1.end)
        }
        if !isOrdered { all.sort { ($0.start, $0.end) < ($1.start, $1.end) } }
        return all
    }
}
