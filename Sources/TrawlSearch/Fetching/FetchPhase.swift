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
        for phase in inner { hit.inner.append(try phase.hits(in: doc, of: segment)) }
        return hit
    }

    // MARK: Source and fields

    /// The whole source unless the request says otherwise. Asking for stored fields alone leaves
    /// the source out.
    private var selection: SourceSelection {
        guard let stored = request.storedFields, request.source == .all else {
            return request.source
        }
        return stored.contains("_source") ? .all : .none
    }

    private func readSource(_ hit: inout Hit, _ segment: SegmentContext, _ doc: Int) throws {
        let selection = selection
        let stored = (request.storedFields ?? []).filter { $0 != "_none_" && $0 != "_source" }
        let needsTree =
            (selection.isEnabled && !selection.isWhole) || !request.fields.isEmpty
            || !stored.isEmpty || highlighter != nil
        for field in request.docvalueFields { docvalues(field, &hit, segment, doc) }
        guard selection.isEnabled || needsTree else { return }
        if segment.roots != nil {
            return try readObject(&hit, segment, doc, stored)
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
        try readTree(&hit, object, stored)
    }

    private func readTree(
        _ hit: inout Hit, _ object: JSONObject, _ stored: [String]
    ) throws {
        for field in request.fields { fields(field, &hit, object) }
        for name in stored {
            let values = SourceValues.values(at: name, in: object)
            if !values.isEmpty { hit.fields[name] = .array(values) }
        }
        if let highlighter { hit.highlight = try highlighter.snippets(of: object, id: hit.id) }
    }

    /// The part of the source that an object of a nested field is. Fields and filters name it by
    /// its whole path.
    private func readObject(
        _ hit: inout Hit, _ segment: SegmentContext, _ doc: Int, _ stored: [String]
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
        try readTree(&hit, wrapped, stored)
    }

    private func docvalues(
        _ wanted: FieldAndFormat, _ hit: inout Hit, _ segment: SegmentContext, _ doc: Int
    ) {
        if wanted.field == "_seq_no" {
            let (identity, owner) = segment.identity(of: doc)
            hit.fields[wanted.field] = [JSONValue(identity.sequence(of: owner))]
            return
        }
        for (path, field) in searcher.mapping.fields(matching: wanted.field) {
            guard let own = segment.view.field(field.path) else { continue }
            let pattern = wanted.format == "use_field_mapping" ? nil : wanted.format
            let format = (try? field.type.format(pattern, zone: .utc)) ?? nil
            var values: [JSONValue] = []
            if let numbers = own.numbers {
                values = numbers.values(of: doc).map {
                    field.type.display(number: $0, format: format)
                }
            } else if let bytes = own.bytes {
                values = bytes.values(of: doc).map { field.type.display(bytes: $0) }
            }
            if !values.isEmpty { hit.fields[path] = .array(values) }
        }
    }

    /// The `fields` option: values of the source, by the names of the mapping.
    private func fields(_ wanted: FieldAndFormat, _ hit: inout Hit, _ object: JSONObject) {
        for (path, field) in searcher.mapping.fields(matching: wanted.field) {
            let source = field.parent.map { searcher.mapping[$0].path } ?? field.path
            var values = SourceValues.values(at: source, in: object)
            if field.type.family == .date || wanted.format != nil {
                let format = (try? field.type.format(wanted.format, zone: .utc)) ?? nil
                values = values.map { value in
                    guard let number = (try? field.type.number(of: value, format: nil)) ?? nil
                    else { return value }
                    return field.type.display(number: number, format: format)
                }
            }
            if !values.isEmpty { hit.fields[path] = .array(values) }
        }
    }
}

/// Values of a document's source by their dotted path, through arrays.
enum SourceValues {
    static func values(at path: String, in object: JSONObject) -> [JSONValue] {
        var result: [JSONValue] = []
        collect(path[...], .object(object), &result)
        return result
    }

    private static func collect(
        _ path: Substring, _ value: JSONValue, _ result: inout [JSONValue]
    ) {
        switch value {
        case .array(let elements): for element in elements { collect(path, element, &result) }
        case .null: break
        case .object(let object) where !path.isEmpty:
            // A key may have dots of its own.
            var end = path.startIndex
            while end < path.endIndex {
                end = path[end...].firstIndex(of: ".") ?? path.endIndex
                if let inner = object[String(path[..<end])] {
                    let rest = end < path.endIndex ? path[path.index(after: end)...] : ""
                    collect(rest, inner, &result)
                }
                if end < path.endIndex { end = path.index(after: end) }
            }
        default: if path.isEmpty { result.append(value) }
        }
    }
}

extension AnalyzedQuery {
    /// Parts of the query that have a name.
    var namedParts: [(String, AnalyzedQuery)] {
        switch self {
        case .named(let inner, let name): return [(name, inner)] + inner.namedParts
        case .boosted(let inner, _), .constant(let inner): return inner.namedParts
        case .boolean(let boolean): return boolean.clauses.flatMap { $0.query.namedParts }
        case .disMax(let queries, _), .minimumMatch(let queries, _, _):
            return queries.flatMap(\.namedParts)
        case .boosting(let positive, let negative, _):
            return positive.namedParts + negative.namedParts
        case .functionScore(let score):
            return score.query.namedParts
                + score.functions.flatMap { $0.filter?.namedParts ?? [] }
        default: return []
        }
    }
}
