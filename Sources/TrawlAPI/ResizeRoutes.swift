internal import TrawlCoordinator
internal import TrawlDocument
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery

/// `_shrink`, `_split`, `_clone`: an index made of another with fewer, more, or as many shards.
///
/// The documents are copied, each with its version; the source takes no writes meanwhile.
enum ResizeRoutes {
    private enum Kind: String { case shrink, split, clone }

    static let routes: [Route] = [
        route(.shrink), route(.split), route(.clone),
    ]

    private static func route(_ kind: Kind) -> Route {
        Route(
            [.put, .post], ["/{index}/_\(kind.rawValue)/{target}"],
            Route.masterTimeout
                + "wait_for_active_shards copy_settings wait_for_completion "
                + "task_execution_timeout", lane: .write
        ) { try resize($0, $1, kind) }
    }

    private static func resize(
        _ request: APIRequest, _ services: Services, _ kind: Kind
    ) throws -> APIResponse {
        let name = request.named("index")
        let target = try DateMathName.resolve(request.named("target"), now: services.now)
        var body = try request.optionalBodyObject() ?? [:]
        if request.has("copy_settings"), try !request.bool("copy_settings") {
            throw APIError.illegalArgument(
                "parameter [copy_settings] can not be explicitly set to [false]")
        }
        for key in body.keys
        where !["settings", "aliases", "max_shard_size", "max_primary_shard_size"].contains(key) {
            if key == "mappings" {
                throw APIError.illegalArgument("mappings are not allowed when resizing indices")
            }
            throw APIError.xContentParse("[resize_request] unknown field [\(key)]")
        }
        for key in ["max_shard_size", "max_primary_shard_size"] { body[key] = nil }
        let source = try services.catalog.readTarget(name, now: services.now).index
        if let existing = services.catalog.indices[target] {
            throw APIError(
                400, "resource_already_exists_exception",
                "index [\(target)/\(existing.uuid)] already exists",
                facts: ["index_uuid": .string(existing.uuid), "index": .string(target)])
        }
        guard
            ["write", "read_only"].contains(where: {
                source.settings.bool("index.blocks." + $0) == true
            })
        else {
            throw APIError(
                500, "illegal_state_exception",
                "index \(source.name) must be read-only to resize index. use "
                    + "\"index.blocks.write=true\"")
        }
        var creation = try IndexCreation(name: target, body: body)
        let count = try shardCount(kind, source, creation.settings.int("index.number_of_shards"))
        var settings = source.settings.filtered { !own.contains($0) }
        settings.merge(creation.settings)
        settings["index.number_of_shards"] = .text(String(count))
        creation.settings = settings
        creation.mappings = source.mapping.json
        creation.ignoresTemplates = true
        try copy(source, as: creation, services)
        return .value([
            "acknowledged": true, "shards_acknowledged": true, "index": .string(target),
        ])
    }

    /// What an index has for itself, and no copy of it.
    private static let own: Set<String> = [
        "index.uuid", "index.creation_date", "index.provided_name", "index.version.created",
        "index.number_of_shards", "index.number_of_routing_shards",
    ]

    private static func shardCount(
        _ kind: Kind, _ source: IndexMetadata, _ wanted: Int?
    ) throws -> Int {
        let old = source.shardCount
        switch kind {
        case .clone:
            guard let wanted, wanted != old else { return old }
            throw APIError.illegalArgument(
                "the number of source shards [\(old)] must be the same as the number of target "
                    + "shards [\(wanted)]")
        case .shrink:
            let new = wanted ?? 1
            if old == 1 {
                throw APIError.illegalArgument("can't shrink an index with only one shard")
            }
            if new > old {
                throw APIError.illegalArgument(
                    "the number of target shards [\(new)] must be less that the number of source "
                        + "shards [\(old)]")
            }
            if new < 1 || old % new != 0 {
                throw APIError.illegalArgument(
                    "the number of source shards [\(old)] must be a multiple of [\(new)]")
            }
            return new
        case .split:
            guard let new = wanted else {
                throw APIError.validation([
                    "index.number_of_shards is required for split operations"
                ])
            }
            if new <= old {
                throw APIError.illegalArgument(
                    "the number of source shards [\(old)] must be less that the number of target "
                        + "shards [\(new)]")
            }
            if new % old != 0 {
                throw APIError.illegalArgument(
                    "the number of source shards [\(old)] must be a factor of [\(new)]")
            }
            return new
        }
    }

    private static func copy(
        _ source: IndexMetadata, as creation: IndexCreation, _ services: Services
    ) throws {
        for shard in try services.coordinator.shards(of: source) { try shard.refresh() }
        // Documents come first: blocks that the source has would keep them out.
        var open = creation
        let blocks = creation.settings.under("index.blocks.")
        open.settings = creation.settings.filtered { !$0.hasPrefix("index.blocks.") }
        open.settings["index.final_pipeline"] = nil
        try services.coordinator.createIndex(open)
        do {
            let view = try services.coordinator.view(of: [.init(index: source, aliases: [])])
            var scan = DocumentScan(view: view, query: nil)
            while let hits = try scan.next(services.coordinator) {
                try write(hits, to: creation.name, services)
            }
            var later = blocks
            later["index.final_pipeline"] = creation.settings["index.final_pipeline"]
            if !later.isEmpty {
                try services.coordinator.updateSettings(later, of: [creation.name])
            }
            guard let made = services.catalog.indices[creation.name] else { return }
            for shard in try services.coordinator.shards(of: made) { try shard.refresh() }
        } catch {
            // Half an index is worse than none.
            try services.coordinator.deleteIndices([creation.name])
            throw error
        }
    }

    private static func write(
        _ hits: [SearchAnswer.Placed], to index: String, _ services: Services
    ) throws {
        let answers = services.coordinator.write(
            hits.map { placed in
                var write = WriteRequest(
                    kind: .index, index: index, id: placed.hit.id, source: placed.hit.source ?? [])
                write.routing = placed.hit.routing
                write.condition = .external(version: placed.hit.version ?? 1)
                write.pipeline = "_none"
                return write
            })
        for answer in answers {
            if let error = WriteOutcome.error(answer, services) { throw error }
        }
    }
}
