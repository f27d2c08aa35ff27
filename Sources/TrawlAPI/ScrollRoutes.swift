internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery

/// Scrolls: page after page of one snapshot.
enum ScrollRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_search/scroll", "/_search/scroll/{scroll_id}"],
            "scroll scroll_id rest_total_hits_as_int", lane: .search, next),
        Route(
            [.delete], ["/_search/scroll", "/_search/scroll/{scroll_id}"], "scroll_id", clear),
    ]

    static func begin(
        _ request: APIRequest, _ reader: SearchRequestReader, keepAlive: Duration,
        _ keepAliveText: String, _ services: Services
    ) throws -> APIResponse {
        var problems: [String] = []
        let search = reader.request
        if search.trackTotalHits == .none {
            problems.append("disabling [track_total_hits] is not allowed in a scroll context")
        }
        if search.from > 0 { problems.append("using [from] is not allowed in a scroll context") }
        if search.size == 0 { problems.append("[size] cannot be [0] in a scroll context") }
        if !search.rescore.isEmpty {
            problems.append("using [rescore] is not allowed in a scroll context")
        }
        if search.searchAfter != nil {
            problems.append("using [search_after] is not allowed in a scroll context")
        }
        if request.has("request_cache"), try request.bool("request_cache") {
            problems.append("[request_cache] cannot be used in a scroll context")
        }
        if !problems.isEmpty { throw APIError.validation(problems) }
        if search.collapse != nil {
            throw APIError.illegalArgument("cannot use `collapse` in a scroll context")
        }
        try SearchContexts.checkKeepAlive(keepAlive, keepAliveText, services)
        let view = try services.coordinator.view(
            of: try SearchRoutes.targets(request, services),
            routing: SearchRoutes.routing(request["routing"]))
        try SearchRoutes.check(search, view, isScroll: true)
        var scroll = SearchContexts.Scroll(view: view, request: search)
        if scroll.request.trackTotalHits != .exact { scroll.request.trackTotalHits = .exact }
        scroll.totalAsInt = reader.totalAsInt
        let answer = try page(&scroll, services)
        let id = try services.contexts.open(scroll, keepAlive: keepAlive)
        return write(answer, scroll, id, reader.totalAsInt, request, services)
    }

    /// Pages are cut out of the whole order: each asks for what comes after those before it.
    private static func page(
        _ scroll: inout SearchContexts.Scroll, _ services: Services
    ) throws -> SearchAnswer {
        var request = scroll.request
        request.from = scroll.served
        let answer = try services.coordinator.search(request, in: scroll.view)
        if !answer.failures.isEmpty, answer.failures.count == answer.shardCount {
            throw SearchFailure.whole(answer.failures, services.node.id)
        }
        scroll.served += answer.hits.count
        return answer
    }

    private static func write(
        _ answer: SearchAnswer, _ scroll: SearchContexts.Scroll, _ id: String, _ totalAsInt: Bool,
        _ request: APIRequest, _ services: Services
    ) -> APIResponse {
        var writer = JSONWriter()
        SearchResponseWriter(
            request: scroll.request, totalAsInt: totalAsInt, typedKeys: false
        ).write(
            answer, took: SearchRoutes.took(request), scrollID: id, nodeID: services.node.id,
            to: &writer)
        return APIResponse(200, .json(writer.bytes))
    }

    private static func next(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys where key != "scroll_id" && key != "scroll" {
            throw APIError.illegalArgument(
                "Unknown parameter [\(key)] in request body or parameter is of the wrong "
                    + "type[\(APIRequest.token(body[key]!))] ")
        }
        guard let id = body["scroll_id"]?.stringValue ?? request["scroll_id"] else {
            throw APIError.validation(["scrollId is missing"])
        }
        var keepAlive: Duration?
        if let text = body["scroll"]?.stringValue ?? request["scroll"] {
            keepAlive = try TimeValue.parse(text, of: "scroll")
            try SearchContexts.checkKeepAlive(keepAlive!, text, services)
        }
        guard var scroll = services.contexts.scroll(id) else { throw missing(id) }
        let answer = try page(&scroll, services)
        services.contexts.update(id, scroll, keepAlive: keepAlive)
        return write(
            answer, scroll, id, try request.bool("rest_total_hits_as_int"), request, services)
    }

    private static func missing(_ id: String) -> APIError {
        // Anything that was never an id of ours is refused as such.
        if id.utf8.count != 40 {
            return .illegalArgument("Cannot parse scroll id")
        }
        let reason = "No search context found for id [\(id)]"
        var error = APIError(
            404, "search_phase_execution_exception", "all shards failed",
            facts: [
                "phase": "query", "grouped": true,
                "failed_shards": [
                    [
                        "shard": -1, "index": .null,
                        "reason": [
                            "type": "search_context_missing_exception", "reason": .string(reason),
                        ],
                    ]
                ],
            ],
            roots: [["type": "search_context_missing_exception", "reason": .string(reason)]])
        error.cause = ["type": "search_context_missing_exception", "reason": .string(reason)]
        return error
    }

    private static func clear(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var ids = request.list("scroll_id")
        if let body = try? request.optionalBodyObject(), let value = body["scroll_id"] {
            ids = value.arrayValue?.compactMap(\.stringValue) ?? value.stringValue.map { [$0] }
        }
        guard let ids, !ids.isEmpty else {
            throw APIError.validation(["no scroll ids specified"])
        }
        let all = ids == ["_all"]
        if !all, let bad = ids.first(where: { $0.utf8.count != 40 }) {
            _ = bad
            throw APIError.illegalArgument("Cannot parse scroll id")
        }
        let count = services.contexts.closeScrolls(all ? nil : ids)
        return .value(
            ["succeeded": true, "num_freed": JSONValue(count)],
            status: count == 0 && !all ? 404 : 200)
    }
}

/// Points in time, in the forms of OpenSearch and of Elasticsearch.
enum PointInTimeRoutes {
    static let routes: [Route] = [
        Route(
            [.post], ["/{index}/_search/point_in_time"],
            Route.indexOptions
                + "keep_alive routing preference allow_partial_pit_creation"
        ) { try open($0, $1, isOpenSearch: true) },
        Route(
            [.post], ["/{index}/_pit"],
            Route.indexOptions + "keep_alive routing preference allow_partial_search_results"
        ) { try open($0, $1, isOpenSearch: false) },
        Route([.delete], ["/_search/point_in_time"], "") { request, services in
            let body = try request.bodyObject()
            let ids =
                body["pit_id"]?.arrayValue?.compactMap(\.stringValue)
                ?? body["pit_id"]?.stringValue.map { [$0] }
            guard let ids, !ids.isEmpty else { throw APIError.validation(["no pit ids specified"]) }
            return closed(services.contexts.closePoints(ids))
        },
        Route([.delete], ["/_search/point_in_time/_all"], "") { _, services in
            closed(services.contexts.closePoints(nil))
        },
        Route([.get], ["/_search/point_in_time/_all"], "") { _, services in
            .value([
                "pits": .array(
                    services.contexts.points.map {
                        [
                            "pit_id": .string($0.id), "creation_time": JSONValue($0.createdAt),
                            "keep_alive": JSONValue(Int($0.keepAlive / .milliseconds(1))),
                        ]
                    })
            ])
        },
        Route([.delete], ["/_pit"], "") { request, services in
            let body = try request.bodyObject()
            guard let id = body["id"]?.stringValue else {
                throw APIError.validation(["no point in time id specified"])
            }
            let freed = services.contexts.closePoints([id]).count { $0.existed }
            return .value(
                ["succeeded": .bool(freed > 0), "num_freed": JSONValue(freed)],
                status: freed > 0 ? 200 : 404)
        },
    ]

    private static func closed(_ points: [(id: String, existed: Bool)]) -> APIResponse {
        .value([
            "pits": .array(
                points.map { ["successful": .bool($0.existed), "pit_id": .string($0.id)] })
        ])
    }

    private static func open(
        _ request: APIRequest, _ services: Services, isOpenSearch: Bool
    ) throws -> APIResponse {
        guard let text = request["keep_alive"] else {
            throw APIError.validation(["keep alive not specified"])
        }
        let keepAlive = try TimeValue.parse(text, of: "keep_alive")
        try SearchContexts.checkKeepAlive(keepAlive, text, services)
        let view = try services.coordinator.view(
            of: try SearchRoutes.targets(request, services),
            routing: SearchRoutes.routing(request["routing"]))
        let now = services.now
        let id = try services.contexts.open(
            SearchContexts.Point(view: view, createdAt: now), keepAlive: keepAlive)
        let shards: JSONValue = [
            "total": JSONValue(view.shardCount), "successful": JSONValue(view.shardCount),
            "skipped": 0, "failed": 0,
        ]
        return isOpenSearch
            ? .value([
                "pit_id": .string(id), "_shards": shards, "creation_time": JSONValue(now),
            ]) : .value(["id": .string(id), "_shards": shards])
    }

    static func view(_ point: PointInTime, _ services: Services) throws -> SearchView {
        let keepAlive = try point.keepAlive.map { try TimeValue.parse($0, of: "keep_alive") }
        guard let found = services.contexts.point(point.id, keepAlive: keepAlive) else {
            let reason: JSONValue = [
                "type": "search_context_missing_exception",
                "reason": .string("No search context found for id [\(point.id)]"),
            ]
            var error = APIError(
                404, "search_phase_execution_exception", "all shards failed",
                facts: ["phase": "query", "grouped": true, "failed_shards": []], roots: [reason])
            error.cause = reason
            throw error
        }
        return found.view
    }
}
