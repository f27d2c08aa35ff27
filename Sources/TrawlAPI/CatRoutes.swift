internal import TrawlHTTP
internal import TrawlCoordinator
internal import TrawlJSON

/// Tables for people: `_cat`.
enum CatRoutes {
    private static let common =
        "v h s help bytes time local size ts full_id " + Route.masterTimeout + Route.indexOptions

    private static func cat(
        _ names: [String], _ parameters: String = "",
        _ table: @escaping @Sendable (APIRequest, Services) throws -> CatTable
    ) -> Route {
        Route([.get], names.map { "/_cat/" + $0 }, common + parameters) { request, services in
            try table(request, services).respond(to: request)
        }
    }

    static let routes: [Route] = [
        Route([.get], ["/_cat"], "help v h s") { _, _ in
            let names = [
                "aliases", "aliases/{alias}", "allocation", "cluster_manager", "count",
                "count/{index}", "fielddata", "health", "indices", "indices/{index}", "master",
                "nodeattrs", "nodes", "pending_tasks", "plugins", "recovery", "recovery/{index}",
                "repositories", "segments", "segments/{index}", "shards", "shards/{index}",
                "tasks", "templates", "thread_pool", "thread_pool/{thread_pools}",
            ]
            return APIResponse(
                200, .text("=^.^=\n" + names.map { "/_cat/\($0)\n" }.joined()))
        },
        cat(["indices", "indices/{index}"], "health pri include_unloaded_segments", indices),
        cat(["count", "count/{index}"], "", count),
        cat(["health"], "", health),
        cat(["aliases", "aliases/{name}"], "", aliases),
        cat(["shards", "shards/{index}"], "", shards),
        cat(["nodes"], "", nodes),
        cat(["allocation", "allocation/{node_id}"], "", allocation),
        cat(["segments", "segments/{index}"], "", segments),
        cat(["templates", "templates/{name}"], "", templates),
        cat(["master", "cluster_manager"], "", manager),
        cat(["plugins"], "include_bootstrap") { _, _ in
            CatTable(columns: [
                .init("id", default: false, "unique node id"), .init("name", "n", "node name"),
                .init("component", "c", "component"), .init("version", "v", "component version"),
                .init("description", "d", default: false, "plugin details"),
            ])
        },
        cat(["recovery", "recovery/{index}"], "active_only detailed index", recovery),
        cat(["pending_tasks"]) { _, _ in
            CatTable(columns: [
                .init("insertOrder", "o", right: true, "task insertion order"),
                .init("timeInQueue", "t", right: true, "how long task has been in queue"),
                .init("priority", "p", "task priority"), .init("source", "s", "task source"),
            ])
        },
        cat(["repositories"]) { _, _ in
            CatTable(columns: [
                .init("id", "id,repoId", "unique repository id"),
                .init("type", "t,type", right: true, "repository type"),
            ])
        },
        cat(["fielddata", "fielddata/{fields}"], "fields") { _, _ in
            CatTable(columns: [
                .init("id", "node id"), .init("host", "h", "host name"),
                .init("ip", "ip address"), .init("node", "n", "node name"),
                .init("field", "f", "field name"),
                .init("size", "s", right: true, unit: .bytes, "field data usage"),
            ])
        },
        cat(["nodeattrs"]) { _, _ in
            CatTable(columns: [
                .init("node", "name", "node name"),
                .init("id", "id,nodeId", default: false, "unique node id"),
                .init("pid", "p", default: false, "process id"), .init("host", "h", "host name"),
                .init("ip", "i", "ip address"),
                .init("port", "po", default: false, "bound transport port"),
                .init("attr", "attr.name", "attribute description"),
                .init("value", "attr.value", "attribute value"),
            ])
        },
        cat(
            ["tasks"], "actions detailed node_id parent_task_id nodes parent_task", tasks),
        cat(["thread_pool", "thread_pool/{thread_pool_patterns}"], "", threadPool),
    ]

    private static func indices(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var columns: [CatTable.Column] = [
            .init("health", "h", "current health status"),
            .init("status", "s", "open/close status"),
            .init("index", "i,idx", "index name"), .init("uuid", "id,uuid", "index uuid"),
            .init("pri", "p,shards.primary,shardsPrimary", right: true, "number of primary shards"),
            .init("rep", "r,shards.replica,shardsReplica", right: true, "number of replica shards"),
            .init("docs.count", "dc,docsCount", right: true, "available docs"),
            .init("docs.deleted", "dd,docsDeleted", right: true, "deleted docs"),
            .init(
                "creation.date", "cd", default: false,
                "index creation date (millisecond value)"),
            .init(
                "creation.date.string", "cds", default: false,
                "index creation date (as string)"),
            .init(
                "store.size", "ss,storeSize", right: true, unit: .bytes,
                "store size of primaries & replicas"),
            .init("pri.store.size", right: true, unit: .bytes, "store size of primaries"),
        ]
        let more = [
            ("completion.size", "cs,completionSize", "size of completion"),
            ("fielddata.memory_size", "fm,fielddataMemory", "used fielddata cache"),
            ("fielddata.evictions", "fe,fielddataEvictions", "fielddata evictions"),
            ("query_cache.memory_size", "qcm,queryCacheMemory", "used query cache"),
            ("query_cache.evictions", "qce,queryCacheEvictions", "query cache evictions"),
            ("flush.total", "ft,flushTotal", "number of flushes"),
            ("get.total", "gto,getTotal", "number of get ops"),
            ("indexing.index_total", "iito,indexingIndexTotal", "number of indexing ops"),
            ("indexing.delete_total", "idto,indexingDeleteTotal", "number of delete ops"),
            ("merges.total", "mt,mergesTotal", "number of completed merge ops"),
            ("refresh.total", "rto,refreshTotal", "total refreshes"),
            ("search.query_total", "sqto,searchQueryTotal", "total query phase ops"),
            ("segments.count", "sc,segmentsCount", "number of segments"),
            ("memory.total", "tm,memoryTotal", "total used memory"),
        ]
        for (name, aliases, details) in more {
            columns.append(.init(name, aliases, default: false, right: true, details))
            columns.append(.init("pri." + name, default: false, right: true, details))
        }
        var table = CatTable(columns: columns)
        var options = try request.indexOptions(.metadata)
        if !request.has("expand_wildcards") { options.expandsHidden = true }
        let wantedHealth = request["health"]
        if let wantedHealth, !["green", "yellow", "red"].contains(wantedHealth.lowercased()) {
            throw APIError.illegalArgument("unknown cluster health status [\(wantedHealth)]")
        }
        for target in try services.catalog.resolve(request["index"], options, now: services.now) {
            let index = target.index
            let status = ClusterRoutes.Counts(index).status
            if let wantedHealth, wantedHealth.lowercased() != status { continue }
            let figures = index.isOpen ? try services.figures(of: index) : nil
            func counted(_ name: String) -> CatTable.Cell {
                guard let figures else { return .text(nil) }
                return switch name {
                case "flush.total": .number(figures.flushCount)
                case "indexing.index_total": .number(figures.indexedCount)
                case "indexing.delete_total": .number(figures.removedCount)
                case "refresh.total": .number(figures.refreshCount)
                case "segments.count": .number(figures.segments.count)
                default: .number(0)
                }
            }
            table.rows.append(
                [
                    .text(status), .text(index.isOpen ? "open" : "close"), .text(index.name),
                    .text(index.uuid), .number(index.shardCount), .number(index.replicaCount),
                    .number(figures?.docCount), .number(figures?.deletedCount),
                    .text(String(index.creationDate)),
                    .text(CalendarTime.iso(index.creationDate)), .number(figures?.byteCount),
                    .number(figures?.byteCount),
                ] + more.flatMap { [counted($0.0), counted($0.0)] })
        }
        return table
    }

    private static func count(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var count = 0
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for shard in try services.coordinator.shards(of: target.index) {
                count += shard.figures.docCount
            }
        }
        return CatTable(
            columns: [
                .init("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
                .init("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
                .init("count", "dc,docs.count,docsCount", "the document count"),
            ],
            rows: [clock(services) + [.number(count)]])
    }

    private static func clock(_ services: Services) -> [CatTable.Cell] {
        let now = services.now
        return [
            .text(String(now / 1000)), .text(CalendarTime(milliseconds: now).text("HH:mm:ss")),
        ]
    }

    private static func health(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let all = services.catalog.indices.values
        let counts = all.reduce(ClusterRoutes.Counts()) { $0 + ClusterRoutes.Counts($1) }
        let total = counts.primaries + counts.unassigned
        let percent =
            total == 0 ? "100.0" : Self.percent(Double(counts.primaries) / Double(total) * 100)
        var columns: [CatTable.Column] = [
            .init("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
            .init("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
            .init("cluster", "cl", "cluster name"), .init("status", "st", "health status"),
            .init("node.total", "nt,nodeTotal", right: true, "total number of nodes"),
            .init("node.data", "nd,nodeData", right: true, "number of nodes that can store data"),
            .init(
                "discovered_cluster_manager", "dcm", right: true,
                "discovered cluster manager"),
            .init("shards", "t,sh,shards.total,shardsTotal", right: true, "total number of shards"),
            .init(
                "pri", "p,shards.primary,shardsPrimary", right: true,
                "number of primary shards"),
            .init(
                "relo", "r,shards.relocating,shardsRelocating", right: true,
                "number of relocating nodes"),
            .init(
                "init", "i,shards.initializing,shardsInitializing", right: true,
                "number of initializing nodes"),
            .init(
                "unassign", "u,shards.unassigned,shardsUnassigned", right: true,
                "number of unassigned shards"),
            .init("pending_tasks", "pt,pendingTasks", right: true, "number of pending tasks"),
            .init(
                "max_task_wait_time", "mtwt,maxTaskWaitTime", right: true,
                "wait time of longest task pending"),
            .init(
                "active_shards_percent", "asp,activeShardsPercent", right: true,
                "active number of shards in percent"),
        ]
        var row: [CatTable.Cell] =
            clock(services) + [
                .text(services.node.clusterName), .text(counts.status), .number(1), .number(1),
                .text("true"), .number(counts.primaries), .number(counts.primaries), .number(0),
                .number(0), .number(counts.unassigned), .number(0), .text("-"),
                .text(percent + "%"),
            ]
        if request["ts"] == "false" {
            columns.removeFirst(2)
            row.removeFirst(2)
        }
        return CatTable(columns: columns, rows: [row])
    }

    private static func percent(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func aliases(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("alias", "a", "alias name"), .init("index", "i,idx", "index alias points to"),
            .init("filter", "f,fi", "filter"),
            .init("routing.index", "ri,routingIndex", "index routing"),
            .init("routing.search", "rs,routingSearch", "search routing"),
            .init("is_write_index", "w,isWriteIndex", "write index"),
        ])
        let patterns = request.list("name")
        let showsHidden =
            request.list("expand_wildcards").map { $0.contains("all") || $0.contains("hidden") }
            ?? true
        for name in services.catalog.names {
            let index = services.catalog.indices[name]!
            for alias in index.aliases.keys.sorted()
            where patterns.map({ $0.contains { Wildcard.matches($0, alias) } }) ?? true {
                let metadata = index.aliases[alias]!
                if metadata.isHidden == true, !showsHidden { continue }
                table.rows.append([
                    .text(alias), .text(name), .text(metadata.filter == nil ? "-" : "*"),
                    .text(metadata.indexRouting ?? "-"), .text(metadata.searchRouting ?? "-"),
                    .text(metadata.isWriteIndex.map { String($0) } ?? "-"),
                ])
            }
        }
        return table
    }

    private static func shards(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("index", "i,idx", "index name"), .init("shard", "s,sh", "shard name"),
            .init("prirep", "p,pr,primaryOrReplica", "primary or replica"),
            .init("state", "st", "shard state"),
            .init("docs", "d,dc", right: true, "number of docs in shard"),
            .init("store", "sto", right: true, unit: .bytes, "store size of shard"),
            .init("ip", "ip of node where it lives"),
            .init("id", default: false, "unique id of node where it lives"),
            .init("node", "n", "name of node where it lives"),
            .init("unassigned.reason", "ur", default: false, "reason shard became unassigned"),
            .init(
                "segments.count", "sc,segmentsCount", default: false, right: true,
                "number of segments"),
        ])
        let options = try request.indexOptions(.metadata)
        for target in try services.catalog.resolve(request["index"], options, now: services.now)
        where target.index.isOpen {
            let index = target.index
            for shard in try services.coordinator.shards(of: index) {
                let figures = shard.figures
                table.rows.append([
                    .text(index.name), .number(shard.number), .text("p"), .text("STARTED"),
                    .number(figures.docCount), .number(figures.byteCount),
                    .text(services.node.host), .text(services.node.id), .text(services.node.name),
                    .text(nil), .number(figures.segments.count),
                ])
                for _ in 0..<index.replicaCount {
                    table.rows.append([
                        .text(index.name), .number(shard.number), .text("r"), .text("UNASSIGNED"),
                        .text(nil), .text(nil), .text(nil), .text(nil), .text(nil),
                        .text("INDEX_CREATED"), .text(nil),
                    ])
                }
            }
        }
        return table
    }

    private static func nodes(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let process = ProcessFigures()
        let node = services.node
        let disk = services.coordinator.diskByteCounts
        let used = process.totalMemory - process.freeMemory
        func load(_ i: Int) -> String {
            let hundredths = Int(process.loadAverages[i] * 100)
            return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        }
        let id = request["full_id"] == "true" ? node.id : String(node.id.prefix(4))
        return CatTable(
            columns: [
                .init("id", "nodeId", default: false, "unique node id"),
                .init("pid", "p", default: false, "process id"), .init("ip", "i", "ip address"),
                .init("port", "po", default: false, "bound transport port"),
                .init("http_address", "http", default: false, "bound http address"),
                .init("version", "v", default: false, "version"),
                .init("heap.percent", "hp,heapPercent", right: true, "used heap ratio"),
                .init(
                    "heap.current", "hc,heapCurrent", default: false, right: true, unit: .bytes,
                    "used heap"),
                .init(
                    "heap.max", "hm,heapMax", default: false, right: true, unit: .bytes,
                    "max configured heap"),
                .init("ram.percent", "rp,ramPercent", right: true, "used machine memory ratio"),
                .init(
                    "ram.current", "rc,ramCurrent", default: false, right: true, unit: .bytes,
                    "used machine memory"),
                .init(
                    "ram.max", "rm,ramMax", default: false, right: true, unit: .bytes,
                    "total machine memory"),
                .init(
                    "disk.total", "dt,diskTotal", default: false, right: true, unit: .bytes,
                    "total disk space"),
                .init(
                    "disk.used", "du,diskUsed", default: false, right: true, unit: .bytes,
                    "used disk space"),
                .init(
                    "disk.avail", "d,da,disk,diskAvail", default: false, right: true, unit: .bytes,
                    "available disk space"),
                .init(
                    "file_desc.current", "fdc,fileDescriptorCurrent", default: false, right: true,
                    "used file descriptors"),
                .init("cpu", "cpu", right: true, "recent cpu usage"),
                .init("load_1m", "l", right: true, "1m load avg"),
                .init("load_5m", "l", right: true, "5m load avg"),
                .init("load_15m", "l", right: true, "15m load avg"),
                .init(
                    "uptime", "u", default: false, right: true, unit: .milliseconds, "node uptime"),
                .init(
                    "node.role", "r,role,nodeRole",
                    "m:master eligible node, d:data node, i:ingest node, -:coordinating node only"),
                .init("node.roles", "rs,all roles", "all roles"),
                .init("cluster_manager", "cm,m,master", "*:current cluster manager"),
                .init("name", "n", "node name"),
            ],
            rows: [
                [
                    .text(id), .text(String(process.processID)), .text(node.host),
                    .number(node.httpPort),
                    .text(node.address), .text(Services.version),
                    .number(process.residentMemory * 100 / max(1, process.totalMemory)),
                    .number(process.residentMemory), .number(process.totalMemory),
                    .number(used * 100 / max(1, process.totalMemory)), .number(used),
                    .number(process.totalMemory), .number(disk.total),
                    .number(disk.total - disk.free), .number(disk.free),
                    .number(process.openFiles), .number(0), .text(load(0)), .text(load(1)),
                    .text(load(2)), .number(services.uptimeMilliseconds), .text("dimr"),
                    .text("cluster_manager,data,ingest,remote_cluster_client"), .text("*"),
                    .text(node.name),
                ]
            ])
    }

    private static func allocation(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let disk = services.coordinator.diskByteCounts
        let open = services.catalog.indices.values.filter(\.isOpen)
        let shardCount = open.reduce(0) { $0 + $1.shardCount }
        let unassigned = open.reduce(0) { $0 + $1.shardCount * $1.replicaCount }
        var stored = 0
        for index in open { stored += try services.figures(of: index).byteCount }
        let node = services.node
        var table = CatTable(columns: [
            .init("shards", "s", right: true, "number of shards on node"),
            .init(
                "disk.indices", "di,diskIndices", right: true, unit: .bytes, "disk used by indices"),
            .init(
                "disk.used", "du,diskUsed", right: true, unit: .bytes,
                "disk used (total, not just indices)"),
            .init("disk.avail", "da,diskAvail", right: true, unit: .bytes, "disk available"),
            .init(
                "disk.total", "dt,diskTotal", right: true, unit: .bytes,
                "total capacity of all volumes"),
            .init("disk.percent", "dp,diskPercent", right: true, "percent disk used"),
            .init("host", "h", "host of node"), .init("ip", "ip of node"),
            .init("node", "n", "name of node"),
        ])
        if let wanted = request.list("node_id"),
            !wanted.contains(where: {
                $0 == "_all" || $0 == "_local" || $0 == "_master" || $0 == "_cluster_manager"
                    || $0 == node.id || Wildcard.matches($0, node.name)
            })
        {
            return table
        }
        table.rows.append([
            .number(shardCount), .number(stored), .number(disk.total - disk.free),
            .number(disk.free), .number(disk.total),
            .number((disk.total - disk.free) / max(1, disk.total / 100)), .text(node.host),
            .text(node.host), .text(node.name),
        ])
        if unassigned > 0 {
            table.rows.append(
                [.number(unassigned)] + [CatTable.Cell](repeating: .text(nil), count: 7)
                    + [.text("UNASSIGNED")])
        }
        return table
    }

    private static func segments(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("index", "i,idx", "index name"), .init("shard", "s,sh", "shard name"),
            .init("prirep", "p,pr,primaryOrReplica", "primary or replica"),
            .init("ip", "ip of node where it lives"),
            .init("id", default: false, "unique id of node where it lives"),
            .init("segment", "seg", "segment name"),
            .init("generation", "g,gen", right: true, "segment generation"),
            .init("docs.count", "dc,docsCount", right: true, "number of docs in segment"),
            .init(
                "docs.deleted", "dd,docsDeleted", right: true, "number of deleted docs in segment"),
            .init("size", "si", right: true, unit: .bytes, "segment size in bytes"),
            .init("size.memory", "sm,sizeMemory", right: true, "segment memory in bytes"),
            .init("committed", "ic,isCommitted", "is segment committed"),
            .init("searchable", "is,isSearchable", "is segment searched"),
            .init("version", "v", "version"),
            .init("compound", "ico,isCompound", "is segment compound"),
        ])
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for shard in try services.coordinator.shards(of: target.index) {
                for (i, segment) in shard.figures.segments.enumerated() {
                    table.rows.append([
                        .text(target.index.name), .number(shard.number), .text("p"),
                        .text(services.node.host), .text(services.node.id), .text(segment.name),
                        .number(i), .number(segment.docCount), .number(segment.deletedCount),
                        .number(segment.byteCount), .number(0), .text(String(segment.isCommitted)),
                        .text(String(segment.isSearchable)), .text("10.3.2"), .text("false"),
                    ])
                }
            }
        }
        return table
    }

    private static func templates(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("name", "n", "template name"),
            .init("index_patterns", "t", "template index patterns"),
            .init("order", "o,p", "template application order/priority number"),
            .init("version", "v", "version"),
            .init("composed_of", "c", "component templates comprising index template"),
        ])
        let pattern = request["name"] ?? "*"
        let catalog = services.catalog
        func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
        for (name, template) in catalog.legacyTemplates.sorted(by: { $0.key < $1.key })
        where Wildcard.matches(pattern, name) {
            table.rows.append([
                .text(name), .text(list(CatalogSnapshot.patterns(of: template))),
                .text(template["order"]?.description ?? "0"),
                .text(template["version"]?.description), .text(""),
            ])
        }
        for (name, template) in catalog.indexTemplates.sorted(by: { $0.key < $1.key })
        where Wildcard.matches(pattern, name) {
            let parts = template["composed_of"]?.arrayValue?.compactMap(\.stringValue) ?? []
            table.rows.append([
                .text(name), .text(list(CatalogSnapshot.patterns(of: template))),
                .text(String(CatalogSnapshot.priority(template))),
                .text(template["version"]?.description), .text(list(parts)),
            ])
        }
        return table
    }

    private static func manager(_ request: APIRequest, _ services: Services) throws -> CatTable {
        CatTable(
            columns: [
                .init("id", "node id"), .init("host", "h", "host name"),
                .init("ip", "ip address"), .init("node", "n", "node name"),
            ],
            rows: [
                [
                    .text(services.node.id), .text(services.node.host), .text(services.node.host),
                    .text(services.node.name),
                ]
            ])
    }

    private static func recovery(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let names = [
            "index", "shard", "start_time", "start_time_millis", "stop_time", "stop_time_millis",
            "time", "type", "stage", "source_host", "source_node", "target_host", "target_node",
            "repository", "snapshot", "files", "files_recovered", "files_percent", "files_total",
            "bytes", "bytes_recovered", "bytes_percent", "bytes_total", "translog_ops",
            "translog_ops_recovered", "translog_ops_percent",
        ]
        let aliases = [
            "i,idx", "s,sh", "start", "start_millis", "stop", "stop_millis", "t,ti", "ty", "st",
            "shost", "snode", "thost", "tnode", "rep", "snap", "f", "fr", "fp", "tf", "b", "br",
            "bp", "tb", "to", "tor", "top",
        ]
        let hidden: Set<String> = [
            "start_time", "start_time_millis", "stop_time", "stop_time_millis",
        ]
        var table = CatTable(
            columns: zip(names, aliases).map {
                .init($0, $1, default: !hidden.contains($0), $0.replacing("_", with: " "))
            })
        if try request.bool("active_only") { return table }
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for number in 0..<target.index.shardCount {
                let start = CalendarTime.iso(services.node.startedAt)
                let millis = String(services.node.startedAt)
                table.rows.append(
                    [
                        target.index.name, String(number), start, millis, start, millis, "0s",
                        "existing_store", "done", "n/a", "n/a", services.node.host,
                        services.node.name, "n/a", "n/a", "0", "0", "100.0%", "0", "0", "0",
                        "100.0%", "0", "0", "0", "100.0%",
                    ].map { .text($0) })
            }
        }
        return table
    }

    private static func tasks(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("id", default: false, "id of the task with the node"),
            .init("action", "ac", "task action"), .init("task_id", "ti", "unique task id"),
            .init("parent_task_id", "pti", "parent task id"), .init("type", "ty", "task type"),
            .init("start_time", "start", "start time in ms"),
            .init("timestamp", "ts,hms,hhmmss", "start time in HH:MM:SS"),
            .init("running_time", "time", "running time"), .init("ip", "i", "ip address"),
            .init("node", "n", "node name"),
        ])
        for task in services.tasks.running {
            table.rows.append([
                .text(String(task.number)), .text(task.action),
                .text("\(services.node.id):\(task.number)"), .text("-"), .text("transport"),
                .text(String(task.startedAt)),
                .text(CalendarTime(milliseconds: task.startedAt).text("HH:mm:ss")),
                .text(TimeValue.text(nanoseconds: (services.now - task.startedAt) * 1_000_000)),
                .text(services.node.host), .text(services.node.name),
            ])
        }
        return table
    }

    private static func threadPool(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var table = CatTable(columns: [
            .init("node_name", "nn", "node name"),
            .init("node_id", "id", default: false, "persistent node id"),
            .init("ephemeral_node_id", "eid", default: false, "ephemeral node id"),
            .init("pid", "p", default: false, "process id"),
            .init("host", "h", default: false, "host name"),
            .init("ip", "i", default: false, "ip address"),
            .init("port", "po", default: false, "bound transport port"),
            .init("name", "n", "thread pool name"),
            .init("type", "t", default: false, "thread pool type"),
            .init("active", "a", right: true, "number of active threads"),
            .init("pool_size", "psz", default: false, right: true, "number of threads"),
            .init("queue", "q", right: true, "number of tasks currently in queue"),
            .init(
                "queue_size", "qs", default: false, right: true,
                "maximum number of tasks permitted in queue"),
            .init("rejected", "r", right: true, "number of rejected tasks"),
            .init(
                "largest", "l", default: false, right: true, "highest number of seen active threads"
            ),
            .init("completed", "c", default: false, right: true, "number of completed tasks"),
            .init(
                "core", "cr", default: false, right: true,
                "core number of threads in a scaling thread pool"),
            .init(
                "max", "mx", default: false, right: true,
                "maximum number of threads in a scaling thread pool"),
            .init(
                "size", "sz", default: false, right: true,
                "number of threads in a fixed thread pool"),
            .init("keep_alive", "ka", default: false, right: true, "thread keep alive time"),
        ])
        let patterns = request.list("thread_pool_patterns") ?? ["*"]
        for pool in services.pools
        where patterns.contains(where: { Wildcard.matches($0, pool.name) }) {
            table.rows.append([
                .text(services.node.name), .text(services.node.id), .text(services.node.id),
                .text(String(ProcessFigures().processID)), .text(services.node.host),
                .text(services.node.host), .number(services.node.httpPort), .text(pool.name),
                .text("fixed"), .number(pool.active), .number(pool.size), .number(pool.queued),
                .number(pool.limit), .number(pool.rejected), .number(pool.active),
                .number(pool.completed), .text(nil), .text(nil), .number(pool.size), .text(nil),
            ])
        }
        return table
    }
}
