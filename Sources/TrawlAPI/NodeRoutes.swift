internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlPipeline
internal import TrawlSchema

/// Nodes: what they are, and their figures.
enum NodeRoutes {
    static let routes: [Route] = [
        Route(
            [.get],
            [
                "/_nodes", "/_nodes/{node}", "/_nodes/{node}/{metric}",
                "/_nodes/{node}/info/{metric}",
            ],
            "timeout flat_settings", info),
        Route(
            [.get],
            [
                "/_nodes/stats", "/_nodes/stats/{metric}", "/_nodes/{node}/stats",
                "/_nodes/{node}/stats/{metric}", "/_nodes/stats/{metric}/{index_metric}",
                "/_nodes/{node}/stats/{metric}/{index_metric}",
            ],
            "timeout level types fields fielddata_fields completion_fields groups "
                + "include_segment_file_sizes", stats),
        Route(
            [.get], ["/_nodes/hot_threads", "/_nodes/{node}/hot_threads"],
            "interval snapshots threads type timeout ignore_idle_threads doc_type"
        ) { _, services in
            APIResponse(200, .text("::: {\(services.node.name)}{\(services.node.id)}\n"))
        },
        Route([.get], ["/_nodes/usage", "/_nodes/{node}/usage"], "timeout") { _, services in
            .value([
                "_nodes": ["total": 1, "successful": 1, "failed": 0],
                "cluster_name": .string(services.node.clusterName),
                "nodes": [
                    services.node.id: [
                        "timestamp": JSONValue(services.now),
                        "since": JSONValue(services.node.startedAt), "rest_actions": [:],
                        "aggregations": [:],
                    ] as JSONValue
                ],
            ])
        },
        Route(
            [.post], ["/_nodes/reload_secure_settings", "/_nodes/{node}/reload_secure_settings"],
            "timeout"
        ) {
            _, services in
            .value([
                "_nodes": ["total": 1, "successful": 1, "failed": 0],
                "cluster_name": .string(services.node.clusterName),
                "nodes": [services.node.id: ["name": .string(services.node.name)] as JSONValue],
            ])
        },
    ]

    private static let roles: JSONValue = [
        "cluster_manager", "data", "ingest", "remote_cluster_client",
    ]

    private static func isChosen(
        _ node: ClusterPicture.Node, _ filter: String?, _ services: Services
    ) -> Bool {
        guard let filter else { return true }
        return filter.split(separator: ",").contains { item in
            if [
                "_all", "*", node.id, "master:true", "data:true", "ingest:true",
                "cluster_manager:true",
            ].contains(String(item)) {
                return true
            }
            if item == "_local" { return node.id == services.node.id }
            if item == "_master" || item == "_cluster_manager" { return node.keepsMetadata }
            return Wildcard.matches(String(item), node.name)
        }
    }

    private static func info(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let infoMetrics: Set<String> = [
            "settings", "os", "process", "jvm", "thread_pool", "transport", "http", "plugins",
            "ingest", "aggregations", "indices", "_all", "_none", "search_pipelines",
        ]
        var filter = request.path["node"]
        var metrics = request.list("metric")
        // `/_nodes/http` names a metric, not a node.
        if let only = filter, metrics == nil,
            only.split(separator: ",").allSatisfy({ infoMetrics.contains(String($0)) }),
            only != "_all"
        {
            metrics = only.split(separator: ",").map(String.init)
            filter = nil
        }
        func wants(_ name: String) -> Bool {
            metrics.map { $0.contains(name) || $0.contains("_all") } ?? true
        }
        let node = services.node
        let process = ProcessFigures()
        var entry: JSONObject = [
            "name": .string(node.name), "transport_address": .string(node.address),
            "host": .string(node.host), "ip": .string(node.host),
            "version": .string(Services.version), "build_type": "trawl",
            "build_hash": .string(node.buildHash), "total_indexing_buffer": 0, "roles": roles,
            "attributes": [:],
        ]
        if wants("settings") {
            var settings = FlatSettings()
            settings["cluster.name"] = .text(node.clusterName)
            settings["node.name"] = .text(node.name)
            settings["http.port"] = .text(String(node.httpPort))
            settings["client.type"] = .text("node")
            settings["http.type"] = .text("netty4")
            entry["settings"] = .object(
                try request.bool("flat_settings") ? settings.flat : settings.nested)
        }
        if wants("os") {
            entry["os"] = [
                "refresh_interval_in_millis": 1000, "name": "Linux", "pretty_name": "Linux",
                "arch": "amd64", "version": "",
                "available_processors": JSONValue(process.processorCount),
                "allocated_processors": JSONValue(process.processorCount),
            ]
        }
        if wants("process") {
            entry["process"] = [
                "refresh_interval_in_millis": 1000, "id": JSONValue(process.processID),
                "mlockall": false,
            ]
        }
        if wants("jvm") {
            entry["jvm"] = [
                "pid": JSONValue(process.processID), "version": "none", "vm_name": "none",
                "start_time_in_millis": JSONValue(node.startedAt),
                "mem": ["heap_max_in_bytes": JSONValue(process.totalMemory)],
                "gc_collectors": [], "memory_pools": [],
            ]
        }
        if wants("thread_pool") {
            entry["thread_pool"] = .object(
                JSONObject(
                    services.pools.map {
                        (
                            key: $0.name,
                            value: [
                                "type": "fixed", "size": JSONValue($0.size),
                                "queue_size": JSONValue($0.limit),
                            ] as JSONValue
                        )
                    }))
        }
        if wants("transport") {
            entry["transport"] = [
                "bound_address": [.string(node.address)],
                "publish_address": .string(node.address), "profiles": [:],
            ]
        }
        if wants("http") {
            entry["http"] = [
                "bound_address": [.string(node.address)],
                "publish_address": .string(node.address),
                "max_content_length_in_bytes": 104_857_600,
            ]
        }
        if wants("plugins") {
            entry["plugins"] = []
            entry["modules"] = [
                ["name": "ingest-common", "description": "pipelines, part of the node"]
            ]
        }
        if wants("ingest") {
            entry["ingest"] = [
                "processors": .array(ProcessorCatalog.names.map { ["type": .string($0)] })
            ]
        }
        if wants("aggregations") { entry["aggregations"] = [:] }
        return answer(entry, filter, services) { other in
            var told: JSONObject = [
                "name": .string(other.name), "transport_address": .string(other.transportAddress),
                "host": .string(other.host), "ip": .string(other.host),
                "version": .string(Services.version), "build_type": "trawl",
                "build_hash": .string(node.buildHash), "roles": roles,
                "attributes": other.attributes,
            ]
            if wants("http") {
                told["http"] = [
                    "bound_address": [.string(other.httpAddress)],
                    "publish_address": .string(other.httpAddress),
                    "max_content_length_in_bytes": 104_857_600,
                ]
            }
            return told
        }
    }

    /// - Parameters:
    ///   - entry: What this node tells of itself.
    ///   - others: What is known here of another node; nil when only it can tell.
    private static func answer(
        _ entry: JSONObject, _ filter: String?, _ services: Services,
        others: (ClusterPicture.Node) -> JSONObject? = { _ in nil }
    ) -> APIResponse {
        let chosen = services.picture.nodes.filter { isChosen($0, filter, services) }
        var nodes = JSONObject()
        for node in chosen {
            let own = node.id == services.node.id ? entry : others(node)
            nodes[node.id] = own.map { .object($0) }
        }
        return .value([
            "_nodes": [
                "total": JSONValue(chosen.count), "successful": JSONValue(nodes.count),
                "failed": JSONValue(chosen.count - nodes.count),
            ],
            "cluster_name": .string(services.node.clusterName), "nodes": .object(nodes),
        ])
    }

    private static let statsMetrics: Set<String> = [
        "indices", "os", "process", "jvm", "thread_pool", "fs", "transport", "http", "breaker",
        "breakers", "script", "discovery", "ingest", "adaptive_selection", "script_cache",
        "indexing_pressure", "shard_indexing_pressure", "_all", "search_backpressure",
        "cluster_manager_throttling", "weighted_routing", "file_cache", "task_cancellation",
        "search_pipeline", "resource_usage_stats", "segment_replication_backpressure", "caches",
        "repositories", "admission_control", "remote_store",
    ]

    /// What may stand behind `indices` in the path.
    private static func checkIndexMetrics(
        _ request: APIRequest, _ metrics: [String]?
    ) throws(APIError) {
        let lead = "request [\(request.http.path)] contains "
        if let metrics, metrics.count > 1, metrics.contains("_all") {
            throw .illegalArgument(
                lead + "_all and individual metrics [\(metrics.joined(separator: ","))]")
        }
        guard let wanted = request.list("index_metric") else { return }
        let shown = wanted.joined(separator: ",")
        if metrics == nil || metrics == ["_all"] {
            throw .illegalArgument(lead + "index metrics [\(shown)] but all stats requested")
        }
        if metrics?.contains("indices") == false {
            throw .illegalArgument(
                lead + "index metrics [\(shown)] but indices stats not requested")
        }
        if wanted.count > 1, wanted.contains("_all") {
            throw .illegalArgument(lead + "_all and individual index metrics [\(shown)]")
        }
        let known = IndexStatistics.metrics + ["_all"]
        if let unknown = wanted.first(where: { !known.contains($0) }) {
            throw .illegalArgument(
                lead + "unrecognized index metric: [\(unknown)]"
                    + NameLikeness.hint(unknown, among: known, lead: " -> "))
        }
    }

    private static func ingestFigures(_ services: Services) -> JSONValue {
        func shown(_ counts: PipelineBook.Counts) -> JSONObject {
            [
                "count": JSONValue(counts.count),
                "time_in_millis": JSONValue(Int(counts.duration / .milliseconds(1))),
                "current": 0, "failed": JSONValue(counts.failedCount),
            ]
        }
        let figures = services.coordinator.pipelines.figures
        var total = PipelineBook.Counts()
        for counts in figures.values {
            total.count += counts.count
            total.failedCount += counts.failedCount
            total.duration += counts.duration
        }
        var pipelines = JSONObject()
        for id in services.catalog.pipelines.keys.sorted() {
            var entry = shown(figures[id] ?? PipelineBook.Counts())
            entry["processors"] = []
            pipelines[id] = .object(entry)
        }
        return ["total": .object(shown(total)), "pipelines": .object(pipelines)]
    }

    private static func stats(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let metrics = request.list("metric")
        if let unknown = metrics?.first(where: { !statsMetrics.contains($0) }) {
            throw APIError.illegalArgument(
                "request [\(request.http.path)] contains unrecognized metric: [\(unknown)]"
                    + NameLikeness.hint(unknown, among: Array(statsMetrics), lead: " -> "))
        }
        try checkIndexMetrics(request, metrics)
        func wants(_ name: String) -> Bool {
            metrics.map { $0.contains(name) || $0.contains("_all") } ?? true
        }
        let node = services.node
        let process = ProcessFigures()
        let disk = services.coordinator.diskByteCounts
        var entry: JSONObject = [
            "timestamp": JSONValue(services.now), "name": .string(node.name),
            "transport_address": .string(node.address), "host": .string(node.host),
            "ip": .string(node.address), "roles": roles, "attributes": [:],
        ]
        if wants("indices") {
            var figures = ShardFigures()
            for index in services.catalog.indices.values where index.isOpen {
                figures.add(try services.figures(of: index))
            }
            entry["indices"] = .object(
                IndexStatistics.sections(
                    figures, wanted: request.list("index_metric").map(Set.init),
                    groups: request.list("groups") ?? [], services))
        }
        if wants("os") {
            let used = process.totalMemory - process.freeMemory
            entry["os"] = [
                "timestamp": JSONValue(services.now),
                "cpu": [
                    "percent": 0,
                    "load_average": [
                        "1m": JSONValue(process.loadAverages[0]),
                        "5m": JSONValue(process.loadAverages[1]),
                        "15m": JSONValue(process.loadAverages[2]),
                    ],
                ],
                "mem": [
                    "total_in_bytes": JSONValue(process.totalMemory),
                    "free_in_bytes": JSONValue(process.freeMemory),
                    "used_in_bytes": JSONValue(used),
                    "free_percent": JSONValue(
                        process.freeMemory * 100 / max(1, process.totalMemory)),
                    "used_percent": JSONValue(used * 100 / max(1, process.totalMemory)),
                ],
                "swap": ["total_in_bytes": 0, "free_in_bytes": 0, "used_in_bytes": 0],
            ]
        }
        if wants("process") {
            entry["process"] = [
                "timestamp": JSONValue(services.now),
                "open_file_descriptors": JSONValue(process.openFiles),
                "max_file_descriptors": JSONValue(process.maxOpenFiles),
                "cpu": ["percent": 0, "total_in_millis": JSONValue(process.cpuMilliseconds)],
                "mem": ["total_virtual_in_bytes": JSONValue(process.virtualMemory)],
            ]
        }
        if wants("jvm") {
            entry["jvm"] = [
                "timestamp": JSONValue(services.now),
                "uptime_in_millis": JSONValue(services.uptimeMilliseconds),
                "mem": [
                    "heap_used_in_bytes": JSONValue(process.residentMemory),
                    "heap_used_percent": JSONValue(
                        process.residentMemory * 100 / max(1, process.totalMemory)),
                    "heap_committed_in_bytes": JSONValue(process.residentMemory),
                    "heap_max_in_bytes": JSONValue(process.totalMemory),
                    "non_heap_used_in_bytes": 0, "non_heap_committed_in_bytes": 0, "pools": [:],
                ],
                "threads": [
                    "count": JSONValue(process.threadCount),
                    "peak_count": JSONValue(process.threadCount),
                ],
                "gc": [
                    "collectors": [
                        "young": ["collection_count": 0, "collection_time_in_millis": 0],
                        "old": ["collection_count": 0, "collection_time_in_millis": 0],
                    ]
                ], "buffer_pools": [:],
                "classes": [
                    "current_loaded_count": 0, "total_loaded_count": 0, "total_unloaded_count": 0,
                ],
            ]
        }
        if wants("thread_pool") {
            entry["thread_pool"] = .object(
                JSONObject(
                    services.pools.map {
                        (
                            key: $0.name,
                            value: [
                                "threads": JSONValue($0.size), "queue": JSONValue($0.queued),
                                "active": JSONValue($0.active),
                                "rejected": JSONValue($0.rejected),
                                "largest": JSONValue($0.active),
                                "completed": JSONValue($0.completed),
                            ] as JSONValue
                        )
                    }))
        }
        if wants("fs") {
            let total: JSONValue = [
                "total_in_bytes": JSONValue(disk.total), "free_in_bytes": JSONValue(disk.free),
                "available_in_bytes": JSONValue(disk.free),
            ]
            entry["fs"] = [
                "timestamp": JSONValue(services.now), "total": total, "data": [total],
                "io_stats": [:],
            ]
        }
        if wants("transport") {
            entry["transport"] = [
                "server_open": 0, "rx_count": 0, "rx_size_in_bytes": 0, "tx_count": 0,
                "tx_size_in_bytes": 0,
            ]
        }
        if wants("http") { entry["http"] = ["current_open": 0, "total_opened": 0] }
        if wants("breaker") || wants("breakers") {
            func breaker(_ limit: Int) -> JSONValue {
                [
                    "limit_size_in_bytes": JSONValue(limit),
                    "limit_size": .string(ByteSize.text(limit)), "estimated_size_in_bytes": 0,
                    "estimated_size": "0b", "overhead": 1.0, "tripped": 0,
                ]
            }
            let limit = process.totalMemory / 2
            entry["breakers"] = [
                "request": breaker(limit), "fielddata": breaker(limit),
                "in_flight_requests": breaker(512 << 20), "parent": breaker(limit),
            ]
        }
        if wants("script") {
            entry["script"] = [
                "compilations": 0, "cache_evictions": 0, "compilation_limit_triggered": 0,
            ]
        }
        if wants("discovery") {
            entry["discovery"] = [
                "cluster_state_queue": ["total": 0, "pending": 0, "committed": 0],
                "published_cluster_states": [
                    "full_states": 0, "incompatible_diffs": 0, "compatible_diffs": 0,
                ],
            ]
        }
        if wants("ingest") { entry["ingest"] = ingestFigures(services) }
        if wants("adaptive_selection") { entry["adaptive_selection"] = [:] }
        if wants("indexing_pressure") {
            entry["indexing_pressure"] = [
                "memory": [
                    "current": [
                        "combined_coordinating_and_primary_in_bytes": 0,
                        "coordinating_in_bytes": 0, "primary_in_bytes": 0, "replica_in_bytes": 0,
                        "all_in_bytes": 0,
                    ], "total": ["all_in_bytes": 0, "coordinating_rejections": 0],
                    "limit_in_bytes": 536_870_912,
                ]
            ]
        }
        return answer(entry, request.path["node"], services)
    }
}
