internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON

/// `_rollover`: an alias moves to a new index when the old one is old or large enough.
enum RolloverRoutes {
    static let routes: [Route] = [
        Route(
            [.post], ["/{index}/_rollover", "/{index}/_rollover/{new_index}"],
            Route.masterTimeout + "dry_run wait_for_active_shards include_type_name", rollover)
    ]

    private static func rollover(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        let alias = request.named("index")
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys
        where !["conditions", "settings", "mappings", "aliases"].contains(key) {
            throw APIError.xContentParse("[rollover] unknown field [\(key)]")
        }
        let catalog = services.catalog
        guard let named = catalog.aliases[alias] else {
            if catalog.indices[alias] != nil {
                throw APIError.illegalArgument(
                    "rollover target is a [concrete_index] but one of [alias,data_stream] was "
                        + "expected")
            }
            throw APIError.illegalArgument("rollover target [\(alias)] does not exist")
        }
        let writers = named.filter { catalog.indices[$0]!.aliases[alias]!.isWriteIndex == true }
        guard let old = writers.first ?? (named.count == 1 ? named[0] : nil) else {
            throw APIError.illegalArgument(
                "rollover target [\(alias)] does not point to a write index")
        }
        let isExplicit = !writers.isEmpty
        let new = try request["new_index"] ?? next(old)
        let name = try DateMathName.resolve(new, now: services.now)
        let (conditions, results) = try check(
            body["conditions"]?.objectValue ?? [:], catalog.indices[old]!, services)
        let isMet = conditions == 0 || results.contains { $0.value == true }
        let isDry = try request.bool("dry_run")
        try IndexName.checkIndex(name)
        if let existing = catalog.indices[name] {
            throw APIError(
                400, "resource_already_exists_exception",
                "index [\(name)/\(existing.uuid)] already exists",
                facts: ["index_uuid": .string(existing.uuid), "index": .string(name)])
        }
        let happens = isMet && !isDry
        if happens {
            var content = body
            content["conditions"] = nil
            var creation = try IndexCreation(name: name, body: content)
            var metadata = catalog.indices[old]!.aliases[alias]!
            if isExplicit { metadata.isWriteIndex = true }
            creation.aliases[alias] = metadata.json
            try services.coordinator.createIndex(creation)
            try services.coordinator.changeCatalog { catalog in
                guard var index = catalog.indices[old] else { return }
                if isExplicit {
                    index.aliases[alias]?.isWriteIndex = false
                } else {
                    index.aliases[alias] = nil
                }
                index.version += 1
                catalog.put(index)
            }
        }
        return .value([
            "acknowledged": .bool(happens), "shards_acknowledged": .bool(happens),
            "old_index": .string(old), "new_index": .string(name), "rolled_over": .bool(happens),
            "dry_run": .bool(isDry), "conditions": .object(results),
        ])
    }

    /// `logs-1` becomes `logs-000002`: the number after the last dash, six digits wide.
    private static func next(_ name: String) throws -> String {
        guard let dash = name.lastIndex(of: "-"),
            let number = Int(name[name.index(after: dash)...])
        else {
            throw APIError.illegalArgument(
                "index name [\(name)] does not match pattern '^.*-\\d+$'")
        }
        let digits = String(number + 1)
        return name[...dash] + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    private static func check(
        _ conditions: JSONObject, _ index: IndexMetadata, _ services: Services
    ) throws -> (count: Int, results: JSONObject) {
        var results = JSONObject()
        let figures = try services.figures(of: index)
        for (name, value) in conditions {
            let text = value.stringValue ?? value.description
            switch name {
            case "max_age":
                let age = try TimeValue.parse(text, of: name)
                results["[max_age: \(text)]"] = .bool(
                    .milliseconds(services.now - index.creationDate) >= age)
            case "max_docs":
                guard let limit = value.numberValue?.int64 ?? Int64(text) else {
                    throw APIError.illegalArgument(
                        "failed to parse [max_docs] with value [\(text)]")
                }
                results["[max_docs: \(limit)]"] = .bool(Int64(figures.docCount) >= limit)
            case "max_size":
                guard let limit = ByteSize.parse(text) else {
                    throw APIError.parse(
                        "failed to parse setting [max_size] with value [\(text)] as a size in "
                            + "bytes: unit is missing or unrecognized")
                }
                results["[max_size: \(text)]"] = .bool(figures.byteCount >= limit)
            default: throw APIError.xContentParse("[conditions] unknown field [\(name)]")
            }
        }
        return (conditions.count, results)
    }
}
