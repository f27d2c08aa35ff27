internal import TrawlHTTP

/// One line of the table of routes.
struct Route: Sendable {
    var methods: [HTTPRequest.Method]
    var patterns: [String]
    /// What may stand in the query, besides what every route takes.
    var parameters: Set<String>
    var lane: HTTPLane
    var action: @Sendable (APIRequest, Services) throws -> APIResponse

    init(
        _ methods: [HTTPRequest.Method], _ patterns: [String], _ parameters: String = "",
        lane: HTTPLane = .management,
        _ action: @escaping @Sendable (APIRequest, Services) throws -> APIResponse
    ) {
        self.methods = methods
        self.patterns = patterns
        self.parameters = Set(parameters.split(whereSeparator: { $0 == " " }).map(String.init))
        self.lane = lane
        self.action = action
    }

    /// What every route takes.
    static let common: Set<String> = [
        "pretty", "human", "error_trace", "filter_path", "format", "source",
        "source_content_type",
    ]

    static let indexOptions =
        "ignore_unavailable allow_no_indices expand_wildcards ignore_throttled "
    static let masterTimeout = "master_timeout cluster_manager_timeout timeout "
}

/// All routes, by family.
enum Routes {
    static var all: [Route] {
        RootRoutes.routes + IndexRoutes.routes + MappingRoutes.routes + SettingsRoutes.routes
            + AliasRoutes.routes + TemplateRoutes.routes + DocumentRoutes.routes
            + BulkRoutes.routes + ClusterRoutes.routes + ClusterPlanRoutes.routes + CatRoutes.routes
            + NodeRoutes.routes + MaintenanceRoutes.routes + AnalyzeRoutes.routes
            + SearchRoutes.routes + ScrollRoutes.routes + PointInTimeRoutes.routes
            + FieldCapsRoutes.routes
            + DescriptionRoutes.routes + TermVectorRoutes.routes
            + ScriptRoutes.routes + SearchTemplateRoutes.routes + ResizeRoutes.routes
            + RankEvalRoutes.routes + IngestRoutes.routes
            + RolloverRoutes.routes + ToolRoutes.routes + TaskRoutes.routes
            + ByQueryRoutes.routes + SyncRoutes.routes + LogRoutes.routes
            + TopicRoutes.routes + LetterRoutes.routes
    }
}
