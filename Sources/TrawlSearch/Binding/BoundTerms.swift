internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSegment

/// How a field scores in one search.
struct FieldWeigher {
    var scoring: FieldScoring
    var similarity: BM25
    /// Every match scores the boost, nothing else counts.
    var isBoolean = false
}

/// BM25 with the words of Lucene's explanations.
enum ScoreReasons {
    static func idf(_ weigher: FieldWeigher, docFrequency: Int) -> Explanation {
        let count = weigher.scoring.statistics.docCount
        return Explanation(
            Double(BM25.idf(docCount: Int(count), documentFrequency: docFrequency)),
            "idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:",
            [
                Explanation(
                    Double(docFrequency), "n, number of documents containing term",
                    isInteger: true),
                Explanation(
                    Double(count), "N, total number of documents with field", isInteger: true),
            ])
    }

    static func tf(
        _ weigher: FieldWeigher, frequency: Float, norm: UInt8,
        _ what: String = "occurrences of term within document"
    ) -> Explanation {
        let inverse = unsafe weigher.scoring.inverses[Int(norm)]
        let statistics = weigher.scoring.statistics
        let average =
            statistics.docCount == 0
            ? 1 : Float(Double(statistics.totalLength) / Double(statistics.docCount))
        return Explanation(
            Double(1 - 1 / (1 + frequency * inverse)),
            "tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:",
            [
                Explanation(Double(frequency), "freq, \(what)"),
                Explanation(Double(weigher.similarity.k1), "k1, term saturation parameter"),
                Explanation(Double(weigher.similarity.b), "b, length normalization parameter"),
                Explanation(Double(BM25.length(ofNorm: norm)), "dl, length of field"),
                Explanation(Double(average), "avgdl, average length of field"),
            ])
    }

    /// `weight(body:cat in 3) [PerFieldSimilarity], result of:` and what follows.
    static func score(
        _ text: String, _ doc: Int, score: Float, frequency: Float, boost: Float,
        idf: Explanation, tf: Explanation
    ) -> Explanation {
        let factors = (boost == 1 ? [] : [Explanation(Double(boost), "boost")]) + [idf, tf]
        let inner = Explanation(
            Double(score), "score(freq=\(frequency)), computed as boost * idf * tf from:", factors)
        return Explanation(
            Double(score), "weight(\(text) in \(doc)) [PerFieldSimilarity], result of:", [inner])
    }
}

/// One term of one field.
final class BoundTerm: BoundQuery {
    private let field: String
    private let term: [UInt8]
    private let entries: [TermEntry?]
    private let boost: Float
    private let weigher: FieldWeigher
    private let docFrequency: Int

    /// - Parameter entries: What each segment's dictionary says of the term.
    init(
        field: String, term: [UInt8], entries: [TermEntry?], boost: Float,
        weigher: FieldWeigher, docFrequency: Int
    ) {
        self.field = field
        self.term = term
        self.entries = entries
        self.boost = boost
        self.weigher = weigher
        self.docFrequency = docFrequency
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        guard let entry = entries[segment.index], let own = segment.view.field(field),
            let postings = own.postings
        else { return NoneMatcher() }
        let matcher = TermMatcher(
            try postings.open(entry), norms: segment.normBytes(own), scoring: weigher.scoring,
            weight: weigher.scoring.weight(documentFrequency: docFrequency, boost: boost))
        return weigher.isBoolean ? ConstantScoreMatcher(matcher, score: boost) : matcher
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        let text = AnalyzedQuery.term(field: field, term: term).text()
        guard let entry = entries[segment.index], let own = segment.view.field(field),
            let postings = own.postings,
            let score = try matcher(in: segment).score(of: doc)
        else { return .noMatch("no matching term") }
        if weigher.isBoolean {
            return Explanation(
                Double(score), "weight(\(text) in \(doc)) [BooleanSimilarity], result of:",
                [Explanation(Double(score), "score(BooleanSimilarity), the boost")])
        }
        let list = try postings.open(entry)
        let frequency = Float(max(1, list.frequency(in: UInt32(doc))))
        return ScoreReasons.score(
            text, doc, score: score, frequency: frequency, boost: boost,
            idf: ScoreReasons.idf(weigher, docFrequency: docFrequency),
            tf: ScoreReasons.tf(
                weigher, frequency: frequency, norm: own.norms?.norm(of: doc) ?? 1))
    }
}

/// Terms or phrases that are evaluated at once over a segment: each document's frequency by
/// `frequencies`, scored as one term is.
final class BoundFrequencies: BoundQuery {
    private let text: String
    private let field: String
    private let boost: Float
    private let weigher: FieldWeigher
    /// Added up and rounded, as Lucene does for phrases.
    private let idfs: [Explanation]
    private let what: String
    private let frequencies: (SegmentContext, SegmentField) throws -> [(doc: UInt32, Float)]

    init(
        text: String, field: String, boost: Float, weigher: FieldWeigher, idfs: [Explanation],
        what: String,
        frequencies: @escaping (SegmentContext, SegmentField) throws -> [(doc: UInt32, Float)]
    ) {
        self.text = text
        self.field = field
        self.boost = boost
        self.weigher = weigher
        self.idfs = idfs
        self.what = what
        self.frequencies = frequencies
    }

    private var idf: Float { Float(idfs.reduce(0) { $0 + Double(Float($1.value)) }) }

    private func score(_ frequency: Float, _ norm: UInt8) -> Float {
        if weigher.isBoolean { return boost }
        return BM25.score(
            weight: boost * idf, x: frequency * (unsafe weigher.scoring.inverses[Int(norm)]))
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        guard let own = segment.view.field(field), own.postings != nil else {
            return NoneMatcher()
        }
        let found = try frequencies(segment, own)
        if found.isEmpty { return NoneMatcher() }
        return ScoredListMatcher(
            found.map(\.doc),
            scores: found.map { score($0.1, own.norms?.norm(of: Int($0.doc)) ?? 1) })
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        guard let own = segment.view.field(field), own.postings != nil,
            let frequency = try frequencies(segment, own).first(where: { $0.doc == doc })?.1
        else { return .noMatch("no matching phrase or term") }
        let norm = own.norms?.norm(of: doc) ?? 1
        let sum =
            idfs.count == 1
            ? idfs[0] : Explanation(Double(idf), "idf, sum of:", idfs)
        return ScoreReasons.score(
            text, doc, score: score(frequency, norm), frequency: frequency, boost: boost,
            idf: sum, tf: ScoreReasons.tf(weigher, frequency: frequency, norm: norm, what))
    }
}

/// Words one after the other, nothing between them: the engine's own way.
final class BoundExactPhrase: BoundQuery {
    private let phrase: AnalyzedPhrase
    private let entries: [[TermEntry?]]
    private let boost: Float
    private let weigher: FieldWeigher
    private let idfs: [Explanation]

    /// - Parameter entries: For each word, what each segment's dictionary says of it.
    init(
        _ phrase: AnalyzedPhrase, entries: [[TermEntry?]], boost: Float, weigher: FieldWeigher,
        idfs: [Explanation]
    ) {
        self.phrase = phrase
        self.entries = entries
        self.boost = boost
        self.weigher = weigher
        self.idfs = idfs
    }

    private var weight: Float {
        PhraseMatcher.weight(idfs: idfs.map { Float($0.value) }, boost: boost)
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        guard let own = segment.view.field(phrase.field), let postings = own.postings else {
            return NoneMatcher()
        }
        let first = phrase.slots.map(\.position).min() ?? 0
        var slots: [PhraseMatcher.Slot] = []
        for (slot, entries) in zip(phrase.slots, entries) {
            guard let entry = entries[segment.index] else { return NoneMatcher() }
            slots.append(
                .init(list: try postings.open(entry), distance: slot.position - first))
        }
        let matcher = PhraseMatcher(
            slots, norms: segment.normBytes(own), scoring: weigher.scoring, weight: weight)
        return weigher.isBoolean ? ConstantScoreMatcher(matcher, score: boost) : matcher
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        guard let own = segment.view.field(phrase.field), let postings = own.postings,
            let score = try matcher(in: segment).score(of: doc)
        else { return .noMatch("no matching phrase") }
        var sets: [(Int, Set<UInt32>)] = []
        for (slot, entries) in zip(phrase.slots, entries) {
            guard let entry = entries[segment.index] else { continue }
            let positions = try postings.open(entry).positions(in: UInt32(doc))
            sets.append((slot.position - phrase.slots[0].position, Set(positions)))
        }
        let count =
            sets.first?.1.filter { start in
                sets.allSatisfy { $0.1.contains(UInt32(Int(start) + $0.0)) }
            }.count ?? 0
        let text = AnalyzedQuery.phrase(phrase).text()
        return ScoreReasons.score(
            text, doc, score: score, frequency: Float(count), boost: boost,
            idf: Explanation(
                Double(Float(idfs.reduce(0) { $0 + Double(Float($1.value)) })), "idf, sum of:",
                idfs),
            tf: ScoreReasons.tf(
                weigher, frequency: Float(count), norm: own.norms?.norm(of: doc) ?? 1,
                "phraseFreq"))
    }
}
