internal import TrawlBytes
internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery

/// Watches a search clause by clause: how long each took to bind, to open, to match and to score,
/// and how often.
///
/// A search that is watched goes window by window: the engine's ways for whole shapes of queries
/// have no clauses to watch.
final class Profiler {
    final class Node {
        let type: String
        let description: String
        fileprivate(set) var children: [Node] = []
        fileprivate var bind = Duration.zero
        fileprivate var open = Duration.zero
        fileprivate var match = Duration.zero
        fileprivate var score = Duration.zero
        fileprivate var openCount = 0
        fileprivate var matchCount = 0
        fileprivate var scoreCount = 0
        /// Windows of documents that no bound let through, and documents that were scored.
        fileprivate var skipCount = 0
        fileprivate var scoredDocCount = 0

        fileprivate init(_ query: AnalyzedQuery) {
            type = query.luceneName
            description = query.text()
        }

        /// As `profile` of the API shows a query.
        var json: JSONValue {
            func nanos(_ duration: Duration) -> JSONValue {
                let parts = duration.components
                return JSONValue(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
            }
            var result: JSONValue = [
                "type": .string(type), "description": .string(description),
                "time_in_nanos": nanos(bind + open + match + score),
                "breakdown": [
                    "create_weight": nanos(bind), "create_weight_count": 1,
                    "build_scorer": nanos(open), "build_scorer_count": JSONValue(openCount),
                    "next_doc": nanos(match), "next_doc_count": JSONValue(matchCount),
                    "match": 0, "match_count": 0, "advance": 0, "advance_count": 0,
                    "score": nanos(score), "score_count": JSONValue(scoreCount),
                    "compute_max_score": 0, "compute_max_score_count": JSONValue(skipCount),
                    "shallow_advance": 0, "shallow_advance_count": 0,
                    "set_min_competitive_score": 0, "set_min_competitive_score_count": 0,
                ],
                "debug": ["documents_scored": JSONValue(scoredDocCount)],
            ]
            if !children.isEmpty { result["children"] = .array(children.map(\.json)) }
            return result
        }
    }

    private(set) var roots: [Node] = []
    private var open: [Node] = []

    func watch(_ query: AnalyzedQuery, _ bind: () throws -> any BoundQuery) rethrows
        -> any BoundQuery
    {
        let node = Node(query)
        if let parent = open.last { parent.children.append(node) } else { roots.append(node) }
        open.append(node)
        defer { open.removeLast() }
        let start = ContinuousClock.now
        let bound = try bind()
        node.bind = ContinuousClock.now - start
        return Watched(bound, node)
    }

    private final class Watched: BoundQuery {
        private let inner: any BoundQuery
        private let node: Node

        init(_ inner: any BoundQuery, _ node: Node) {
            self.inner = inner
            self.node = node
        }

        func matcher(in segment: SegmentContext) throws -> Matcher {
            let start = ContinuousClock.now
            let matcher = try inner.matcher(in: segment)
            node.open += ContinuousClock.now - start
            node.openCount += 1
            return matcher is NoneMatcher ? matcher : WatchedMatcher(matcher, node)
        }

        func explain(_ doc: Int, in segment: SegmentContext) throws -> Explanation {
            try inner.explain(doc, in: segment)
        }
    }

    private final class WatchedMatcher: Matcher {
        private let inner: Matcher
        private let node: Node

        init(_ inner: Matcher, _ node: Node) {
            self.inner = inner
            self.node = node
        }

        private func timed(_ sum: WritableKeyPath<Node, Duration>, _ body: () -> Void) {
            let start = ContinuousClock.now
            body()
            var node = node
            node[keyPath: sum] += ContinuousClock.now - start
        }

        override var cost: Int { inner.cost }

        override func candidate(from doc: DocNumber) -> DocNumber { inner.candidate(from: doc) }

        override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
            node.matchCount += 1
            timed(\.match) { unsafe inner.match(window, bits) }
        }

        override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
            node.matchCount += 1
            timed(\.match) { unsafe inner.keep(window, bits) }
        }

        override func drop(_ window: DocWindow, _ bits: DocWindow.Bits) {
            node.matchCount += 1
            timed(\.match) { unsafe inner.drop(window, bits) }
        }

        override func addScores(
            _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
        ) {
            unsafe count(window, bits)
            timed(\.score) { unsafe inner.addScores(window, among: bits, to: sums) }
        }

        override func addScores(
            _ window: DocWindow, ofMatches bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
        ) {
            unsafe count(window, bits)
            timed(\.score) { unsafe inner.addScores(window, ofMatches: bits, to: sums) }
        }

        private func count(_ window: DocWindow, _ bits: UnsafePointer<UInt64>) {
            node.scoreCount += 1
            for word in 0..<window.wordCount {
                unsafe node.scoredDocCount += bits[word].nonzeroBitCount
            }
        }

        override func bound(from: DocNumber, to: DocNumber) -> Double {
            node.skipCount += 1
            return inner.bound(from: from, to: to)
        }

        override func check() throws(CorruptionError) { try inner.check() }
    }
}

extension AnalyzedQuery {
    /// The class that Lucene has for it.
    var luceneName: String {
        switch self {
        case .all: "MatchAllDocsQuery"
        case .none: "MatchNoDocsQuery"
        case .term: "TermQuery"
        case .synonyms: "SynonymQuery"
        case .phrase(let phrase):
            phrase.slots.contains { $0.terms.count > 1 || $0.isPrefix }
                ? "MultiPhraseQuery" : "PhraseQuery"
        case .expansion(let expansion):
            switch expansion.pattern {
            case .prefix: "PrefixQuery"
            case .wildcard: "WildcardQuery"
            case .regexp: "RegexpQuery"
            case .fuzzy: "FuzzyQuery"
            case .range: "TermRangeQuery"
            }
        case .numbers, .numberSet: "PointRangeQuery"
        case .byteRange: "TermRangeQuery"
        case .intervals: "RangeFieldQuery"
        case .script: "ScriptQuery"
        case .termSet: "TermInSetQuery"
        case .exists: "FieldExistsQuery"
        case .ids: "IdsQuery"
        case .geoDistance: "LatLonPointDistanceQuery"
        case .geoBox: "LatLonPointQuery"
        case .boolean: "BooleanQuery"
        case .disMax: "DisjunctionMaxQuery"
        case .boosting, .functionScore: "FunctionScoreQuery"
        case .constant: "ConstantScoreQuery"
        case .boosted: "BoostQuery"
        case .blended: "BlendedTermQuery"
        case .combined: "CombinedFieldQuery"
        case .scriptScore: "ScriptScoreQuery"
        case .nested: "ToParentBlockJoinQuery"
        case .proximity: "IntervalQuery"
        case .spans(_, let source):
            switch source {
            case .term: "SpanTermQuery"
            case .expansion: "SpanMultiTermQueryWrapper"
            case .near: "SpanNearQuery"
            case .or: "SpanOrQuery"
            case .not: "SpanNotQuery"
            case .first: "SpanFirstQuery"
            case .containing: "SpanContainingQuery"
            case .within: "SpanWithinQuery"
            }
        case .moreLikeThis: "MoreLikeThisQuery"
        case .distanceFeature: "DistanceFeatureQuery"
        case .minimumMatch: "CoveringQuery"
        case .named(let inner, _): inner.luceneName
        }
    }
}
