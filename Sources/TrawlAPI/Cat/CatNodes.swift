internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// Tables of nodes: `_cat/nodes`, `nodeattrs`, `allocation`, `thread_pool`, `plugins`, and who
/// manages the cluster.
enum CatNodes {
    private struct Subject {
        var node: NodeDescription
        var id: String
        var isManager: Bool
        var process: ProcessFigures
        var disk: (total: Int, free: Int)
        var figures: ShardFigures
        var uptime: Int

        var usedMemory: Int { process.totalMemory - process.freeMemory }
        var usedDisk: Int { disk.total - disk.free }

        func load(_ place: Int) -> String { Self.hundredths(process.loadAverages[place]) }

        static func hundredths(_ value: Double) -> String {
            let whole = Int(value * 100)
            return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
        }
    }

    private static func share(_ part: Int, of whole: Int) -> Int { part * 100 / max(1, whole) }

    private static let nodeColumns: [CatColumn<Subject>] = {
        var columns: [CatColumn<Subject>] = [
            .text("id", "id,nodeId", default: false, "unique node id") { $0.id },
            .text("pid", "p", default: false, "process id") { String($0.process.processID) },
            .text("ip", "i", "ip address") { $0.node.host },
            .text("port", "po", default: false, "bound transport port") {
                String($0.node.httpPort)
            },
            .text("http_address", "http", default: false, "bound http address") {
                $0.node.address
            },
            .text("version", "v", default: false, "os version") { _ in Services.version },
            .text("type", "t", default: false, "os distribution type") { _ in "trawl" },
            .text("build", "b", default: false, "os build hash") { $0.node.buildHash },
            .text("jdk", "j", default: false, "jdk version") { _ in "-" },
            .number("disk.total", "dt,diskTotal", default: false, unit: .bytes, "total disk space")
            { $0.disk.total },
            .number("disk.used", "du,diskUsed", default: false, unit: .bytes, "used disk space") {
                $0.usedDisk
            },
            .number(
                "disk.avail", "d,da,disk,diskAvail", default: false, unit: .bytes,
                "available disk space"
            ) { $0.disk.free },
            .text(
                "disk.used_percent", "dup,diskUsedPercent", default: false, right: true,
                "used disk space percentage"
            ) {
                Subject.hundredths(Double($0.usedDisk) * 100 / Double(max(1, $0.disk.total)))
            },
            .number("heap.current", "hc,heapCurrent", default: false, unit: .bytes, "used heap") {
                $0.process.residentMemory
            },
            .number("heap.percent", "hp,heapPercent", "used heap ratio") {
                share($0.process.residentMemory, of: $0.process.totalMemory)
            },
            .number("heap.max", "hm,heapMax", default: false, unit: .bytes, "max configured heap") {
                $0.process.totalMemory
            },
            .number(
                "ram.current", "rc,ramCurrent", default: false, unit: .bytes,
                "used machine memory"
            ) { $0.usedMemory },
            .number("ram.percent", "rp,ramPercent", "used machine memory ratio") {
                share($0.usedMemory, of: $0.process.totalMemory)
            },
            .number("ram.max", "rm,ramMax", default: false, unit: .bytes, "total machine memory") {
                $0.process.totalMemory
            },
            .number(
                "file_desc.current", "fdc,fileDescriptorCurrent", default: false,
                "used file descriptors"
            ) { $0.process.openFiles },
            .number(
                "file_desc.percent", "fdp,fileDescriptorPercent", default: false,
                "used file descriptor ratio"
            ) { share($0.process.openFiles, of: $0.process.maxOpenFiles) },
            .number(
                "file_desc.max", "fdm,fileDescriptorMax", default: false, "max file descriptors"
            ) { $0.process.maxOpenFiles },
            .number("cpu", "cpu", "recent cpu usage") { _ in 0 },
            .text("load_1m", "l", right: true, "1m load avg") { $0.load(0) },
            .text("load_5m", "l", right: true, "5m load avg") { $0.load(1) },
            .text("load_15m", "l", right: true, "15m load avg") { $0.load(2) },
            .number("uptime", "u", default: false, unit: .milliseconds, "node uptime") {
                $0.uptime
            },
            .text(
                "node.role", "r,role,nodeRole",
                "m:cluster-manager eligible node, d:data node, i:ingest node, "
                    + "-:coordinating node only"
            ) { _ in "dimr" },
            .text("node.roles", "rs,all roles", "all roles") { _ in
                "cluster_manager,data,ingest,remote_cluster_client"
            },
            .text("cluster_manager", "cm,m,master", "*:current cluster manager") {
                $0.isManager ? "*" : "-"
            },
            .text("name", "n", "node name") { $0.node.name },
        ]
        let figures =
            CatFigure.caches + CatFigure.requestCache + CatFigure.operations
            + CatFigure.otherSearches + CatFigure.segments + CatFigure.suggest
        columns += figures.map { $0.column { $0.figures } }
        return columns
    }()

    static func nodes(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var figures = ShardFigures()
        for index in services.catalog.indices.values where index.isOpen {
            figures.add(try services.figures(of: index))
        }
        let node = services.node
        let picture = services.picture
        let isFull = try request.bool("full_id")
        func shown(_ id: String) -> String { isFull ? id : String(id.prefix(4)) }
        var table = CatTable(
            nodeColumns,
            [
                Subject(
                    node: node, id: shown(node.id),
                    isManager: picture.node(node.id)?.keepsMetadata ?? true,
                    process: ProcessFigures(), disk: services.coordinator.diskByteCounts,
                    figures: figures, uptime: services.uptimeMilliseconds)
            ])
        for other in picture.nodes where other.id != node.id {
            // What only the other node can measure is left blank: that node tells it.
            let known: [String: CatTable.Cell] = [
                "id": .text(shown(other.id)), "ip": .text(other.host),
                "port": .text(String(other.httpPort)),
                "http_address": .text(other.httpAddress), "version": .text(Services.version),
                "type": .text("trawl"),
                "uptime": .number(Int(services.now - other.startedAt)),
                "node.role": .text("dimr"),
                "node.roles": .text("cluster_manager,data,ingest,remote_cluster_client"),
                "cluster_manager": .text(other.keepsMetadata ? "*" : "-"),
                "name": .text(other.name),
            ]
            table.rows.append(nodeColumns.map { known[$0.column.name] ?? .text(nil) })
        }
        return table
    }

    /// Nodes have no attributes here.
    static let attributes = CatTable(columns: [
        .init("node", "name", "node name"),
        .init("id", "id,nodeId", default: false, "unique node id"),
        .init("pid", "p", default: false, "process id"), .init("host", "h", "host name"),
        .init("ip", "i", "ip address"),
        .init("port", "po", default: false, "bound transport port"),
        .init("attr", "attr.name", "attribute description"),
        .init("value", "attr.value", "attribute value"),
    ])

    static let plugins = CatTable(columns: [
        .init("id", default: false, "unique node id"), .init("name", "n", "node name"),
        .init("component", "c", "component"), .init("version", "v", "component version"),
        .init("description", "d", default: false, "plugin details"),
    ])

    static func manager(_ request: APIRequest, _ services: Services) throws -> CatTable {
        CatTable(
            [
                .text("id", "node id") { $0.id }, .text("host", "h", "host name") { $0.host },
                .text("ip", "ip address") { $0.host }, .text("node", "n", "node name") { $0.name },
            ] as [CatColumn<ClusterPicture.Node>],
            services.picture.nodes.filter(\.keepsMetadata))
    }

    // MARK: Allocation

    private struct Share {
        var shardCount: Int
        var storedByteCount: Int?
        var disk: (total: Int, free: Int)?
        var host: String?
        var name: String
    }

    private static let allocationColumns: [CatColumn<Share>] = [
        .number("shards", "s", "number of shards on node") { $0.shardCount },
        .number("disk.indices", "di,diskIndices", unit: .bytes, "disk used by indices") {
            $0.storedByteCount
        },
        .number("disk.used", "du,diskUsed", unit: .bytes, "disk used (total, not just indices)") {
            $0.disk.map { $0.total - $0.free }
        },
        .number("disk.avail", "da,diskAvail", unit: .bytes, "disk available") { $0.disk?.free },
        .number("disk.total", "dt,diskTotal", unit: .bytes, "total capacity of all volumes") {
            $0.disk?.total
        },
        .number("disk.percent", "dp,diskPercent", "percent disk used") {
            $0.disk.map { share($0.total - $0.free, of: $0.total) }
        },
        .text("host", "h", "host of node") { $0.host }, .text("ip", "ip of node") { $0.host },
        .text("node", "n", "name of node") { $0.name },
    ]

    static func allocation(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let picture = services.picture
        let wanted = request.list("node_id")
        func isWanted(_ node: ClusterPicture.Node) -> Bool {
            guard let wanted else { return true }
            return wanted.contains {
                $0 == "_all" || $0 == node.id || Wildcard.matches($0, node.name)
                    || $0 == "_local" && node.id == picture.localNode
                    || ($0 == "_master" || $0 == "_cluster_manager") && node.keepsMetadata
            }
        }
        let open = services.catalog.indices.values.filter(\.isOpen)
        var counts: [String: Int] = [:]
        var unassigned = 0
        for copy in open.flatMap({ picture.copies(of: $0).joined() }) {
            if let node = copy.node { counts[node, default: 0] += 1 } else { unassigned += 1 }
        }
        var shares: [Share] = []
        for node in picture.nodes where isWanted(node) {
            var share = Share(
                shardCount: counts[node.id] ?? 0, host: node.host, name: node.name)
            if node.id == picture.localNode {
                share.storedByteCount = try open.reduce(0) {
                    $0 + (try services.figures(of: $1).byteCount)
                }
                share.disk = services.coordinator.diskByteCounts
            }
            shares.append(share)
        }
        if unassigned > 0, wanted == nil {
            shares.append(Share(shardCount: unassigned, name: "UNASSIGNED"))
        }
        return CatTable(allocationColumns, shares)
    }

    // MARK: Thread pools

    private struct Pool {
        var node: NodeDescription
        var processID: Int
        var pool: PoolFigures
        /// Pools that tools ask for, and that there is no work for here.
        var isScaling: Bool
    }

    /// Without threads: their work is done elsewhere, or there is none of it.
    private static let scalingPools = [
        "analyze", "fetch_shard_started", "fetch_shard_store", "flush", "force_merge", "generic",
        "get", "index_searcher", "refresh", "search_throttled", "snapshot", "warmer",
    ]

    private static let poolColumns: [CatColumn<Pool>] = [
        .text("node_name", "nn", "node name") { $0.node.name },
        .text("node_id", "id", default: false, "persistent node id") { $0.node.id },
        .text("ephemeral_node_id", "eid", default: false, "ephemeral node id") { $0.node.id },
        .text("pid", "p", default: false, "process id") { String($0.processID) },
        .text("host", "h", default: false, "host name") { $0.node.host },
        .text("ip", "i", default: false, "ip address") { $0.node.host },
        .text("port", "po", default: false, "bound transport port") { String($0.node.httpPort) },
        .text("name", "n", "thread pool name") { $0.pool.name },
        .text("type", "t", default: false, "thread pool type") {
            $0.isScaling ? "scaling" : "fixed"
        },
        .number("active", "a", "number of active threads") { $0.pool.active },
        .number("pool_size", "psz", default: false, "number of threads") { $0.pool.size },
        .number("queue", "q", "number of tasks currently in queue") { $0.pool.queued },
        .number(
            "queue_size", "qs", default: false, "maximum number of tasks permitted in queue"
        ) { $0.isScaling ? -1 : $0.pool.limit },
        .number("rejected", "r", "number of rejected tasks") { $0.pool.rejected },
        .number("largest", "l", default: false, "highest number of seen active threads") {
            $0.pool.active
        },
        .number("completed", "c", default: false, "number of completed tasks") {
            $0.pool.completed
        },
        .text(
            "total_wait_time", "twt", default: false, right: true,
            "total time tasks spent waiting in queue"
        ) {
            ["analyze", "index_searcher", "search", "search_throttled"].contains($0.pool.name)
                ? "0s" : "-1"
        },
        .number(
            "core", "cr", default: false, "core number of threads in a scaling thread pool"
        ) { $0.isScaling ? 0 : nil },
        .number(
            "max", "mx", default: false, "maximum number of threads in a scaling thread pool"
        ) { $0.isScaling ? 0 : nil },
        .number("size", "sz", default: false, "number of threads in a fixed thread pool") {
            $0.isScaling ? nil : $0.pool.size
        },
        .text("keep_alive", "ka", default: false, right: true, "thread keep alive time") {
            $0.isScaling ? "5m" : nil
        },
    ]

    static func threadPools(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let patterns = request.list("thread_pool_patterns") ?? ["*"]
        let process = ProcessFigures().processID
        let own = services.pools.map {
            Pool(node: services.node, processID: process, pool: $0, isScaling: false)
        }
        let idle = scalingPools.filter { name in !own.contains { $0.pool.name == name } }.map {
            Pool(
                node: services.node, processID: process,
                pool: PoolFigures(
                    name: $0, size: 0, limit: 0, active: 0, queued: 0, rejected: 0, completed: 0),
                isScaling: true)
        }
        let chosen = (own + idle).filter { pool in
            patterns.contains { Wildcard.matches($0, pool.pool.name) }
        }
        return CatTable(poolColumns, chosen.sorted { $0.pool.name < $1.pool.name })
    }
}
