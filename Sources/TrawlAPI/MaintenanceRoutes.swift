internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON

/// Refresh, flush, merge, caches; and the figures of indices and their segments.
enum MaintenanceRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_refresh", "/{index}/_refresh"], Route.indexOptions, lane: .write
        ) { request, services in
            try onShards(request, services) { try $0.refresh() }
        },
        Route(
            [.get, .post], ["/_flush", "/{index}/_flush"],
            Route.indexOptions + "force wait_if_ongoing", lane: .write
        ) { request, services in
            if try request.bool("force"),
                try request.bool("wait_if_ongoing", default: true) == false
            {
                throw APIError.validation([
                    "wait_if_ongoing must be true for a force flush"
                ])
            }
            return try onShards(request, services) { try $0.flush() }
        },
        Route(
            [.post], ["/_forcemerge", "/{index}/_forcemerge"],
            Route.indexOptions
                + "max_num_segments only_expunge_deletes flush primary_only wait_for_completion "
                + "shards"
        ) { request, services in
            let onlyDeletes = try request.bool("only_expunge_deletes")
            let count = try request.optionalInt("max_num_segments")
            if onlyDeletes, count != nil {
                throw APIError.validation([
                    "cannot set only_expunge_deletes and max_num_segments at the same time, those "
                        + "two parameters are mutually exclusive"
                ])
            }
            return try onShards(request, services) {
                try $0.forceMerge(to: count ?? 1, onlyExpungesDeletes: onlyDeletes)
            }
        },
        Route(
            [.post], ["/_cache/clear", "/{index}/_cache/clear"],
            Route.indexOptions + "query fielddata request fields file"
        ) { request, services in try onShards(request, services) { _ in } },
        Route(
            [.get], ["/_stats", "/_stats/{metric}", "/{index}/_stats", "/{index}/_stats/{metric}"],
            Route.indexOptions
                + "level fields fielddata_fields completion_fields groups types "
                + "include_segment_file_sizes include_unloaded_segments forbid_closed_indices",
            stats),
        Route(
            [.get], ["/_segments", "/{index}/_segments"], Route.indexOptions + "verbose", segments),
        Route(
            [.get], ["/_recovery", "/{index}/_recovery"],
            Route.indexOptions + "active_only detailed", recovery),
        Route(
            [.get], ["/_shard_stores", "/{index}/_shard_stores"], Route.indexOptions + "status",
            shardStores),
    ]

    static func shardCounts(_ count: Int, total: Int? = nil) -> JSONValue {
        [
            "total": JSONValue(total ?? count), "successful": JSONValue(count), "failed": 0,
        ]
    }

    private static func onShards(
        _ request: APIRequest, _ services: Services, _ action: (any ShardClient) throws -> Void
    ) throws -> APIResponse {
        var count = 0
        var total = 0
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for shard in try services.coordinator.shards(of: target.index) {
                try action(shard)
                count += 1
                total += 1 + target.index.replicaCount
            }
        }
        return .value(["_shards": shardCounts(count, total: total)])
    }

    private static func stats(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let metrics = request.list("metric")
        let known = IndexStatistics.metrics + ["_all"]
        if let unknown = metrics?.first(where: { !known.contains($0) }) {
            throw APIError.illegalArgument(
                "request [\(request.http.path)] contains unrecognized metric: [\(unknown)]"
                    + NameLikeness.hint(unknown, among: known, lead: " -> "))
        }
        let level = request["level"] ?? "indices"
        guard ["cluster", "indices", "shards"].contains(level) else {
            throw APIError.illegalArgument(
                "level parameter must be one of [cluster] or [indices] or [shards] but was "
                    + "[\(level)]")
        }
        let wanted = metrics.map(Set.init)
        let groups = request.list("groups") ?? []
        var all = ShardFigures()
        var indices = JSONObject()
        var shardCount = 0
        var total = 0
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            let index = target.index
            var own = ShardFigures()
            var shards = JSONObject()
            for shard in try services.coordinator.shards(of: index) {
                let figures = shard.figures
                own.add(figures)
                shardCount += 1
                total += 1 + index.replicaCount
                guard level == "shards" else { continue }
                var entry: JSONObject = [
                    "routing": [
                        "state": "STARTED", "primary": true, "node": .string(services.node.id),
                        "relocating_node": .null,
                    ]
                ]
                for (key, value) in IndexStatistics.sections(
                    figures, wanted: wanted, groups: groups, services)
                {
                    entry[key] = value
                }
                entry["commit"] = [
                    "id": .string(index.uuid), "generation": 1, "user_data": [:],
                    "num_docs": JSONValue(figures.docCount),
                ]
                entry["seq_no"] = [
                    "max_seq_no": JSONValue(figures.maxOffset),
                    "local_checkpoint": JSONValue(figures.maxOffset),
                    "global_checkpoint": JSONValue(figures.maxOffset),
                ]
                shards[String(shard.number)] = [.object(entry)]
            }
            all.add(own)
            let sections = JSONValue.object(
                IndexStatistics.sections(
                    own, wanted: wanted, groups: groups, services))
            var entry: JSONObject = [
                "uuid": .string(index.uuid), "primaries": sections, "total": sections,
            ]
            if level == "shards" { entry["shards"] = .object(shards) }
            indices[index.name] = .object(entry)
        }
        let sections = JSONValue.object(
            IndexStatistics.sections(all, wanted: wanted, groups: groups, services))
        var body: JSONObject = [
            "_shards": shardCounts(shardCount, total: total),
            "_all": ["primaries": sections, "total": sections],
        ]
        if level != "cluster" { body["indices"] = .object(indices) }
        return .value(.object(body))
    }

    private static func segments(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        var indices = JSONObject()
        var count = 0
        var total = 0
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            var shards = JSONObject()
            for shard in try services.coordinator.shards(of: target.index) {
                count += 1
                total += 1 + target.index.replicaCount
                var list = JSONObject()
                let figures = shard.figures
                for (i, segment) in figures.segments.enumerated() {
                    list[segment.name] = [
                        "generation": JSONValue(i), "num_docs": JSONValue(segment.docCount),
                        "deleted_docs": JSONValue(segment.deletedCount),
                        "size_in_bytes": JSONValue(segment.byteCount), "memory_in_bytes": 0,
                        "committed": .bool(segment.isCommitted),
                        "search": .bool(segment.isSearchable), "version": "10.3.2",
                        "compound": false, "attributes": [:],
                    ]
                }
                shards[String(shard.number)] = [
                    [
                        "routing": [
                            "state": "STARTED", "primary": true,
                            "node": .string(services.node.id),
                        ],
                        "num_committed_segments": JSONValue(
                            figures.segments.count { $0.isCommitted }),
                        "num_search_segments": JSONValue(figures.segments.count),
                        "segments": .object(list),
                    ]
                ]
            }
            indices[target.index.name] = ["shards": .object(shards)]
        }
        return .value(["_shards": shardCounts(count, total: total), "indices": .object(indices)])
    }

    private static func recovery(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        var result = JSONObject()
        if try request.bool("active_only") { return .value([:]) }
        let node = services.node
        let isHuman = try request.bool("human")
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        {
            let index = target.index
            let isNew = index.isOpen && index.creationDate >= node.startedAt
            let shards = (0..<index.shardCount).map { number -> JSONValue in
                var entry: JSONValue = [
                    "id": JSONValue(number), "type": isNew ? "EMPTY_STORE" : "EXISTING_STORE",
                    "stage": "DONE",
                    "primary": true, "start_time_in_millis": JSONValue(node.startedAt),
                    "stop_time_in_millis": JSONValue(node.startedAt), "total_time_in_millis": 0,
                    "source": ["bootstrap_new_history_uuid": false],
                    "target": [
                        "id": .string(node.id), "host": .string(node.host),
                        "transport_address": .string(node.address), "ip": .string(node.host),
                        "name": .string(node.name),
                    ],
                    "index": [
                        "size": [
                            "total_in_bytes": 0, "reused_in_bytes": 0, "recovered_in_bytes": 0,
                            "percent": "100.0%",
                        ],
                        "files": [
                            "total": 0, "reused": 0, "recovered": 0, "percent": "100.0%",
                            "details": [],
                        ], "total_time_in_millis": 0, "source_throttle_time_in_millis": 0,
                        "target_throttle_time_in_millis": 0,
                    ],
                    "translog": [
                        "recovered": 0, "total": 0, "percent": "100.0%", "total_on_start": 0,
                        "total_time_in_millis": 0,
                    ],
                    "verify_index": ["check_index_time_in_millis": 0, "total_time_in_millis": 0],
                ]
                if isHuman {
                    entry["start_time"] = .string(TimeText.iso(node.startedAt))
                    entry["stop_time"] = .string(TimeText.iso(node.startedAt))
                    entry["total_time"] = "0s"
                }
                return entry
            }
            result[target.index.name] = ["shards": .array(shards)]
        }
        return .value(.object(result))
    }

    /// Where the files of shards lie. Without `status`, of those that lack copies.
    private static func shardStores(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let wanted = request.list("status") ?? ["yellow", "red"]
        if let unknown = wanted.first(where: { !["all", "green", "yellow", "red"].contains($0) }) {
            throw APIError.illegalArgument("unknown cluster health status [\(unknown)]")
        }
        let node = services.node
        var indices = JSONObject()
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        {
            let index = target.index
            let status = ShardCounts(index, services.picture).status
            guard wanted.contains("all") || wanted.contains(status) else { continue }
            let store: JSONValue = [
                node.id: [
                    "name": .string(node.name), "ephemeral_id": .string(node.id),
                    "transport_address": .string(node.address), "attributes": [:],
                ], "allocation_id": .string(index.uuid), "allocation": "primary",
            ]
            indices[index.name] = [
                "shards": .object(
                    JSONObject(
                        (0..<index.shardCount).map {
                            (key: String($0), value: ["stores": [store]] as JSONValue)
                        }))
            ]
        }
        return .value(["indices": .object(indices)])
    }
}
