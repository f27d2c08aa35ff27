internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// Mappings: look at, extend, look at single fields.
enum MappingRoutes {
    static let routes: [Route] = [
        Route(
            [.get],
            ["/_mapping", "/_mappings", "/{index}/_mapping", "/{index}/_mappings"],
            Route.indexOptions + Route.masterTimeout + "local include_type_name", show),
        Route(
            [.put, .post],
            [
                "/{index}/_mapping", "/{index}/_mappings", "/_mapping", "/_mappings",
                "/{index}/_mapping/_doc",
            ],
            Route.indexOptions + Route.masterTimeout + "write_index_only include_type_name", put),
        Route(
            [.get], ["/_mapping/field/{fields}", "/{index}/_mapping/field/{fields}"],
            Route.indexOptions + "local include_defaults include_type_name", fields),
    ]

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let targets = try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        return .value(
            .object(
                JSONObject(
                    targets.map {
                        (
                            key: $0.index.name,
                            value: ["mappings": .object($0.index.mapping.json)] as JSONValue
                        )
                    })))
    }

    private static func put(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        guard request.hasContent else {
            throw APIError.validation(["mapping source is missing"])
        }
        let body = try request.bodyObject()
        let targets = try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        if targets.isEmpty { throw APIError.indexNotFound(request["index"] ?? "_all") }
        let mapping = try IndexCreation.typeless(body)
        try services.coordinator.putMapping(mapping, of: targets.map(\.index.name))
        return .acknowledged
    }

    private static func fields(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let patterns = request.list("fields") ?? []
        var result = JSONObject()
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        {
            var found = JSONObject()
            for (path, definition) in Self.flatten(target.index.mapping.json)
            where patterns.contains(where: { Wildcard.matches($0, path) }) {
                var definition = definition
                definition["properties"] = nil
                if try request.bool("include_defaults"), definition["type"] == "text",
                    definition["analyzer"] == nil
                {
                    definition["analyzer"] = "default"
                }
                let leaf = path.split(separator: ".").last.map(String.init) ?? path
                found[path] = [
                    "full_name": .string(path),
                    "mapping": .object([leaf: .object(definition)]),
                ]
            }
            result[target.index.name] = ["mappings": .object(found)]
        }
        return .value(.object(result), status: 200)
    }

    /// Every field with its full name, multi-fields too.
    static func flatten(
        _ mapping: JSONObject, path: String = ""
    ) -> [(path: String, definition: JSONObject)] {
        var result: [(String, JSONObject)] = []
        for key in ["properties", "fields"] {
            for (name, value) in mapping[key]?.objectValue ?? [:] {
                guard let definition = value.objectValue else { continue }
                let full = path.isEmpty ? name : path + "." + name
                let isObject = definition["type"] == nil || definition["properties"] != nil
                if !isObject { result.append((full, definition)) }
                result += flatten(definition, path: full)
            }
        }
        return result
    }
}
