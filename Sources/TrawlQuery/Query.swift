package import TrawlJSON

/// What may be asked of documents. A kind of query is one case here, one parsing function in
/// `Parsing`, one binding function in `TrawlSearch`.
package struct Query: Sendable, Hashable, Codable {
    package var kind: Kind
    package var boost: Float = 1
    /// Reported among a hit's `matched_queries`.
    package var name: String?

    package init(_ kind: Kind, boost: Float = 1, name: String? = nil) {
        self.kind = kind
        self.boost = boost
        self.name = name
    }

    package indirect enum Kind: Sendable, Hashable, Codable {
        case matchAll
        case matchNone
        case match(MatchQuery)
        case matchPhrase(MatchPhraseQuery)
        case matchPhrasePrefix(MatchPhraseQuery)
        case matchBoolPrefix(MatchQuery)
        case multiMatch(MultiMatchQuery)
        case combinedFields(CombinedFieldsQuery)
        case queryString(QueryStringQuery)
        case simpleQueryString(SimpleQueryStringQuery)
        case term(TermQuery)
        case terms(TermsQuery)
        case termsSet(TermsSetQuery)
        case range(RangeQuery)
        case exists(field: String)
        case prefix(PatternQuery)
        case wildcard(PatternQuery)
        case regexp(PatternQuery)
        case fuzzy(FuzzyQuery)
        case ids([String])
        case bool(BoolQuery)
        case boosting(BoostingQuery)
        case constantScore(Query)
        case disMax(DisMaxQuery)
        case functionScore(FunctionScoreQuery)
        case geoDistance(GeoDistanceQuery)
        case geoBoundingBox(GeoBoundingBoxQuery)
        case distanceFeature(DistanceFeatureQuery)
        case nested(NestedQuery)
        /// The script as it was given.
        case script(JSONValue)
        case intervals(IntervalsQuery)
        case span(SpanQuery)
        case moreLikeThis(MoreLikeThisQuery)
        case scriptScore(ScriptScoreQuery)
    }
}

// MARK: Full text

package struct MatchQuery: Sendable, Hashable, Codable {
    package var field: String
    package var text: JSONValue
    package var operation = BooleanOperator.or
    package var minimumShouldMatch: MinimumShouldMatch?
    package var analyzer: String?
    package var fuzzy = FuzzyOptions()
    package var lenient = false
    package var zeroTerms = ZeroTerms.none
    package var synonymPhrases = true
}

/// The fuzzy settings that full-text queries share.
package struct FuzzyOptions: Sendable, Hashable, Codable {
    /// Nil: terms have to match as they are.
    package var fuzziness: Fuzziness?
    package var prefixLength = 0
    package var maxExpansions = 50
    package var transpositions = true
    package var rewrite: TermsRewrite?

    package init() {}
}

package struct MatchPhraseQuery: Sendable, Hashable, Codable {
    package var field: String
    package var text: JSONValue
    package var slop = 0
    package var analyzer: String?
    package var zeroTerms = ZeroTerms.none
    /// Of the last term, when that is a prefix.
    package var maxExpansions = 50
}

/// A field, or a pattern of fields, with its boost: `title^3`.
package struct FieldBoost: Sendable, Hashable, Codable {
    package var field: String
    package var boost: Float

    package init(_ field: String, boost: Float = 1) {
        self.field = field
        self.boost = boost
    }

    package init(parsing text: String) throws(QueryError) {
        guard let caret = text.lastIndex(of: "^"), caret != text.startIndex else {
            self.init(text)
            return
        }
        let digits = String(text[text.index(after: caret)...])
        guard let boost = Float(digits) else { throw .numberFormat(digits) }
        self.init(String(text[..<caret]), boost: boost)
    }
}

package struct MultiMatchQuery: Sendable, Hashable, Codable {
    package enum Form: String, Sendable, Hashable, CaseIterable, Codable {
        case bestFields = "best_fields"
        case mostFields = "most_fields"
        case crossFields = "cross_fields"
        case phrase
        case phrasePrefix = "phrase_prefix"
        case boolPrefix = "bool_prefix"
    }

    package var fields: [FieldBoost] = []
    package var text: JSONValue
    package var form = Form.bestFields
    package var operation = BooleanOperator.or
    package var minimumShouldMatch: MinimumShouldMatch?
    package var analyzer: String?
    package var fuzzy = FuzzyOptions()
    package var slop = 0
    package var tieBreaker: Float?
    /// Nil: lenient when the fields were not named one by one.
    package var lenient: Bool?
    package var zeroTerms = ZeroTerms.none
    package var synonymPhrases = true

    package init(text: JSONValue) { self.text = text }
}

package struct CombinedFieldsQuery: Sendable, Hashable, Codable {
    package var fields: [FieldBoost] = []
    package var text: String
    package var operation = BooleanOperator.or
    package var minimumShouldMatch: MinimumShouldMatch?
    package var zeroTerms = ZeroTerms.none
    package var synonymPhrases = true
}

package struct QueryStringQuery: Sendable, Hashable, Codable {
    package var text: String
    package var defaultField: String?
    package var fields: [FieldBoost] = []
    package var operation = BooleanOperator.or
    package var analyzer: String?
    package var quoteAnalyzer: String?
    package var quoteFieldSuffix: String?
    package var allowLeadingWildcard = true
    package var analyzeWildcard = false
    package var phraseSlop = 0
    package var fuzzy = FuzzyOptions()
    package var minimumShouldMatch: MinimumShouldMatch?
    package var lenient: Bool?
    package var form = MultiMatchQuery.Form.bestFields
    package var tieBreaker: Float?
    package var rewrite: TermsRewrite?
    package var timeZone: String?
    package var synonymPhrases = true
    package var maxDeterminizedStates = 10_000

    package init(text: String) {
        self.text = text
        fuzzy.fuzziness = .automatic
    }
}

package struct SimpleQueryStringQuery: Sendable, Hashable, Codable {
    package var text: String
    package var fields: [FieldBoost] = []
    package var operation = BooleanOperator.or
    package var analyzer: String?
    package var flags = SimpleQueryString.Flags.all
    package var lenient: Bool?
    package var analyzeWildcard = false
    package var minimumShouldMatch: MinimumShouldMatch?
    package var quoteFieldSuffix: String?
    package var fuzzy = FuzzyOptions()
    package var synonymPhrases = true

    package init(text: String) { self.text = text }
}

// MARK: Terms

package struct TermQuery: Sendable, Hashable, Codable {
    package var field: String
    package var value: JSONValue
    package var caseInsensitive = false
}

package struct TermsQuery: Sendable, Hashable, Codable {
    /// Values that stand in another document; whoever has that index resolves it first.
    package struct LookUp: Sendable, Hashable, Codable {
        package var index: String
        package var id: String
        package var path: String
        package var routing: String?
        /// Of all documents that it finds, in place of the one with the id.
        package var query: Query?
    }

    package var field: String
    package var values: [JSONValue]
    package var lookUp: LookUp?
}

package struct TermsSetQuery: Sendable, Hashable, Codable {
    package var field: String
    package var values: [JSONValue]
    package var minimumField: String?
    package var minimum: MinimumShouldMatch?
    package var minimumScript: JSONValue?
}

package struct RangeQuery: Sendable, Hashable, Codable {
    package enum Relation: String, Sendable, Hashable, Codable { case intersects, contains, within }

    package var field: String
    /// Nil: open.
    package var lower: JSONValue?
    package var upper: JSONValue?
    package var includesLower = true
    package var includesUpper = true
    package var format: String?
    package var timeZone: String?
    package var relation: Relation?

    package init(field: String) { self.field = field }
}

/// A prefix, a wildcard pattern or a regular expression.
package struct PatternQuery: Sendable, Hashable, Codable {
    package var field: String
    package var pattern: String
    package var caseInsensitive = false
    package var rewrite: TermsRewrite?
    /// Of regular expressions: which of the optional operators are on.
    package var flags = RegexpFlags.all
    package var maxDeterminizedStates = 10_000

    package init(field: String, pattern: String) {
        self.field = field
        self.pattern = pattern
    }
}

/// Operators of Lucene's regular expressions that can be switched off.
package struct RegexpFlags: OptionSet, Sendable, Hashable, Codable {
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let intersection = RegexpFlags(rawValue: 1)
    package static let complement = RegexpFlags(rawValue: 2)
    package static let empty = RegexpFlags(rawValue: 4)
    package static let anyString = RegexpFlags(rawValue: 8)
    package static let interval = RegexpFlags(rawValue: 32)
    package static let all = RegexpFlags(rawValue: 0xff)

    package init(parsing text: String) throws(QueryError) {
        self = []
        if text.isEmpty {
            self = .all
            return
        }
        for name in text.split(separator: "|") {
            switch name.uppercased() {
            case "INTERSECTION": insert(.intersection)
            case "COMPLEMENT": insert(.complement)
            case "EMPTY": insert(.empty)
            case "ANYSTRING": insert(.anyString)
            case "INTERVAL": insert(.interval)
            case "ALL": self = .all
            case "NONE": break
            default:
                throw .illegalArgument(
                    "No enum constant org.elasticsearch.index.query.RegexpFlag."
                        + name.uppercased())
            }
        }
    }
}

package struct FuzzyQuery: Sendable, Hashable, Codable {
    package var field: String
    package var value: JSONValue
    package var options: FuzzyOptions
}

// MARK: Compound

package struct BoolQuery: Sendable, Hashable, Codable {
    package var must: [Query] = []
    package var should: [Query] = []
    package var filter: [Query] = []
    package var mustNot: [Query] = []
    package var minimumShouldMatch: MinimumShouldMatch?
    package var adjustPureNegative = true

    package init(
        must: [Query] = [], should: [Query] = [], filter: [Query] = [], mustNot: [Query] = []
    ) {
        self.must = must
        self.should = should
        self.filter = filter
        self.mustNot = mustNot
    }
}

package struct BoostingQuery: Sendable, Hashable, Codable {
    package var positive: Query
    package var negative: Query
    package var negativeBoost: Float
}

package struct DisMaxQuery: Sendable, Hashable, Codable {
    package var queries: [Query]
    package var tieBreaker: Float = 0
}

package struct NestedQuery: Sendable, Hashable, Codable {
    package enum ScoreMode: String, Sendable, Hashable, Codable { case avg, sum, min, max, none }

    package var path: String
    package var query: Query
    package var scoreMode = ScoreMode.avg
    package var ignoreUnmapped = false
    package var innerHits: NestedInnerHits?
}

package struct ScriptScoreQuery: Sendable, Hashable, Codable {
    package var query: Query
    package var script: JSONValue
    package var minScore: Float?
}

package struct FunctionScoreQuery: Sendable, Hashable, Codable {
    package enum ScoreMode: String, Sendable, Hashable, CaseIterable, Codable {
        case multiply, sum, avg, first, max, min
    }

    package enum BoostMode: String, Sendable, Hashable, CaseIterable, Codable {
        case multiply, replace, sum, avg, max, min
    }

    package struct Function: Sendable, Hashable, Codable {
        package var filter: Query?
        package var weight: Float?
        /// Nil: the weight alone.
        package var form: Form?
        package var name: String?
    }

    package enum Form: Sendable, Hashable, Codable {
        case fieldValue(FieldValueFactor)
        case random(seed: JSONValue?, field: String?)
        case decay(Decay)
        case script(JSONValue)
    }

    package struct FieldValueFactor: Sendable, Hashable, Codable {
        package enum Modifier: String, Sendable, Hashable, Codable {
            case none, log, log1p, log2p, ln, ln1p, ln2p, square, sqrt, reciprocal
        }

        package var field: String
        package var factor: Float = 1
        package var modifier = Modifier.none
        package var missing: Double?
    }

    package struct Decay: Sendable, Hashable, Codable {
        package enum Curve: String, Sendable, Hashable, Codable { case gauss, linear, exp }

        package var curve: Curve
        package var field: String
        package var origin: JSONValue?
        package var scale: JSONValue
        package var offset: JSONValue?
        package var decay = 0.5
        package var multiValueMode = "min"
    }

    package var query: Query
    package var functions: [Function] = []
    package var scoreMode = ScoreMode.multiply
    package var boostMode = BoostMode.multiply
    package var maxBoost = Float.greatestFiniteMagnitude
    package var minScore: Float?
}

// MARK: Places and distances

package struct GeoPoint: Sendable, Hashable, Codable {
    package var latitude: Double
    package var longitude: Double

    package init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }
}

package struct GeoDistanceQuery: Sendable, Hashable, Codable {
    package var field: String
    package var center: GeoPoint
    package var meters: Double
    package var ignoreUnmapped = false
}

package struct GeoBoundingBoxQuery: Sendable, Hashable, Codable {
    package var field: String
    package var top: Double
    package var left: Double
    package var bottom: Double
    package var right: Double
    package var ignoreUnmapped = false
}

package struct DistanceFeatureQuery: Sendable, Hashable, Codable {
    package var field: String
    package var origin: JSONValue
    package var pivot: String
}
