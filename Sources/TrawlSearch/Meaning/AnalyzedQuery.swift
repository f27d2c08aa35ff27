package import TrawlJSON
package import TrawlQuery
package import TrawlSchema

/// A place as requests have it; the schema has one of its own.
package typealias GeoPoint = TrawlQuery.GeoPoint

/// A query once the mapping and the analyzers have spoken: fields and terms, no text and no types
/// any more, and nothing yet of any index. What a hundred shards are asked is one of these.
///
/// Its text form is that of Lucene's queries, which people know from `explain` and `profile`.
package indirect enum AnalyzedQuery: Sendable, Hashable {
    case all
    /// Nothing, and why.
    case none(String)
    case term(field: String, term: [UInt8])
    /// Terms that stand for each other at one position: scored as if they were one.
    case synonyms(field: String, terms: [[UInt8]])
    case phrase(AnalyzedPhrase)
    /// Every term of the dictionary that fits.
    case expansion(TermExpansion)
    case numbers(field: String, range: ClosedRange<Int64>)
    case numberSet(field: String, values: [Int64])
    /// Values between two byte strings; nil is open.
    case byteRange(
        field: String, lower: [UInt8]?, includesLower: Bool, upper: [UInt8]?, includesUpper: Bool)
    /// Spans of values that lie so to this one.
    case intervals(field: String, RangeRelation, first: [UInt8], last: [UInt8])
    case termSet(field: String, terms: [[UInt8]])
    case script(JSONValue)
    case exists(field: String, ExistenceKind)
    case ids([String])
    case geoDistance(field: String, center: GeoPoint, meters: Double)
    case geoBox(GeoBoundingBoxQuery)
    case boolean(AnalyzedBoolean)
    case disMax([AnalyzedQuery], tieBreaker: Float)
    case boosting(positive: AnalyzedQuery, negative: AnalyzedQuery, factor: Float)
    case constant(AnalyzedQuery)
    case boosted(AnalyzedQuery, by: Float)
    /// The same word in several fields as if in one: cross_fields.
    case blended([BlendedTerm], tieBreaker: Float)
    /// BM25F: words of several fields that are one field by weight.
    case combined(fields: [FieldBoost], terms: [[UInt8]])
    case functionScore(AnalyzedFunctionScore)
    case distanceFeature(field: String, origin: DistanceOrigin, pivot: Double)
    case nested(AnalyzedNested)
    case proximity(field: String, IntervalSource)
    case spans(field: String, SpanSource)
    case moreLikeThis(AnalyzedMoreLikeThis)
    case scriptScore(AnalyzedQuery, script: JSONValue, minScore: Float?)
    case minimumMatch(queries: [AnalyzedQuery], LeastMatches)
    case named(AnalyzedQuery, name: String)

    package static func bool(
        must: [AnalyzedQuery] = [], should: [AnalyzedQuery] = [], filter: [AnalyzedQuery] = [],
        mustNot: [AnalyzedQuery] = [], minimumShouldMatch: Int = 0
    ) -> Self {
        var clauses = must.map { AnalyzedBoolean.Clause(.must, $0) }
        clauses += should.map { .init(.should, $0) }
        clauses += filter.map { .init(.filter, $0) }
        clauses += mustNot.map { .init(.mustNot, $0) }
        return .boolean(.init(clauses: clauses, minimumShouldMatch: minimumShouldMatch))
    }

    /// How many clauses have no clauses themselves.
    var leafCount: Int {
        switch self {
        case .boolean(let boolean): boolean.clauses.reduce(0) { $0 + $1.query.leafCount }
        case .disMax(let queries, _), .minimumMatch(let queries, _):
            queries.reduce(0) { $0 + $1.leafCount }
        case .boosting(let positive, let negative, _): positive.leafCount + negative.leafCount
        case .constant(let inner), .boosted(let inner, _), .named(let inner, _): inner.leafCount
        case .nested(let nested): nested.query.leafCount
        case .scriptScore(let inner, _, _): inner.leafCount
        case .functionScore(let score):
            score.functions.reduce(score.query.leafCount) { $0 + ($1.filter?.leafCount ?? 0) }
        default: 1
        }
    }

    /// `self` unless the boost is 1.
    package func boosted(by boost: Float) -> Self {
        boost == 1 ? self : .boosted(self, by: boost)
    }
}

package enum ExistenceKind: Sendable, Hashable { case column, norms, fieldNames, always }

package struct AnalyzedBoolean: Sendable, Hashable {
    package enum Occur: Sendable, Hashable { case must, should, filter, mustNot }

    package struct Clause: Sendable, Hashable {
        package var occur: Occur
        package var query: AnalyzedQuery

        package init(_ occur: Occur, _ query: AnalyzedQuery) {
            self.occur = occur
            self.query = query
        }
    }

    package var clauses: [Clause]
    package var minimumShouldMatch = 0

    package init(clauses: [Clause], minimumShouldMatch: Int = 0) {
        self.clauses = clauses
        self.minimumShouldMatch = minimumShouldMatch
    }

    func queries(_ occur: Occur) -> [AnalyzedQuery] {
        clauses.filter { $0.occur == occur }.map(\.query)
    }

    /// Equal clauses as one whose boost is the sum of theirs, as Lucene rewrites them: what is
    /// asked for three times is weighed three times, not added up from three rounded scores.
    var withoutRepetition: AnalyzedBoolean {
        var boosts: [Clause: Double] = [:]
        var order: [Clause] = []
        for clause in clauses {
            guard clause.occur == .must || (clause.occur == .should && minimumShouldMatch <= 1)
            else { continue }
            let (plain, boost) = Self.plain(clause)
            if boosts[plain] == nil { order.append(plain) }
            boosts[plain, default: 0] += boost
        }
        let others = clauses.filter {
            !($0.occur == .must || ($0.occur == .should && minimumShouldMatch <= 1))
        }
        if order.count + others.count == clauses.count { return self }
        let merged = order.map { clause in
            Clause(clause.occur, clause.query.boosted(by: Float(boosts[clause] ?? 1)))
        }
        return AnalyzedBoolean(
            clauses: merged + others, minimumShouldMatch: minimumShouldMatch)
    }

    private static func plain(_ clause: Clause) -> (Clause, Double) {
        var query = clause.query
        var boost = 1.0
        while true {
            switch query {
            case .boosted(let inner, let factor):
                boost *= Double(factor)
                query = inner
            case .named(let inner, _): query = inner
            default: return (Clause(clause.occur, query), boost)
            }
        }
    }
}

/// Terms at positions. A position may have several terms, any of which will do.
package struct AnalyzedPhrase: Sendable, Hashable {
    package struct Slot: Sendable, Hashable {
        package var position: Int
        package var terms: [[UInt8]]
        /// Set for the last slot of a prefix phrase: every term that begins with its only term.
        package var isPrefix = false
    }

    package var field: String
    package var slots: [Slot]
    package var slop = 0
    package var maxExpansions = 50
}

/// What stands for all terms of a dictionary that fit.
package struct TermExpansion: Sendable, Hashable, Codable {
    package enum Pattern: Sendable, Hashable, Codable {
        case prefix([UInt8], caseInsensitive: Bool)
        case wildcard(String, caseInsensitive: Bool)
        case regexp(String, flags: RegexpFlags, caseInsensitive: Bool)
        case fuzzy(String, edits: Int, prefixLength: Int, transpositions: Bool)
        case range(lower: [UInt8]?, includesLower: Bool, upper: [UInt8]?, includesUpper: Bool)
    }

    package var field: String
    package var pattern: Pattern
    package var rewrite: TermsRewrite
    package var maxStates = 10_000
}

/// Documents by the objects of a nested field in them.
package struct AnalyzedNested: Sendable, Hashable {
    package var path: String
    /// The path of the nested field whose objects are the documents here; nil for the roots.
    package var scope: String?
    package var query: AnalyzedQuery
    package var scoreMode: NestedQuery.ScoreMode
}

/// How many clauses have to match a document.
package enum LeastMatches: Sendable, Hashable {
    case count(Int)
    /// As the document's field says.
    case field(String)
    case script(JSONValue)
}

package struct BlendedTerm: Sendable, Hashable {
    package var field: String
    package var term: [UInt8]
    package var boost: Float
}

package enum DistanceOrigin: Sendable, Hashable {
    case number(Int64)
    case point(GeoPoint)
}

package struct AnalyzedFunctionScore: Sendable, Hashable {
    package struct Function: Sendable, Hashable {
        package var filter: AnalyzedQuery?
        package var weight: Float?
        package var form: Form?
    }

    package enum Form: Sendable, Hashable {
        case fieldValue(FunctionScoreQuery.FieldValueFactor)
        case script(JSONValue)
        /// Nil field: by the document's id; the seed is settled.
        case random(seed: Int64, field: String?)
        case decay(Decay)
    }

    package struct Decay: Sendable, Hashable {
        package var curve: FunctionScoreQuery.Decay.Curve
        package var field: String
        package var origin: Origin
        package var scale: Double
        package var offset: Double
        package var decay: Double
        package var mode: String
    }

    package enum Origin: Sendable, Hashable {
        case number(Double)
        case point(GeoPoint)
    }

    package var query: AnalyzedQuery
    package var functions: [Function]
    package var scoreMode: FunctionScoreQuery.ScoreMode
    package var boostMode: FunctionScoreQuery.BoostMode
    package var maxBoost: Float
    package var minScore: Float?
}

// MARK: - Text

extension AnalyzedQuery {
    /// - Parameter field: The field whose name is left out, as Lucene's `toString(field)` does.
    package func text(defaultField field: String = "") -> String {
        func named(_ own: String) -> String { own == field ? "" : own + ":" }
        func string(_ bytes: [UInt8]?) -> String {
            bytes.map { String(decoding: $0, as: UTF8.self) } ?? "*"
        }
        switch self {
        case .all: return "*:*"
        case .none(let reason): return "MatchNoDocsQuery(\"\(reason)\")"
        case .term(let own, let term): return named(own) + string(term)
        case .synonyms(let own, let terms):
            return "Synonym(" + terms.map { named(own) + string($0) }.joined(separator: " ") + ")"
        case .phrase(let phrase): return phrase.text(named(phrase.field))
        case .expansion(let expansion): return named(expansion.field) + expansion.text
        case .numbers(let own, let range):
            return named(own) + "[\(range.lowerBound) TO \(range.upperBound)]"
        case .numberSet(let own, let values):
            return named(own) + "{" + values.map(String.init).joined(separator: " ") + "}"
        case .byteRange(let own, let lower, let includesLower, let upper, let includesUpper):
            return named(own) + (includesLower ? "[" : "{") + string(lower) + " TO "
                + string(upper) + (includesUpper ? "]" : "}")
        case .intervals(let own, let relation, let first, let last):
            return named(own) + "<\(relation.rawValue) \(first) TO \(last)>"
        case .script(let script): return "ScriptQuery(\(script))"
        case .termSet(let own, let terms):
            return named(own) + "(" + terms.map { string($0) }.joined(separator: " ") + ")"
        case .exists(let own, _): return "FieldExistsQuery [field=\(own)]"
        case .ids(let ids): return "_id:(" + ids.joined(separator: " ") + ")"
        case .geoDistance(let own, let center, let meters):
            return named(own) + "\(center.latitude),\(center.longitude) +/- \(meters) meters"
        case .geoBox(let box):
            return named(box.field) + "[\(box.bottom),\(box.left) TO \(box.top),\(box.right)]"
        case .boolean(let boolean): return boolean.text(field)
        case .disMax(let queries, let tieBreaker):
            return "(" + queries.map { Self.wrapped($0, field) }.joined(separator: " | ") + ")"
                + (tieBreaker == 0 ? "" : "~\(tieBreaker)")
        case .boosting(let positive, let negative, let factor):
            return "FunctionScoreQuery(\(positive.text(defaultField: field)), scored by boost("
                + "queryboost(\(negative.text(defaultField: field)))^\(factor)))"
        case .constant(let query): return "ConstantScore(\(query.text(defaultField: field)))"
        case .boosted(let query, let boost): return "(\(query.text(defaultField: field)))^\(boost)"
        case .blended(let terms, _):
            return "Blended("
                + terms.map { named($0.field) + string($0.term) }
                .joined(separator: " ") + ")"
        case .combined(let fields, let terms):
            let fieldText = fields.map { $0.boost == 1 ? $0.field : "\($0.field)^\($0.boost)" }
            return "CombinedFieldQuery((\(fieldText.joined(separator: " ")))("
                + terms.map { string($0) }.joined(separator: ",") + "))"
        case .functionScore(let score):
            return "function score (\(score.query.text(defaultField: field)))"
        case .nested(let nested):
            return "ToParentBlockJoinQuery (\(nested.query.text(defaultField: field)))"
        case .scriptScore(let inner, let script, _):
            return "script_score(\(inner.text(defaultField: field)), \(script))"
        case .proximity(let own, let source): return named(own) + source.text
        case .spans(_, let source): return source.text
        case .moreLikeThis(let like):
            let words = (like.documents + [like.text].compactMap { $0 }).flatMap(\.words)
            return "like:" + words.map { string($0.term) }.joined(separator: " ")
        case .distanceFeature(let own, _, _): return "DistanceFeatureQuery(\(own))"
        case .minimumMatch(let queries, _):
            return "CoveringQuery("
                + queries.map { $0.text(defaultField: field) }
                .joined(separator: " ") + ")"
        case .named(let query, _): return query.text(defaultField: field)
        }
    }

    static func wrapped(_ query: AnalyzedQuery, _ field: String) -> String {
        let text = query.text(defaultField: field)
        if case .boolean = query.unnamed { return "(\(text))" }
        return text
    }

    var unnamed: AnalyzedQuery {
        if case .named(let inner, _) = self { inner.unnamed } else { self }
    }
}

extension AnalyzedBoolean {
    fileprivate func text(_ field: String) -> String {
        let parts = clauses.map { clause in
            let sign =
                switch clause.occur {
                case .must: "+"
                case .should: ""
                case .filter: "#"
                case .mustNot: "-"
                }
            return sign + AnalyzedQuery.wrapped(clause.query, field)
        }
        let joined = parts.joined(separator: " ")
        return minimumShouldMatch > 0 ? "(\(joined))~\(minimumShouldMatch)" : joined
    }
}

extension AnalyzedPhrase {
    fileprivate func text(_ name: String) -> String {
        var parts: [String] = []
        var next = 0
        for slot in slots {
            while next < slot.position {
                parts.append("?")
                next += 1
            }
            let words = slot.terms.map { String(decoding: $0, as: UTF8.self) }
            let text = words.count == 1 ? words[0] : "(\(words.joined(separator: " ")))"
            parts.append(slot.isPrefix ? text + "*" : text)
            next = slot.position + 1
        }
        return "\(name)\"\(parts.joined(separator: " "))\"" + (slop == 0 ? "" : "~\(slop)")
    }
}

extension TermExpansion {
    fileprivate var text: String {
        func string(_ bytes: [UInt8]?) -> String {
            bytes.map { String(decoding: $0, as: UTF8.self) } ?? "*"
        }
        switch pattern {
        case .prefix(let prefix, _): return string(prefix) + "*"
        case .wildcard(let pattern, _): return pattern
        case .regexp(let pattern, _, _): return "/\(pattern)/"
        case .fuzzy(let term, let edits, _, _): return "\(term)~\(edits)"
        case .range(let lower, let includesLower, let upper, let includesUpper):
            return (includesLower ? "[" : "{") + string(lower) + " TO " + string(upper)
                + (includesUpper ? "]" : "}")
        }
    }
}
