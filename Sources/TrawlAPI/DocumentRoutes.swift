internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlHTTP
internal import TrawlJSON

/// Single documents: put, get, delete, update.
enum DocumentRoutes {
    private static let reading =
        "_source _source_includes _source_excludes stored_fields routing realtime refresh version "
        + "version_type preference parent"

    static let routes: [Route] = [
        Route([.put, .post], ["/{index}/_doc/{id}"], WriteParameters.names, lane: .write) {
            try put($0, $1, kind: .index)
        },
        Route([.post], ["/{index}/_doc"], WriteParameters.names, lane: .write) {
            try put($0, $1, kind: .index)
        },
        Route([.put, .post], ["/{index}/_create/{id}"], WriteParameters.names, lane: .write) {
            try put($0, $1, kind: .create)
        },
        Route([.delete], ["/{index}/_doc/{id}"], WriteParameters.names, lane: .write, delete),
        Route([.get, .head], ["/{index}/_doc/{id}"], reading, lane: .search, get),
        Route([.get, .head], ["/{index}/_source/{id}"], reading, lane: .search, source),
        Route(
            [.post], ["/{index}/_update/{id}"],
            WriteParameters.names
                + "retry_on_conflict _source _source_includes _source_excludes lang", lane: .write,
            update),
        Route(
            [.get, .post], ["/_mget", "/{index}/_mget"], reading, lane: .search, multiGet),
    ]

    // MARK: Writing

    private static func put(
        _ request: APIRequest, _ services: Services, kind: WriteRequest.Kind
    ) throws -> APIResponse {
        guard request.hasContent else { throw APIError.parse("request body is required") }
        var kind = kind
        let id = request.path["id"]
        switch request["op_type"] {
        case nil: if id == nil { kind = .create }
        case "create": kind = .create
        case "index": break
        case let other?:
            throw APIError.illegalArgument(
                "opType must be 'create' or 'index', found: [\(other)]")
        }
        let isAutomatic = id == nil
        if isAutomatic, request.has("if_seq_no") || request.has("if_primary_term") {
            throw APIError.validation([
                "document id must not be null if if_seq_no is set"
            ])
        }
        var write = WriteRequest(
            kind: kind, index: request.named("index"), id: id, source: request.content)
        write.condition = try WriteParameters.condition(
            request, kind: isAutomatic ? .index : kind)
        return try perform(write, request, services)
    }

    private static func delete(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var write = WriteRequest(
            kind: .delete, index: request.named("index"), id: request.named("id"))
        write.condition = try WriteParameters.condition(request, kind: .delete)
        return try perform(write, request, services)
    }

    private static func perform(
        _ write: WriteRequest, _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        var write = write
        if let id = write.id, id.utf8.count > DocumentID.maxByteCount {
            throw APIError.validation([
                "id [\(id)] is too long, must be no longer than 512 bytes but was: "
                    + "\(id.utf8.count)"
            ])
        }
        write.routing = request["routing"]
        write.requiresAlias = try request.bool("require_alias")
        write.requestID = request.http.header("idempotency-key")
        write.pipeline = try WriteParameters.pipeline(request)
        try WriteParameters.checkActiveShards(request)
        let refresh = try WriteParameters.refresh(request)
        let answer = services.coordinator.write([write])[0]
        if let error = WriteOutcome.error(answer, services) { throw error }
        let written = try answer.result.get()
        if refresh != .no { try services.refresh(answer) }
        var writer = JSONWriter()
        writer.startObject()
        WriteOutcome.write(answer, written, forcedRefresh: refresh == .now, to: &writer)
        writer.endObject()
        let (_, _, offset, status) = WriteOutcome.describe(written)!
        var response = APIResponse(status, .json(writer.bytes))
        if status == 201 {
            response.headers.append(
                (
                    "Location",
                    "/\(PercentCoding.encode(answer.index))/_doc/\(PercentCoding.encode(answer.id))"
                        + (answer.routing.map { "?routing=\(PercentCoding.encode($0))" } ?? "")
                ))
        }
        response.headers.append(
            ("Trawl-Position", "\(answer.index):\(answer.shard):\(offset)"))
        return response
    }

    // MARK: Update

    private static func update(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        let body = try request.bodyObject()
        try checkUpdate(body)
        var write = WriteRequest(
            kind: .update, index: request.named("index"), id: id, source: request.content)
        write.condition = try WriteParameters.condition(
            kind: .update, version: try request.optionalLong("version"),
            versionType: request["version_type"],
            sequence: try request.optionalLong("if_seq_no")
                ?? body["if_seq_no"]?.numberValue?.int64,
            term: try request.optionalLong("if_primary_term")
                ?? body["if_primary_term"]?.numberValue?.int64)
        try checkRetries(request, write.condition)
        write.routing = request["routing"]
        write.requiresAlias = try request.bool("require_alias")
        write.requestID = request.http.header("idempotency-key")
        let refresh = try WriteParameters.refresh(request)
        let filter = try SourceChoice(request, body["_source"])
        let answer = services.coordinator.write([write])[0]
        if let error = WriteOutcome.error(answer, services) { throw error }
        let written = try answer.result.get()
        if refresh != .no { try services.refresh(answer) }
        var writer = JSONWriter()
        writer.startObject()
        let isNoop = if case .noop = written.outcome { true } else { false }
        WriteOutcome.write(
            answer, written, forcedRefresh: refresh == .now && !isNoop, to: &writer)
        if filter.isAsked, filter.isEnabled {
            try writeGet(answer, filter, services, to: &writer)
        }
        writer.endObject()
        let status = WriteOutcome.describe(written)!.status
        var response = APIResponse(status, .json(writer.bytes))
        if status == 201 {
            response.headers.append(
                (
                    "Location",
                    "/\(PercentCoding.encode(answer.index))/_doc/\(PercentCoding.encode(answer.id))"
                ))
        }
        return response
    }

    static func checkUpdate(_ body: JSONObject) throws {
        let known = [
            "doc", "upsert", "doc_as_upsert", "detect_noop", "script", "scripted_upsert",
            "_source", "if_seq_no", "if_primary_term", "lang", "params",
        ]
        for key in body.keys where !known.contains(key) {
            throw APIError.xContentParse(
                "[UpdateRequest] unknown field [\(key)]" + NameLikeness.hint(key, among: known))
        }
        for key in ["doc", "upsert"] {
            if let value = body[key], value.objectValue == nil {
                throw APIError.xContentParse(
                    "[UpdateRequest] \(key) doesn't support values of type: \(APIRequest.token(value))"
                )
            }
        }
        var problems: [String] = []
        if body["script"] == nil, body["doc"] == nil { problems.append("script or doc is missing") }
        if body["script"] != nil, body["doc"] != nil {
            problems.append("can't provide both script and doc")
        }
        if body["doc"] == nil, body["doc_as_upsert"]?.boolValue == true {
            problems.append("doc must be specified if doc_as_upsert is enabled")
        }
        if !problems.isEmpty { throw APIError.validation(problems) }
    }

    /// Who names the change that must have been the last cannot want to try again after another.
    static func checkRetries(_ request: APIRequest, _ condition: Change.Condition) throws {
        if case .sequence = condition, try request.int("retry_on_conflict", default: 0) > 0 {
            throw APIError.validation(["compare and write operations can not be retried"])
        }
    }

    /// `get` in the answer to an update: the document as it is now.
    static func writeGet(
        _ answer: WriteAnswer, _ filter: SourceChoice, _ services: Services,
        to writer: inout JSONWriter
    ) throws {
        guard let index = services.catalog.indices[answer.index],
            let document = try services.coordinator.shards(of: index)[answer.shard]
                .get(DocumentID(answer.id), inRealTime: true)
        else { return }
        writer.key("get")
        writer.startObject()
        writer.key("_seq_no")
        writer.value(document.offset)
        writer.key("_primary_term")
        writer.value(document.epoch)
        writer.key("found")
        writer.value(true)
        if let routing = document.routing {
            writer.key("_routing")
            writer.value(routing)
        }
        writer.key("_source")
        writer.raw(filter.apply(document.source))
        writer.endObject()
    }

    // MARK: Reading

    /// Finds a document by an index or alias, an id and a routing.
    static func find(
        index name: String, id: String, routing: String?, inRealTime: Bool, refresh: Bool,
        _ services: Services
    ) throws -> (index: IndexMetadata, document: ShardDocument?) {
        let (index, alias) = try services.catalog.readTarget(name, now: services.now)
        try index.checkAccess(.read)
        let routing = routing ?? alias?.searchRouting ?? alias?.indexRouting
        if routing == nil, index.mapping.requiresRouting {
            throw APIError(
                400, "routing_missing_exception",
                "routing is required for [\(index.name)]/[\(id)]",
                facts: ["index_uuid": "_na_", "index": .string(index.name)])
        }
        let number = Coordinator.shardNumber(routing: routing ?? id, of: index.shardCount)
        let shard = try services.coordinator.shards(of: index)[number]
        if refresh { try shard.refresh() }
        return (index, try shard.get(DocumentID(id), inRealTime: inRealTime))
    }

    private static func checkVersion(
        _ document: ShardDocument, _ request: APIRequest, _ index: IndexMetadata
    ) throws {
        if let type = request["version_type"],
            !["internal", "external", "external_gt", "external_gte"].contains(type)
        {
            throw APIError.illegalArgument("No version type match [\(type)]")
        }
        guard let version = try request.optionalLong("version") else { return }
        if version == document.version { return }
        throw APIError(
            409, "version_conflict_engine_exception",
            "[\(document.id)]: version conflict, current version [\(document.version)] is "
                + "different than the one provided [\(version)]",
            facts: [
                "index_uuid": .string(index.uuid),
                "shard": .string(
                    String(
                        Coordinator.shardNumber(
                            routing: document.routing ?? document.id, of: index.shardCount))),
                "index": .string(index.name),
            ])
    }

    private static func get(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        let selection = try SourceChoice(request, nil)
        let (index, document) = try find(
            index: request.named("index"), id: id, routing: request["routing"],
            inRealTime: try request.bool("realtime", default: true),
            refresh: try request.bool("refresh"), services)
        if let document { try checkVersion(document, request, index) }
        var writer = JSONWriter(reserving: (document?.source.count ?? 0) + 200)
        write(
            index, id, document, selection, storedFields: request.list("stored_fields"),
            to: &writer)
        return APIResponse(document == nil ? 404 : 200, .json(writer.bytes))
    }

    /// A document as `_doc` and `_mget` give it.
    private static func write(
        _ index: IndexMetadata, _ id: String, _ document: ShardDocument?,
        _ selection: SourceChoice, storedFields: [String]?, to writer: inout JSONWriter
    ) {
        writer.startObject()
        writer.key("_index")
        writer.value(index.name)
        writer.key("_id")
        writer.value(id)
        guard let document else {
            writer.key("found")
            writer.value(false)
            writer.endObject()
            return
        }
        writer.key("_version")
        writer.value(document.version)
        writer.key("_seq_no")
        writer.value(document.offset)
        writer.key("_primary_term")
        writer.value(document.epoch)
        if let routing = document.routing {
            writer.key("_routing")
            writer.value(routing)
        }
        writer.key("found")
        writer.value(true)
        let wantsSource =
            storedFields == nil || selection.isAsked || storedFields!.contains("_source")
        if wantsSource, selection.isEnabled, !document.source.isEmpty {
            writer.key("_source")
            writer.raw(selection.apply(document.source))
        }
        if let storedFields {
            let fields = index.mapping.storedFields(storedFields, of: document.source)
            if !fields.isEmpty {
                writer.key("fields")
                writer.value(fields)
            }
        }
        writer.endObject()
    }

    private static func source(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        let selection = try SourceChoice(request, nil)
        if !selection.isEnabled {
            throw APIError.validation(["fetching source can not be disabled"])
        }
        let (index, document) = try find(
            index: request.named("index"), id: id, routing: request["routing"],
            inRealTime: try request.bool("realtime", default: true),
            refresh: try request.bool("refresh"), services)
        guard let document else {
            throw APIError.resourceNotFound("Document not found [\(index.name)]/[\(id)]")
        }
        try checkVersion(document, request, index)
        if document.source.isEmpty {
            throw APIError.resourceNotFound("Source not found [\(index.name)]/[\(id)]")
        }
        return APIResponse(200, .json(selection.apply(document.source)))
    }

    private static func multiGet(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try request.bodyObject()
        let usual = try SourceChoice(request, nil)
        var items: [JSONObject] = []
        for (key, value) in body {
            switch key {
            case "docs":
                for item in value.arrayValue ?? [] {
                    guard let object = item.objectValue else {
                        throw APIError.illegalArgument(
                            "docs array element should include an object")
                    }
                    items.append(object)
                }
            case "ids":
                for item in value.arrayValue ?? [] {
                    guard item.stringValue != nil || item.numberValue != nil else {
                        throw APIError.illegalArgument("ids array element should only contain ids")
                    }
                    items.append(["_id": item])
                }
            default:
                throw APIError.parsing(
                    "unknown key [\(key)] for a \(APIRequest.token(value)), expected [docs] or [ids]"
                )
            }
        }
        if items.isEmpty { throw APIError.validation(["no documents to get"]) }
        var problems: [String] = []
        for (i, item) in items.enumerated() {
            if item["_index"] == nil, request.path["index"] == nil {
                problems.append("index is missing for doc \(i)")
            }
            if item["_id"] == nil { problems.append("id is missing for doc \(i)") }
            for key in item.keys
            where ![
                "_index", "_id", "_routing", "routing", "_source", "stored_fields", "_version",
                "version", "_version_type", "version_type", "fields",
            ].contains(key) {
                throw APIError.parsing("unknown key [\(key)] for a VALUE_STRING, expected [docs]")
            }
        }
        if !problems.isEmpty { throw APIError.validation(problems) }
        let inRealTime = try request.bool("realtime", default: true)
        let refresh = try request.bool("refresh")
        var writer = JSONWriter()
        writer.startObject()
        writer.key("docs")
        writer.startArray()
        for item in items {
            let name = item["_index"]?.stringValue ?? request.path["index"] ?? ""
            let id = item["_id"].map { $0.stringValue ?? $0.description } ?? ""
            let routing =
                (item["routing"] ?? item["_routing"])
                .map { $0.stringValue ?? $0.description } ?? request["routing"]
            do {
                let (index, document) = try find(
                    index: name, id: id, routing: routing, inRealTime: inRealTime,
                    refresh: refresh, services)
                let selection = try item["_source"].map { try SourceChoice(json: $0) } ?? usual
                var fields = request.list("stored_fields")
                if let own = item["stored_fields"] {
                    fields =
                        own.arrayValue?.compactMap(\.stringValue) ?? own.stringValue.map { [$0] }
                }
                if let document,
                    let version = (item["version"] ?? item["_version"])?.numberValue?.int64,
                    version != document.version
                {
                    throw APIError(
                        409, "version_conflict_engine_exception",
                        "[\(id)]: version conflict, current version [\(document.version)] is "
                            + "different than the one provided [\(version)]",
                        facts: ["index_uuid": .string(index.uuid), "index": .string(index.name)])
                }
                write(index, id, document, selection, storedFields: fields, to: &writer)
            } catch {
                writer.startObject()
                writer.key("_index")
                writer.value(name)
                writer.key("_id")
                writer.value(id)
                writer.key("error")
                writer.value(ErrorResponse.apiError(error).errorValue)
                writer.endObject()
            }
        }
        writer.endArray()
        writer.endObject()
        return APIResponse(200, .json(writer.bytes))
    }
}

extension Services {
    /// Refreshes the shard that a write went to.
    func refresh(_ answer: WriteAnswer) throws {
        guard let index = catalog.indices[answer.index] else { return }
        try coordinator.shards(of: index)[answer.shard].refresh()
    }
}
