internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlPipeline
internal import TrawlSchema

/// Ingest pipelines: kept in the catalog, tried out by `_simulate`.
enum IngestRoutes {
    static let routes: [Route] = [
        Route([.put], ["/_ingest/pipeline/{id}"], Route.masterTimeout + "if_version", put),
        Route(
            [.get], ["/_ingest/pipeline", "/_ingest/pipeline/{id}"],
            Route.masterTimeout + "summary", show),
        Route([.delete], ["/_ingest/pipeline/{id}"], Route.masterTimeout, delete),
        Route(
            [.get, .post], ["/_ingest/pipeline/_simulate", "/_ingest/pipeline/{id}/_simulate"],
            "verbose", lane: .write, simulate),
        Route([.get], ["/_ingest/processor/grok"], "s ecs_compatibility") { request, _ in
            let names = GrokPatterns.all.keys.sorted()
            return .value([
                "patterns": .object(
                    JSONObject(
                        names.map { (key: $0, value: .string(GrokPatterns.all[$0]!)) }))
            ])
        },
    ]

    private static func put(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let id = request.named("id")
        let body = try request.bodyObject()
        _ = try Pipeline(id: id, body, scripts: services.catalog.scripts)
        try services.coordinator.changeCatalog { $0.pipelines[id] = body }
        return .acknowledged
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let pipelines = services.catalog.pipelines
        let patterns = request.list("id") ?? ["*"]
        let names = pipelines.keys.sorted().filter { name in
            patterns.contains { Wildcard.matches($0, name) }
        }
        let isMissing = names.isEmpty && patterns.contains { !Wildcard.isPattern($0) }
        return .value(
            .object(
                JSONObject(names.map { (key: $0, value: .object(pipelines[$0]!)) })),
            status: isMissing ? 404 : 200)
    }

    private static func delete(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let pattern = request.named("id")
        try services.coordinator.changeCatalog { catalog in
            let names = catalog.pipelines.keys.filter { Wildcard.matches(pattern, $0) }
            if names.isEmpty, pattern != "*" {
                throw APIError.resourceNotFound("pipeline [\(pattern)] is missing")
            }
            for name in names {
                let users = catalog.names.filter { user in
                    ["index.default_pipeline", "index.final_pipeline"].contains {
                        catalog.indices[user]!.settings.text($0) == name
                    }
                }
                if !users.isEmpty {
                    throw APIError.illegalArgument(
                        "pipeline [\(name)] cannot be deleted because it is the default or final "
                            + "pipeline for \(users.count) index(es) including "
                            + "[\(users.prefix(3).joined(separator: ","))]")
                }
                catalog.pipelines[name] = nil
            }
        }
        return .acknowledged
    }

    // MARK: Simulate

    private static func simulate(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try request.bodyObject()
        let catalog = services.catalog
        let pipeline: Pipeline
        if let id = request.path["id"] {
            guard let stored = try services.coordinator.pipelines.pipeline(id, in: catalog) else {
                throw APIError.illegalArgument("pipeline [\(id)] does not exist")
            }
            pipeline = stored
        } else {
            guard let definition = body["pipeline"]?.objectValue else {
                throw missing("pipeline")
            }
            pipeline = try Pipeline(
                id: "_simulate_pipeline", definition, scripts: catalog.scripts)
        }
        guard let items = body["docs"]?.arrayValue else { throw missing("docs") }
        if items.isEmpty {
            throw APIError.illegalArgument("must specify at least one document in [docs]")
        }
        let isVerbose = try request.bool("verbose")
        let coordinator = services.coordinator
        let results = try items.map { item in
            var document = try document(item, services)
            var run = PipelineRun(isTraced: isVerbose) {
                try coordinator.pipelines.pipeline($0, in: catalog)
            }
            var failure: PipelineError?
            var isKept = true
            do throws(PipelineError) {
                isKept = try run.run(pipeline, on: &document)
            } catch {
                failure = error
            }
            if isVerbose {
                return ["processor_results": .array(run.traces.map(shown))] as JSONValue
            }
            if let failure { return ["error": ErrorResponse.apiError(failure).errorValue] }
            return isKept ? ["doc": shown(document)] : .null
        }
        return .value(["docs": .array(results)])
    }

    private static func missing(_ name: String) -> APIError {
        var error = APIError.parse("[\(name)] required property is missing")
        error.facts["property_name"] = .string(name)
        return error
    }

    private static func document(
        _ item: JSONValue, _ services: Services
    ) throws -> PipelineDocument {
        guard let object = item.objectValue else {
            throw APIError.illegalArgument(
                "malformed [docs] section, should include an inner object")
        }
        guard let source = object["_source"]?.objectValue else { throw missing("_source") }
        var metadata: JSONObject = ["_index": "_index", "_id": "_id"]
        for name in PipelineDocument.metadataNames {
            if let value = object[name] {
                let isText = ["_index", "_id", "_routing"].contains(name)
                metadata[name] =
                    isText ? .string(value.stringValue ?? value.description) : value
            }
        }
        return PipelineDocument(
            source: source, metadata: metadata, timestamp: TimeText.iso(services.now))
    }

    private static func shown(_ document: PipelineDocument) -> JSONValue {
        var object = document.metadata
        object["_source"] = .object(document.source)
        object["_ingest"] = .object(document.ingest)
        return .object(object)
    }

    private static func shown(_ trace: PipelineRun.Trace) -> JSONValue {
        var object: JSONObject = ["processor_type": .string(trace.type)]
        object["tag"] = trace.tag.map { .string($0) }
        object["description"] = trace.description.map { .string($0) }
        if let condition = trace.condition {
            object["if"] = [
                "condition": .string(condition.text), "result": .bool(condition.result),
            ]
        }
        switch trace.outcome {
        case .success:
            object["status"] = "success"
            object["doc"] = shown(trace.document)
        case .dropped: object["status"] = "dropped"
        case .skipped: object["status"] = "skipped"
        case .failed(let error):
            object["status"] = "error"
            object["error"] = ErrorResponse.apiError(error).errorValue
        case .ignored(let error):
            object["status"] = "error_ignored"
            object["ignored_error"] = ["error": ErrorResponse.apiError(error).errorValue]
            object["doc"] = shown(trace.document)
        }
        return .object(object)
    }
}
