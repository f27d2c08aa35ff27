internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// Aliases: other names of indices, with filters and routing.
enum AliasRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .head],
            ["/_alias", "/_alias/{name}", "/{index}/_alias", "/{index}/_alias/{name}"],
            Route.indexOptions + Route.masterTimeout + "local", show),
        Route([.get], ["/_aliases"], Route.indexOptions + Route.masterTimeout + "local", show),
        Route(
            [.put, .post],
            [
                "/{index}/_alias/{name}", "/{index}/_aliases/{name}", "/_alias/{name}",
                "/_aliases/{name}", "/{index}/_alias", "/{index}/_aliases", "/_alias",
            ], Route.masterTimeout, put),
        Route(
            [.delete], ["/{index}/_alias/{name}", "/{index}/_aliases/{name}"],
            Route.masterTimeout, delete),
        Route([.post], ["/_aliases"], Route.masterTimeout, update),
    ]

    /// An index's aliases as the API shows them.
    static func shown(_ index: IndexMetadata, _ wanted: (String) -> Bool) -> JSONObject {
        JSONObject(
            index.aliases.keys.sorted().filter(wanted).map {
                (key: $0, value: .object(index.aliases[$0]!.json))
            })
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var options = try request.indexOptions(.metadata)
        if !request.has("expand_wildcards") { options.expandsHidden = true }
        let targets = try services.catalog.resolve(request["index"], options, now: services.now)
        let names = request.list("name")
        let includes = (names ?? ["*"]).filter { !$0.hasPrefix("-") }
        let excludes = (names ?? []).filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) }
        func wanted(_ alias: String) -> Bool {
            includes.contains { $0 == "_all" || Wildcard.matches($0, alias) }
                && !excludes.contains { Wildcard.matches($0, alias) }
        }
        var result = JSONObject()
        var found: Set<String> = []
        for target in targets {
            let aliases = shown(target.index, wanted)
            found.formUnion(aliases.keys)
            if !aliases.isEmpty || names == nil {
                result[target.index.name] = ["aliases": .object(aliases)]
            }
        }
        let missing = includes.filter { name in
            name != "_all" && !Wildcard.isPattern(name) && !found.contains(name)
                && !excludes.contains { Wildcard.matches($0, name) }
        }.sorted()
        if request.http.method == .head {
            return APIResponse(
                missing.isEmpty && !(names != nil && result.isEmpty) ? 200 : 404, .empty)
        }
        if !missing.isEmpty {
            var body: JSONObject = [
                "error": .string(
                    "alias\(missing.count > 1 ? "es" : "") [\(missing.joined(separator: ","))] "
                        + "missing"),
                "status": 404,
            ]
            for (key, value) in result { body[key] = value }
            return .value(.object(body), status: 404)
        }
        return .value(.object(result))
    }

    private static func put(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        var body = try request.optionalBodyObject() ?? [:]
        let expression = request.path["index"] ?? body["index"]?.stringValue
        let name = request.path["name"] ?? body["alias"]?.stringValue
        for key in body.keys
        where ![
            "index", "alias", "filter", "routing", "index_routing", "indexRouting",
            "search_routing", "searchRouting", "is_write_index", "is_hidden",
        ].contains(key) {
            throw APIError.illegalArgument("unknown field [\(key)]")
        }
        if let old = body["indexRouting"] { body["index_routing"] = old }
        if let old = body["searchRouting"] { body["search_routing"] = old }
        guard let expression, !expression.isEmpty else {
            throw APIError.validation(["index is missing"])
        }
        guard let name, !name.isEmpty else { throw APIError.validation(["alias is missing"]) }
        let metadata = AliasMetadata(body)
        try services.coordinator.changeAliases { catalog, now in
            try add(name, metadata, expression, &catalog, now)
        }
        return .acknowledged
    }

    private static func add(
        _ name: String, _ metadata: AliasMetadata, _ expression: String,
        _ catalog: inout CatalogSnapshot, _ now: Int64
    ) throws {
        try IndexName.checkAlias(name)
        if catalog.indices[name] != nil {
            throw APIError(
                400, "invalid_alias_name_exception",
                "Invalid alias name [\(name)]: an index or data stream exists with the same name "
                    + "as the alias", facts: ["index": .string(name)])
        }
        if let filter = metadata.filter { try AliasFilter.check(filter, name) }
        var options = IndexOptions.metadata
        options.allowsAliases = false
        options.allowNoIndices = false
        for target in try catalog.resolve(expression, options, now: now) {
            var index = target.index
            if metadata.isWriteIndex == true {
                for other in catalog.names
                where other != index.name
                    && catalog.indices[other]!.aliases[name]?.isWriteIndex == true
                {
                    throw APIError(
                        500, "illegal_state_exception",
                        "alias [\(name)] has more than one write index "
                            + "[\([other, index.name].sorted().joined(separator: ","))]")
                }
            }
            index.aliases[name] = metadata
            index.version += 1
            catalog.put(index)
        }
    }

    private static func delete(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let names = request.list("name") ?? []
        try services.coordinator.changeAliases { catalog, now in
            try remove(names, request.named("index"), mustExist: true, &catalog, now)
        }
        return .acknowledged
    }

    private static func remove(
        _ names: [String], _ expression: String, mustExist: Bool?,
        _ catalog: inout CatalogSnapshot, _ now: Int64
    ) throws {
        var removed = false
        var options = IndexOptions.metadata
        options.allowsAliases = false
        options.allowNoIndices = false
        for target in try catalog.resolve(expression, options, now: now) {
            var index = target.index
            for alias in index.aliases.keys
            where names.contains(where: { $0 == "_all" || Wildcard.matches($0, alias) }) {
                index.aliases[alias] = nil
                removed = true
            }
            catalog.put(index)
        }
        if !removed, mustExist != false {
            throw APIError(
                404, "aliases_not_found_exception",
                "aliases [\(names.joined(separator: ", "))] missing",
                facts: [
                    "resource.type": "aliases",
                    "resource.id": .string(names.joined(separator: ", ")),
                ])
        }
    }

    private static func update(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let body = try request.bodyObject()
        guard let actions = body["actions"]?.arrayValue else {
            if let unknown = body.keys.first {
                throw APIError.xContentParse("[aliases] unknown field [\(unknown)]")
            }
            throw APIError.illegalArgument("No action specified")
        }
        if actions.isEmpty { throw APIError.illegalArgument("No action specified") }
        let removedIndices = try services.coordinator.changeAliases { catalog, now in
            var gone: [String] = []
            // Indices that go are gone before aliases of the same names come.
            for action in actions {
                guard let (kind, value) = action.objectValue?.members.first,
                    let object = value.objectValue
                else { throw APIError.xContentParse("[aliases] failed to parse field [actions]") }
                if kind == "remove_index" {
                    for name in try expressions(object, kind) {
                        for target in try catalog.resolve(name, .deletion, now: now) {
                            gone.append(target.index.name)
                            catalog.remove(target.index.name)
                        }
                    }
                }
            }
            for action in actions {
                let (kind, value) = action.objectValue!.members.first!
                try apply(kind, value.objectValue!, &catalog, now)
            }
            return gone
        }
        services.coordinator.dropShards(ofRemoved: removedIndices)
        return .acknowledged
    }

    private static func apply(
        _ kind: String, _ object: JSONObject, _ catalog: inout CatalogSnapshot, _ now: Int64
    ) throws {
        switch kind {
        case "remove_index": return
        case "add":
            let names = try aliases(object, kind)
            for name in names {
                for expression in try expressions(object, kind) {
                    try add(name, AliasMetadata(object), expression, &catalog, now)
                }
            }
        case "remove":
            let names = try aliases(object, kind)
            for expression in try expressions(object, kind) {
                try remove(
                    names, expression, mustExist: object["must_exist"]?.boolValue, &catalog, now)
            }
        default: throw APIError.xContentParse("[alias_action] unknown field [\(kind)]")
        }
    }

    private static func expressions(_ object: JSONObject, _ kind: String) throws -> [String] {
        let list = texts(object, "index", "indices")
        if list.isEmpty {
            throw APIError.illegalArgument("One of [index] or [indices] is required")
        }
        return list
    }

    private static func aliases(_ object: JSONObject, _ kind: String) throws -> [String] {
        let list = texts(object, "alias", "aliases")
        if list.isEmpty {
            throw APIError.illegalArgument("One of [alias] or [aliases] is required")
        }
        return list
    }

    private static func texts(_ object: JSONObject, _ one: String, _ many: String) -> [String] {
        for key in [one, many] {
            switch object[key] {
            case .string(let text): return [text]
            case .array(let list): return list.compactMap(\.stringValue)
            default: break
            }
        }
        return []
    }
}
