internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// Tables of the cluster: health, count, aliases, templates, tasks.
enum CatCluster {
    static func count(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var count = 0
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for shard in try services.coordinator.shards(of: target.index) {
                count += shard.figures.docCount
            }
        }
        let now = services.now
        return CatTable(
            [
                .text("epoch", "t,time", "seconds since 1970-01-01 00:00:00") { _ in
                    String(now / 1000)
                },
                .text("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS") { _ in TimeText.clock(now)
                },
                .number("count", "dc,docs.count,docsCount", "the document count") { $0 },
            ] as [CatColumn<Int>], [count])
    }

    static func health(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let now = services.now
        let name = services.node.clusterName
        let picture = services.picture
        var columns: [CatColumn<ShardCounts>] = [
            .text("epoch", "t,time", "seconds since 1970-01-01 00:00:00") { _ in
                String(now / 1000)
            },
            .text("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS") { _ in TimeText.clock(now) },
            .text("cluster", "cl", "cluster name") { _ in name },
            .text("status", "st", "health status") { $0.status },
            .number("node.total", "nt,nodeTotal", "total number of nodes") { _ in
                picture.nodes.count
            },
            .number("node.data", "nd,nodeData", "number of nodes that can store data") { _ in
                picture.nodes.count
            },
            .text(
                "discovered_cluster_manager", "dcm", right: true, "discovered cluster manager"
            ) { _ in "true" },
            .number("shards", "t,sh,shards.total,shardsTotal", "total number of shards") {
                $0.active
            },
            .number("pri", "p,shards.primary,shardsPrimary", "number of primary shards") {
                $0.primaries
            },
            .number("relo", "r,shards.relocating,shardsRelocating", "number of relocating nodes") {
                $0.relocating
            },
            .number(
                "init", "i,shards.initializing,shardsInitializing",
                "number of initializing nodes"
            ) { $0.initializing },
            .number(
                "unassign", "u,shards.unassigned,shardsUnassigned",
                "number of unassigned shards"
            ) { $0.unassigned },
            .number("pending_tasks", "pt,pendingTasks", "number of pending tasks") { _ in 0 },
            .text(
                "max_task_wait_time", "mtwt,maxTaskWaitTime", right: true,
                "wait time of longest task pending"
            ) { _ in "-" },
            .text(
                "active_shards_percent", "asp,activeShardsPercent", right: true,
                "active number of shards in percent"
            ) { percent($0) },
        ]
        if try !request.bool("ts", default: true) { columns.removeFirst(2) }
        let counts = services.catalog.indices.values.reduce(ShardCounts()) {
            $0 + ShardCounts($1, picture)
        }
        return CatTable(columns, [counts])
    }

    private static func percent(_ counts: ShardCounts) -> String {
        let tenths = Int((counts.percent * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)%"
    }

    // MARK: Aliases and templates

    private struct Alias {
        var name: String
        var index: String
        var metadata: AliasMetadata
    }

    private static let aliasColumns: [CatColumn<Alias>] = [
        .text("alias", "a", "alias name") { $0.name },
        .text("index", "i,idx", "index alias points to") { $0.index },
        .text("filter", "f,fi", "filter") { $0.metadata.filter == nil ? "-" : "*" },
        .text("routing.index", "ri,routingIndex", "index routing") {
            $0.metadata.indexRouting ?? "-"
        },
        .text("routing.search", "rs,routingSearch", "search routing") {
            $0.metadata.searchRouting ?? "-"
        },
        .text("is_write_index", "w,isWriteIndex", "write index") {
            $0.metadata.isWriteIndex.map { String($0) } ?? "-"
        },
    ]

    static func aliases(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let patterns = request.list("name") ?? ["*"]
        let showsHidden =
            request.list("expand_wildcards").map { $0.contains("all") || $0.contains("hidden") }
            ?? true
        var subjects: [Alias] = []
        for index in services.catalog.names {
            for (alias, metadata) in services.catalog.indices[index]!.aliases.sorted(by: {
                $0.key < $1.key
            })
            where patterns.contains(where: { $0 == "_all" || Wildcard.matches($0, alias) })
                && (showsHidden || metadata.isHidden != true)
            {
                subjects.append(Alias(name: alias, index: index, metadata: metadata))
            }
        }
        return CatTable(aliasColumns, subjects)
    }

    private struct Template {
        var name: String
        var patterns: [String]
        var order: String
        var version: Int?
        /// Nil for a template of the old kind.
        var parts: [String]?
    }

    private static func list(_ items: [String]) -> String {
        "[\(items.joined(separator: ", "))]"
    }

    private static let templateColumns: [CatColumn<Template>] = [
        .text("name", "n", "template name") { $0.name },
        .text("index_patterns", "t", "template index patterns") { list($0.patterns) },
        .text("order", "o,p", "template application order/priority number") { $0.order },
        CatColumn(
            column: .init("version", "v", "version"), cell: { .number($0.version) }),
        .text("composed_of", "c", "component templates comprising index template") {
            $0.parts.map(list) ?? ""
        },
    ]

    static func templates(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let pattern = request["name"] ?? "*"
        let catalog = services.catalog
        let old = catalog.legacyTemplates.map { name, template in
            Template(
                name: name, patterns: CatalogSnapshot.patterns(of: template),
                order: template["order"]?.description ?? "0",
                version: template["version"]?.intValue)
        }
        let new = catalog.indexTemplates.map { name, template in
            Template(
                name: name, patterns: CatalogSnapshot.patterns(of: template),
                order: String(CatalogSnapshot.priority(template)),
                version: template["version"]?.intValue,
                parts: template["composed_of"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
        return CatTable(
            templateColumns,
            [old, new].flatMap { kind in
                kind.filter { Wildcard.matches(pattern, $0.name) }.sorted { $0.name < $1.name }
            })
    }

    // MARK: Tasks

    private static func taskColumns(
        _ services: Services, isDetailed: Bool
    ) -> [CatColumn<TaskTable.Task>] {
        let node = services.node
        let now = services.now
        return [
            .text("id", "id", default: false, "id of the task with the node") {
                String($0.number)
            },
            .text("action", "ac", "task action") { $0.action },
            .text("task_id", "ti", "unique task id") { "\(node.id):\($0.number)" },
            .text("parent_task_id", "pti", "parent task id") { _ in "-" },
            .text("type", "ty", "task type") { _ in "transport" },
            .text("start_time", "start", "start time in ms") { String($0.startedAt) },
            .text("timestamp", "ts,hms,hhmmss", "start time in HH:MM:SS") {
                TimeText.clock($0.startedAt)
            },
            .text("running_time_ns", "time", default: false, right: true, "running time ns") {
                String((now - $0.startedAt) * 1_000_000)
            },
            .text("running_time", "time", "running time") {
                TimeValue.text(nanoseconds: (now - $0.startedAt) * 1_000_000)
            },
            .text("node_id", "ni", default: false, "unique node id") { _ in node.id },
            .text("ip", "i", "ip address") { _ in node.host },
            .text("port", "po", default: false, "bound transport port") { _ in
                String(node.httpPort)
            },
            .text("node", "n", "node name") { _ in node.name },
            .text("version", "v", default: false, "version") { _ in Services.version },
            .text("x_opaque_id", "x", default: false, "X-Opaque-ID header") { $0.opaqueID ?? "-" },
            .text("description", "desc", default: isDetailed, "task action") {
                $0.description.isEmpty ? "-" : $0.description
            },
        ]
    }

    static func tasks(_ request: APIRequest, _ services: Services) throws -> CatTable {
        // The request that asks is a task itself.
        let own = services.tasks.begin(
            "cluster:monitor/tasks/lists", "", now: services.now,
            opaqueID: request.http.header("x-opaque-id"))
        defer { services.tasks.forget(own) }
        let patterns = request.list("actions") ?? ["*"]
        let columns = taskColumns(services, isDetailed: try request.bool("detailed"))
        return CatTable(
            columns,
            services.tasks.running.filter { task in
                patterns.contains { Wildcard.matches($0, task.action) }
            })
    }
}
