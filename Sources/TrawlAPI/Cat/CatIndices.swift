internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlSchema

/// `_cat/indices` and `_cat/shards`: the same figures, by index and by shard.
enum CatIndices {
    // MARK: Indices

    private struct Index {
        var index: IndexMetadata
        var status: String
        /// Nil while the index is closed.
        var figures: ShardFigures?
    }

    private static let indexColumns: [CatColumn<Index>] = {
        var columns: [CatColumn<Index>] = [
            .text("health", "h", "current health status") {
                $0.status
            },
            .text("status", "s", "open/close status") { $0.index.isOpen ? "open" : "close" },
            .text("index", "i,idx", "index name") { $0.index.name },
            .text("uuid", "id,uuid", "index uuid") { $0.index.uuid },
            .number("pri", "p,shards.primary,shardsPrimary", "number of primary shards") {
                $0.index.shardCount
            },
            .number("rep", "r,shards.replica,shardsReplica", "number of replica shards") {
                $0.index.replicaCount
            },
            .number("docs.count", "dc,docsCount", "available docs") { $0.figures?.docCount },
            .number("docs.deleted", "dd,docsDeleted", "deleted docs") {
                $0.figures?.deletedCount
            },
            .text("creation.date", "cd", default: false, "index creation date (millisecond value)")
            { String($0.index.creationDate) },
            .text(
                "creation.date.string", "cds", default: false, "index creation date (as string)"
            ) { TimeText.iso($0.index.creationDate) },
            .number(
                "store.size", "ss,storeSize", unit: .bytes, "store size of primaries & replicas"
            ) { $0.figures?.byteCount },
            .number("pri.store.size", "", unit: .bytes, "store size of primaries") {
                $0.figures?.byteCount
            },
        ]
        let shown =
            CatFigure.caches + CatFigure.requestCache + CatFigure.operations
            + CatFigure.otherSearches + CatFigure.segments + CatFigure.warmer + CatFigure.suggest
        for figure in shown {
            columns.append(figure.column { $0.figures })
            columns.append(figure.column("pri." + figure.name, aliases: "") { $0.figures })
        }
        let memory = CatFigure("memory.total", "tm,memoryTotal", .bytes, "total used memory") {
            $0.memoryByteCount
        }
        columns.append(memory.column { $0.figures })
        columns.append(memory.column("pri.memory.total", aliases: "") { $0.figures })
        columns.append(
            .text("search.throttled", "sth", default: false, "indicates if the index is throttled")
            { _ in "false" })
        return columns
    }()

    static func indices(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var options = try request.indexOptions(.metadata)
        if !request.has("expand_wildcards") { options.expandsHidden = true }
        let wanted = request["health"]?.lowercased()
        if let wanted, !["green", "yellow", "red"].contains(wanted) {
            throw APIError.illegalArgument("unknown cluster health status [\(wanted)]")
        }
        let picture = services.picture
        var subjects: [Index] = []
        for target in try services.catalog.resolve(request["index"], options, now: services.now) {
            let index = target.index
            let status = ShardCounts(index, picture).status
            if let wanted, wanted != status { continue }
            subjects.append(
                Index(
                    index: index, status: status,
                    figures: index.isOpen ? try services.figures(of: index) : nil))
        }
        return CatTable(indexColumns, subjects)
    }

    // MARK: Shards

    private struct Copy {
        var index: String
        var shard: Int
        var isPrimary: Bool
        var state: ClusterPicture.Copy.State
        /// Nil while the copy has no place, or when the node that has it does not tell.
        var figures: ShardFigures?
        /// Nil while the copy has no place.
        var node: ClusterPicture.Node?
        var unassignedReason: String?
        var unassignedDetails: String?
        var unassignedSince: Int64?

        var isAssigned: Bool { node != nil }
    }

    private static let shardColumns: [CatColumn<Copy>] = {
        var columns: [CatColumn<Copy>] = [
            .text("index", "i,idx", "index name") { $0.index },
            .text("shard", "s,sh", "shard name") { String($0.shard) },
            .text("prirep", "p,pr,primaryOrReplica", "primary or replica") {
                $0.isPrimary ? "p" : "r"
            },
            .text("state", "st", "shard state") { $0.state.rawValue },
            .number("docs", "d,dc", "number of docs in shard") { $0.figures?.docCount },
            .number("store", "sto", unit: .bytes, "store size of shard") { $0.figures?.byteCount },
            .text("ip", "ip of node where it lives") { $0.node?.host },
            .text("id", default: false, "unique id of node where it lives") { $0.node?.id },
            .text("node", "n", "name of node where it lives") { $0.node?.name },
            .text("sync_id", "sync_id", default: false, "sync id") { _ in nil },
            .text("unassigned.reason", "ur", default: false, "reason shard became unassigned") {
                $0.unassignedReason
            },
            .text(
                "unassigned.at", "ua", default: false, "time shard became unassigned (UTC)"
            ) { $0.unassignedSince.map { TimeText.iso($0) } },
            .text(
                "unassigned.for", "uf", default: false, right: true,
                "time has been unassigned"
            ) { _ in nil },
            .text(
                "unassigned.details", "ud", default: false,
                "additional details as to why the shard became unassigned"
            ) { $0.unassignedDetails },
            .text("recoverysource.type", "rs", default: false, "recovery source type") {
                $0.isAssigned ? nil : "peer"
            },
        ]
        func add(_ figures: [CatFigure]) {
            columns += figures.map { $0.column { $0.figures } }
        }
        add(CatFigure.caches)
        add(CatFigure.operations)
        add(CatFigure.otherSearches)
        add(CatFigure.segments)
        columns += [
            .number("seq_no.max", "sqm,maxSeqNo", default: false, "max sequence number") {
                $0.figures.map { Int($0.maxOffset) }
            },
            .number(
                "seq_no.local_checkpoint", "sql,localCheckpoint", default: false,
                "local checkpoint"
            ) { $0.figures.map { Int($0.maxOffset) } },
            .number(
                "seq_no.global_checkpoint", "sqg,globalCheckpoint", default: false,
                "global checkpoint"
            ) { $0.figures.map { Int($0.maxOffset) } },
        ]
        add(CatFigure.warmer)
        columns += [
            .text("path.data", "pd,dataPath", default: false, right: true, "shard data path") {
                _ in nil
            },
            .text("path.state", "ps,statsPath", default: false, right: true, "shard state path") {
                _ in nil
            },
            .number("docs.deleted", "dd,docsDeleted", default: false, "deleted docs in shard") {
                $0.figures?.deletedCount
            },
        ]
        return columns
    }()

    static func shards(_ request: APIRequest, _ services: Services) throws -> CatTable {
        let picture = services.picture
        var subjects: [Copy] = []
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        where target.index.isOpen {
            let index = target.index
            for (shard, copies) in zip(
                try services.coordinator.shards(of: index), picture.copies(of: index))
            {
                subjects += copies.map { copy in
                    Copy(
                        index: index.name, shard: shard.number, isPrimary: copy.isPrimary,
                        state: copy.state, figures: copy.node.flatMap { shard.figures(on: $0) },
                        node: picture.node(copy.node), unassignedReason: copy.unassignedReason,
                        unassignedDetails: copy.isActive ? nil : copy.reason,
                        unassignedSince: copy.unassignedReason == "INDEX_CREATED"
                            ? index.creationDate : nil)
                }
            }
        }
        return CatTable(shardColumns, subjects)
    }

    // MARK: Segments

    private struct Segment {
        var index: String
        var shard: Int
        var place: Int
        var segment: ShardFigures.Segment
        var node: NodeDescription
    }

    private static let segmentColumns: [CatColumn<Segment>] = [
        .text("index", "i,idx", "index name") { $0.index },
        .text("shard", "s,sh", "shard name") { String($0.shard) },
        .text("prirep", "p,pr,primaryOrReplica", "primary or replica") { _ in "p" },
        .text("ip", "ip of node where it lives") { $0.node.host },
        .text("id", default: false, "unique id of node where it lives") { $0.node.id },
        .text("segment", "seg", "segment name") { $0.segment.name },
        .number("generation", "g,gen", "segment generation") { $0.place },
        .number("docs.count", "dc,docsCount", "number of docs in segment") {
            $0.segment.docCount
        },
        .number("docs.deleted", "dd,docsDeleted", "number of deleted docs in segment") {
            $0.segment.deletedCount
        },
        .number("size", "si", unit: .bytes, "segment size in bytes") { $0.segment.byteCount },
        .number("size.memory", "sm,sizeMemory", "segment memory in bytes") { _ in 0 },
        .text("committed", "ic,isCommitted", "is segment committed") {
            String($0.segment.isCommitted)
        },
        .text("searchable", "is,isSearchable", "is segment searched") {
            String($0.segment.isSearchable)
        },
        .text("version", "v", "version") { _ in "10.3.2" },
        .text("compound", "ico,isCompound", "is segment compound") { _ in "false" },
    ]

    static func segments(_ request: APIRequest, _ services: Services) throws -> CatTable {
        var subjects: [Segment] = []
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.search), now: services.now)
        {
            for shard in try services.coordinator.shards(of: target.index) {
                for (place, segment) in shard.figures.segments.enumerated() {
                    subjects.append(
                        Segment(
                            index: target.index.name, shard: shard.number, place: place,
                            segment: segment, node: services.node))
                }
            }
        }
        return CatTable(segmentColumns, subjects)
    }

    // MARK: Recovery

    private struct Recovery {
        var index: String
        var shard: Int
        var type: String
        var node: NodeDescription
    }

    private static let recoveryColumns: [CatColumn<Recovery>] = [
        .text("index", "i,idx", "index name") { $0.index },
        .text("shard", "s,sh", "shard name") { String($0.shard) },
        .text("start_time", "start", default: false, "recovery start time") {
            TimeText.iso($0.node.startedAt)
        },
        .text(
            "start_time_millis", "start_millis", default: false,
            "recovery start time in epoch milliseconds"
        ) { String($0.node.startedAt) },
        .text("stop_time", "stop", default: false, "recovery stop time") {
            TimeText.iso($0.node.startedAt)
        },
        .text(
            "stop_time_millis", "stop_millis", default: false,
            "recovery stop time in epoch milliseconds"
        ) { String($0.node.startedAt) },
        .number("time", "t,ti", unit: .milliseconds, "recovery time") { _ in 0 },
        .text("type", "ty", "recovery type") { $0.type },
        .text("stage", "st", "recovery stage") { _ in "done" },
        .text("source_host", "shost", "source host") { _ in "n/a" },
        .text("source_node", "snode", "source node name") { _ in "n/a" },
        .text("target_host", "thost", "target host") { $0.node.host },
        .text("target_node", "tnode", "target node name") { $0.node.name },
        .text("repository", "rep", "repository") { _ in "n/a" },
        .text("snapshot", "snap", "snapshot") { _ in "n/a" },
        .text("files", "f", "number of files to recover") { _ in "0" },
        .text("files_recovered", "fr", "files recovered") { _ in "0" },
        .text("files_percent", "fp", "percent of files recovered") { _ in "100.0%" },
        .text("files_total", "tf", "total number of files") { _ in "0" },
        .number("bytes", "b", unit: .bytes, "number of bytes to recover") { _ in 0 },
        .number("bytes_recovered", "br", unit: .bytes, "bytes recovered") { _ in 0 },
        .text("bytes_percent", "bp", "percent of bytes recovered") { _ in "100.0%" },
        .number("bytes_total", "tb", unit: .bytes, "total number of bytes") { _ in 0 },
        .text("translog_ops", "to", "number of translog ops to recover") { _ in "0" },
        .text("translog_ops_recovered", "tor", "translog ops recovered") { _ in "0" },
        .text("translog_ops_percent", "top", "percent of translog ops recovered") { _ in "100.0%"
        },
    ]

    static func recovery(_ request: APIRequest, _ services: Services) throws -> CatTable {
        if try request.bool("active_only") { return CatTable(recoveryColumns, []) }
        var subjects: [Recovery] = []
        for target in try services.catalog.resolve(
            request["index"], try request.indexOptions(.metadata), now: services.now)
        {
            let index = target.index
            let isNew = index.isOpen && index.creationDate >= services.node.startedAt
            for shard in 0..<index.shardCount {
                subjects.append(
                    Recovery(
                        index: index.name, shard: shard,
                        type: isNew ? "empty_store" : "existing_store", node: services.node))
            }
        }
        return CatTable(recoveryColumns, subjects)
    }
}
