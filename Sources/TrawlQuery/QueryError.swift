package import TrawlErrors

/// One step into a JSON request.
package enum RequestStep: Sendable, Hashable {
    case key(String)
    case index(Int)
}

/// Why a request cannot be answered, in the words that clients of the API know.
package struct QueryError: TrawlError, Equatable {
    /// The exception's name as the API spells it: `parsing_exception`.
    package var type: String
    package var reason: String
    /// Where in the request, outermost step first.
    package var path: [RequestStep] = []
    /// Whether the place is the last step's key rather than its value.
    package var isAtKey = false
    /// Filled in by whoever has the request's text; both count from 1.
    package var line: Int?
    package var column: Int?
    /// What the API reports as `caused_by`; at most one, and that may have one.
    package var causes: [QueryError] = []

    package init(type: String, reason: String) {
        self.type = type
        self.reason = reason
    }

    package var kind: ErrorKind { .invalidRequest }
    package var code: String { type }
    package var description: String { reason }

    package static func parsing(_ reason: String) -> Self {
        Self(type: "parsing_exception", reason: reason)
    }

    package static func illegalArgument(_ reason: String) -> Self {
        Self(type: "illegal_argument_exception", reason: reason)
    }

    package static func numberFormat(_ text: String) -> Self {
        Self(type: "number_format_exception", reason: "For input string: \"\(text)\"")
    }

    /// What is refused only when the query meets the mapping.
    package static func queryShard(_ reason: String) -> Self {
        Self(type: "query_shard_exception", reason: reason)
    }

    package static func tooManyClauses(limit: Int) -> Self {
        Self(type: "too_many_clauses", reason: "maxClauseCount is set to \(limit)")
    }

    package static func tooManyNestedClauses(limit: Int) -> Self {
        Self(
            type: "too_many_nested_clauses",
            reason: "Query contains too many nested clauses; maxClauseCount is set to \(limit)")
    }

    package static func tooComplex(_ what: String, limit: Int) -> Self {
        Self(
            type: "too_complex_to_determinize_exception",
            reason: "Determinizing \(what) would require more than \(limit) states.")
    }

    package func caused(by cause: QueryError) -> Self {
        var error = self
        error.causes = [cause]
        return error
    }
}

/// "did you mean", with the words and the threshold of the API.
package enum Suggestion {
    package static func forUnknown(_ name: String, among candidates: [String]) -> String {
        var near: [(name: String, similarity: Float)] = []
        for candidate in candidates {
            let likeness = similarity(name, candidate)
            if likeness > 0.5 { near.append((candidate, likeness)) }
        }
        near.sort { left, right in
            left.similarity == right.similarity
                ? left.name < right.name : left.similarity > right.similarity
        }
        let scored = near.map(\.name)
        switch scored.count {
        case 0: return ""
        case 1: return " did you mean [\(scored[0])]?"
        default: return " did you mean any of [\(scored.joined(separator: ", "))]?"
        }
    }

    /// 1 minus the edits over the longer length.
    private static func similarity(_ left: String, _ right: String) -> Float {
        let a = Array(left.unicodeScalars)
        let b = Array(right.unicodeScalars)
        if a.isEmpty || b.isEmpty { return a.count == b.count ? 1 : 0 }
        if max(a.count, b.count) > 200 { return 0 }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let old = row[j]
                row[j] = min(old + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1))
                diagonal = old
            }
        }
        return 1 - Float(row[b.count]) / Float(max(a.count, b.count))
    }
}
