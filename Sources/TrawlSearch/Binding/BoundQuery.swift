package import TrawlQuery

/// A query with its statistics: knows every weight, and makes matchers for each segment.
///
/// To add a kind of query, make a class and a case in `QueryBinder`.
package protocol BoundQuery: AnyObject {
    /// Made for one search thread, once a segment.
    func matcher(in segment: SegmentContext) throws -> Matcher

    /// Why a document scores what it scores. The value is the score, bit for bit.
    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation
}

extension Matcher {
    /// Whether it matches a document, and what the document scores.
    func score(of doc: Int) -> Float? {
        let number = UInt32(doc)
        let window = DocWindow(base: number & ~63, end: (number & ~63) + 64)
        let room = WindowRoom()
        let bit = doc & 63
        unsafe room.bits[0] = 1 << UInt64(bit)
        unsafe keep(window, room.bits)
        guard unsafe room.bits[0] != 0 else { return nil }
        unsafe addScores(window, ofMatches: room.bits, to: room.sums)
        return unsafe Float(room.sums[bit])
    }
}

/// Nothing, or everything with one score.
final class BoundConstant: BoundQuery {
    private let filter: (any BoundQuery)?
    private let score: Float
    private let text: String

    /// - Parameter filter: Nil for all documents.
    init(_ filter: (any BoundQuery)?, score: Float, text: String) {
        self.filter = filter
        self.score = score
        self.text = text
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        let matches = try filter?.matcher(in: segment) ?? AllMatcher(docLimit: segment.docCount)
        return ConstantScoreMatcher(matches, score: score)
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        if let filter, try filter.matcher(in: segment).score(of: doc) == nil {
            return .noMatch("\(text) doesn't match id \(doc)")
        }
        let details =
            score == 1 ? [] : [Explanation(Double(score), "boost")]
        return Explanation(Double(score), score == 1 ? text : "\(text)^\(score)", details)
    }
}

final class BoundNone: BoundQuery {
    private let reason: String

    init(_ reason: String) { self.reason = reason }

    func matcher(in segment: SegmentContext) throws -> Matcher { NoneMatcher() }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        .noMatch("MatchNoDocsQuery(\"\(reason)\") doesn't match id \(doc)")
    }
}

/// Documents of a filter: not scored, its bits kept from one search to the next.
final class BoundFilter: BoundQuery {
    private let query: AnalyzedQuery
    private let cache: FilterCache?
    private let clock: SearchClock
    private let make: (SegmentContext) throws -> Matcher

    init(
        _ query: AnalyzedQuery, cache: FilterCache?, clock: SearchClock,
        _ make: @escaping (SegmentContext) throws -> Matcher
    ) {
        self.query = query
        self.cache = cache
        self.clock = clock
        self.make = make
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        guard let cache else { return try make(segment) }
        return try cache.matcher(for: query, in: segment, clock) { try make(segment) }
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        let text = query.text()
        guard try matcher(in: segment).score(of: doc) != nil else {
            return .noMatch("\(text) doesn't match id \(doc)")
        }
        return Explanation(0, text)
    }
}

/// What a subclass of `Matcher` scores by itself, explained by the number alone.
final class BoundMatcher: BoundQuery {
    private let text: String
    private let make: (SegmentContext) throws -> Matcher
    private let reasons: ((Int, SegmentContext, Float) throws -> Explanation)?

    init(
        _ text: String,
        explaining reasons: ((Int, SegmentContext, Float) throws -> Explanation)? = nil,
        _ make: @escaping (SegmentContext) throws -> Matcher
    ) {
        self.text = text
        self.make = make
        self.reasons = reasons
    }

    func matcher(in segment: SegmentContext) throws -> Matcher { try make(segment) }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        guard let score = try make(segment).score(of: doc) else {
            return .noMatch("\(text) doesn't match id \(doc)")
        }
        return try reasons?(doc, segment, score) ?? Explanation(Double(score), text)
    }
}

// MARK: Compound

final class BoundBoolean: BoundQuery {
    struct Clause {
        var occur: AnalyzedBoolean.Occur
        var query: any BoundQuery
        var text: String
    }

    private let clauses: [Clause]
    private let minimumShouldMatch: Int

    init(_ clauses: [Clause], minimumShouldMatch: Int) {
        self.clauses = clauses
        self.minimumShouldMatch = minimumShouldMatch
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        func matchers(_ occur: AnalyzedBoolean.Occur) throws -> [Matcher] {
            try clauses.filter { $0.occur == occur }.map { try $0.query.matcher(in: segment) }
        }
        let must = try matchers(.must)
        let filter = try matchers(.filter)
        if (must + filter).contains(where: { $0 is NoneMatcher }) { return NoneMatcher() }
        var should = try matchers(.should)
        if minimumShouldMatch <= 1 { should.removeAll { $0 is NoneMatcher } }
        let mustNot = try matchers(.mustNot).filter { !($0 is NoneMatcher) }
        if must.isEmpty, filter.isEmpty, should.count < max(1, minimumShouldMatch) {
            return NoneMatcher()
        }
        if mustNot.isEmpty, filter.isEmpty {
            if must.isEmpty, should.count == 1 { return should[0] }
            if should.isEmpty, must.count == 1, minimumShouldMatch == 0 { return must[0] }
        }
        return BooleanMatcher(
            must: must, filter: filter, should: should, mustNot: mustNot,
            minimumShouldMatch: minimumShouldMatch == 0 ? nil : minimumShouldMatch)
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        var sum = 0.0
        var parts: [Explanation] = []
        var failure: Explanation?
        var optional = 0
        var hasRequired = false
        for clause in clauses {
            let part = try clause.query.explain(doc, in: segment)
            switch clause.occur {
            case .must:
                hasRequired = true
                guard part.isMatch else {
                    failure = .noMatch("no match on required clause (\(clause.text))", [part])
                    break
                }
                parts.append(part)
                sum += Double(Float(part.value))
            case .filter:
                hasRequired = true
                guard part.isMatch else {
                    failure = .noMatch("no match on required clause (\(clause.text))", [part])
                    break
                }
                parts.append(
                    Explanation(
                        0, "match on required clause, product of:",
                        [
                            Explanation(0, "# clause"),
                            Explanation(part.value, part.description, part.details),
                        ]))
            case .should:
                if part.isMatch {
                    optional += 1
                    parts.append(part)
                    sum += Double(Float(part.value))
                }
            case .mustNot:
                if part.isMatch {
                    failure = .noMatch("match on prohibited clause (\(clause.text))", [part])
                }
            }
        }
        if let failure {
            return .noMatch(
                "Failure to meet condition(s) of required/prohibited clause(s)", [failure])
        }
        let least = minimumShouldMatch > 0 ? minimumShouldMatch : hasRequired ? 0 : 1
        guard optional >= least else {
            return .noMatch(
                optional == 0
                    ? "No matching clauses"
                    : "Failure to match minimum number of optional clauses: \(least)", parts)
        }
        return Explanation(Double(Float(sum)), "sum of:", parts)
    }
}

final class BoundDisMax: BoundQuery {
    private let clauses: [any BoundQuery]
    private let tieBreaker: Float

    init(_ clauses: [any BoundQuery], tieBreaker: Float) {
        self.clauses = clauses
        self.tieBreaker = tieBreaker
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        let matchers = try clauses.map { try $0.matcher(in: segment) }
            .filter { !($0 is NoneMatcher) }
        switch matchers.count {
        case 0: return NoneMatcher()
        case 1: return matchers[0]
        default: return DisjunctionMaxMatcher(matchers, tieBreaker: tieBreaker)
        }
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        let parts = try clauses.map { try $0.explain(doc, in: segment) }.filter(\.isMatch)
        if parts.isEmpty { return .noMatch("No matching clause") }
        var best: Float = 0
        var others = 0.0
        for part in parts {
            let score = Float(part.value)
            if score >= best {
                others += Double(best)
                best = score
            } else {
                others += Double(score)
            }
        }
        let score = Float(Double(best) + others * Double(tieBreaker))
        let text = tieBreaker == 0 ? "max of:" : "max plus \(tieBreaker) times others of:"
        return Explanation(Double(score), text, parts)
    }
}

final class BoundBoosting: BoundQuery {
    private let positive: any BoundQuery
    private let negative: any BoundQuery
    private let factor: Float

    init(_ positive: any BoundQuery, _ negative: any BoundQuery, factor: Float) {
        self.positive = positive
        self.negative = negative
        self.factor = factor
    }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        let demoted = try negative.matcher(in: segment)
        let factor = factor
        return RescoringMatcher(try positive.matcher(in: segment)) { doc, score in
            demoted.score(of: doc) == nil ? score : score * factor
        }
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        let part = try positive.explain(doc, in: segment)
        guard part.isMatch, try negative.matcher(in: segment).score(of: doc) != nil else {
            return part
        }
        return Explanation(
            Double(Float(part.value) * factor), "product of:",
            [part, Explanation(Double(factor), "negative_boost, a demoted clause matches")])
    }
}
