internal import TrawlBytes
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `nested`: documents by the objects of a nested field in them, scored by what those score.
///
/// The objects of a document follow each other, so one walk over the objects that match gives the
/// documents in order. Scores are added as Lucene's block join adds them: in double, in order.
final class BoundNested: BoundQuery {
    private let nested: AnalyzedNested
    private let inner: any BoundQuery
    private let text: String
    private let clock: SearchClock

    init(
        _ nested: AnalyzedNested, _ inner: any BoundQuery, text: String, clock: SearchClock
    ) {
        self.nested = nested
        self.inner = inner
        self.text = text
        self.clock = clock
    }

    private var isScored: Bool { nested.scoreMode != .none }

    func matcher(in segment: SegmentContext) throws -> Matcher {
        guard let objects = segment.objects else { return NoneMatcher() }
        var docs: [DocNumber] = []
        var scores: [Float] = []
        var sum = JoinedScore()
        let owner = Owner(nested.scope, of: objects)
        try NestedMatches(inner, path: nested.path, in: objects)?
            .forEach(scored: isScored, clock) { object, score in
                guard let doc = owner.doc(of: object) else { return }
                if docs.last != DocNumber(doc) {
                    if !docs.isEmpty { scores.append(sum.value(nested.scoreMode)) }
                    docs.append(DocNumber(doc))
                    sum = JoinedScore()
                }
                sum.add(score)
            }
        if docs.isEmpty { return NoneMatcher() }
        scores.append(sum.value(nested.scoreMode))
        return isScored ? ScoredListMatcher(docs, scores: scores) : DocListMatcher(docs)
    }

    func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
        guard let objects = segment.objects,
            let matches = try NestedMatches(inner, path: nested.path, in: objects)
        else { return .noMatch("Not a match") }
        let range = segment.nestedRange(of: doc)
        var sum = JoinedScore()
        var best: (object: Int, score: Float)?
        for object in range {
            guard let score = matches.score(of: object) else { continue }
            sum.add(score)
            if best.map({ score > $0.score }) ?? true { best = (object, score) }
        }
        guard let best else { return .noMatch("Not a match") }
        return Explanation(
            Double(sum.value(nested.scoreMode)),
            "Score based on \(sum.count) child docs in range from \(range.lowerBound) to "
                + "\(range.upperBound - 1), using score mode \(nested.scoreMode.luceneName)",
            [try inner.explain(best.object, in: objects)])
    }

    /// The documents of a scope that objects are in.
    private struct Owner {
        private let objects: SegmentContext
        private let isRoot: Bool
        private let ordinal: Int?

        init(_ scope: String?, of objects: SegmentContext) {
            self.objects = objects
            isRoot = scope == nil
            ordinal = scope.flatMap { objects.tree.ordinal(ofPath: $0) }
        }

        func doc(of object: Int) -> Int? {
            if isRoot { return objects.root(of: object) }
            return ordinal.flatMap { objects.tree.ancestor(of: object, pathOrdinal: $0) }
        }
    }
}

/// What the scores of a document's objects come to.
private struct JoinedScore {
    private(set) var count = 0
    private var sum = 0.0
    private var least = Double.infinity
    private var greatest = -Double.infinity

    mutating func add(_ score: Float) {
        count += 1
        sum += Double(score)
        least = min(least, Double(score))
        greatest = max(greatest, Double(score))
    }

    func value(_ mode: NestedQuery.ScoreMode) -> Float {
        switch mode {
        case .none: 0
        case .avg: Float(sum / Double(count))
        case .sum: Float(sum)
        case .min: Float(least)
        case .max: Float(greatest)
        }
    }
}

extension NestedQuery.ScoreMode {
    fileprivate var luceneName: String {
        switch self {
        case .none: "None"
        case .avg: "Avg"
        case .sum: "Total"
        case .min: "Min"
        case .max: "Max"
        }
    }
}

/// The living objects of one path in one segment that a query matches.
struct NestedMatches {
    private let objects: SegmentContext
    private let ofPath: FixedBitSet
    private let matcher: Matcher

    /// Nil when the segment has no such object.
    init?(_ query: any BoundQuery, path: String, in objects: SegmentContext) throws {
        guard let ofPath = try objects.documents(ofPath: path) else { return nil }
        self.objects = objects
        self.ofPath = ofPath
        matcher = try query.matcher(in: objects)
    }

    func score(of object: Int) -> Float? {
        guard ofPath.contains(object), objects.view.isLive(object) else { return nil }
        return matcher.score(of: object)
    }

    /// In order.
    func forEach(
        scored: Bool, _ clock: SearchClock, _ body: (_ object: Int, _ score: Float) throws -> Void
    ) throws {
        try MatchWalk(matcher, in: objects, among: ofPath).forEach(scored: scored, clock, body)
    }
}

/// All living documents of a segment that a matcher has, from first to last.
struct MatchWalk {
    private let matcher: Matcher
    private let segment: SegmentContext
    private let set: FixedBitSet?

    init(_ matcher: Matcher, in segment: SegmentContext, among set: FixedBitSet?) {
        self.matcher = matcher
        self.segment = segment
        self.set = set
    }

    func forEach(
        scored: Bool, _ clock: SearchClock, _ body: (_ doc: Int, _ score: Float) throws -> Void
    ) throws {
        let limit = DocNumber(segment.docCount)
        let room = WindowRoom()
        var next: DocNumber = 0
        while next < limit {
            let candidate = matcher.candidate(from: next)
            if candidate >= limit { break }
            let base = candidate & ~63
            let window = DocWindow(base: base, end: min(limit, base + DocWindow.capacity))
            next = base + DocWindow.capacity
            try clock.check(after: window.docCount)
            room.clearBits()
            unsafe matcher.match(window, room.bits)
            if let set { mask(window, room, set) }
            if let live = segment.view.liveBits { mask(window, room, live) }
            if scored {
                unsafe room.sums.update(repeating: 0, count: window.docCount)
                unsafe matcher.addScores(window, ofMatches: room.bits, to: room.sums)
            }
            for word in 0..<window.wordCount {
                var rest = unsafe room.bits[word]
                while rest != 0 {
                    let bit = word * 64 + rest.trailingZeroBitCount
                    rest &= rest - 1
                    try unsafe body(Int(base) + bit, scored ? Float(room.sums[bit]) : 0)
                }
            }
        }
        try matcher.check()
    }

    private func mask(_ window: DocWindow, _ room: WindowRoom, _ set: FixedBitSet) {
        let first = Int(window.base >> 6)
        for word in 0..<window.wordCount { unsafe room.bits[word] &= set.words[first + word] }
    }
}

/// Objects of a nested field that other things than queries take values from.
final class NestedObjects {
    private let filters: [(path: String, query: (any BoundQuery)?)]
    private let maxChildren: Int
    private let clock: SearchClock

    /// - Parameter filters: From the outermost path to that of the objects.
    init(
        _ filters: [(path: String, query: (any BoundQuery)?)], maxChildren: Int?,
        clock: SearchClock
    ) {
        self.filters = filters
        self.maxChildren = maxChildren ?? .max
        self.clock = clock
    }

    struct InSegment {
        fileprivate let bits: FixedBitSet?
        fileprivate let segment: SegmentContext
        fileprivate let maxChildren: Int

        /// The objects in a document.
        func docs(of doc: Int) -> [Int] {
            guard let bits else { return [] }
            return Array(
                segment.nestedRange(of: doc).lazy.filter { bits.contains($0) }
                    .prefix(maxChildren))
        }
    }

    func inSegment(_ segment: SegmentContext) throws -> InSegment {
        var bits: FixedBitSet?
        if let objects = segment.objects {
            var around: FixedBitSet?
            for (place, filter) in filters.enumerated() {
                let ordinal =
                    place == 0 ? nil : objects.tree.ordinal(ofPath: filters[place - 1].path)
                var own = FixedBitSet(bitCount: objects.docCount)
                func add(_ doc: Int) {
                    if let around {
                        guard let ordinal,
                            let outer = objects.tree.ancestor(of: doc, pathOrdinal: ordinal),
                            around.contains(outer)
                        else { return }
                    }
                    own.insert(doc)
                }
                if let query = filter.query {
                    try NestedMatches(query, path: filter.path, in: objects)?
                        .forEach(scored: false, clock) { doc, _ in add(doc) }
                } else if let all = try objects.documents(ofPath: filter.path) {
                    for doc in 0..<objects.docCount where all.contains(doc) { add(doc) }
                }
                around = own
            }
            bits = around
        }
        return InSegment(bits: bits, segment: segment, maxChildren: maxChildren)
    }
}

extension Searcher {
    /// - Parameter scope: The nested field whose objects are sorted; nil for whole documents.
    func sortPlan(
        _ keys: [SortKey], _ conditions: Conditions, scope: String? = nil
    ) throws -> SortPlan {
        try SortPlan(keys, mapping: mapping, scope: scope) { nested in
            let binder = binder(conditions)
            var filters: [(path: String, query: (any BoundQuery)?)] = []
            var current: SortKey.Nested? = nested
            var least: Int?
            while let own = current {
                guard mapping.object(own.path)?.nested != nil else {
                    throw QueryError.queryShard(
                        "[nested] failed to find nested object under path [\(own.path)]")
                }
                let analyzer = analyzer(now: conditions.now).within(own.path)
                filters.append(
                    (
                        own.path,
                        try own.filter.map { try binder.filter(try analyzer.analyze($0)) }
                    ))
                least = own.maxChildren ?? least
                current = own.inner.first
            }
            return NestedObjects(filters, maxChildren: least, clock: conditions.clock)
        }
    }
}
