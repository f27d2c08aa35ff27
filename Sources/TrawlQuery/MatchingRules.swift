package enum BooleanOperator: Sendable, Hashable, Codable {
    case or, and

    package init(parsing text: String) throws(QueryError) {
        switch text.lowercased() {
        case "or": self = .or
        case "and": self = .and
        default:
            throw .illegalArgument(
                "No enum constant org.elasticsearch.index.query.Operator.\(text.uppercased())")
        }
    }
}

/// What a full-text query without any term matches: nothing, or everything.
package enum ZeroTerms: Sendable, Hashable, Codable {
    case none, all
}

/// How many optional clauses have to match: `2`, `-1`, `75%`, `-25%`, `2<75% 9<-3`.
package struct MinimumShouldMatch: Sendable, Hashable, Codable {
    package var spec: String

    package init(_ spec: String) { self.spec = spec }

    /// At least zero; may be more than there are clauses, and then nothing matches.
    package func count(among optional: Int) throws(QueryError) -> Int {
        try Self.count(among: optional, spec: spec)
    }

    private static func count(among optional: Int, spec: String) throws(QueryError) -> Int {
        let spec = trimmed(spec)
        if spec.contains("<") {
            return try conditional(among: optional, spec: spec)
        }
        if spec.contains("%") {
            let percent = try integer(String(spec.dropLast()))
            // In Float and in this order, as the API has always rounded.
            let share = Float(optional &* percent) * (1 / 100 as Float)
            let count = share < 0 ? optional + Int(share) : Int(share)
            return max(0, count)
        }
        let number = try integer(spec)
        return max(0, number < 0 ? optional + number : number)
    }

    private static func conditional(among optional: Int, spec: String) throws(QueryError) -> Int {
        var joined = ""
        for character in spec {
            if character == "<" {
                while joined.last == " " { joined.removeLast() }
                joined.append("<")
            } else if character == " " && joined.last == "<" {
                continue
            } else {
                joined.append(character)
            }
        }
        var result = optional
        for part in joined.split(separator: " ") {
            let halves = part.split(separator: "<", omittingEmptySubsequences: false)
            guard halves.count == 2 else { throw .numberFormat(String(part)) }
            if optional <= (try integer(String(halves[0]))) { return result }
            result = try count(among: optional, spec: String(halves[1]))
        }
        return result
    }

    private static func integer(_ text: String) throws(QueryError) -> Int {
        guard let value = Int32(text) else { throw .numberFormat(text) }
        return Int(value)
    }

    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// How many edits a fuzzy term may differ by.
package enum Fuzziness: Sendable, Hashable, Codable {
    /// None below `low` characters, one below `high`, else two.
    case auto(low: Int, high: Int)
    case edits(Int)
    /// Below 1: a similarity, as the classic query syntax once had; from 1 on: edits.
    case similarity(Float)

    package static let automatic = Fuzziness.auto(low: 3, high: 6)

    package init(parsing text: String) throws(QueryError) {
        let upper = text.uppercased()
        if upper == "AUTO" {
            self = .automatic
        } else if upper.hasPrefix("AUTO:") {
            let bounds = upper.dropFirst(5).split(
                separator: ",", omittingEmptySubsequences: false)
            guard bounds.count == 2, let low = Int(bounds[0]), let high = Int(bounds[1]) else {
                throw QueryError(
                    type: "parse_exception",
                    reason: "failed to find low and high distance values")
            }
            guard low >= 0, high >= 0, low <= high else {
                throw .illegalArgument(
                    "fuzziness wrongly configured, must be: lowDistance > 0, highDistance "
                        + "> 0 and lowDistance <= highDistance ")
            }
            self = .auto(low: low, high: high)
        } else if let edits = Int(text) {
            guard (0...2).contains(edits) else {
                throw .illegalArgument("Valid edit distances are [0, 1, 2] but was [\(edits)]")
            }
            self = .edits(edits)
        } else if let number = Float(text), number >= 0, number.isFinite {
            if number >= 1 && number != number.rounded() {
                throw .illegalArgument("Valid edit distances are [0, 1, 2] but was [\(text)]")
            }
            self = number >= 1 || number == 0 ? .edits(min(2, Int(number))) : .similarity(number)
        } else {
            throw .numberFormat(text)
        }
    }

    package func edits(for text: some StringProtocol) -> Int {
        let length = text.unicodeScalars.count
        switch self {
        case .auto(let low, let high): return length < low ? 0 : length < high ? 1 : 2
        case .edits(let edits): return edits
        case .similarity(let similarity):
            return min(2, Int((1 - Double(similarity)) * Double(length)))
        }
    }
}

/// How the terms that a prefix, a pattern or an edit distance stands for are scored.
package enum TermsRewrite: Sendable, Hashable, Codable {
    /// Every match scores the boost.
    case constantScore
    case constantScoreBoolean
    case scoringBoolean
    case topTerms(Int)
    case topTermsBoost(Int)
    case topTermsBlended(Int)

    package init(parsing text: String) throws(QueryError) {
        switch text {
        case "constant_score", "constant_score_filter", "constant_score_auto",
            "constant_score_blended":
            self = .constantScore
        case "constant_score_boolean": self = .constantScoreBoolean
        case "scoring_boolean": self = .scoringBoolean
        default:
            let forms: [(String, (Int) -> TermsRewrite)] = [
                ("top_terms_boost_", { .topTermsBoost($0) }),
                ("top_terms_blended_freqs_", { .topTermsBlended($0) }),
                ("top_terms_", { .topTerms($0) }),
            ]
            for (prefix, make) in forms where text.hasPrefix(prefix) {
                guard let count = Int(text.dropFirst(prefix.count)), count > 0 else { break }
                self = make(count)
                return
            }
            throw .illegalArgument("Failed to parse rewrite_method [\(text)]")
        }
    }
}
