internal import TrawlAnalysis
internal import TrawlCoordinator
internal import TrawlErrors
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlPipeline
internal import TrawlQuery
internal import TrawlSchema

/// The one table that turns failures into what clients of the API see.
enum ErrorResponse {
    static func apiError(_ error: any Error) -> APIError {
        switch error {
        case let error as APIError: error
        case let error as CoordinatorError: apiError(error)
        case let error as JSONError: APIRequest.badJSON(error)
        case let error as SchemaError: apiError(error)
        case let error as QueryError: apiError(error)
        case let error as PipelineError: apiError(error)
        case let error as AnalysisError: APIError.illegalArgument(error.description)
        case let error as any TrawlError:
            APIError(status(of: error.kind), type(of: error), error.description)
        default:
            APIError(500, "exception", "\(error)")
        }
    }

    static func status(of kind: ErrorKind) -> Int {
        switch kind {
        case .invalidRequest: 400
        case .notFound: 404
        case .conflict: 409
        case .overloaded: 429
        case .unavailable: 503
        case .timedOut: 504
        case .corrupted, .internalFault: 500
        }
    }

    /// Codes that are types of the API already stay; ours are told by their kind.
    private static func type(of error: any TrawlError) -> String {
        if error.code.hasSuffix("_exception") { return error.code }
        return switch error.kind {
        case .invalidRequest: "illegal_argument_exception"
        case .notFound: "resource_not_found_exception"
        case .conflict: "version_conflict_engine_exception"
        case .overloaded: "es_rejected_execution_exception"
        case .unavailable: "unavailable_shards_exception"
        case .timedOut: "timeout_exception"
        case .corrupted: "corrupt_index_exception"
        case .internalFault: "exception"
        }
    }

    private static func apiError(_ error: CoordinatorError) -> APIError {
        var facts = JSONObject()
        if let resource = error.resourceType, let index = error.index {
            facts["resource.type"] = .string(resource)
            facts["resource.id"] = .string(index)
        }
        facts["index_uuid"] = error.indexUUID.map { .string($0) }
        facts["shard"] = error.shard.map { .string(String($0)) }
        facts["index"] = error.index.map { .string($0) }
        return APIError(
            error.status ?? status(of: error.kind), error.type, error.reason, facts: facts,
            cause: cause(error.causes))
    }

    private static func apiError(_ error: SchemaError) -> APIError {
        APIError(
            400, error.type, error.reason,
            cause: cause(error.causes.map { .init(type: $0.type, reason: $0.reason) }))
    }

    private static func apiError(_ error: PipelineError) -> APIError {
        APIError(
            status(of: error.kind), error.type, error.reason,
            facts: JSONObject(error.properties.map { (key: $0.name, value: .string($0.value)) }),
            cause: cause(error.causes.map { .init(type: $0.type, reason: $0.reason) }))
    }

    static func apiError(_ error: QueryError) -> APIError {
        var facts = JSONObject()
        // Failures of parsing carry their place; others have it in their text, if at all.
        if error.type == "parsing_exception" {
            facts["line"] = JSONValue(error.line ?? 1)
            facts["col"] = JSONValue(error.column ?? 1)
        }
        return APIError(
            400, error.type, error.reason, facts: facts, cause: error.causes.first.map(value))
    }

    private static func value(_ error: QueryError) -> JSONValue {
        let own = apiError(error)
        return .object(own.object())
    }

    /// Each cause within the one before.
    private static func cause(_ causes: [CoordinatorError.Cause]) -> JSONValue? {
        var value: JSONValue?
        for cause in causes.reversed() {
            var object: JSONObject = [
                "type": .string(cause.type), "reason": .string(cause.reason),
            ]
            object["caused_by"] = value
            value = .object(object)
        }
        return value
    }
}
