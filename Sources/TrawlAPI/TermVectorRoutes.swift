internal import TrawlAnalysis
internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// `_termvectors`: the terms of a document's fields, made anew from its source.
enum TermVectorRoutes {
    private static let parameters =
        "fields offsets positions payloads term_statistics field_statistics realtime version "
        + "version_type routing preference parent "

    static let routes: [Route] = [
        Route(
            [.get, .post], ["/{index}/_termvectors", "/{index}/_termvectors/{id}"], parameters,
            lane: .search
        ) { request, services in
            let body = try request.optionalBodyObject() ?? [:]
            let wanted = try Wanted(request, body)
            return .value(
                .object(
                    try vectors(
                        request.named("index"), request.path["id"], body["doc"], wanted, request,
                        services)))
        },
        Route(
            [.get, .post], ["/_mtermvectors", "/{index}/_mtermvectors"], parameters + "ids ",
            lane: .search, multiple),
    ]

    /// What is asked of one document.
    private struct Wanted {
        var fields: [String]?
        var routing: String?
        var withOffsets: Bool
        var withPositions: Bool
        var withTermStatistics: Bool
        var withFieldStatistics: Bool
        var inRealTime: Bool
        var version: Int64?

        init(_ request: APIRequest, _ body: JSONObject) throws {
            for key in body.keys
            where ![
                "doc", "fields", "offsets", "positions", "payloads", "term_statistics",
                "field_statistics", "per_field_analyzer", "filter", "_index", "_id", "routing",
                "version", "version_type", "_routing", "_version", "realtime",
            ].contains(key) {
                throw APIError.parse("The parameter \(key)  is not valid for term vector request!")
            }
            func flag(_ name: String, _ fallback: Bool) throws -> Bool {
                try body[name]?.boolValue ?? request.bool(name, default: fallback)
            }
            fields =
                body["fields"]?.arrayValue?.compactMap(\.stringValue) ?? request.list("fields")
            routing = (body["routing"] ?? body["_routing"])?.stringValue ?? request["routing"]
            withOffsets = try flag("offsets", true)
            withPositions = try flag("positions", true)
            withTermStatistics = try flag("term_statistics", false)
            withFieldStatistics = try flag("field_statistics", true)
            inRealTime = try flag("realtime", true)
            version =
                try (body["version"] ?? body["_version"])?.numberValue?.int64
                ?? request.optionalLong("version")
        }
    }

    private static func multiple(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys where !["docs", "ids", "parameters"].contains(key) {
            throw APIError.parse("No parameter named [\(key)] and type ARRAY")
        }
        let ids = body["ids"]?.arrayValue ?? request.list("ids")?.map { .string($0) } ?? []
        let shared = body["parameters"]?.objectValue ?? [:]
        var items = (body["docs"]?.arrayValue ?? []).map { $0.objectValue ?? [:] }
        items += ids.map { id in
            var item = shared
            item["_id"] = id
            return item
        }
        if items.isEmpty {
            throw APIError.validation(["multi term vectors: no documents requested"])
        }
        let answers = items.map { item -> JSONValue in
            let index = item["_index"]?.stringValue ?? request.path["index"] ?? ""
            let id = item["_id"].map { $0.stringValue ?? $0.description }
            do {
                return .object(
                    try vectors(
                        index, id, item["doc"], try Wanted(request, item), request, services))
            } catch {
                return [
                    "_index": .string(index), "_id": id.map { .string($0) } ?? .null,
                    "error": ErrorResponse.apiError(error).errorValue,
                ]
            }
        }
        return .value(["docs": .array(answers)])
    }

    private static func vectors(
        _ name: String, _ id: String?, _ artificial: JSONValue?, _ wanted: Wanted,
        _ request: APIRequest, _ services: Services
    ) throws -> JSONObject {
        let index: IndexMetadata
        let source: JSONValue
        var answer = JSONObject()
        if let artificial {
            index = try services.catalog.readTarget(name, now: services.now).index
            source = artificial
            answer = ["_index": .string(index.name), "_version": 0, "found": true]
        } else {
            guard let id else { throw APIError.validation(["id or doc is missing"]) }
            let (found, document) = try DocumentRoutes.find(
                index: name, id: id, routing: wanted.routing, inRealTime: wanted.inRealTime,
                refresh: false, services)
            index = found
            answer = ["_index": .string(index.name), "_id": .string(id)]
            guard let document else {
                answer["found"] = false
                answer["took"] = JSONValue(SearchRoutes.took(request))
                return answer
            }
            if let version = wanted.version, version != document.version {
                throw APIError(
                    409, "version_conflict_engine_exception",
                    "[\(id)]: version conflict, current version [\(document.version)] is "
                        + "different than the one provided [\(version)]",
                    facts: ["index_uuid": .string(index.uuid), "index": .string(index.name)])
            }
            source = try JSONValue.parse(document.source)
            answer["_version"] = JSONValue(document.version)
            answer["found"] = true
        }
        let view = try services.coordinator.view(of: [.init(index: index, aliases: [])])
        var fields = JSONObject()
        for path in paths(in: index, wanted, isArtificial: artificial != nil) {
            let terms = try terms(of: path, in: source, index)
            if terms.isEmpty { continue }
            let figures = try services.coordinator.figures(
                of: terms.map { Array($0.text.utf8) }, in: path, view)
            fields[path] = shown(terms, figures, wanted)
        }
        answer["took"] = JSONValue(SearchRoutes.took(request))
        answer["term_vectors"] = .object(fields)
        return answer
    }

    /// The fields that are named; else those that are mapped to keep their vectors, and of a
    /// document that is only in the request, all texts.
    private static func paths(
        in index: IndexMetadata, _ wanted: Wanted, isArtificial: Bool
    ) -> [String] {
        let mapping = index.mapping.mapping
        if let names = wanted.fields {
            return names.flatMap { mapping.fields(matching: $0).map(\.path) }.filter {
                mapping.field($0)?.type.isSearchable == true
            }
        }
        return mapping.fields.filter { field in
            guard !field.isMetadata, field.type.typeName == "text" else { return false }
            guard case .leaf(let leaf)? = index.mapping.node(field.path) else {
                return isArtificial
            }
            let vectors = leaf.parameters.explicit["term_vector"]?.stringValue ?? "no"
            return isArtificial || vectors != "no"
        }.map(\.path).sorted()
    }

    private struct Term {
        var text: String
        var tokens: [(position: Int, start: Int, end: Int)] = []
    }

    /// In the order of the terms.
    private static func terms(
        of path: String, in source: JSONValue, _ index: IndexMetadata
    ) throws -> [Term] {
        let mapping = index.mapping.mapping
        var from = path
        if let field = mapping.field(path), let parent = field.parent {
            from = mapping.fields[Int(parent.value)].path
        }
        let values = IndexMapping.values(
            of: source, from.split(separator: ".").map(String.init)[...])
        let analyzer =
            try index.mapping.indexAnalyzer(of: path)
            ?? index.mapping.analyzers.assemble(tokenizer: "keyword")
        var terms: [String: Term] = [:]
        var base = (position: 0, offset: 0)
        for value in values {
            let text = value.stringValue ?? value.description
            let units = UTF16Offsets(text)
            let buffer = analyzer.trace(Array(text.utf8)).last.buffer
            var position = base.position - 1
            for token in buffer.tokens {
                position += Int(token.positionIncrement)
                let term = buffer.termString(of: token)
                terms[term, default: Term(text: term)].tokens.append(
                    (
                        position, base.offset + units[Int(token.startByteOffset)],
                        base.offset + units[Int(token.endByteOffset)]
                    ))
            }
            base = (position + 1 + 100, base.offset + units.count + 1)
        }
        return terms.values.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    }

    private static func shown(
        _ terms: [Term], _ figures: TermFigures, _ wanted: Wanted
    ) -> JSONValue {
        var object = JSONObject()
        if wanted.withFieldStatistics {
            object["field_statistics"] = [
                "sum_doc_freq": JSONValue(figures.docFrequencySum),
                "doc_count": JSONValue(figures.docCount),
                "sum_ttf": JSONValue(figures.occurrenceCount),
            ]
        }
        var shown = JSONObject()
        for (term, figure) in zip(terms, figures.terms) {
            var entry = JSONObject()
            if wanted.withTermStatistics, figure.docFrequency > 0 {
                entry["doc_freq"] = JSONValue(figure.docFrequency)
                entry["ttf"] = JSONValue(figure.occurrenceCount)
            }
            entry["term_freq"] = JSONValue(term.tokens.count)
            if wanted.withPositions || wanted.withOffsets {
                entry["tokens"] = .array(
                    term.tokens.map { token in
                        var one = JSONObject()
                        if wanted.withPositions { one["position"] = JSONValue(token.position) }
                        if wanted.withOffsets {
                            one["start_offset"] = JSONValue(token.start)
                            one["end_offset"] = JSONValue(token.end)
                        }
                        return .object(one)
                    })
            }
            shown[term.text] = .object(entry)
        }
        object["terms"] = .object(shown)
        return .object(object)
    }
}
