internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlQuery

/// A search from its body and its parameters. Parameters win.
struct SearchRequestReader {
    static let queryParameters =
        "q df default_operator analyzer analyze_wildcard lenient "
    static let parameters =
        queryParameters + Route.indexOptions
        + "from size sort _source _source_includes _source_excludes stored_fields docvalue_fields "
        + "track_total_hits track_scores terminate_after timeout explain version "
        + "seq_no_primary_term search_type request_cache preference routing scroll "
        + "allow_partial_search_results pre_filter_shard_size batched_reduce_size "
        + "max_concurrent_shard_requests ccs_minimize_roundtrips rest_total_hits_as_int typed_keys "
        + "suggest_field suggest_mode suggest_size suggest_text stats force_synthetic_source "
        + "cancel_after_time_interval search_pipeline include_named_queries_score phase_took "
        + "enable_fields_emulation min_score "

    var request: SearchRequest
    var totalAsInt: Bool
    var typedKeys: Bool

    init(_ http: APIRequest, body: [UInt8]) throws {
        do throws(QueryError) {
            request = try SearchBody.parse(text: body)
        } catch {
            throw error
        }
        totalAsInt = try http.bool("rest_total_hits_as_int")
        typedKeys = try http.bool("typed_keys")
        try overlay(http)
        if let type = http["search_type"],
            !["query_then_fetch", "dfs_query_then_fetch"].contains(type)
        {
            throw APIError.illegalArgument("No search type for [\(type)]")
        }
        request.ignoresUnavailable = try http.bool("ignore_unavailable")
        try Self.checkPreference(http["preference"])
        if let size = try http.optionalInt("batched_reduce_size"), size < 2 {
            throw APIError.illegalArgument("batchedReduceSize must be >= 2")
        }
        if let scores = try http.optionalBool("include_named_queries_score") {
            request.includeNamedQueriesScore = scores
        }
        if totalAsInt {
            switch request.trackTotalHits {
            case .upTo(let limit)
            where http.has("track_total_hits") || Self.names("track_total_hits", body):
                throw APIError.illegalArgument(
                    "[rest_total_hits_as_int] cannot be used if the tracking of total hits is not "
                        + "accurate, got \(limit)")
            case .upTo: request.trackTotalHits = .exact
            default: break
            }
        }
    }

    /// `suggest_field` and what goes with it, as the suggestion that it stands for.
    private static func suggestion(_ http: APIRequest) throws -> JSONValue? {
        guard let field = http["suggest_field"] else { return nil }
        var term: JSONObject = ["field": .string(field)]
        term["size"] = JSONValue(try http.int("suggest_size", default: 5))
        term["suggest_mode"] = http["suggest_mode"].map { .string($0) }
        let text = http["suggest_text"] ?? http["q"] ?? ""
        return [field: ["text": .string(text), "term": .object(term)]]
    }

    /// What begins with an underscore is a rule, and has to be one that there is.
    private static func checkPreference(_ preference: String?) throws {
        guard let preference, preference.hasPrefix("_") else { return }
        let name = String(preference.prefix { $0 != ":" && $0 != "|" })
        let known = [
            "_shards", "_prefer_nodes", "_local", "_only_local", "_only_nodes", "_primary",
            "_replica", "_primary_first", "_replica_first", "_search_replica",
        ]
        if !known.contains(name) {
            throw APIError.illegalArgument("no Preference for [\(preference)]")
        }
    }

    private static func names(_ key: String, _ body: [UInt8]) -> Bool {
        (try? JSONValue.parse(body))?[key] != nil
    }

    /// `q` and what goes with it, as the query that it stands for.
    static func query(_ http: APIRequest) throws -> Query? {
        guard let text = http["q"] else { return nil }
        var object: JSONObject = ["query": .string(text)]
        object["default_field"] = http["df"].map { .string($0) }
        object["analyzer"] = http["analyzer"].map { .string($0) }
        if let analyzes = try http.optionalBool("analyze_wildcard") {
            object["analyze_wildcard"] = .bool(analyzes)
        }
        if let lenient = try http.optionalBool("lenient") { object["lenient"] = .bool(lenient) }
        if let name = http["default_operator"] {
            guard ["and", "or"].contains(name.lowercased()) else {
                throw APIError.illegalArgument(
                    "Unsupported defaultOperator [\(name)], can either be [OR] or [AND]")
            }
            object["default_operator"] = .string(name)
        }
        return try QueryDSL.parse(["query_string": .object(object)])
    }

    private mutating func overlay(_ http: APIRequest) throws {
        if let query = try Self.query(http) { request.query = query }
        for (name, isFrom) in [("from", true), ("size", false)] {
            guard let value = try http.optionalInt(name) else { continue }
            if value < 0 {
                throw APIError.illegalArgument(
                    "[\(name)] parameter cannot be negative\(isFrom ? " but was [\(value)]" : ", found [\(value)]")"
                )
            }
            if isFrom { request.from = value } else { request.size = value }
        }
        var body = JSONObject()
        if let sort = http["sort"] {
            body["sort"] = .array(
                sort.split(separator: ",").map { item -> JSONValue in
                    let parts = item.split(separator: ":").map(String.init)
                    guard parts.count == 2, ["asc", "desc"].contains(parts[1]) else {
                        return .string(String(item))
                    }
                    return .object([parts[0]: .string(parts[1])])
                })
        }
        if let tracks = http["track_total_hits"] {
            body["track_total_hits"] =
                tracks == "true" || tracks == ""
                ? true
                : tracks == "false"
                    ? false : JSONValue(try http.int("track_total_hits", default: 0))
        }
        if let count = try http.optionalInt("terminate_after") {
            if count < 0 { throw APIError.illegalArgument("terminateAfter must be > 0") }
            body["terminate_after"] = JSONValue(count)
        }
        body["timeout"] = http["timeout"].map { .string($0) }
        body["docvalue_fields"] = http.list("docvalue_fields").map {
            .array($0.map { .string($0) })
        }
        body["suggest"] = try Self.suggestion(http)
        body["stored_fields"] = http.list("stored_fields").map { .array($0.map { .string($0) }) }
        for name in ["explain", "version", "seq_no_primary_term", "track_scores"] {
            if let value = try http.optionalBool(name) { body[name] = .bool(value) }
        }
        if !body.isEmpty {
            let given = try SearchBody.parse(.object(body))
            if body["sort"] != nil { request.sort = given.sort }
            if body["track_total_hits"] != nil { request.trackTotalHits = given.trackTotalHits }
            if body["terminate_after"] != nil { request.terminateAfter = given.terminateAfter }
            if body["timeout"] != nil { request.timeoutMilliseconds = given.timeoutMilliseconds }
            if body["docvalue_fields"] != nil { request.docvalueFields = given.docvalueFields }
            if body["suggest"] != nil { request.suggest = given.suggest }
            if body["stored_fields"] != nil { request.storedFields = given.storedFields }
            if body["explain"] != nil { request.explain = given.explain }
            if body["version"] != nil { request.version = given.version }
            if body["seq_no_primary_term"] != nil {
                request.sequenceAndTerm = given.sequenceAndTerm
            }
            if body["track_scores"] != nil { request.trackScores = given.trackScores }
        }
        let selection = try SourceChoice(http, nil)
        if selection.isAsked { request.source = selection.filter }
    }
}

/// Writes the answer to a search straight into bytes.
struct SearchResponseWriter {
    let request: SearchRequest
    let totalAsInt: Bool
    let typedKeys: Bool

    func write(
        _ answer: SearchAnswer, took: Int, scrollID: String? = nil, pitID: String? = nil,
        status: Int? = nil, nodeID: String, to writer: inout JSONWriter
    ) {
        writer.startObject()
        if let scrollID {
            writer.key("_scroll_id")
            writer.value(scrollID)
        }
        if let pitID {
            writer.key("pit_id")
            writer.value(pitID)
        }
        writer.key("took")
        writer.value(took)
        writer.key("timed_out")
        writer.value(answer.timedOut)
        if let early = answer.terminatedEarly {
            writer.key("terminated_early")
            writer.value(early)
        }
        writer.key("_shards")
        writeShards(answer, nodeID, &writer)
        writer.key("hits")
        writeHits(answer, nodeID, &writer)
        if let aggregations = answer.aggregations {
            writer.key("aggregations")
            writer.raw(aggregations.serialized(typedKeys))
        }
        if request.suggest != nil {
            writer.key("suggest")
            writer.startObject()
            for suggestion in answer.suggest {
                writer.key(typedKeys ? "\(suggestion.form)#\(suggestion.name)" : suggestion.name)
                writer.value(.array(suggestion.entries))
            }
            writer.endObject()
        }
        if request.profile {
            writer.key("profile")
            let shards = answer.profile.map { shard -> JSONValue in
                var shard = shard
                shard["id"] = .string("[\(nodeID)]" + (shard["id"]?.stringValue ?? ""))
                return shard
            }
            writer.value(["shards": .array(shards)] as JSONObject)
        }
        if let status {
            writer.key("status")
            writer.value(status)
        }
        writer.endObject()
    }

    private func writeShards(
        _ answer: SearchAnswer, _ nodeID: String, _ writer: inout JSONWriter
    ) {
        writer.startObject()
        writer.key("total")
        writer.value(answer.shardCount)
        writer.key("successful")
        writer.value(answer.shardCount - answer.failures.count)
        writer.key("skipped")
        writer.value(answer.skippedCount)
        writer.key("failed")
        writer.value(answer.failures.count)
        if !answer.failures.isEmpty {
            writer.key("failures")
            writer.value(SearchFailure.list(answer.failures, nodeID))
        }
        writer.endObject()
    }

    private func writeHits(
        _ answer: SearchAnswer, _ nodeID: String, _ writer: inout JSONWriter
    ) {
        writer.startObject()
        if totalAsInt {
            writer.key("total")
            writer.value(answer.total?.value ?? -1)
        } else if let total = answer.total {
            writer.key("total")
            writer.startObject()
            writer.key("value")
            writer.value(total.value)
            writer.key("relation")
            writer.value(total.isExact ? "eq" : "gte")
            writer.endObject()
        }
        writer.key("max_score")
        if let score = answer.maxScore { writer.value(score) } else { writer.null() }
        writer.key("hits")
        writer.startArray()
        for placed in answer.hits { write(placed, nodeID, &writer) }
        writer.endArray()
        writer.endObject()
    }

    /// The clauses whose objects are shown.
    private var nestedClauses: [NestedQuery] {
        [request.query, request.postFilter].compactMap { $0 }.flatMap {
            (try? $0.innerHits()) ?? []
        }
    }

    private func write(
        _ placed: SearchAnswer.Placed, _ nodeID: String, _ writer: inout JSONWriter
    ) {
        writer.startObject()
        if request.explain {
            writer.key("_shard")
            writer.value("[\(placed.index.name)][\(placed.shard)]")
            writer.key("_node")
            writer.value(nodeID)
        }
        placed.hit.writeMembers(to: &writer, index: placed.index.name, request)
        if !placed.inner.isEmpty || !placed.hit.inner.isEmpty {
            writer.key("inner_hits")
            writer.startObject()
            placed.hit.writeInnerHits(
                to: &writer, index: placed.index.name, nestedClauses, totalAsInt: totalAsInt)
            for inner in placed.inner {
                writer.key(inner.name)
                writer.startObject()
                writer.key("hits")
                SearchResponseWriter(
                    request: inner.request, totalAsInt: totalAsInt, typedKeys: typedKeys
                ).writeHits(inner.answer, nodeID, &writer)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
    }
}

/// Failures of shards, in the words of the API.
enum SearchFailure {
    static func list(_ failures: [SearchAnswer.Failure], _ nodeID: String) -> JSONValue {
        .array(
            failures.map { failure in
                [
                    "shard": JSONValue(failure.shard), "index": .string(failure.index.name),
                    "node": .string(nodeID), "reason": .object(reason(failure).object()),
                ]
            })
    }

    /// The failure with the index that it is about, where the API says so.
    private static func reason(_ failure: SearchAnswer.Failure) -> APIError {
        var error = ErrorResponse.apiError(failure.error)
        if error.type == "query_shard_exception" {
            error.facts["index"] = .string(failure.index.name)
            error.facts["index_uuid"] = .string(failure.index.uuid)
        }
        return error
    }

    /// What a search fails with when no shard could answer.
    static func whole(_ failures: [SearchAnswer.Failure], _ nodeID: String) -> APIError {
        // One failure for each distinct reason and index stands for all like it.
        var seen: Set<String> = []
        let distinct = failures.filter {
            seen.insert("\($0.index.name) \(reason($0).description)").inserted
        }
        let first = reason(distinct[0])
        var error = APIError(
            first.status, "search_phase_execution_exception", "all shards failed",
            facts: [
                "phase": "query", "grouped": true, "failed_shards": list(distinct, nodeID),
            ], roots: distinct.map { .object(reason($0).object(withCause: false)) })
        if first.type != "query_shard_exception" {
            var cause = first.object()
            if cause["caused_by"] == nil { cause["caused_by"] = .object(first.object()) }
            error.cause = .object(cause)
        }
        return error
    }
}
