internal import TrawlAnalysis
internal import TrawlEval
internal import TrawlFiles
internal import TrawlIndex
internal import TrawlJSON
internal import TrawlPostings
internal import TrawlSchema
internal import TrawlSearch
internal import TrawlSegment

/// How a collection is indexed and scored.
struct EvalConfiguration: Equatable {
    var analyzer: String
    /// Definitions of analyzers, as in the settings of an index.
    var analysis: JSONValue?
    var k1: Float = 1.2
    var b: Float = 0.75
    /// The title counts so many times: what `combined_fields` computes for `title^N`.
    var titleWeight = 1
    /// How much the score of adjacent pairs of terms counts beside that of the terms.
    var pairWeight: Float = 0

    /// The analyzer that ships for a language.
    static func analyzer(forLanguage language: String?) -> String {
        switch language?.split(separator: "-").first {
        case "ar": "arabic"
        case "de": "german"
        case "en": "english"
        case "es": "spanish"
        case "fr": "french"
        case "hi": "hindi"
        case "ja": "japanese"
        case "ru": "russian"
        case "th": "thai"
        case "zh": "chinese"
        default: "standard"
        }
    }

    var json: JSONObject {
        var object: JSONObject = [
            "analyzer": .string(analyzer), "k1": JSONValue(k1), "b": JSONValue(b),
            "query": "match", "fields": "title, body as one",
        ]
        if let analysis { object["analysis"] = analysis }
        if titleWeight != 1 { object["title_weight"] = JSONValue(titleWeight) }
        if pairWeight != 0 { object["pair_weight"] = JSONValue(pairWeight) }
        return object
    }

    var label: String {
        var text = "\(analyzer), k1 \(k1), b \(b)"
        if titleWeight != 1 { text += ", title × \(titleWeight)" }
        if pairWeight != 0 { text += ", pairs × \(pairWeight)" }
        return text
    }
}

/// A collection in an index in memory: title and body as one field, the query a bag of its terms.
///
/// That is what the trusted runs of `../shared/corpora` are, so values can be compared. A second
/// field holds pairs of adjacent terms, for configurations that give them a weight.
final class EvalIndex {
    private static let text = 0
    private static let pairs = 1
    private static let names = ["text", "pairs"]

    private struct Field {
        let norms: [NormBytes?]
        let statistics: FieldStatistics
        var scoring: FieldScoring
    }

    let snapshot: Snapshot
    private let analyzer: Analyzer
    private let pairWeight: Float
    private var similarity: BM25
    private var fields: [Field]
    private let room = SearchRoom()

    init(_ collection: Collection, _ configuration: EvalConfiguration) throws {
        let catalog =
            try configuration.analysis.map { try AnalyzerCatalog(settings: $0) }
            ?? AnalyzerCatalog()
        let analyzer = try catalog.analyzer(named: configuration.analyzer)
        let mapping = try MappingParser(context: MappingContext(catalog: catalog)).parse([
            "dynamic": false, "_source": ["enabled": false],
            "properties": [
                "text": ["type": "text", "analyzer": .string(configuration.analyzer)],
                "pairs": ["type": "text", "analyzer": "whitespace"],
            ],
        ])
        let parser = try DocumentParser(mapping: mapping, catalog: catalog)
        let table = FieldTable(mapping)
        let writer = try IndexWriter(MemoryFileStore(), identity: 1)
        var parsed = ParsedDocument()
        let keywords = (collection.settings["keywords"]?.arrayValue ?? [])
            .compactMap(\.stringValue)
        for (place, document) in collection.documents.enumerated() {
            var parts = document.title.isEmpty ? [] : [document.title]
            parts.append(document.body)
            parts += keywords.compactMap { document.source[$0]?.stringValue }
            var text = parts.joined(separator: "\n")
            if !document.title.isEmpty {
                for _ in 1..<configuration.titleWeight { text = document.title + "\n" + text }
            }
            var source: JSONObject = ["text": .string(text)]
            if configuration.pairWeight > 0 {
                let pairs = parts.flatMap { EvalIndex.pairs(of: analyzer.terms($0)) }
                source["pairs"] = .string(pairs.joined(separator: " "))
            }
            _ = try parser.parse(
                id: document.id, source: JSONValue.object(source).serialized(), into: &parsed)
            try writer.put(
                parsed, DocumentFacts(sequence: Int64(place), stamp: UInt64(place)), fields: table)
        }
        let snapshot = try writer.refresh()
        let similarity = BM25(k1: configuration.k1, b: configuration.b)
        self.snapshot = snapshot
        self.analyzer = analyzer
        self.similarity = similarity
        pairWeight = configuration.pairWeight
        fields = EvalIndex.names.map { name in
            let statistics = snapshot.statistics(of: name)
            return Field(
                norms: snapshot.segments.map { segment in
                    guard let norms = segment.field(name)?.norms else { return nil }
                    return NormBytes(copying: (0..<segment.docCount).map { norms.norm(of: $0) })
                }, statistics: statistics, scoring: FieldScoring(similarity, statistics))
        }
    }

    private static func pairs(of terms: [String]) -> [String] {
        zip(terms, terms.dropFirst()).map { "\($0)_\($1)" }
    }

    /// Scores with other parameters from now on; the index stays as it is.
    func use(k1: Float, b: Float) {
        similarity = BM25(k1: k1, b: b)
        for place in fields.indices {
            fields[place].scoring = FieldScoring(similarity, fields[place].statistics)
        }
    }

    var statisticsJSON: JSONObject {
        let statistics = fields[EvalIndex.text].statistics
        return [
            "documents": JSONValue(statistics.docCount),
            "tokens": JSONValue(statistics.totalLength),
        ]
    }

    func terms(_ text: String) -> Set<String> { Set(analyzer.terms(text)) }

    private struct WeightedTerm {
        let field: Int
        let bytes: [UInt8]
        let name: String
        let boost: Float
        let documentFrequency: Int
        let weight: Float
    }

    private func weightedTerms(_ text: String) throws -> [WeightedTerm] {
        let terms = analyzer.terms(text)
        var weighted = try weightedTerms(terms, in: EvalIndex.text, boost: 1)
        if pairWeight > 0 {
            weighted += try weightedTerms(
                EvalIndex.pairs(of: terms), in: EvalIndex.pairs, boost: pairWeight)
        }
        return weighted
    }

    private func weightedTerms(
        _ terms: [String], in field: Int, boost: Float
    ) throws -> [WeightedTerm] {
        var boosts: [String: Float] = [:]
        var order: [String] = []
        for term in terms {
            if boosts[term] == nil { order.append(term) }
            boosts[term, default: 0] += boost
        }
        let name = EvalIndex.names[field]
        return try order.map { term in
            let bytes = Array(term.utf8)
            let df = try snapshot.docFrequency(of: bytes, in: name)
            let boost = boosts[term] ?? boost
            return WeightedTerm(
                field: field, bytes: bytes, name: "\(name):\(term)", boost: boost,
                documentFrequency: df,
                weight: fields[field].scoring.weight(documentFrequency: df, boost: boost))
        }
    }

    /// The best documents, best first; the first few with their scores taken apart.
    func search(
        _ text: String, limit: Int, explaining: Int = 0
    ) throws -> [ExplainedMoves.Placed] {
        let terms = try weightedTerms(text)
        var queue = TopKQueue(limit: limit)
        for (index, segment) in snapshot.segments.enumerated() {
            var clauses: [Matcher] = []
            for term in terms {
                guard let postings = segment.field(EvalIndex.names[term.field])?.postings,
                    let entry = try postings.find(term.bytes)
                else { continue }
                clauses.append(
                    TermMatcher(
                        try postings.open(entry), norms: fields[term.field].norms[index],
                        scoring: fields[term.field].scoring, weight: term.weight))
            }
            guard !clauses.isEmpty else { continue }
            let search = unsafe SegmentSearch(
                BooleanMatcher(should: clauses), docLimit: segment.docCount,
                base: UInt32(snapshot.bases[index]), room: room)
            try search.collect(into: &queue)
        }
        return try queue.sorted().enumerated().map { rank, hit in
            let (index, doc) = place(of: Int(hit.doc))
            let id = snapshot.segments[index].reader.identity.id(of: doc)
            let breakdown =
                rank < explaining
                ? try breakdown(of: doc, in: index, terms: terms, score: hit.score) : nil
            return .init(document: id, score: hit.score, breakdown: breakdown)
        }
    }

    private func place(of doc: Int) -> (segment: Int, doc: Int) {
        let segment = snapshot.bases.lastIndex { $0 <= doc } ?? 0
        return (segment, doc - snapshot.bases[segment])
    }

    private func breakdown(
        of doc: Int, in index: Int, terms: [WeightedTerm], score: Float
    ) throws -> ScoreBreakdown {
        var rows: [ScoreBreakdown.Term] = []
        for term in terms {
            guard let field = snapshot.segments[index].field(EvalIndex.names[term.field]),
                let postings = field.postings, let norms = field.norms,
                let entry = try postings.find(term.bytes)
            else { continue }
            let list = try postings.open(entry)
            guard list.seek(to: DocNumber(doc)) == DocNumber(doc) else { continue }
            let frequency = list.frequency(in: DocNumber(doc))
            let statistics = fields[term.field].statistics
            let norm = norms.norm(of: doc)
            let inverse = unsafe fields[term.field].scoring.inverses[Int(norm)]
            rows.append(
                .init(
                    name: term.name, boost: Double(term.boost),
                    documentFrequency: Double(term.documentFrequency),
                    documentCount: Double(statistics.docCount), frequency: Double(frequency),
                    length: Double(BM25.length(ofNorm: norm)),
                    averageLength: Double(statistics.totalLength)
                        / Double(max(statistics.docCount, 1)),
                    k1: Double(similarity.k1), b: Double(similarity.b),
                    score: BM25.score(weight: term.weight, x: Float(frequency) * inverse)))
        }
        return ScoreBreakdown(score: score, terms: rows)
    }
}
