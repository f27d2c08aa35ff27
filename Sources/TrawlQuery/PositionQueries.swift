package import TrawlJSON

/// Which stretches of a text an `intervals` query looks for.
package struct IntervalsQuery: Sendable, Hashable, Codable {
    package var field: String
    package var rule: IntervalRule
}

package indirect enum IntervalRule: Sendable, Hashable, Codable {
    case match(Match)
    case prefix(Terms)
    case wildcard(Terms)
    case regexp(Terms, flags: RegexpFlags, caseInsensitive: Bool)
    case fuzzy(Terms, FuzzyOptions)
    case allOf([IntervalRule], Combination, IntervalFilter?)
    case anyOf([IntervalRule], IntervalFilter?)

    package struct Match: Sendable, Hashable, Codable {
        package var text: String
        package var combination = Combination()
        package var analyzer: String?
        package var useField: String?
        package var filter: IntervalFilter?

        package init(text: String) { self.text = text }
    }

    /// How stretches make a longer one.
    package struct Combination: Sendable, Hashable, Codable {
        package enum Mode: String, Sendable, Hashable, Codable {
            case ordered, unordered
            case apart = "unordered_no_overlap"
        }

        package var mode = Mode.unordered
        /// Nil: any.
        package var maxGaps: Int?

        package init() {}
    }

    /// All terms of the field that fit a text.
    package struct Terms: Sendable, Hashable, Codable {
        package static let defaultMaxExpansions = 128

        package var text: String
        package var analyzer: String?
        package var useField: String?
        package var maxExpansions = defaultMaxExpansions

        package init(text: String) { self.text = text }
    }
}

/// What else must hold of a stretch, next to another.
package struct IntervalFilter: Sendable, Hashable, Codable {
    package enum Relation: String, Sendable, Hashable, Codable, CaseIterable {
        case after, before, containing, overlapping
        case containedBy = "contained_by"
        case notContainedBy = "not_contained_by"
        case notContaining = "not_containing"
        case notOverlapping = "not_overlapping"
    }

    package var relation: Relation
    package var rule: IntervalRule
}

/// Queries by where terms stand, of the older kind: a span is a stretch that one found.
package indirect enum SpanQuery: Sendable, Hashable, Codable {
    case term(TermQuery)
    case near([SpanQuery], slop: Int, inOrder: Bool)
    case or([SpanQuery])
    case not(include: SpanQuery, exclude: SpanQuery, before: Int, after: Int)
    case first(SpanQuery, end: Int)
    /// All terms that a prefix, wildcard, regexp, fuzzy or range query stands for.
    case multi(Query)
    case containing(big: SpanQuery, little: SpanQuery)
    case within(big: SpanQuery, little: SpanQuery)
    /// The spans of one field as if they were of another.
    case masking(SpanQuery, field: String)
}

/// Documents that have much in common with texts or with other documents.
package struct MoreLikeThisQuery: Sendable, Hashable, Codable {
    /// A document by its id, or one that is given.
    package struct Item: Sendable, Hashable, Codable {
        package var index: String?
        package var id: String?
        package var routing: String?
        package var document: JSONObject?
        package var fields: [String]?
    }

    package enum Example: Sendable, Hashable, Codable {
        case text(String)
        case item(Item)
    }

    /// Nil: all fields that have text.
    package var fields: [String]?
    package var like: [Example] = []
    package var unlike: [Example] = []
    package var maxQueryTerms = 25
    package var minTermFrequency = 2
    package var minDocFrequency = 5
    package var maxDocFrequency = Int(Int32.max)
    package var minWordLength = 0
    package var maxWordLength = 0
    package var stopWords: [String] = []
    package var analyzer: String?
    package var minimumShouldMatch = MinimumShouldMatch("30%")
    package var boostTerms: Float = 0
    package var isIncluded = false
    package var failsOnUnsupportedField = true

    package init() {}
}
