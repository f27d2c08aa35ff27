internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// Indices as a whole: create, look at, delete, open and close, block.
enum IndexRoutes {
    static let routes: [Route] = [
        Route(
            [.put], ["/{index}"],
            Route.masterTimeout + "wait_for_active_shards include_type_name", create),
        Route(
            [.get, .head], ["/{index}"],
            Route.indexOptions + Route.masterTimeout
                + "local flat_settings include_defaults include_type_name features", show),
        Route([.delete], ["/{index}"], Route.indexOptions + Route.masterTimeout, delete),
        Route(
            [.post], ["/{index}/_open", "/_open"],
            Route.indexOptions + Route.masterTimeout
                + "wait_for_active_shards wait_for_completion task_execution_timeout"
        ) { try setOpen($0, $1, true) },
        Route(
            [.post], ["/{index}/_close", "/_close"],
            Route.indexOptions + Route.masterTimeout + "wait_for_active_shards"
        ) { try setOpen($0, $1, false) },
        Route(
            [.put], ["/{index}/_block/{block}"], Route.indexOptions + Route.masterTimeout,
            addBlock),
        Route(
            [.get], ["/_resolve/index/{name}"], "expand_wildcards local", resolve),
    ]

    private static func create(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let name = try DateMathName.resolve(request.named("index"), now: services.now)
        let creation = try IndexCreation(
            name: name, body: try request.optionalBodyObject() ?? [:])
        try services.coordinator.createIndex(creation)
        return .value([
            "acknowledged": true, "shards_acknowledged": true, "index": .string(name),
        ])
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var options = try request.indexOptions(.metadata)
        if request.http.method == .head {
            options.allowNoIndices = false
            let found = try? services.catalog.resolve(
                request.named("index"), options, now: services.now)
            return APIResponse(found?.isEmpty ?? true ? 404 : 200, .empty)
        }
        var result = JSONObject()
        for target in try services.catalog.resolve(
            request.named("index"), options, now: services.now)
        {
            let index = target.index
            result[index.name] = [
                "aliases": .object(AliasRoutes.shown(index) { _ in true }),
                "mappings": .object(index.mapping.json),
                "settings": .object(try SettingsRoutes.shown(index.settings, request)),
            ]
            if try request.bool("include_defaults") {
                result[index.name]?["defaults"] = .object(
                    try SettingsRoutes.shown(
                        SettingRules.defaults.filtered { index.settings[$0] == nil }, request))
            }
        }
        return .value(.object(result))
    }

    private static func delete(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let options = try request.indexOptions(.deletion)
        let targets = try services.catalog.resolve(
            request.named("index"), options, now: services.now)
        try services.coordinator.deleteIndices(targets.map(\.index.name))
        return .acknowledged
    }

    private static func setOpen(
        _ request: APIRequest, _ services: Services, _ isOpen: Bool
    ) throws -> APIResponse {
        guard let expression = request["index"] else {
            throw APIError.validation(["index is missing"])
        }
        var options = try request.indexOptions(.metadata)
        if !request.has("expand_wildcards") {
            options.expandsOpen = !isOpen
            options.expandsClosed = isOpen
        }
        let names = try services.catalog.resolve(expression, options, now: services.now)
            .map(\.index.name)
        try services.coordinator.setOpen(isOpen, names)
        if isOpen { return .value(["acknowledged": true, "shards_acknowledged": true]) }
        let indices = JSONObject(
            names.map { (key: $0, value: JSONValue.object(["closed": true])) })
        return .value([
            "acknowledged": true, "shards_acknowledged": true, "indices": .object(indices),
        ])
    }

    private static func addBlock(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        let block = request.named("block")
        guard ["metadata", "read", "read_only", "write", "read_only_allow_delete"].contains(block)
        else { throw APIError.illegalArgument("No block found with name \(block)") }
        let names = try services.catalog.resolve(
            request.named("index"), try request.indexOptions(.metadata), now: services.now
        ).map(\.index.name)
        var update = FlatSettings()
        update["index.blocks." + block] = .text("true")
        try services.coordinator.updateSettings(update, of: names)
        return .value([
            "acknowledged": true, "shards_acknowledged": true,
            "indices": .array(names.map { ["name": .string($0), "blocked": true] }),
        ])
    }

    private static func resolve(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let catalog = services.catalog
        var options = try request.indexOptions(.search)
        options.forbidsClosed = false
        let parts = CatalogSnapshot.split(request.named("name"))
        var indices: [JSONValue] = []
        var aliases: [JSONValue] = []
        for name in catalog.names {
            let index = catalog.indices[name]!
            let isNamed = parts.contains { $0 == name }
            let isMatched = parts.contains {
                Wildcard.isPattern($0) && Wildcard.matches($0, name)
                    && (index.isOpen ? options.expandsOpen : options.expandsClosed)
                    && (!index.isHidden || options.expandsHidden)
            }
            guard isNamed || isMatched else { continue }
            var entry: JSONObject = ["name": .string(name)]
            if !index.aliases.isEmpty {
                entry["aliases"] = .array(index.aliases.keys.sorted().map { .string($0) })
            }
            entry["attributes"] = .array(
                [index.isHidden ? "hidden" : nil, index.isOpen ? "open" : "closed"]
                    .compactMap { $0.map { .string($0) } })
            indices.append(.object(entry))
        }
        for alias in catalog.aliases.keys.sorted()
        where parts.contains(where: { Wildcard.matches($0, alias) }) {
            aliases.append([
                "name": .string(alias),
                "indices": .array(catalog.aliases[alias]!.map { .string($0) }),
            ])
        }
        for part in parts
        where !Wildcard.isPattern(part) && catalog.indices[part] == nil
            && catalog.aliases[part] == nil
        {
            throw APIError.indexNotFound(part)
        }
        return .value([
            "indices": .array(indices), "aliases": .array(aliases), "data_streams": [],
        ])
    }
}

extension APIRequest {
    /// The options of an index expression, by the parameters, from what is usual for the route.
    func indexOptions(_ usual: IndexOptions) throws -> IndexOptions {
        var options = usual
        if let value = try optionalBool("ignore_unavailable") { options.ignoreUnavailable = value }
        if let value = try optionalBool("allow_no_indices") { options.allowNoIndices = value }
        if let states = list("expand_wildcards") {
            options.expandsOpen = false
            options.expandsClosed = false
            options.expandsHidden = false
            for state in states {
                switch state {
                case "open": options.expandsOpen = true
                case "closed": options.expandsClosed = true
                case "hidden": options.expandsHidden = true
                case "none": break
                case "all":
                    options.expandsOpen = true
                    options.expandsClosed = true
                    options.expandsHidden = true
                default:
                    throw APIError.illegalArgument(
                        "No valid expand wildcard value [\(state)]")
                }
            }
        }
        return options
    }
}

extension Services {
    /// Milliseconds since 1970.
    var now: Int64 { coordinator.now }
}
