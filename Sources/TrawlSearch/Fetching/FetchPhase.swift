internal import TrawlIndex
internal import TrawlJSON
package import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// Reads what a request wants to see of the documents that were found.
package struct FetchPhase {
    private let request: SearchRequest
    private let searcher: Searcher
    private let segments: [SegmentContext]
    private let query: (any BoundQuery)?
    private let named: [(name: String, query: any BoundQuery)]
    private let keepsScore: Bool
    private let highlighter: Highlighter?
    private let inner: [NestedHitsPhase]
    private let fetcher: FieldFetcher
    private let scripts: [(field: ScriptField, script: DocumentScript)]

    /// - Parameters:
    ///   - scope: The nested field whose objects were found; nil for whole documents.
    ///   - showsObjects: Whether objects of nested fields are shown beside the hits.
    package init(
        _ request: SearchRequest, _ searcher: Searcher, _ conditions: Searcher.Conditions,
        index: IndexFacts = IndexFacts(), scope: String? = nil, showsObjects: Bool = true
    ) throws {
        self.request = request
        self.searcher = searcher
        let contexts = searcher.contexts
        segments = contexts + contexts.compactMap(\.nested)
        let analyzer = searcher.analyzer(now: conditions.now).within(scope)
        let binder = searcher.binder(conditions)
        var analyzed: [AnalyzedQuery] = []
        for query in [request.query, request.postFilter].compactMap({ $0 }) {
            analyzed.append(try analyzer.analyze(query))
        }
        query =
            request.explain
            ? try binder.bind(
                try request.query.map { query in try analyzer.analyze(query) } ?? .all) : nil
        named = try analyzed.flatMap { $0.namedParts }.map { name, query in
            (name, try binder.bind(query))
        }
        scripts = try request.scriptFields.map {
            ($0, try DocumentScript($0.script, searcher.mapping))
        }
        fetcher = try FieldFetcher(request, searcher.mapping, index: index.name)
        keepsScore =
            request.sort.isEmpty || request.trackScores
            || request.sort.contains { $0.by == .score }
        let main = request.query == nil ? AnalyzedQuery.all : analyzed[0]
        highlighter = try request.highlight.map {
            try Highlighter($0, query: main, analyzer: analyzer, index: index)
        }
        let clauses = try [request.query, request.postFilter].compactMap { $0 }.flatMap {
            try $0.innerHits()
        }
        inner =
            try showsObjects
            ? clauses.compactMap {
                try NestedHitsPhase($0, searcher, conditions, index: index, scope: scope)
            } : []
    }

    package func hits(_ found: [Searcher.Found]) throws -> [Hit] {
        try found.map { try hit($0) }
    }

    package func hit(_ found: Searcher.Found) throws -> Hit {
        let segment = segments[found.place.segment]
        let doc = found.place.doc
        let (identity, owner) = segment.identity(of: doc)
        var hit = Hit(id: identity.id(of: owner))
        hit.score = keepsScore ? found.score : nil
        hit.sort = request.sort.isEmpty ? [] : found.sort
        hit.stamp = found.stamp
        hit.routing = identity.routing(of: owner)
        if request.version { hit.version = identity.version(of: owner) }
        if request.sequenceAndTerm {
            hit.sequence = identity.sequence(of: owner)
            hit.term = identity.epoch(of: owner)
        }
        if segment.roots != nil { hit.nested = NestedSource.steps(of: doc, in: segment) }
        if let ignored = segment.view.field("_ignored")?.bytes {
            hit.ignored = ignored.values(of: doc).map { String(decoding: $0, as: UTF8.self) }
        }
        for (name, query) in named {
            if let score = try query.matcher(in: segment).score(of: doc) {
                hit.matchedQueries.append(MatchedQuery(name: name, score: score))
            }
        }
        if let query { hit.explanation = try query.explain(doc, in: segment) }
        try readSource(&hit, segment, doc)
        if let collapse = request.collapse {
            let group = found.group?.json ?? .null
            hit.fields[collapse.field] = .array([group])
            hit.group = group
        }
        for (field, script) in scripts {
            do {
                let value = try script.value(
                    of: doc, in: segment, score: Double(found.score))
                hit.fields[field.name] = value.arrayValue.map { .array($0) } ?? .array([value])
            } catch {
                if !field.ignoresFailure { throw error }
            }
        }
        for phase in inner { hit.inner.append(try phase.hits(in: doc, of: segment)) }
        return hit
    }

    // MARK: Source and fields

    /// The whole source unless the request says otherwise. Asking for stored fields alone leaves
    /// the source out.
    private var selection: SourceSelection {
        guard request.source == .all, !request.asksForSource,
            request.storedFields != nil || !request.scriptFields.isEmpty
        else { return request.source }
        let stored = request.storedFields ?? []
        return stored.contains("_source") ? .all : .none
    }

    private func readSource(_ hit: inout Hit, _ segment: SegmentContext, _ doc: Int) throws {
        let selection = selection
        let needsTree =
            (selection.isEnabled && !selection.isWhole) || fetcher.readsSource
            || highlighter != nil
        fetcher.readColumns(&hit, segment, doc)
        guard selection.isEnabled || needsTree else { return }
        if segment.roots != nil {
            return try readObject(&hit, segment, doc)
        }
        let bytes = try segment.view.reader.source(of: doc)
        if bytes.isEmpty { return }
        if selection.isWhole { hit.source = bytes }
        guard needsTree, case .object(let object) = try JSONValue.parse(bytes) else { return }
        if selection.isEnabled, !selection.isWhole {
            let filter = SourceFilter(
                includes: selection.includes, excludes: selection.excludes)
            hit.source = JSONValue.object(filter.filtered(object)).serialized()
        }
        try readTree(&hit, object)
    }

    private func readTree(_ hit: inout Hit, _ object: JSONObject) throws {
        fetcher.readSource(&hit, object)
        if let highlighter { hit.highlight = try highlighter.snippets(of: object, id: hit.id) }
    }

    /// The part of the source that an object of a nested field is. Fields and filters name it by
    /// its whole path.
    private func readObject(
        _ hit: inout Hit, _ segment: SegmentContext, _ doc: Int
    ) throws {
        guard let roots = segment.roots else { return }
        let bytes = try roots.view.reader.source(of: segment.root(of: doc))
        let path = segment.tree.path(of: doc)
        guard !bytes.isEmpty, case .object(let whole) = try JSONValue.parse(bytes),
            let own = NestedSource.object(at: hit.nested, in: whole)
        else { return }
        let wrapped = NestedSource.wrapped(own, path: path)
        if selection.isEnabled {
            var shown = own
            if !selection.isWhole {
                let filter = SourceFilter(
                    includes: selection.includes, excludes: selection.excludes)
                let kept = SourceValues.values(at: path, in: filter.filtered(wrapped))
                shown = kept.first?.objectValue ?? [:]
            }
            hit.source = JSONValue.object(shown).serialized()
        }
        try readTree(&hit, wrapped)
    }
}

extension AnalyzedQuery {
    /// Parts of the query that have a name.
    var namedParts: [(String, AnalyzedQuery)] {
        switch self {
        case .named(let inner, let name): return [(name, inner)] + inner.namedParts
        case .boosted(let inner, _), .constant(let inner): return inner.namedParts
        case .boolean(let boolean): return boolean.clauses.flatMap { $0.query.namedParts }
        case .disMax(let queries, _), .minimumMatch(let queries, _):
            return queries.flatMap(\.namedParts)
        case .boosting(let positive, let negative, _):
            return positive.namedParts + negative.namedParts
        case .scriptScore(let inner, _, _): return inner.namedParts
        case .functionScore(let score):
            return score.query.namedParts
                + score.functions.flatMap { $0.filter?.namedParts ?? [] }
        default: return []
        }
    }
}
