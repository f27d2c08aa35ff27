package import TrawlJSON

/// A document that was found, with everything the request asked of it.
package struct Hit: Sendable, Codable {
    package var id: String
    /// Nil when hits are ordered by something else and scores were not asked for.
    package var score: Float?
    package var sort: [SortValue] = []
    /// What the coordinator compares across shards when everything else is equal.
    package var stamp: UInt64 = 0
    /// The JSON text; nil when it was not asked for or is not kept.
    package var source: [UInt8]?
    package var fields = JSONObject()
    package var highlight = JSONObject()
    /// The value of the field that hits are collapsed by.
    package var group: JSONValue?
    package var matchedQueries: [MatchedQuery] = []
    package var explanation: Explanation?
    package var version: Int64?
    package var sequence: Int64?
    package var term: Int64?
    package var routing: String?
    package var ignored: [String] = []
    /// Of an object of a nested field: where it is in the document, the outermost step first.
    package var nested: [NestedStep] = []
    /// Objects of nested fields that were asked for beside the hit.
    package var inner: [NestedHits] = []

    package init(id: String) { self.id = id }
}

/// Which object of which nested field.
package struct NestedStep: Sendable, Hashable, Codable {
    /// From the object around it.
    package var field: String
    package var offset: Int

    package init(field: String, offset: Int) {
        self.field = field
        self.offset = offset
    }
}

/// Objects of a nested field that a clause found in one document.
package struct NestedHits: Sendable, Codable {
    package var name: String
    package var total: Int
    package var maxScore: Float?
    package var hits: [Hit]

    package init(name: String, total: Int, maxScore: Float?, hits: [Hit]) {
        self.name = name
        self.total = total
        self.maxScore = maxScore
        self.hits = hits
    }
}

/// A named query that a hit matches.
package struct MatchedQuery: Sendable, Hashable, Codable {
    package var name: String
    package var score: Float

    package init(name: String, score: Float) {
        self.name = name
        self.score = score
    }
}

/// How many documents match.
package struct TotalHits: Sendable, Hashable, Codable {
    package var value: Int
    /// False: at least so many.
    package var isExact: Bool

    package init(value: Int, isExact: Bool) {
        self.value = value
        self.isExact = isExact
    }
}

/// Why a document has its score: a value, the sentence for it, and what it is made of.
package struct Explanation: Sendable, Hashable, Codable {
    package var isMatch: Bool
    package var value: Double
    /// A whole number (a count) rather than a score.
    package var isInteger = false
    package var description: String
    package var details: [Explanation]

    package init(
        _ value: Double, _ description: String, _ details: [Explanation] = [],
        isMatch: Bool = true, isInteger: Bool = false
    ) {
        self.value = value
        self.description = description
        self.details = details
        self.isMatch = isMatch
        self.isInteger = isInteger
    }

    package static func noMatch(_ description: String, _ details: [Explanation] = []) -> Self {
        Self(0, description, details, isMatch: false)
    }

    package var json: JSONValue {
        [
            "value": isInteger ? JSONValue(Int64(value)) : JSONValue(Float(value)),
            "description": .string(description),
            "details": .array(details.map(\.json)),
        ]
    }
}
