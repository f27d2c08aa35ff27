internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery

/// Searching: `_search`, `_msearch`, `_count`, `_explain`, `_validate/query`, `_search_shards`.
enum SearchRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_search", "/{index}/_search"],
            SearchRequestReader.parameters + " as_of",
            lane: .search, search),
        Route(
            [.get, .post], ["/_count", "/{index}/_count"],
            SearchRequestReader.queryParameters + Route.indexOptions
                + "routing preference min_score terminate_after", lane: .search, count),
        Route(
            [.get, .post], ["/_msearch", "/{index}/_msearch"],
            multiSearchParameters, lane: .search
        ) { try multiSearch($0, $1) { $0 } },
        Route(
            [.get, .post], ["/{index}/_explain/{id}"],
            SearchRequestReader.queryParameters
                + "_source _source_includes _source_excludes stored_fields routing preference",
            lane: .search, explain),
        Route(
            [.get, .post], ["/_validate/query", "/{index}/_validate/query"],
            SearchRequestReader.queryParameters + Route.indexOptions
                + "explain rewrite all_shards", lane: .search, validate),
        Route(
            [.get, .post], ["/_search_shards", "/{index}/_search_shards"],
            Route.indexOptions + "local routing preference cluster_manager_timeout master_timeout",
            searchShards),
    ]

    static let multiSearchParameters =
        Route.indexOptions
        + "max_concurrent_searches rest_total_hits_as_int typed_keys search_type "
        + "pre_filter_shard_size max_concurrent_shard_requests ccs_minimize_roundtrips "
        + "index cancel_after_time_interval"

    static func targets(
        _ request: APIRequest, _ services: Services
    ) throws -> [CatalogSnapshot.Target] {
        try services.show(request.http.header("trawl-position"))
        return try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
    }

    static func routing(_ text: String?) -> Set<String>? {
        text.map { Set($0.split(separator: ",").map(String.init)) }
    }

    static func search(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let content = try StoredScripts(services.catalog.scripts).writtenOut(in: request.content)
        let reader = try SearchRequestReader(request, body: content)
        return try respond(request, reader, services)
    }

    private static func respond(
        _ request: APIRequest, _ reader: SearchRequestReader, _ services: Services
    ) throws -> APIResponse {
        if let scroll = request["scroll"] {
            return try ScrollRoutes.begin(
                request, reader, keepAlive: try TimeValue.parse(scroll, of: "scroll"), scroll,
                services)
        }
        try checkNeedsContext(reader.request)
        var pitID: String?
        var asOf: JSONValue?
        let view: SearchView
        if let point = reader.request.pointInTime {
            if request.path["index"] != nil {
                throw APIError.validation([
                    "[indices] cannot be used with point in time. Do not specify any index with "
                        + "point in time."
                ])
            }
            view = try PointInTimeRoutes.view(point, services)
            pitID = point.id
        } else {
            let targets = try targets(request, services)
            if try request.bool("as_of") { asOf = try AsOf.read(targets, services) }
            view = try services.coordinator.view(
                of: targets, routing: routing(request["routing"]))
        }
        try check(reader.request, view)
        let answer = try services.coordinator.search(
            try limited(reader.request, services), in: view,
            until: deadline(reader.request, request))
        let allowsPartial = try request.bool("allow_partial_search_results", default: true)
        if !answer.failures.isEmpty,
            answer.failures.count == answer.shardCount || !allowsPartial
        {
            throw SearchFailure.whole(answer.failures, services.node.id)
        }
        var writer = JSONWriter(
            reserving: 512 + answer.hits.reduce(0) { $0 + ($1.hit.source?.count ?? 0) + 128 })
        SearchResponseWriter(
            request: reader.request, totalAsInt: reader.totalAsInt, typedKeys: reader.typedKeys
        ).write(
            answer, took: took(request), pitID: pitID, nodeID: services.node.id, to: &writer)
        return APIResponse(
            200, .json(asOf.map { AsOf.adding($0, to: writer.bytes) } ?? writer.bytes))
    }

    /// Slices and the order of shards' documents mean something only while a snapshot is kept.
    private static func checkNeedsContext(_ search: SearchRequest) throws {
        if search.pointInTime != nil { return }
        if search.slice != nil {
            throw APIError.validation([
                "[slice] can only be used with [scroll] or [point-in-time] requests"
            ])
        }
        let ordersByPlace = search.sort.contains {
            if case .shardDocument = $0.by { true } else { false }
        }
        if ordersByPlace {
            throw APIError.validation([
                "_shard_doc is only supported with point-in-time (PIT). Add a PIT or remove "
                    + "_shard_doc."
            ])
        }
    }

    static func took(_ request: APIRequest) -> Int {
        Int((ContinuousClock.now - request.began) / .milliseconds(1))
    }

    static func deadline(_ search: SearchRequest, _ request: APIRequest) -> Deadline {
        Deadline(
            search.timeoutMilliseconds.flatMap {
                $0 < 0 ? nil : request.began + .microseconds(Int64($0 * 1000))
            }, isAbandoned: request.http.isAbandoned)
    }

    /// The request with what the cluster's settings allow its aggregations.
    private static func limited(
        _ search: SearchRequest, _ services: Services
    ) throws -> SearchRequest {
        var search = search
        let catalog = services.catalog
        func text(_ name: String) -> String? {
            catalog.transientSettings.text(name) ?? catalog.persistentSettings.text(name)
        }
        search.allowsExpensiveQueries = text("search.allow_expensive_queries") != "false"
        if search.aggregations.isEmpty { return search }
        let setting = text("search.max_buckets")
        if let limit = setting.flatMap({ Int($0) }) { search.aggregationLimits.maxBuckets = limit }
        return search
    }

    /// Limits that belong to an index, with the texts that clients know.
    static func check(_ search: SearchRequest, _ view: SearchView, isScroll: Bool = false) throws {
        for part in view.parts {
            let index = part.target.index
            let window = search.from + search.size
            if isScroll, search.size > index.maxResultWindow {
                throw failed(
                    part,
                    "Batch size is too large, size must be less than or equal to: "
                        + "[\(index.maxResultWindow)] but was [\(search.size)]. Scroll batch sizes "
                        + "cost as much memory as result windows so they are controlled by the "
                        + "[index.max_result_window] index level setting.")
            }
            if !isScroll, window > index.maxResultWindow {
                throw failed(
                    part,
                    "Result window is too large, from + size must be less than or equal to: "
                        + "[\(index.maxResultWindow)] but was [\(window)]. See the scroll api for "
                        + "a more efficient way to request large data sets. This limit can be set "
                        + "by changing the [index.max_result_window] index level setting.")
            }
            for rescore in search.rescore {
                let limit = index.limit("index.max_rescore_window", default: 10_000)
                if let size = rescore.windowSize, size > limit {
                    throw failed(
                        part,
                        "Rescore window [\(size)] is too large. It must be less than [\(limit)]. "
                            + "This prevents allocating massive heaps for storing the results to "
                            + "be rescored. This limit can be set by changing the "
                            + "[index.max_rescore_window] index level setting.")
                }
            }
            try checkScripts(search, part)
            try checkSlices(search, part)
            let docvalueLimit = index.limit("index.max_docvalue_fields_search", default: 100)
            if search.docvalueFields.count > docvalueLimit {
                throw failed(
                    part,
                    "Trying to retrieve too many docvalue_fields. Must be less than or equal to: "
                        + "[\(docvalueLimit)] but was [\(search.docvalueFields.count)]. This limit "
                        + "can be set by changing the [index.max_docvalue_fields_search] index "
                        + "level setting.")
            }
        }
    }

    private static func checkSlices(
        _ search: SearchRequest, _ part: SearchView.Part
    ) throws {
        guard let slice = search.slice else { return }
        let name =
            search.pointInTime == nil
            ? "index.max_slices_per_scroll" : "index.max_slices_per_pit"
        let limit = part.target.index.limit(name, default: 1024)
        if slice.max > limit {
            throw failed(
                part,
                "The number of slices [\(slice.max)] is too large. It must be less than "
                    + "[\(limit)]. This limit can be set by changing the [\(name)] index level "
                    + "setting.")
        }
    }

    private static func checkScripts(
        _ search: SearchRequest, _ part: SearchView.Part
    ) throws {
        let limit = part.target.index.limit("index.max_script_fields", default: 32)
        if search.scriptFields.count > limit {
            throw failed(
                part,
                "Trying to retrieve too many script_fields. Must be less than or equal to: "
                    + "[\(limit)] but was [\(search.scriptFields.count)]. This limit can be set by "
                    + "changing the [index.max_script_fields] index level setting.")
        }
    }

    private static func failed(_ part: SearchView.Part, _ reason: String) -> APIError {
        SearchFailure.whole(
            [
                .init(
                    index: part.target.index, shard: part.shard,
                    error: APIError.illegalArgument(reason))
            ], "")
    }

    // MARK: Count

    /// A body with nothing but a query.
    private static func onlyQuery(_ request: APIRequest) throws -> Query? {
        if let query = try SearchRequestReader.query(request) { return query }
        guard let body = try request.optionalBodyObject() else { return nil }
        for key in body.keys where key != "query" {
            throw APIError.parsing("request does not support [\(key)]")
        }
        if body["query"] == nil { return nil }
        return try SearchBody.parse(text: request.content).query
    }

    private static func count(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let query = try onlyQuery(request)
        let view = try services.coordinator.view(
            of: try targets(request, services), routing: routing(request["routing"]))
        let (count, failures) = try services.coordinator.count(
            query, in: view, minScore: try request.optionalDouble("min_score").map { Float($0) },
            terminateAfter: try request.int("terminate_after", default: 0))
        if !failures.isEmpty, failures.count == view.shardCount {
            throw SearchFailure.whole(failures, services.node.id)
        }
        return .value([
            "count": JSONValue(count),
            "_shards": [
                "total": JSONValue(view.shardCount),
                "successful": JSONValue(view.shardCount - failures.count), "skipped": 0,
                "failed": JSONValue(failures.count),
            ],
        ])
    }

    // MARK: Many searches

    /// - Parameter read: What a line of the body stands for: a search, or a template of one.
    static func multiSearch(
        _ request: APIRequest, _ services: Services, _ read: ([UInt8]) throws -> [UInt8]
    ) throws -> APIResponse {
        let content = request.content
        if content.isEmpty { throw APIError.parse("request body or source parameter is required") }
        if content.last != UInt8(ascii: "\n") {
            throw APIError.illegalArgument(
                "The msearch request must be terminated by a newline [\\n]")
        }
        var lines = content.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        lines.removeLast()
        let totalAsInt = try request.bool("rest_total_hits_as_int")
        var searches: [(header: JSONObject, body: [UInt8])] = []
        while let line = lines.popFirst() {
            var header: JSONObject = [:]
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) {
                guard let object = try JSONValue.parse(line).objectValue else {
                    throw APIError.illegalArgument("Malformed msearch header")
                }
                header = object
            }
            for key in header.keys
            where ![
                "index", "indices", "search_type", "searchType", "preference", "routing",
                "ignore_unavailable", "ignoreUnavailable", "allow_no_indices", "allowNoIndices",
                "expand_wildcards", "expandWildcards", "request_cache", "requestCache",
                "allow_partial_search_results", "ccs_minimize_roundtrips", "ignore_throttled",
                "cancel_after_time_interval", "max_concurrent_shard_requests",
                "batched_reduce_size", "pre_filter_shard_size",
            ].contains(key) {
                throw APIError.illegalArgument(
                    "key [\(key)] is not supported in the metadata section")
            }
            guard let body = lines.popFirst() else {
                throw APIError.validation(["no requests added"])
            }
            searches.append((header, Array(body)))
        }
        if searches.isEmpty { throw APIError.validation(["no requests added"]) }
        var writer = JSONWriter()
        writer.startObject()
        writer.key("took")
        var responses = JSONWriter()
        responses.startArray()
        for search in searches {
            do {
                try one(search.header, read(search.body), totalAsInt, request, services, &responses)
            } catch {
                let error = ErrorResponse.apiError(error)
                responses.value(error.response)
            }
        }
        responses.endArray()
        writer.value(took(request))
        writer.key("responses")
        writer.raw(responses.bytes)
        writer.endObject()
        return APIResponse(200, .json(writer.bytes))
    }

    private static func one(
        _ header: JSONObject, _ body: [UInt8], _ totalAsInt: Bool, _ request: APIRequest,
        _ services: Services, _ writer: inout JSONWriter
    ) throws {
        var query: [(String, String)] = []
        for (key, value) in header where key != "index" && key != "indices" {
            let name =
                key == "ignoreUnavailable"
                ? "ignore_unavailable" : key == "allowNoIndices" ? "allow_no_indices" : key
            let text =
                value.stringValue ?? value.arrayValue?.compactMap(\.stringValue).joined(
                    separator: ",") ?? value.description
            query.append((name, text))
        }
        if totalAsInt { query.append(("rest_total_hits_as_int", "true")) }
        for name in ["typed_keys", "ignore_unavailable", "allow_no_indices", "expand_wildcards"]
        where !query.contains(where: { $0.0 == name }) {
            if let value = request[name] { query.append((name, value)) }
        }
        let target =
            "/?"
            + query.map {
                "\(PercentCoding.encode($0.0))=\(PercentCoding.encode($0.1))"
            }.joined(separator: "&")
        var names = request.path["index"]
        if let own = header["index"] ?? header["indices"] {
            names =
                own.stringValue ?? own.arrayValue?.compactMap(\.stringValue).joined(separator: ",")
        }
        let inner = APIRequest(
            http: try HTTPRequest(method: .post, target: target, body: body),
            path: names.map { ["index": $0] } ?? [:])
        let reader = try SearchRequestReader(
            inner, body: StoredScripts(services.catalog.scripts).writtenOut(in: body))
        let view = try services.coordinator.view(
            of: try targets(inner, services), routing: routing(inner["routing"]))
        try check(reader.request, view)
        let answer = try services.coordinator.search(
            try limited(reader.request, services), in: view,
            until: deadline(reader.request, request))
        if !answer.failures.isEmpty, answer.failures.count == answer.shardCount {
            throw SearchFailure.whole(answer.failures, services.node.id)
        }
        var own = JSONWriter()
        SearchResponseWriter(
            request: reader.request, totalAsInt: reader.totalAsInt, typedKeys: reader.typedKeys
        ).write(answer, took: took(inner), status: 200, nodeID: services.node.id, to: &own)
        writer.raw(own.bytes)
    }

    // MARK: Explain

    private static func explain(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        var query = try SearchRequestReader.query(request)
        if query == nil {
            let body = try request.optionalBodyObject() ?? [:]
            for key in body.keys where key != "query" {
                throw APIError.parsing("request does not support [\(key)]")
            }
            query = body["query"] == nil ? nil : try SearchBody.parse(text: request.content).query
        }
        guard let query else { throw APIError.validation(["query is missing"]) }
        let (index, alias) = try services.catalog.readTarget(
            request.named("index"), now: services.now)
        let routing = request["routing"] ?? alias?.searchRouting
        let number = Coordinator.shardNumber(routing: routing ?? id, of: index.shardCount)
        let view = try services.coordinator.view(
            of: [
                CatalogSnapshot.Target(
                    index: index, aliases: alias == nil ? [] : [request.named("index")])
            ])
        let explanation = try services.coordinator.explain(
            query, id: DocumentID(id), shard: number, in: view)
        var body: JSONObject = ["_index": .string(index.name), "_id": .string(id)]
        guard let explanation else {
            body["matched"] = false
            return .value(.object(body), status: 404)
        }
        body["matched"] = .bool(explanation.isMatch)
        body["explanation"] = explanation.json
        let selection = try SourceChoice(request, nil)
        let fields = request.list("stored_fields")
        if selection.isAsked || fields != nil {
            let (_, document) = try DocumentRoutes.find(
                index: index.name, id: id, routing: routing, inRealTime: false, refresh: false,
                services)
            var get: JSONObject = ["found": .bool(document != nil)]
            if let document {
                get["_seq_no"] = JSONValue(document.offset)
                get["_primary_term"] = JSONValue(document.epoch)
                if selection.isAsked, selection.isEnabled {
                    get["_source"] = try JSONValue.parse(selection.apply(document.source))
                }
                if let fields {
                    let stored = index.mapping.storedFields(fields, of: document.source)
                    if !stored.isEmpty { get["fields"] = .object(stored) }
                }
            }
            body["get"] = .object(get)
        }
        return .value(.object(body))
    }

    // MARK: Validate

    private static func validate(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        let explains = try request.bool("explain") || request.bool("rewrite")
        let targets = try targets(request, services)
        let view = try services.coordinator.view(of: targets)
        let shards: JSONValue = [
            "total": 1, "successful": 1, "failed": 0,
        ]
        var explanations: [JSONValue] = []
        var isValid = true
        do {
            let query = try onlyQuery(request)
            var seen: Set<String> = []
            for part in view.parts where seen.insert(part.target.index.name).inserted {
                do {
                    if let query { try part.view.check(query, now: services.now) }
                    explanations.append([
                        "index": .string(part.target.index.name), "valid": true,
                        "explanation": .string(Self.describe(request)),
                    ])
                } catch {
                    isValid = false
                    let error = ErrorResponse.apiError(error)
                    explanations.append([
                        "index": .string(part.target.index.name), "valid": false,
                        "error": .string(
                            "[\(part.target.index.name)/\(part.target.index.uuid)] \(error.reason)"),
                    ])
                }
            }
        } catch {
            let error = ErrorResponse.apiError(error)
            var body: JSONObject = ["valid": false]
            if explains { body["error"] = .string("\(error.type): \(error.reason)") }
            return .value(.object(body))
        }
        var body: JSONObject = ["_shards": shards, "valid": .bool(isValid)]
        if explains { body["explanations"] = .array(explanations) }
        return .value(.object(body))
    }

    /// Queries are shown as they were written.
    private static func describe(_ request: APIRequest) -> String {
        if let text = request["q"] { return text }
        guard let body = try? request.optionalBody(), let query = body["query"] else {
            return "*:*"
        }
        if let kind = query.objectValue?.keys.first {
            if kind == "match_all" { return "*:*" }
            if kind == "match_none" {
                return "MatchNoDocsQuery(\"User requested \"match_none\" query.\")"
            }
        }
        return query.description
    }

    private static func searchShards(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let node = services.node
        let targets = try targets(request, services)
        let wanted = routing(request["routing"])
        var indices = JSONObject()
        var shards: [JSONValue] = []
        for target in targets {
            var entry = JSONObject()
            if !target.aliases.isEmpty {
                entry["aliases"] = .array(target.aliases.map { .string($0) })
                if let filters = target.filters {
                    entry["filter"] =
                        filters.count == 1 ? filters[0] : ["bool": ["should": .array(filters)]]
                }
            }
            indices[target.index.name] = .object(entry)
            let numbers = (wanted ?? target.searchRouting).map { values in
                Set(
                    values.map { Coordinator.shardNumber(routing: $0, of: target.index.shardCount) }
                )
            }
            for number in 0..<target.index.shardCount where numbers?.contains(number) ?? true {
                shards.append([
                    [
                        "state": "STARTED", "primary": true, "node": .string(node.id),
                        "relocating_node": .null, "shard": JSONValue(number),
                        "index": .string(target.index.name),
                        "allocation_id": ["id": .string(target.index.uuid)],
                    ]
                ])
            }
        }
        return .value([
            "nodes": [
                node.id: [
                    "name": .string(node.name), "ephemeral_id": .string(node.id),
                    "transport_address": .string(node.address), "attributes": [:],
                ] as JSONValue
            ] as JSONValue,
            "indices": .object(indices), "shards": .array(shards),
        ])
    }
}

extension Services {
    /// Makes visible what a client has written: places as `Trawl-Position` gave them, `i:0:17`, with
    /// commas between them.
    fileprivate func show(_ positions: String?) throws {
        for position in positions?.split(separator: ",") ?? [] {
            let parts = position.split(separator: ":").map { $0.filter { $0 != " " } }
            guard parts.count == 3, let number = Int(parts[1]), let offset = Int64(parts[2]) else {
                throw APIError.illegalArgument("malformed Trawl-Position [\(position)]")
            }
            guard let index = catalog.indices[parts[0]] else { continue }
            let shards = try coordinator.shards(of: index)
            if shards.indices.contains(number) { try shards[number].show(through: offset) }
        }
    }
}
