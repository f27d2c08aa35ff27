package import TrawlJSON

/// A search as it was asked: the body of `_search`, and what parameters add to it.
package struct SearchRequest: Sendable, Codable {
    package static let defaultSize = 10
    package static let maxResultWindow = 10_000
    package static let defaultTotalHits = 10_000

    package enum TotalHits: Sendable, Hashable, Codable {
        case none
        /// Counts exactly up to this many; beyond it the total is a lower bound.
        case upTo(Int)
        case exact

        package var limit: Int {
            switch self {
            case .none: 0
            case .upTo(let limit): limit
            case .exact: Int.max
            }
        }
    }

    package var query: Query?
    package var from = 0
    package var size = defaultSize
    package var sort: [SortKey] = []
    package var searchAfter: [JSONValue]?
    package var trackTotalHits = TotalHits.upTo(defaultTotalHits)
    package var trackScores = false
    package var postFilter: Query?
    package var minScore: Float?
    package var rescore: [Rescore] = []
    package var collapse: Collapse?
    package var terminateAfter = 0
    package var timeoutMilliseconds: Double?
    package var slice: Slice?
    package var pointInTime: PointInTime?
    /// Groups that the search counts for in the statistics.
    package var stats: [String] = []
    package var indicesBoost: [IndexBoost] = []
    /// What is named but not there is passed over.
    package var ignoresUnavailable = false
    /// `search.allow_expensive_queries`.
    package var allowsExpensiveQueries = true

    package var source = SourceSelection.all
    /// It was named, not just left as it is.
    package var asksForSource = false
    package var docvalueFields: [FieldAndFormat] = []
    package var fields: [FieldAndFormat] = []
    /// Nil: as usual; empty: nothing but metadata (`_none_`).
    package var storedFields: [String]?
    package var scriptFields: [ScriptField] = []
    package var explain = false
    package var version = false
    package var sequenceAndTerm = false
    package var profile = false
    package var includeNamedQueriesScore = false

    package var highlight: Highlight?
    package var aggregations: [Aggregation] = []
    package var aggregationLimits = AggregationLimits()
    package var suggest: Suggest?
    package var runtimeMappings: JSONValue?

    package init() {}

    /// Nothing is searched for: there are no hits, and none are counted.
    package var isOnlySuggest: Bool { suggest != nil && query == nil && aggregations.isEmpty }
}

/// How much the hits of an index count.
package struct IndexBoost: Sendable, Hashable, Codable {
    package var index: String
    package var boost: Float
}

/// Which parts of the source a hit carries.
package struct SourceSelection: Sendable, Hashable, Codable {
    package var isEnabled = true
    package var includes: [String] = []
    package var excludes: [String] = []

    package init(isEnabled: Bool = true, includes: [String] = [], excludes: [String] = []) {
        self.isEnabled = isEnabled
        self.includes = includes
        self.excludes = excludes
    }

    package static let all = SourceSelection()
    package static let none = SourceSelection(isEnabled: false)

    package var isWhole: Bool { isEnabled && includes.isEmpty && excludes.isEmpty }
}

package struct FieldAndFormat: Sendable, Hashable, Codable {
    package var field: String
    package var format: String?
    package var includeUnmapped = false
}

package struct Rescore: Sendable, Hashable, Codable {
    package enum ScoreMode: String, Sendable, Hashable, CaseIterable, Codable {
        case total, multiply, avg, max, min
    }

    package static let maxWindow = 10_000

    package var windowSize: Int?
    package var query: Query
    package var queryWeight: Float = 1
    package var rescoreWeight: Float = 1
    package var scoreMode = ScoreMode.total
}

/// One hit for each value of a field.
package struct Collapse: Sendable, Codable {
    /// What else of a group is shown beside its hit.
    package struct InnerHits: Sendable, Codable {
        package static let defaultSize = 3

        package var name: String
        /// How they are found among the group; its query is filled in for each group.
        package var request: SearchRequest
    }

    package var field: String
    package var innerHits: [InnerHits] = []
    package var maxConcurrentGroupSearches: Int?
}

package struct Slice: Sendable, Hashable, Codable {
    package var id: Int
    package var max: Int
    package var field: String?
}

package struct PointInTime: Sendable, Hashable, Codable {
    package var id: String
    package var keepAlive: String?
}
