internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSegment

/// Lists of a segment's terms, whose positions are asked document by document.
private struct TermLists {
    let lists: [PostingsList]

    init(_ lists: [PostingsList]) { self.lists = lists }

    func positions(in doc: Int) -> [Int] {
        if lists.count == 1 { return lists[0].positions(in: UInt32(doc)).map { Int($0) } }
        let all = lists.flatMap { $0.positions(in: UInt32(doc)) }
        return Set(all).sorted().map { Int($0) }
    }

    func documents(_ docCount: Int, _ clock: SearchClock) throws -> FixedBitSet {
        var union = DocUnion(docCount: docCount)
        for list in lists { try union.add(list, clock) }
        return union.bits
    }
}

/// An interval source over one segment.
private final class IntervalNode {
    private let source: IntervalSource
    private var terms: TermLists?
    private var parts: [IntervalNode] = []
    /// Documents that may have a stretch.
    let candidates: FixedBitSet

    init(_ source: IntervalSource, _ segment: SegmentContext, _ clock: SearchClock) throws {
        self.source = source
        let docCount = segment.docCount
        func part(_ source: IntervalSource) throws -> IntervalNode {
            try IntervalNode(source, segment, clock)
        }
        func own(_ inner: [IntervalSource]) throws -> [IntervalNode] { try inner.map(part) }
        switch source {
        case .none: candidates = FixedBitSet(bitCount: docCount)
        case .term(let field, let term):
            var lists: [PostingsList] = []
            if let postings = segment.view.field(field)?.postings,
                let entry = try postings.find(term)
            {
                lists = [try postings.open(entry)]
            }
            let found = TermLists(lists)
            terms = found
            candidates = try found.documents(docCount, clock)
        case .expansion(let expansion, let limit, let text):
            var lists: [PostingsList] = []
            if let postings = segment.view.field(expansion.field)?.postings {
                try TermWalker(expansion, clock).forEachTerm(of: postings) { _, entry, _ in
                    guard lists.count < limit else {
                        throw QueryError(
                            type: "illegal_state_exception",
                            reason: "Automaton [\(text)] expanded to too many terms (limit "
                                + "\(limit))")
                    }
                    lists.append(try postings.open(entry))
                    return true
                }
            }
            let found = TermLists(lists)
            terms = found
            candidates = try found.documents(docCount, clock)
        case .block(let inner), .ordered(let inner), .unordered(let inner):
            parts = try own(inner)
            var all = parts[0].candidates
            for node in parts.dropFirst() { all.formIntersection(node.candidates) }
            candidates = all
        case .anyOf(let inner):
            parts = try own(inner)
            var all = parts[0].candidates
            for node in parts.dropFirst() { all.formUnion(node.candidates) }
            candidates = all
        case .repeated(let inner, _), .maxGaps(_, let inner), .extended(let inner, _, _):
            parts = try own([inner])
            candidates = parts[0].candidates
        case .related(let inner, let relation, let other):
            parts = try own([inner, other])
            var all = parts[0].candidates
            switch relation {
            case .notContaining, .notContainedBy, .notOverlapping: break
            default: all.formIntersection(parts[1].candidates)
            }
            candidates = all
        }
    }

    func intervals(in doc: Int) -> [Interval] {
        func all() -> [[Interval]] { parts.map { $0.intervals(in: doc) } }
        switch source {
        case .none: return []
        case .term, .expansion:
            guard candidates.contains(doc) else { return [] }
            return terms?.positions(in: doc).map { Interval($0, $0) } ?? []
        case .block: return IntervalLists.block(all())
        case .ordered: return IntervalLists.ordered(all())
        case .unordered: return IntervalLists.unordered(all())
        case .repeated(_, let count):
            return IntervalLists.repeated(parts[0].intervals(in: doc), count: count)
        case .anyOf: return IntervalLists.anyOf(all())
        case .maxGaps(let gaps, _):
            return parts[0].intervals(in: doc).filter { $0.gaps <= gaps }
        case .extended(_, let before, let after):
            return parts[0].intervals(in: doc).map {
                Interval(max(0, $0.start - before), $0.end + after, gaps: $0.gaps)
            }
        case .related(_, let relation, _):
            let others = parts[1].intervals(in: doc)
            return parts[0].intervals(in: doc).filter { own in
                switch relation {
                case .containing: others.contains { own.contains($0) }
                case .notContaining: !others.contains { own.contains($0) }
                case .containedBy: others.contains { $0.contains(own) }
                case .notContainedBy: !others.contains { $0.contains(own) }
                case .overlapping: others.contains { own.overlaps($0) }
                case .notOverlapping: !others.contains { own.overlaps($0) }
                case .before: others.contains { own.end < $0.start }
                case .after: others.contains { own.start > $0.end }
                }
            }
        }
    }
}

/// A span source over one segment; expansions are settled before.
private final class SpanNode {
    private let source: SpanSource
    private var terms: TermLists?
    private var parts: [SpanNode] = []
    let candidates: FixedBitSet

    init(_ source: SpanSource, _ segment: SegmentContext, _ clock: SearchClock) throws {
        self.source = source
        func own(_ inner: [SpanSource]) throws -> [SpanNode] {
            try inner.map { try SpanNode($0, segment, clock) }
        }
        func all(_ parts: [SpanNode]) -> FixedBitSet {
            var all = parts[0].candidates
            for node in parts.dropFirst() { all.formIntersection(node.candidates) }
            return all
        }
        switch source {
        case .term(let field, let term):
            var lists: [PostingsList] = []
            if let postings = segment.view.field(field)?.postings,
                let entry = try postings.find(term)
            {
                lists = [try postings.open(entry)]
            }
            let found = TermLists(lists)
            terms = found
            candidates = try found.documents(segment.docCount, clock)
        case .expansion: preconditionFailure("an expansion that was not settled")
        case .near(let clauses, _, _):
            parts = try own(clauses)
            candidates = all(parts)
        case .or(let clauses):
            parts = try own(clauses)
            var union = FixedBitSet(bitCount: segment.docCount)
            for node in parts { union.formUnion(node.candidates) }
            candidates = union
        case .not(let include, let exclude, _, _):
            parts = try own([include, exclude])
            candidates = parts[0].candidates
        case .first(let inner, _):
            parts = try own([inner])
            candidates = parts[0].candidates
        case .containing(let big, let little), .within(let big, let little):
            parts = try own([big, little])
            candidates = all(parts)
        }
    }

    func spans(in doc: Int) -> [PositionSpan] {
        func all() -> [[PositionSpan]] { parts.map { $0.spans(in: doc) } }
        switch source {
        case .term:
            guard candidates.contains(doc) else { return [] }
            return terms?.positions(in: doc).map { PositionSpan(start: $0, end: $0 + 1) } ?? []
        case .expansion: return []
        case .near(_, let slop, let inOrder):
            return inOrder
                ? SpanLists.ordered(all(), slop: slop) : SpanLists.unordered(all(), slop: slop)
        case .or: return SpanLists.or(all())
        case .not(_, _, let before, let after):
            let lists = all()
            return SpanLists.not(lists[0], lists[1], before: before, after: after)
        case .first(_, let end): return parts[0].spans(in: doc).filter { $0.end <= end }
        case .containing:
            let lists = all()
            return SpanLists.containing(lists[0], lists[1])
        case .within:
            let lists = all()
            return SpanLists.within(lists[0], lists[1])
        }
    }
}

extension QueryBinder {
    /// Calls back with the living documents of a set.
    private func forEachLive(
        _ candidates: FixedBitSet, _ segment: SegmentContext, _ body: (Int) -> Void
    ) throws {
        var next = candidates.next(from: 0)
        while let doc = next {
            // Positions of one document cost as much as a hundred documents without.
            try clock.check(after: 128)
            next = candidates.next(from: doc + 1)
            if segment.view.isLive(doc) { body(doc) }
        }
    }

    // MARK: Intervals

    /// Scored as Lucene does: by how many stretches there are and how much longer than need be,
    /// on the way to `boost`, which is never reached.
    func proximity(_ source: IntervalSource, _ text: String, _ boost: Float) -> any BoundQuery {
        let extent = source.minExtent
        func frequency(_ intervals: [Interval]) -> Float {
            intervals.reduce(Float(0)) { sum, interval in
                let length = interval.end - interval.start + 1
                return Float(Double(sum) + 1 / Double(max(length - extent + 1, 1)))
            }
        }
        func score(_ frequency: Float) -> Float { boost * (1 - 1 / (1 + frequency)) }
        return BoundMatcher(
            text,
            explaining: { [clock] doc, segment, value in
                let node = try IntervalNode(source, segment, clock)
                let found = frequency(node.intervals(in: doc))
                return Explanation(
                    Double(value),
                    "Saturation function on interval frequency, computed as w * S / (S + k) from:",
                    [
                        Explanation(Double(boost), "w, weight of this function"),
                        Explanation(
                            1,
                            "k, pivot feature value that would give a score contribution equal to "
                                + "w/2"),
                        Explanation(Double(found), "S, feature value"),
                    ])
            }
        ) { [self] segment in
            let node = try IntervalNode(source, segment, clock)
            var docs: [DocNumber] = []
            var scores: [Float] = []
            try forEachLive(node.candidates, segment) { doc in
                let found = frequency(node.intervals(in: doc))
                if found > 0 {
                    docs.append(DocNumber(doc))
                    scores.append(score(found))
                }
            }
            return docs.isEmpty ? NoneMatcher() : ScoredListMatcher(docs, scores: scores)
        }
    }

    // MARK: Spans

    /// Scored as one term: its idf is the sum of all terms', its frequency counts every span, the
    /// less the wider it is.
    func spans(
        _ field: String, _ source: SpanSource, _ text: String, _ boost: Float
    ) throws -> any BoundQuery {
        struct Term: Hashable {
            var field: String
            var term: [UInt8]
        }
        let settled = try source.mapLeaves { leaf in
            guard case .expansion(var expansion) = leaf else { return leaf }
            switch expansion.rewrite {
            case .constantScore, .constantScoreBoolean: expansion.rewrite = .scoringBoolean
            default: break
            }
            let terms = try statistics.terms(expansion)
            if terms.count > maxClauseCount {
                throw QueryError.tooManyClauses(limit: maxClauseCount)
            }
            let field = expansion.field
            return .or(terms.map { .term(field: field, term: $0.term) })
        }
        var terms: Set<Term> = []
        settled.forEachLeaf { leaf in
            if case .term(let field, let term) = leaf {
                terms.insert(Term(field: field, term: term))
            }
        }
        let weigher = weigher(field)
        var idfs: [Explanation] = []
        let order = terms.sorted {
            $0.field == $1.field
                ? $0.term.lexicographicallyPrecedes($1.term) : $0.field < $1.field
        }
        for term in order {
            let count = try statistics.docFrequency(term.field, term.term)
            if count > 0 { idfs.append(ScoreReasons.idf(weigher, docFrequency: count)) }
        }
        if idfs.isEmpty { return BoundNone("no term of the spans is there") }
        return BoundFrequencies(
            text: text, field: field, boost: boost, weigher: weigher, idfs: idfs, what: "phraseFreq"
        ) { [self] segment, _ in
            let node = try SpanNode(settled, segment, clock)
            var found: [(doc: UInt32, Float)] = []
            try forEachLive(node.candidates, segment) { doc in
                let frequency = node.spans(in: doc).reduce(Float(0)) {
                    Float(Double($0) + 1 / (1 + Double($1.width)))
                }
                if frequency > 0 { found.append((UInt32(doc), frequency)) }
            }
            return found
        }
    }
}
