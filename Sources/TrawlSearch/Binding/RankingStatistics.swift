package import TrawlIndex
package import TrawlPostings
internal import TrawlQuery
package import TrawlSegment

/// Counts that scores depend on: how many documents have a field, how long they are, how many
/// have a term. Sums of integers, so that those of many shards add up to the same floats as if
/// all documents lay in one.
package struct RankingStatistics: Sendable, Equatable, Codable {
    package struct TermKey: Sendable, Hashable, Codable {
        package var field: String
        package var term: [UInt8]
    }

    /// A term that stands for a pattern, how much it counts, and how many documents have it.
    package struct ExpandedTerm: Sendable, Hashable, Codable {
        package var term: [UInt8]
        package var boost: Float
        package var docFrequency: Int
    }

    package var fields: [String: FieldStatistics] = [:]
    package var docFrequencies: [TermKey: Int] = [:]
    package var expansions: [TermExpansion: [ExpandedTerm]] = [:]

    package init() {}

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.fields.merge(right.fields) { $0 + $1 }
        sum.docFrequencies.merge(right.docFrequencies) { $0 + $1 }
        for (expansion, terms) in right.expansions {
            var known = Dictionary(
                (sum.expansions[expansion] ?? []).map { ($0.term, $0) },
                uniquingKeysWith: { a, _ in a })
            for term in terms {
                var entry = known[term.term] ?? term
                if known[term.term] != nil { entry.docFrequency += term.docFrequency }
                known[term.term] = entry
            }
            sum.expansions[expansion] = expansion.best(of: Array(known.values))
        }
        return sum
    }
}

extension TermExpansion {
    /// The terms that count most, in the order of their bytes.
    func best(of terms: [RankingStatistics.ExpandedTerm]) -> [RankingStatistics.ExpandedTerm] {
        let limit: Int
        switch rewrite {
        case .topTerms(let count), .topTermsBoost(let count), .topTermsBlended(let count):
            limit = count
        default: limit = .max
        }
        var terms = terms
        if terms.count > limit {
            terms.sort {
                $0.boost == $1.boost
                    ? $0.term.lexicographicallyPrecedes($1.term) : $0.boost > $1.boost
            }
            terms.removeLast(terms.count - limit)
        }
        return terms.sorted { $0.term.lexicographicallyPrecedes($1.term) }
    }
}

/// Where a search takes its counts from: what was gathered over all shards, or the snapshot.
package final class StatisticsSource {
    private let snapshot: Snapshot
    /// Segments, then nested documents: by `SegmentContext.index`.
    private let views: [SegmentView]
    private let given: RankingStatistics?
    private let clock: SearchClock
    private var found: [RankingStatistics.TermKey: [TermEntry?]] = [:]
    /// Everything that was asked: what another shard has to be asked, too.
    package private(set) var recorded = RankingStatistics()

    package init(
        _ snapshot: Snapshot, given: RankingStatistics? = nil, clock: SearchClock = SearchClock()
    ) {
        self.snapshot = snapshot
        views = snapshot.everything
        self.given = given
        self.clock = clock
    }

    package func field(_ name: String) -> FieldStatistics {
        if let known = recorded.fields[name] { return known }
        let found: FieldStatistics
        if let known = given?.fields[name] {
            found = known
        } else {
            found = snapshot.statistics(of: name)
        }
        recorded.fields[name] = found
        return found
    }

    /// All living documents, nested ones included.
    package var documentCount: Int {
        // Kept among the fields, under a name that none has.
        let name = "*"
        if let known = recorded.fields[name] { return Int(known.docCount) }
        let count =
            given?.fields[name]?.docCount ?? Int64(views.reduce(0) { $0 + $1.liveCount })
        recorded.fields[name] = FieldStatistics(docCount: count, totalLength: 0)
        return Int(count)
    }

    package func docFrequency(_ field: String, _ term: [UInt8]) throws -> Int {
        let key = RankingStatistics.TermKey(field: field, term: term)
        if let known = recorded.docFrequencies[key] { return known }
        let found = try given?.docFrequencies[key] ?? count(key)
        recorded.docFrequencies[key] = found
        return found
    }

    /// Where the term is, by segment of the snapshot: looked up once for statistics and search.
    package func entries(_ field: String, _ term: [UInt8]) throws -> [TermEntry?] {
        try entries(.init(field: field, term: term))
    }

    private func entries(_ key: RankingStatistics.TermKey) throws -> [TermEntry?] {
        if let known = found[key] { return known }
        let dictionaries = views.map { $0.field(key.field)?.postings }
        let entries = try TermsLookup.find([key.term], in: dictionaries)
        found[key] = entries
        return entries
    }

    private func count(_ key: RankingStatistics.TermKey) throws -> Int {
        var sum = 0
        for (segment, entry) in zip(views, try entries(key)) {
            guard let entry, let field = segment.field(key.field) else { continue }
            sum += try segment.docFrequency(of: key.term, entry, in: field)
        }
        return sum
    }

    /// The terms of living documents that stand for a pattern.
    package func terms(_ expansion: TermExpansion) throws -> [RankingStatistics.ExpandedTerm] {
        if let known = recorded.expansions[expansion] { return known }
        let found = try given?.expansions[expansion] ?? walk(expansion)
        recorded.expansions[expansion] = found
        return found
    }

    private func walk(
        _ expansion: TermExpansion
    ) throws -> [RankingStatistics.ExpandedTerm] {
        var found: [[UInt8]: Float] = [:]
        let walker = TermWalker(expansion, clock)
        for segment in views {
            guard let postings = segment.field(expansion.field)?.postings else { continue }
            try walker.forEachTerm(of: postings) { term, _, boost in
                found[Array(term)] = boost
                return true
            }
        }
        var terms: [RankingStatistics.ExpandedTerm] = []
        // By weight first: of a thousand terms only the best need to be counted.
        let candidates = expansion.best(
            of: found.map { .init(term: $0.key, boost: $0.value, docFrequency: 0) })
        for var term in candidates {
            term.docFrequency = try snapshot.docFrequency(of: term.term, in: expansion.field)
            if term.docFrequency > 0 { terms.append(term) }
        }
        if terms.count < candidates.count, candidates.count < found.count {
            // Some of the best were dead: count them all.
            terms = []
            for (term, boost) in found {
                let count = try snapshot.docFrequency(of: term, in: expansion.field)
                if count > 0 {
                    terms.append(.init(term: term, boost: boost, docFrequency: count))
                }
            }
            terms = expansion.best(of: terms)
        }
        return terms
    }
}
