internal import TrawlHTTP
internal import Glibc
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

/// The cluster: health, state, settings, figures.
enum ClusterRoutes {
    static let routes: [Route] = [
        Route(
            [.get], ["/_cluster/health", "/_cluster/health/{index}"],
            Route.masterTimeout + Route.indexOptions
                + "level local wait_for_status wait_for_nodes wait_for_no_relocating_shards "
                + "wait_for_no_initializing_shards wait_for_active_shards wait_for_events "
                + "awareness_attribute explain", health),
        Route(
            [.get],
            ["/_cluster/state", "/_cluster/state/{metric}", "/_cluster/state/{metric}/{index}"],
            Route.masterTimeout + Route.indexOptions
                + "local flat_settings wait_for_metadata_version wait_for_timeout", state),
        Route(
            [.get], ["/_cluster/settings"],
            Route.masterTimeout + "flat_settings include_defaults local", settings),
        Route([.put], ["/_cluster/settings"], Route.masterTimeout + "flat_settings", putSettings),
        Route(
            [.get], ["/_cluster/stats", "/_cluster/stats/nodes/{node}"],
            "timeout flat_settings", stats),
        Route([.get], ["/_cluster/pending_tasks"], Route.masterTimeout + "local") { _, _ in
            .value(["tasks": []])
        },
        Route([.get], ["/_remote/info"]) { _, _ in .value([:]) },
    ]

    private static func health(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let deadline = request.began + (try request.duration("timeout") ?? .seconds(30))
        let level = request["level"] ?? "cluster"
        guard ["cluster", "indices", "shards", "awareness_attributes"].contains(level) else {
            throw APIError.illegalArgument(
                "level parameter must be one of [cluster] or [indices] or [shards] but was "
                    + "[\(level)]")
        }
        var isMet = try conditionsHold(request, services)
        while !isMet, ContinuousClock.now < deadline, !request.http.isAbandoned() {
            usleep(20_000)
            isMet = try conditionsHold(request, services)
        }
        var options = try request.indexOptions(.metadata)
        options.ignoreUnavailable = true
        options.expandsHidden = true
        let targets = try services.catalog.resolve(request["index"], options, now: services.now)
        let picture = services.picture
        let counts = targets.reduce(ShardCounts()) { $0 + ShardCounts($1.index, picture) }
        let isMissing = try !namedExist(request, services)
        var body: JSONObject = [
            "cluster_name": .string(services.node.clusterName),
            "status": .string(isMissing ? "red" : counts.status),
            "timed_out": .bool(!isMet), "number_of_nodes": JSONValue(picture.nodes.count),
            "number_of_data_nodes": JSONValue(picture.nodes.count),
            "discovered_master": true, "discovered_cluster_manager": true,
        ]
        for (key, value) in counts.healthMembers { body[key] = value }
        for key in [
            "delayed_unassigned_shards", "number_of_pending_tasks", "number_of_in_flight_fetch",
            "task_max_waiting_in_queue_millis",
        ] { body[key] = 0 }
        body["active_shards_percent_as_number"] = JSONValue(counts.percent)
        if !counts.reasons.isEmpty, request.has("explain") {
            body["reasons"] = .array(counts.reasons.map { .string($0) })
        }
        if level == "indices" || level == "shards" {
            body["indices"] = .object(
                JSONObject(
                    targets.map {
                        (
                            key: $0.index.name,
                            value: indexHealth($0.index, picture, level == "shards")
                        )
                    }))
        }
        return .value(.object(body), status: isMet ? 200 : 408)
    }

    private static func indexHealth(
        _ index: IndexMetadata, _ picture: ClusterPicture, _ withShards: Bool
    ) -> JSONValue {
        let counts = ShardCounts(index, picture)
        var object: JSONObject = [
            "status": .string(counts.status), "number_of_shards": JSONValue(index.shardCount),
            "number_of_replicas": JSONValue(
                index.copyCount(onNodes: picture.nodes.count) - 1),
        ]
        for (key, value) in counts.healthMembers { object[key] = value }
        guard withShards else { return .object(object) }
        var shards = JSONObject()
        for (number, copies) in picture.copies(of: index).enumerated() {
            let own = ShardCounts(copies)
            var shard: JSONObject = [
                "status": .string(own.status), "primary_active": .bool(own.withoutPrimary == 0),
            ]
            for (key, value) in own.healthMembers.dropFirst() { shard[key] = value }
            shards[String(number)] = .object(shard)
        }
        object["shards"] = .object(shards)
        return .object(object)
    }

    private static func namedExist(_ request: APIRequest, _ services: Services) throws -> Bool {
        let catalog = services.catalog
        return CatalogSnapshot.split(request["index"]).allSatisfy {
            $0 == "_all" || Wildcard.isPattern($0) || $0.hasPrefix("-")
                || catalog.indices[$0] != nil || catalog.aliases[$0] != nil
        }
    }

    private static func conditionsHold(
        _ request: APIRequest, _ services: Services
    ) throws -> Bool {
        var options = IndexOptions.metadata
        options.ignoreUnavailable = true
        let targets = try services.catalog.resolve(request["index"], options, now: services.now)
        let picture = services.picture
        let counts = targets.reduce(ShardCounts()) { $0 + ShardCounts($1.index, picture) }
        if try !namedExist(request, services) { return false }
        if let wanted = request["wait_for_status"] {
            let order = ["green", "yellow", "red"]
            guard let place = order.firstIndex(of: wanted.lowercased()) else {
                throw APIError.illegalArgument("unknown cluster health status [\(wanted)]")
            }
            if order.firstIndex(of: counts.status)! > place { return false }
        }
        if let wanted = request["wait_for_nodes"] {
            guard let holds = compare(picture.nodes.count, wanted) else {
                throw APIError.illegalArgument("failed to parse [\(wanted)]")
            }
            if !holds { return false }
        }
        if let wanted = request["wait_for_active_shards"], wanted != "all" {
            guard let number = Int(wanted) else {
                throw APIError.illegalArgument("cannot parse ActiveShardCount[\(wanted)]")
            }
            if counts.active < number { return false }
        } else if request["wait_for_active_shards"] == "all", counts.active < counts.total {
            return false
        }
        if try request.bool("wait_for_no_relocating_shards"), counts.relocating > 0 { return false }
        if try request.bool("wait_for_no_initializing_shards"), counts.initializing > 0 {
            return false
        }
        return true
    }

    /// `3`, `>=1`, `<5`, `ge(1)`, …
    private static func compare(_ count: Int, _ text: String) -> Bool? {
        let forms: [(String, (Int, Int) -> Bool)] = [
            (">=", { $0 >= $1 }), ("<=", { $0 <= $1 }), (">", { $0 > $1 }), ("<", { $0 < $1 }),
            ("ge(", { $0 >= $1 }), ("le(", { $0 <= $1 }), ("gt(", { $0 > $1 }),
            ("lt(", { $0 < $1 }),
        ]
        for (prefix, test) in forms where text.hasPrefix(prefix) {
            let digits = text.dropFirst(prefix.count).filter { $0 != ")" && $0 != " " }
            return Int(digits).map { test(count, $0) }
        }
        return Int(text).map { count == $0 }
    }

    // MARK: State

    static let stateMetrics: Set<String> = [
        "version", "master_node", "cluster_manager_node", "blocks", "nodes", "metadata",
        "routing_table", "routing_nodes", "customs",
    ]

    private static func state(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        .value(
            .object(
                try state(Set(request.list("metric") ?? ["_all"]), request, services)))
    }

    static func state(
        _ metrics: Set<String>, _ request: APIRequest, _ services: Services
    ) throws -> JSONObject {
        if let unknown = metrics.subtracting(stateMetrics.union(["_all"])).sorted().first {
            throw APIError.illegalArgument(
                "request [\(request.http.path)] contains unrecognized metric: [\(unknown)]")
        }
        func wants(_ name: String) -> Bool { metrics.contains("_all") || metrics.contains(name) }
        let catalog = services.catalog
        var options = try request.indexOptions(.metadata)
        if !request.has("expand_wildcards") { options.expandsHidden = true }
        let targets = try catalog.resolve(request["index"], options, now: services.now)
        let node = services.node
        var body: JSONObject = [
            "cluster_name": .string(node.clusterName), "cluster_uuid": .string(catalog.clusterUUID),
        ]
        if wants("version") {
            body["version"] = JSONValue(catalog.version)
            body["state_uuid"] = .string("\(catalog.clusterUUID)-\(catalog.version)")
        }
        let picture = services.picture
        if wants("master_node") || wants("cluster_manager_node") {
            let manager = picture.nodes.first(where: \.keepsMetadata)?.id
            body["master_node"] = manager.map { .string($0) } ?? .null
            body["cluster_manager_node"] = manager.map { .string($0) } ?? .null
        }
        if wants("blocks") { body["blocks"] = blocks(targets.map(\.index)) }
        if wants("nodes") {
            body["nodes"] = .object(
                JSONObject(
                    picture.nodes.map { node in
                        (
                            key: node.id,
                            value: [
                                "name": .string(node.name), "ephemeral_id": .string(node.id),
                                "transport_address": .string(node.transportAddress),
                                "attributes": node.attributes,
                            ] as JSONValue
                        )
                    }))
        }
        if wants("metadata") { body["metadata"] = try metadata(targets, request, services) }
        if wants("routing_table") {
            body["routing_table"] = [
                "indices": .object(
                    JSONObject(
                        targets.filter(\.index.isOpen).map {
                            (key: $0.index.name, value: routing($0.index, picture))
                        }))
            ]
        }
        if wants("routing_nodes") {
            body["routing_nodes"] = routingNodes(targets.map(\.index), picture)
        }
        return body
    }

    private static func blocks(_ indices: [IndexMetadata]) -> JSONValue {
        let known: [(String, String, String, [JSONValue])] = [
            ("read_only", "5", "index read-only (api)", ["write", "metadata_write"]),
            ("read", "7", "index read (api)", ["read"]),
            ("write", "8", "index write (api)", ["write"]),
            ("metadata", "9", "index metadata (api)", ["metadata_write", "metadata_read"]),
            (
                "read_only_allow_delete", "12",
                "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
                ["metadata_write", "write"]
            ),
        ]
        var result = JSONObject()
        for index in indices {
            var own = JSONObject()
            if !index.isOpen {
                own["4"] = [
                    "description": "index closed", "retryable": false,
                    "levels": ["read", "write"],
                ]
            }
            for (name, number, text, levels) in known
            where index.settings.bool("index.blocks." + name) == true {
                own[number] = [
                    "description": .string(text), "retryable": false, "levels": .array(levels),
                ]
            }
            if !own.isEmpty { result[index.name] = .object(own) }
        }
        return result.isEmpty ? [:] : ["indices": .object(result)]
    }

    private static func metadata(
        _ targets: [CatalogSnapshot.Target], _ request: APIRequest, _ services: Services
    ) throws -> JSONValue {
        let catalog = services.catalog
        var indices = JSONObject()
        for target in targets {
            let index = target.index
            indices[index.name] = [
                "version": JSONValue(index.version), "mapping_version": JSONValue(index.version),
                "settings_version": JSONValue(index.version),
                "aliases_version": JSONValue(index.version),
                "state": .string(index.isOpen ? "open" : "close"),
                "settings": .object(try SettingsRoutes.shown(index.settings, request)),
                "mappings": ["_doc": .object(index.mapping.json)],
                "aliases": .array(index.aliases.keys.sorted().map { .string($0) }),
            ]
        }
        return [
            "cluster_uuid": .string(catalog.clusterUUID),
            "cluster_uuid_committed": true,
            "cluster_coordination": [
                "term": 1, "last_committed_config": [.string(services.node.id)],
                "last_accepted_config": [.string(services.node.id)],
                "voting_config_exclusions": .array(services.votingExclusions.shown),
            ],
            "templates": .object(
                JSONObject(
                    catalog.legacyTemplates.sorted { $0.key < $1.key }.map {
                        (key: $0.key, value: .object($0.value))
                    })),
            "indices": .object(indices),
            "index-graveyard": ["tombstones": []],
        ]
    }

    private static func shardEntry(
        _ index: IndexMetadata, _ number: Int, _ copy: ClusterPicture.Copy
    ) -> JSONValue {
        [
            "state": .string(copy.state.rawValue), "primary": .bool(copy.isPrimary),
            "node": copy.node.map { .string($0) } ?? .null, "relocating_node": .null,
            "shard": JSONValue(number), "index": .string(index.name),
        ]
    }

    private static func routing(_ index: IndexMetadata, _ picture: ClusterPicture) -> JSONValue {
        let shards = picture.copies(of: index).enumerated().map { number, copies in
            (
                key: String(number),
                value: JSONValue.array(copies.map { shardEntry(index, number, $0) })
            )
        }
        return ["shards": .object(JSONObject(shards))]
    }

    private static func routingNodes(
        _ indices: [IndexMetadata], _ picture: ClusterPicture
    ) -> JSONValue {
        var unassigned: [JSONValue] = []
        var nodes: [String: [JSONValue]] = [:]
        for index in indices {
            for (number, copies) in picture.copies(of: index).enumerated() {
                for copy in copies {
                    let entry = shardEntry(index, number, copy)
                    if let node = copy.node {
                        nodes[node, default: []].append(entry)
                    } else {
                        unassigned.append(entry)
                    }
                }
            }
        }
        return [
            "unassigned": .array(unassigned),
            "nodes": .object(
                JSONObject(
                    picture.nodes.map { (key: $0.id, value: .array(nodes[$0.id] ?? [])) })),
        ]
    }

    // MARK: Settings

    private static func settings(_ request: APIRequest, _ services: Services) throws -> APIResponse
    {
        let catalog = services.catalog
        let flat = try request.bool("flat_settings")
        var body: JSONObject = [
            "persistent": .object(
                flat ? catalog.persistentSettings.flat : catalog.persistentSettings.nested),
            "transient": .object(
                flat ? catalog.transientSettings.flat : catalog.transientSettings.nested),
        ]
        if try request.bool("include_defaults") {
            var defaults = FlatSettings()
            for (name, value) in clusterDefaults
            where catalog.persistentSettings[name] == nil && catalog.transientSettings[name] == nil
            {
                defaults[name] = .text(value)
            }
            defaults["node.name"] = .text(services.node.name)
            defaults["cluster.name"] = .text(services.node.clusterName)
            body["defaults"] = .object(flat ? defaults.flat : defaults.nested)
        }
        return .value(.object(body))
    }

    private static let clusterDefaults: [String: String] = [
        "action.auto_create_index": "true", "action.destructive_requires_name": "false",
        "cluster.routing.allocation.enable": "all",
        "cluster.routing.allocation.disk.threshold_enabled": "true",
        "cluster.routing.rebalance.enable": "all", "cluster.max_shards_per_node": "1000",
        "cluster.blocks.read_only": "false", "search.default_search_timeout": "-1",
        "search.max_buckets": "65535", "search.allow_expensive_queries": "true",
        "search.max_open_scroll_context": "500", "search.default_keep_alive": "5m",
        "search.max_keep_alive": "24h", "search.default_allow_partial_results": "true",
        "indices.recovery.max_bytes_per_sec": "40mb", "indices.query.bool.max_clause_count": "1024",
        "search.low_level_cancellation": "true", "search.cancel_after_time_interval": "-1",
        "point_in_time.max_keep_alive": "24h", "search.max_open_pit_context": "300",
    ]
    private static let clusterFamilies = [
        "cluster.", "indices.", "search.", "logger.", "node.", "discovery.", "transport.",
        "http.", "ingest.", "script.", "network.", "thread_pool.", "gateway.", "action.",
        "persistent_tasks.", "plugins.", "trawl.", "snapshot.", "remote_store.", "task_",
        "compatibility.", "point_in_time.", "shard_", "archived.", "slm.", "xpack.",
    ]

    private static func putSettings(
        _ request: APIRequest, _ services: Services
    ) throws -> APIResponse {
        let body = try request.bodyObject()
        for key in body.keys where key != "persistent" && key != "transient" {
            throw APIError.xContentParse(
                "[cluster_update_settings_request] unknown field [\(key)], parser not found")
        }
        let persistent = FlatSettings(body["persistent"]?.objectValue ?? [:])
        let transient = FlatSettings(body["transient"]?.objectValue ?? [:])
        if persistent.isEmpty, transient.isEmpty, persistent.removals.isEmpty,
            transient.removals.isEmpty
        {
            throw APIError.validation(["no settings to update"])
        }
        for (kind, settings) in [("persistent", persistent), ("transient", transient)] {
            for name in settings.names
            where !clusterFamilies.contains(where: { name.hasPrefix($0) }) {
                throw APIError.illegalArgument("\(kind) setting [\(name)], not recognized")
            }
        }
        for (name, settings) in [("persistent", persistent), ("transient", transient)] {
            _ = name
            if let text = settings.text("search.max_buckets"), Int(text) == nil {
                throw APIError.illegalArgument(
                    "Failed to parse value [\(text)] for setting [search.max_buckets]")
            }
        }
        try services.coordinator.changeCatalog { catalog in
            catalog.persistentSettings.merge(persistent)
            catalog.transientSettings.merge(transient)
        }
        let flat = try request.bool("flat_settings")
        return .value([
            "acknowledged": true,
            "persistent": .object(flat ? persistent.flat : persistent.nested),
            "transient": .object(flat ? transient.flat : transient.nested),
        ])
    }

    // MARK: Figures

    private static func stats(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let catalog = services.catalog
        let indices = catalog.names.map { catalog.indices[$0]! }
        let picture = services.picture
        let counts = indices.reduce(ShardCounts()) { $0 + ShardCounts($1, picture) }
        var figures = ShardFigures()
        for index in indices where index.isOpen {
            for shard in try services.coordinator.shards(of: index) {
                let own = shard.figures
                figures.docCount += own.docCount
                figures.deletedCount += own.deletedCount
                figures.byteCount += own.byteCount
                figures.segments += own.segments
            }
        }
        let process = ProcessFigures()
        let disk = services.coordinator.diskByteCounts
        return .value([
            "_nodes": [
                "total": JSONValue(picture.nodes.count), "successful": 1,
                "failed": JSONValue(picture.nodes.count - 1),
            ],
            "cluster_name": .string(services.node.clusterName),
            "cluster_uuid": .string(catalog.clusterUUID), "timestamp": JSONValue(services.now),
            "status": .string(counts.status),
            "indices": [
                "count": JSONValue(indices.count),
                "shards": counts.primaries == 0
                    ? [:]
                    : [
                        "total": JSONValue(counts.active),
                        "primaries": JSONValue(counts.primaries),
                        "replication": JSONValue(
                            Double(counts.active - counts.primaries) / Double(counts.primaries)),
                    ],
                "docs": [
                    "count": JSONValue(figures.docCount),
                    "deleted": JSONValue(figures.deletedCount),
                ],
                "store": [
                    "size_in_bytes": JSONValue(figures.byteCount), "reserved_in_bytes": 0,
                ],
                "fielddata": ["memory_size_in_bytes": 0, "evictions": 0],
                "query_cache": [
                    "memory_size_in_bytes": 0, "total_count": 0, "hit_count": 0, "miss_count": 0,
                    "cache_size": 0, "cache_count": 0, "evictions": 0,
                ],
                "completion": ["size_in_bytes": 0],
                "segments": ["count": JSONValue(figures.segments.count)],
                "mappings": ["field_types": []], "analysis": [:],
            ],
            "nodes": [
                "count": [
                    "total": JSONValue(picture.nodes.count), "cluster_manager": 1, "master": 1,
                    "data": 1, "ingest": 1,
                    "coordinating_only": 0, "remote_cluster_client": 1, "search": 0, "warm": 0,
                ],
                "versions": [.string(Services.version)],
                "os": [
                    "available_processors": JSONValue(process.processorCount),
                    "allocated_processors": JSONValue(process.processorCount),
                    "names": [["name": "Linux", "count": 1]],
                    "pretty_names": [["pretty_name": "Linux", "count": 1]],
                    "mem": [
                        "total_in_bytes": JSONValue(process.totalMemory),
                        "free_in_bytes": JSONValue(process.freeMemory),
                        "used_in_bytes": JSONValue(process.totalMemory - process.freeMemory),
                    ],
                ],
                "process": [
                    "cpu": ["percent": 0],
                    "open_file_descriptors": [
                        "min": JSONValue(process.openFiles), "max": JSONValue(process.openFiles),
                        "avg": JSONValue(process.openFiles),
                    ],
                ],
                "jvm": [
                    "max_uptime_in_millis": JSONValue(services.uptimeMilliseconds),
                    "versions": [],
                    "mem": [
                        "heap_used_in_bytes": JSONValue(process.residentMemory),
                        "heap_max_in_bytes": JSONValue(process.totalMemory),
                    ], "threads": JSONValue(process.threadCount),
                ],
                "fs": [
                    "total_in_bytes": JSONValue(disk.total), "free_in_bytes": JSONValue(disk.free),
                    "available_in_bytes": JSONValue(disk.free),
                ],
                "plugins": [], "network_types": ["transport_types": [:], "http_types": [:]],
                "discovery_types": ["single-node": 1],
                "packaging_types": [["type": "binary", "count": 1]],
                "ingest": ["number_of_pipelines": 0, "processor_stats": [:]],
            ],
        ])
    }
}
