package import TrawlQuery

/// Stretches of a field's positions, as an `intervals` query asks for them once its texts are
/// analysed. Each case stands for the least stretches that hold it: none lies in another.
///
/// See Clarke, Cormack, Burkowski, "An algebra for structured text search" (1995), and how Lucene
/// has it. Where the length of a part decides, alternatives inside are pulled to the outside when
/// the source is made: the least stretches of `(a | a b)` are those of `a`, and before `c` the
/// longer way may be the one that fits.
package indirect enum IntervalSource: Sendable, Hashable {
    case none
    case term(field: String, term: [UInt8])
    /// Every term that fits; too many of them are an error that shows the text.
    case expansion(TermExpansion, limit: Int, text: String)
    /// One after the other, nothing between.
    case block([IntervalSource])
    case ordered([IntervalSource])
    /// In any order, and over each other, too.
    case unordered([IntervalSource])
    /// As often, at different places.
    case repeated(IntervalSource, count: Int)
    case anyOf([IntervalSource])
    case maxGaps(Int, IntervalSource)
    /// So many positions more.
    case extended(IntervalSource, before: Int, after: Int)
    case related(IntervalSource, IntervalFilter.Relation, IntervalSource)
}

extension IntervalSource {
    static let maxAlternatives = 1024

    // MARK: Making

    static func either(_ sources: [IntervalSource]) -> IntervalSource {
        var all: [IntervalSource] = []
        var seen: Set<IntervalSource> = []
        for source in sources {
            switch source {
            case .anyOf(let inner): all += inner.filter { seen.insert($0).inserted }
            case .none: break
            default: if seen.insert(source).inserted { all.append(source) }
            }
        }
        return all.isEmpty ? .none : all.count == 1 ? all[0] : .anyOf(all)
    }

    static func combining(
        _ sources: [IntervalSource], _ combination: IntervalRule.Combination
    ) throws(QueryError) -> IntervalSource {
        if sources.count > maxAlternatives { throw .tooManyClauses(limit: maxAlternatives) }
        if sources.isEmpty || sources.contains(.none) { return .none }
        if sources.count == 1 { return sources[0] }
        if combination.maxGaps == 0, combination.mode == .ordered {
            let ways = try product(
                sources.map { source throws(QueryError) in
                    try source.alternatives()
                })
            return either(ways.map { .block($0) })
        }
        let inner: IntervalSource
        switch combination.mode {
        case .ordered: inner = .ordered(sources)
        case .unordered: inner = together(sources)
        case .apart:
            inner = sources.dropFirst().reduce(sources[0]) {
                either([.ordered([$0, $1]), .ordered([$1, $0])])
            }
        }
        guard let gaps = combination.maxGaps else { return inner }
        return either(try inner.alternatives().map { .maxGaps(gaps, $0) })
    }

    /// Equal sources are asked for at different places.
    private static func together(_ sources: [IntervalSource]) -> IntervalSource {
        var counts: [(source: IntervalSource, count: Int)] = []
        var places: [IntervalSource: Int] = [:]
        for source in sources {
            if let place = places[source] {
                counts[place].count += 1
            } else {
                places[source] = counts.count
                counts.append((source, 1))
            }
        }
        let distinct = counts.map { entry in
            entry.count == 1 ? entry.source : .repeated(entry.source, count: entry.count)
        }
        return distinct.count == 1 ? distinct[0] : .unordered(distinct)
    }

    func related(
        _ relation: IntervalFilter.Relation, to other: IntervalSource
    ) throws(QueryError) -> IntervalSource {
        if self == .none { return .none }
        // Whichever of the others is the larger one may be the one that fits.
        let others = relation == .containedBy ? try other.alternatives() : [other]
        var all: [IntervalSource] = []
        for own in try alternatives() {
            for other in others { all.append(.related(own, relation, other)) }
        }
        return Self.either(all)
    }

    /// The same with no alternatives inside, as far as their lengths could matter.
    func alternatives() throws(QueryError) -> [IntervalSource] {
        switch self {
        case .anyOf(let sources):
            var all: [IntervalSource] = []
            for source in sources { all += try source.alternatives() }
            return all
        case .block(let sources): return try Self.ways(sources) { .block($0) }
        case .ordered(let sources): return try Self.ways(sources) { .ordered($0) }
        case .unordered(let sources): return try Self.ways(sources) { .unordered($0) }
        case .maxGaps(let gaps, let inner):
            return try inner.alternatives().map { .maxGaps(gaps, $0) }
        case .extended(let inner, let before, let after):
            return try inner.alternatives().map { .extended($0, before: before, after: after) }
        case .related(let inner, let relation, let other):
            return try inner.alternatives().map { .related($0, relation, other) }
        case .none, .term, .expansion, .repeated: return [self]
        }
    }

    private static func ways(
        _ sources: [IntervalSource], _ make: ([IntervalSource]) -> IntervalSource
    ) throws(QueryError) -> [IntervalSource] {
        try product(sources.map { source throws(QueryError) in try source.alternatives() }).map(
            make)
    }

    private static func product(
        _ choices: [[IntervalSource]]
    ) throws(QueryError) -> [[IntervalSource]] {
        var all: [[IntervalSource]] = [[]]
        for choice in choices {
            guard all.count * choice.count <= maxAlternatives else {
                throw .tooManyClauses(limit: maxAlternatives)
            }
            all = all.flatMap { head in choice.map { head + [$0] } }
        }
        return all
    }

    // MARK: Asking

    /// No stretch is shorter.
    var minExtent: Int {
        switch self {
        case .none: 0
        case .term, .expansion: 1
        case .block(let sources), .ordered(let sources), .unordered(let sources):
            sources.reduce(0) { $0 + $1.minExtent }
        case .repeated(let source, let count): source.minExtent * count
        case .anyOf(let sources): sources.map(\.minExtent).min() ?? 0
        case .maxGaps(_, let inner): inner.minExtent
        case .extended(let inner, let before, let after):
            min(inner.minExtent + before + after, Int(Int32.max))
        case .related(let inner, let relation, let other):
            relation == .containing ? max(inner.minExtent, other.minExtent) : inner.minExtent
        }
    }

    /// The terms and expansions that a stretch is made of.
    func forEachLeaf(_ body: (IntervalSource) -> Void) {
        switch self {
        case .none: break
        case .term, .expansion: body(self)
        case .block(let sources), .ordered(let sources), .unordered(let sources),
            .anyOf(let sources):
            for source in sources { source.forEachLeaf(body) }
        case .repeated(let inner, _), .maxGaps(_, let inner), .extended(let inner, _, _),
            .related(let inner, _, _):
            inner.forEachLeaf(body)
        }
    }

    var text: String {
        func list(_ sources: [IntervalSource]) -> String {
            sources.map(\.text).joined(separator: ",")
        }
        switch self {
        case .none: return "NOMATCH()"
        case .term(_, let term): return String(decoding: term, as: UTF8.self)
        case .expansion(_, _, let text): return "MultiTerm(\(text))"
        case .block(let sources): return "BLOCK(\(list(sources)))"
        case .ordered(let sources): return "ORDERED(\(list(sources)))"
        case .unordered(let sources): return "UNORDERED(\(list(sources)))"
        case .repeated(let inner, let count): return "\(inner.text),\(count)"
        case .anyOf(let sources): return "or(\(list(sources)))"
        case .maxGaps(let gaps, let inner): return "MAXGAPS/\(gaps)(\(inner.text))"
        case .extended(let inner, let before, let after):
            return "EXTEND(\(inner.text),\(before),\(after))"
        case .related(let inner, let relation, let other):
            return "\(relation.rawValue.uppercased())(\(inner.text),\(other.text))"
        }
    }
}

/// Spans of positions, once texts are analysed. Unlike intervals, a source may give spans that lie
/// in each other, as Lucene's span queries do.
package indirect enum SpanSource: Sendable, Hashable {
    case term(field: String, term: [UInt8])
    case expansion(TermExpansion)
    case near([SpanSource], slop: Int, inOrder: Bool)
    case or([SpanSource])
    case not(include: SpanSource, exclude: SpanSource, before: Int, after: Int)
    case first(SpanSource, end: Int)
    case containing(big: SpanSource, little: SpanSource)
    case within(big: SpanSource, little: SpanSource)

    /// Terms and expansions that count for the score.
    func forEachLeaf(_ body: (SpanSource) throws -> Void) rethrows {
        switch self {
        case .term, .expansion: try body(self)
        case .near(let clauses, _, _), .or(let clauses):
            for clause in clauses { try clause.forEachLeaf(body) }
        case .not(let include, _, _, _): try include.forEachLeaf(body)
        case .first(let inner, _): try inner.forEachLeaf(body)
        case .containing(let big, let little), .within(let big, let little):
            try big.forEachLeaf(body)
            try little.forEachLeaf(body)
        }
    }

    /// The same with other leaves.
    func mapLeaves(_ body: (SpanSource) throws -> SpanSource) rethrows -> SpanSource {
        switch self {
        case .term, .expansion: return try body(self)
        case .near(let clauses, let slop, let inOrder):
            return .near(try clauses.map { try $0.mapLeaves(body) }, slop: slop, inOrder: inOrder)
        case .or(let clauses): return .or(try clauses.map { try $0.mapLeaves(body) })
        case .not(let include, let exclude, let before, let after):
            return .not(
                include: try include.mapLeaves(body), exclude: try exclude.mapLeaves(body),
                before: before, after: after)
        case .first(let inner, let end): return .first(try inner.mapLeaves(body), end: end)
        case .containing(let big, let little):
            return .containing(big: try big.mapLeaves(body), little: try little.mapLeaves(body))
        case .within(let big, let little):
            return .within(big: try big.mapLeaves(body), little: try little.mapLeaves(body))
        }
    }

    var text: String {
        func list(_ clauses: [SpanSource]) -> String {
            clauses.map(\.text).joined(separator: ", ")
        }
        switch self {
        case .term(let field, let term): return "\(field):\(String(decoding: term, as: UTF8.self))"
        case .expansion(let expansion):
            return "SpanMultiTermQueryWrapper(\(AnalyzedQuery.expansion(expansion).text()))"
        case .near(let clauses, let slop, let inOrder):
            return "spanNear([\(list(clauses))], \(slop), \(inOrder))"
        case .or(let clauses): return "spanOr([\(list(clauses))])"
        case .not(let include, let exclude, let before, let after):
            return "spanNot(\(include.text), \(exclude.text), \(before), \(after))"
        case .first(let inner, let end): return "spanFirst(\(inner.text), \(end))"
        case .containing(let big, let little): return "SpanContaining(\(big.text), \(little.text))"
        case .within(let big, let little): return "SpanWithin(\(big.text), \(little.text))"
        }
    }
}
