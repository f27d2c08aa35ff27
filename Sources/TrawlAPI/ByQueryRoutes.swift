internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery

/// Changing what a query finds: `_delete_by_query`, `_update_by_query`, `_reindex`.
///
/// Each document is changed on the condition that it is still the one that was found, so nobody's
/// later change is lost.
enum ByQueryRoutes {
    private static let parameters =
        SearchRequestReader.queryParameters + Route.indexOptions
        + "from sort size max_docs conflicts refresh routing scroll scroll_size search_type "
        + "search_timeout slices requests_per_second timeout wait_for_active_shards "
        + "wait_for_completion terminate_after stats version request_cache preference _source "
        + "_source_includes _source_excludes pipeline require_alias "

    static let routes: [Route] = [
        Route([.post], ["/{index}/_delete_by_query"], parameters, lane: .write) {
            try begin($0, $1, "indices:data/write/delete/byquery", delete)
        },
        Route([.post], ["/{index}/_update_by_query"], parameters, lane: .write) {
            try begin($0, $1, "indices:data/write/update/byquery", update)
        },
        Route([.post], ["/_reindex"], parameters, lane: .write) {
            try begin($0, $1, "indices:data/write/reindex", reindex)
        },
        Route(
            [.post],
            [
                "/_delete_by_query/{task_id}/_rethrottle",
                "/_update_by_query/{task_id}/_rethrottle", "/_reindex/{task_id}/_rethrottle",
            ], "requests_per_second", ByQueryPace.rethrottle),
    ]

    /// What was done so far.
    private struct Tally {
        var total = 0
        var created = 0
        var updated = 0
        var deleted = 0
        var batches = 0
        var conflicts = 0
        var noops = 0
        var failures: [JSONValue] = []
        var failureStatus = 200
        var cancelled: String?
        var throttled = Duration.zero
        var rate = -1.0

        func status(withCreated: Bool, withUpdated: Bool) -> JSONObject {
            var object: JSONObject = ["total": JSONValue(total)]
            if withUpdated { object["updated"] = JSONValue(updated) }
            if withCreated { object["created"] = JSONValue(created) }
            object["deleted"] = JSONValue(deleted)
            object["batches"] = JSONValue(batches)
            object["version_conflicts"] = JSONValue(conflicts)
            object["noops"] = JSONValue(noops)
            object["retries"] = ["bulk": 0, "search": 0]
            object["throttled_millis"] = JSONValue(Int(throttled / .milliseconds(1)))
            object["requests_per_second"] = JSONValue(rate)
            object["throttled_until_millis"] = 0
            return object
        }
    }

    private typealias Work = @Sendable (APIRequest, Services, Int) throws -> APIResponse

    private static func begin(
        _ request: APIRequest, _ services: Services, _ action: String, _ work: @escaping Work
    ) throws -> APIResponse {
        let number = services.tasks.begin(
            action, request.path["index"] ?? "reindex", now: services.now,
            opaqueID: request.http.header("x-opaque-id"))
        if try request.bool("wait_for_completion", default: true) {
            defer { services.tasks.forget(number) }
            return try work(request, services, number)
        }
        let accepted = services.background.submit {
            do {
                let response = try work(request, services, number)
                if case .value(let value) = response.body {
                    services.tasks.end(number, response: value)
                }
            } catch {
                services.tasks.end(
                    number, error: .object(ErrorResponse.apiError(error).object()))
            }
        }
        guard accepted else {
            services.tasks.forget(number)
            throw APIError.rejected("too many tasks are waiting")
        }
        return .value(["task": .string("\(services.node.id):\(number)")])
    }

    // MARK: Delete

    private static func delete(
        _ request: APIRequest, _ services: Services, _ number: Int
    ) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys where !["query", "max_docs", "size", "slice", "sort"].contains(key) {
            throw APIError.illegalArgument("request does not support [\(key)]")
        }
        let query =
            try SearchRequestReader.query(request) ?? body["query"].map { _ in
                try SearchBody.parse(text: request.content).query
            } ?? nil
        guard let query else { throw APIError.validation(["query is missing"]) }
        let hits = try find(query, request, body, services)
        return try run(
            request, services, number, hits, body, withCreated: false, withUpdated: false
        ) { found in
            var write = WriteRequest(kind: .delete, index: found.index.name, id: found.hit.id)
            write.routing = found.hit.routing
            write.condition = found.condition
            return write
        }
    }

    // MARK: Update

    private static func update(
        _ request: APIRequest, _ services: Services, _ number: Int
    ) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys
        where !["query", "max_docs", "size", "slice", "sort", "script", "conflicts"].contains(key) {
            throw APIError.illegalArgument("request does not support [\(key)]")
        }
        let query =
            try SearchRequestReader.query(request)
            ?? (body["query"] == nil
                ? nil : try QueryDSL.parse(body["query"]!)) ?? QueryDSL.parse(["match_all": [:]])
        let hits = try find(query, request, body, services)
        let script = body["script"]
        let pipeline = try WriteParameters.pipeline(request)
        return try run(
            request, services, number, hits, body, withCreated: false, withUpdated: true
        ) { found in
            var write: WriteRequest
            if let script {
                write = WriteRequest(
                    kind: .update, index: found.index.name, id: found.hit.id,
                    source: JSONValue.object(["script": script]).serialized())
            } else {
                write = WriteRequest(
                    kind: .index, index: found.index.name, id: found.hit.id,
                    source: found.hit.source ?? [])
            }
            write.routing = found.hit.routing
            write.condition = found.condition
            write.pipeline = script == nil ? pipeline : nil
            return write
        }
    }

    // MARK: Reindex

    private static func reindex(
        _ request: APIRequest, _ services: Services, _ number: Int
    ) throws -> APIResponse {
        let body = try request.bodyObject()
        for key in body.keys
        where !["source", "dest", "script", "conflicts", "max_docs", "size", "slice"].contains(key)
        {
            throw APIError.xContentParse("[reindex] unknown field [\(key)]")
        }
        guard let source = body["source"]?.objectValue, let dest = body["dest"]?.objectValue else {
            throw APIError.illegalArgument(
                "Required one of fields [source, dest], but none were specified. ")
        }
        if source["remote"] != nil {
            throw APIError.illegalArgument("reindex from remote is not allowed")
        }
        let names =
            source["index"]?.arrayValue?.compactMap(\.stringValue)
            ?? source["index"]?.stringValue.map { [$0] } ?? []
        if names.isEmpty {
            throw APIError.validation([
                "use _all if you really want to copy from all existing indexes"
            ])
        }
        guard let target = dest["index"]?.stringValue else {
            throw APIError.validation(["index is missing"])
        }
        var problems: [String] = []
        let operation = dest["op_type"]?.stringValue ?? "index"
        if !["index", "create"].contains(operation) {
            throw APIError.illegalArgument(
                "opType must be 'create' or 'index', found: [\(operation)]")
        }
        let targets = try services.catalog.resolve(
            names.joined(separator: ","), .search, now: services.now)
        if targets.contains(where: { $0.index.name == target }) {
            problems.append(
                "reindex cannot write into an index its reading from [\(target)]")
        }
        if !problems.isEmpty { throw APIError.validation(problems) }
        let script = try body["script"].map { try ReindexScript($0, services) }
        let query =
            try source["query"].map { try QueryDSL.parse($0) }
            ?? QueryDSL.parse(["match_all": [:]])
        let selection = try source["_source"].map { try SourceChoice(json: $0) }
        let hits = try find(query, request, body, services, targets: targets)
        let versionType = dest["version_type"]?.stringValue ?? "internal"
        return try run(
            request, services, number, hits, body, withCreated: true, withUpdated: true
        ) { found in
            let bytes = found.hit.source ?? []
            var write = WriteRequest(
                kind: operation == "create" ? .create : .index, index: target, id: found.hit.id,
                source: selection.map { $0.apply(bytes) } ?? bytes)
            write.pipeline = dest["pipeline"]?.stringValue
            switch dest["routing"]?.stringValue {
            case nil, "keep": write.routing = found.hit.routing
            case "discard": write.routing = nil
            case let text?:
                write.routing = text.hasPrefix("=") ? String(text.dropFirst()) : text
            }
            if versionType.hasPrefix("external"), let version = found.hit.version {
                write.condition =
                    versionType == "external_gte"
                    ? .externalOrEqual(version: version) : .external(version: version)
            }
            guard let script else { return write }
            return try script.applied(to: write, version: found.hit.version)
        }
    }

    // MARK: Common

    private struct Found {
        var index: IndexMetadata
        var hit: Hit

        /// The document has to be the one that was found.
        var condition: Change.Condition {
            guard let sequence = hit.sequence else { return .none }
            return .sequence(offset: sequence, epoch: hit.term ?? 1)
        }
    }

    /// What a query finds, page by page.
    private struct Findings {
        /// How many documents there are to be changed.
        var total: Int
        let shardCount: Int
        private var scan: DocumentScan?
        private var left: Int

        init(total: Int, shardCount: Int, scan: DocumentScan?) {
            self.total = total
            self.shardCount = shardCount
            self.scan = scan
            left = total
        }

        mutating func next(_ coordinator: Coordinator) throws -> [Found]? {
            guard left > 0, let page = try scan?.next(coordinator) else { return nil }
            let wanted = page.prefix(left)
            left -= wanted.count
            return wanted.map { Found(index: $0.index, hit: $0.hit) }
        }
    }

    private static func find(
        _ query: Query, _ request: APIRequest, _ body: JSONObject, _ services: Services,
        targets: [CatalogSnapshot.Target]? = nil
    ) throws -> Findings {
        if let conflicts = request["conflicts"] ?? body["conflicts"]?.stringValue,
            !["proceed", "abort"].contains(conflicts)
        {
            throw APIError.illegalArgument(
                "conflicts may only be \"proceed\" or \"abort\" but was [\(conflicts)]")
        }
        if let size = try request.optionalInt("scroll_size"), size <= 0 {
            throw APIError.illegalArgument("[scroll_size] must be greater than 0")
        }
        let limit =
            try request.optionalInt("max_docs") ?? request.optionalInt("size")
            ?? body["max_docs"]?.intValue ?? body["size"]?.intValue
        if let limit, limit < -1 || limit == 0 {
            throw APIError.illegalArgument(
                "[max_docs] parameter cannot be negative, found [\(limit)]")
        }
        let targets = try targets ?? SearchRoutes.targets(request, services)
        let view = try services.coordinator.view(
            of: targets, routing: SearchRoutes.routing(request["routing"]))
        let (count, failures) = try services.coordinator.count(query, in: view)
        if !failures.isEmpty { throw SearchFailure.whole(failures, services.node.id) }
        let pageSize = try request.int("scroll_size", default: 1000)
        return Findings(
            total: min(count, limit.map { $0 < 0 ? count : $0 } ?? count),
            shardCount: view.shardCount,
            scan: count == 0
                ? nil : DocumentScan(view: view, query: query, pageSize: min(pageSize, 10_000)))
    }

    private static func run(
        _ request: APIRequest, _ services: Services, _ number: Int, _ found: Findings,
        _ body: JSONObject, withCreated: Bool, withUpdated: Bool,
        _ write: (Found) throws -> WriteRequest?
    ) throws -> APIResponse {
        let proceeds = (request["conflicts"] ?? body["conflicts"]?.stringValue) == "proceed"
        var found = found
        var pace = try ByQueryPace(request, services, number)
        let slices = try ByQuerySlices(request, body, services, found.shardCount)
        let refresh = try WriteParameters.refresh(request)
        var tally = Tally()
        tally.total = found.total
        tally.rate = pace.shownRate
        var parts = [Tally](repeating: Tally(), count: slices.count)
        var last: (start: ContinuousClock.Instant, count: Int)?
        var touched: [String: WriteAnswer] = [:]
        if slices.own != nil { tally.total = 0 }
        while let page = try found.next(services.coordinator) {
            if let last { pace.wait(after: last.count, since: last.start) }
            if services.tasks.isCancelled(number) {
                tally.cancelled = "by user request"
                break
            }
            let batch = page.filter { slices.contains($0.hit.id) }
            if slices.own != nil { tally.total += batch.count }
            last = (ContinuousClock.now, batch.count)
            tally.batches += 1
            tally.throttled = pace.throttled
            tally.rate = pace.shownRate
            var writes: [WriteRequest] = []
            for one in batch {
                let slice = slices.slice(of: one.hit.id)
                parts[slice].total += 1
                guard let request = try write(one) else {
                    tally.noops += 1
                    parts[slice].noops += 1
                    continue
                }
                writes.append(request)
            }
            for answer in services.coordinator.write(writes) {
                touched["\(answer.index)/\(answer.shard)"] = answer
                count(answer, proceeds, services, &tally)
                if slices.count > 1 {
                    count(answer, proceeds, services, &parts[slices.slice(of: answer.id)])
                }
            }
            services.tasks.report(
                number,
                .object(tally.status(withCreated: withCreated, withUpdated: withUpdated)))
            if !tally.failures.isEmpty { break }
        }
        if refresh != .no { for answer in touched.values { try services.refresh(answer) } }
        var object: JSONObject = [
            "took": JSONValue(SearchRoutes.took(request)), "timed_out": false,
        ]
        for (key, value) in tally.status(withCreated: withCreated, withUpdated: withUpdated) {
            object[key] = value
        }
        if slices.count > 1 {
            object["slices"] = .array(
                parts.enumerated().map { place, part in
                    var part = part
                    part.batches = part.total == 0 ? 0 : 1
                    part.rate = tally.rate < 0 ? -1 : tally.rate / Double(slices.count)
                    var status = part.status(withCreated: withCreated, withUpdated: withUpdated)
                    status["slice_id"] = JSONValue(place)
                    return .object(status)
                })
        }
        if let cancelled = tally.cancelled { object["canceled"] = .string(cancelled) }
        object["failures"] = .array(tally.failures)
        return .value(.object(object), status: tally.failureStatus)
    }

    private static func count(
        _ answer: WriteAnswer, _ proceeds: Bool, _ services: Services, _ tally: inout Tally
    ) {
        if let error = WriteOutcome.error(answer, services) {
            if error.status == 409 {
                tally.conflicts += 1
                if proceeds { return }
            }
            tally.failureStatus = max(tally.failureStatus, error.status)
            tally.failures.append([
                "index": .string(answer.index), "id": .string(answer.id),
                "cause": .object(error.object()), "status": JSONValue(error.status),
            ])
            return
        }
        guard let write = try? answer.result.get() else { return }
        switch write.outcome {
        case .created: tally.created += 1
        case .updated: tally.updated += 1
        case .deleted: tally.deleted += 1
        case .noop: tally.noops += 1
        default: break
        }
    }
}
