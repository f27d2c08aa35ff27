internal import TrawlIndex
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// `inner_hits` of a nested clause: which objects of a hit it found, the best first.
final class NestedHitsPhase {
    private let name: String
    private let path: String
    private let request: SearchRequest
    private let query: any BoundQuery
    private let plan: SortPlan?
    private let phase: FetchPhase
    private let isScored: Bool
    /// Of the segment that was asked last.
    private var open: (index: Int, matches: NestedMatches?, sorter: SegmentSorter?)?

    /// - Parameter scope: The nested field whose objects the hits are; nil for whole documents.
    /// - Returns: Nil when the path is not mapped and need not be.
    init?(
        _ nested: NestedQuery, _ searcher: Searcher, _ conditions: Searcher.Conditions,
        index: IndexFacts, scope: String?
    ) throws {
        guard let inner = nested.innerHits, searcher.mapping.object(nested.path) != nil else {
            return nil
        }
        name = nested.innerHitsName
        path = nested.path
        var request = inner.request
        request.query = nested.query
        self.request = request
        let analyzer = searcher.analyzer(now: conditions.now).within(nested.path)
        query = try searcher.binder(conditions).bind(try analyzer.analyze(nested.query))
        plan =
            request.sort.isEmpty
            ? nil : try searcher.sortPlan(request.sort, conditions, scope: nested.path)
        phase = try FetchPhase(
            request, searcher, conditions, index: index, scope: nested.path)
        isScored = plan.map { $0.needsScores || request.trackScores } ?? true
    }

    /// - Parameters:
    ///   - doc: The hit.
    ///   - segment: Its segment, or the objects that it is one of.
    func hits(in doc: Int, of segment: SegmentContext) throws -> NestedHits {
        var result = NestedHits(name: name, total: 0, maxScore: nil, hits: [])
        guard let objects = segment.objects else { return result }
        if open?.index != objects.index {
            open = (
                objects.index, try NestedMatches(query, path: path, in: objects),
                try plan.map { try SegmentSorter($0, objects) }
            )
        }
        guard let matches = open?.matches else { return result }
        let sorter = open?.sorter
        var top = SortedTop(limit: request.from + request.size)
        for object in segment.nestedRange(of: doc) {
            guard let score = matches.score(of: object) else { continue }
            result.total += 1
            if isScored { result.maxScore = max(result.maxScore ?? -.infinity, score) }
            let key = sorter?.key(0, doc: object, score: score) ?? ~SortedTop.key(ofScore: score)
            var others: [Int64] = []
            for i in 1..<max(1, plan?.keys.count ?? 1) {
                others.append(sorter?.key(i, doc: object, score: score) ?? 0)
            }
            top.insert(.init(key: key, others: others, doc: object, score: score))
        }
        try sorter?.check()
        let page = top.heap.sorted { $0.precedes($1) }.dropFirst(request.from)
        for entry in page {
            let values =
                plan?.keys.indices.map {
                    sorter?.value($0, doc: entry.doc, score: entry.score) ?? .null
                } ?? []
            result.hits.append(
                try phase.hit(
                    .init(
                        place: .init(segment: objects.index, doc: entry.doc), score: entry.score,
                        sort: values, stamp: 0, group: nil)))
        }
        return result
    }
}

/// Objects of nested fields within the source of their document.
enum NestedSource {
    /// Where an object is, the outermost step first.
    static func steps(of doc: Int, in objects: SegmentContext) -> [NestedStep] {
        var steps: [NestedStep] = []
        var current: Int? = doc
        while let place = current {
            let path = objects.tree.path(of: place)
            let parent = objects.tree.parent(of: place)
            let prefix = parent.map { objects.tree.path(of: $0).utf8.count + 1 } ?? 0
            steps.append(
                NestedStep(
                    field: String(decoding: path.utf8.dropFirst(prefix), as: UTF8.self),
                    offset: objects.tree.offset(of: place)))
            current = parent
        }
        return steps.reversed()
    }

    static func object(at steps: [NestedStep], in source: JSONObject) -> JSONObject? {
        var current = source
        for step in steps {
            let found = SourceValues.values(at: step.field, in: current)
            guard step.offset < found.count, case .object(let object) = found[step.offset] else {
                return nil
            }
            current = object
        }
        return current
    }

    /// The object under its whole path, as the document has it.
    static func wrapped(_ object: JSONObject, path: String) -> JSONObject {
        var value = JSONValue.object(object)
        for name in path.split(separator: ".").reversed() {
            value = .object([String(name): value])
        }
        return value.objectValue ?? [:]
    }
}
