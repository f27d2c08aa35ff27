internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// Settings of indices.
enum SettingsRoutes {
    static let routes: [Route] = [
        Route(
            [.get],
            [
                "/_settings", "/{index}/_settings", "/{index}/_settings/{name}",
                "/_settings/{name}", "/{index}/_setting/{name}",
            ],
            Route.indexOptions + Route.masterTimeout + "flat_settings local include_defaults",
            show),
        Route(
            [.put], ["/_settings", "/{index}/_settings"],
            Route.indexOptions + Route.masterTimeout + "preserve_existing flat_settings", put),
    ]

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let names = request.list("name") ?? []
        func wanted(_ setting: String) -> Bool {
            names.isEmpty || names.contains("_all")
                || names.contains { Wildcard.matches($0, setting) }
        }
        var result = JSONObject()
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        {
            let index = target.index
            let settings = index.settings.filtered(wanted)
            let withDefaults = try request.bool("include_defaults")
            if settings.isEmpty && !withDefaults { continue }
            var entry: JSONObject = ["settings": .object(try shown(settings, request))]
            if withDefaults {
                let defaults = SettingRules.defaults.filtered {
                    index.settings[$0] == nil && wanted($0)
                }
                entry["defaults"] = .object(try shown(defaults, request))
            }
            result[index.name] = .object(entry)
        }
        return .value(.object(result))
    }

    /// Nested or flat, as the request asks.
    static func shown(_ settings: FlatSettings, _ request: APIRequest) throws -> JSONObject {
        var settings = settings
        if try request.bool("human"), let date = settings.text("index.creation_date"),
            let milliseconds = Int64(date)
        {
            settings["index.creation_date_string"] = .text(TimeText.iso(milliseconds))
            settings["index.version.created_string"] = .text(Services.version)
        }
        return try request.bool("flat_settings") ? settings.flat : settings.nested
    }

    private static func put(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var body = try request.bodyObject()
        if let inner = body["settings"]?.objectValue, body.count == 1 { body = inner }
        let update = FlatSettings(body, prefix: "index.")
        if update.isEmpty && update.removals.isEmpty {
            throw APIError.validation(["no settings to update"])
        }
        let targets = try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        try services.coordinator.updateSettings(
            update, of: targets.map(\.index.name),
            keepingExisting: try request.bool("preserve_existing"))
        return .acknowledged
    }
}
