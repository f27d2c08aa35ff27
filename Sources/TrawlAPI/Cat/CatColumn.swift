internal import TrawlCoordinator

/// A column of a table together with what stands in it for one row's subject.
struct CatColumn<Subject>: Sendable {
    var column: CatTable.Column
    var cell: @Sendable (Subject) -> CatTable.Cell

    /// A column of text.
    static func text(
        _ name: String, _ aliases: String, default isDefault: Bool = true, right: Bool = false,
        _ details: String, _ value: @escaping @Sendable (Subject) -> String?
    ) -> CatColumn {
        CatColumn(
            column: .init(name, aliases, default: isDefault, right: right, details),
            cell: { .text(value($0)) })
    }

    static func text(
        _ name: String, default isDefault: Bool = true, _ details: String,
        _ value: @escaping @Sendable (Subject) -> String?
    ) -> CatColumn { .text(name, "", default: isDefault, details, value) }

    /// A column of numbers, at the right.
    static func number(
        _ name: String, _ aliases: String, default isDefault: Bool = true,
        unit: CatTable.Column.Unit = .none, _ details: String,
        _ value: @escaping @Sendable (Subject) -> Int?
    ) -> CatColumn {
        CatColumn(
            column: .init(name, aliases, default: isDefault, right: true, unit: unit, details),
            cell: { .number(value($0)) })
    }
}

extension CatTable {
    init<Subject>(_ columns: [CatColumn<Subject>], _ subjects: [Subject]) {
        self.init(
            columns: columns.map(\.column),
            rows: subjects.map { subject in columns.map { $0.cell(subject) } })
    }
}

/// The figures of shards that several tables show, each under a name of its own.
struct CatFigure: Sendable {
    let name: String
    let aliases: String
    let unit: CatTable.Column.Unit
    let details: String
    let value: @Sendable (ShardFigures) -> Int

    init(
        _ name: String, _ aliases: String, _ unit: CatTable.Column.Unit, _ details: String,
        _ value: @escaping @Sendable (ShardFigures) -> Int
    ) {
        self.name = name
        self.aliases = aliases
        self.unit = unit
        self.details = details
        self.value = value
    }

    init(
        _ name: String, _ aliases: String, _ details: String,
        _ value: @escaping @Sendable (ShardFigures) -> Int
    ) { self.init(name, aliases, .none, details, value) }

    /// The column of a table whose subjects may have figures.
    func column<Subject>(
        _ name: String? = nil, aliases: String? = nil,
        _ figures: @escaping @Sendable (Subject) -> ShardFigures?
    ) -> CatColumn<Subject> {
        let value = value
        return .number(
            name ?? self.name, aliases ?? self.aliases, default: false, unit: unit, details
        ) { subject in figures(subject).map(value) }
    }

    static let caches: [CatFigure] = [
        .init("completion.size", "cs,completionSize", .bytes, "size of completion") { _ in 0 },
        .init("fielddata.memory_size", "fm,fielddataMemory", .bytes, "used fielddata cache") {
            _ in 0
        },
        .init("fielddata.evictions", "fe,fielddataEvictions", "fielddata evictions") { _ in 0 },
        .init("query_cache.memory_size", "qcm,queryCacheMemory", .bytes, "used query cache") {
            _ in 0
        },
        .init("query_cache.evictions", "qce,queryCacheEvictions", "query cache evictions") {
            _ in 0
        },
    ]

    static let requestCache: [CatFigure] = [
        .init("request_cache.memory_size", "rcm,requestCacheMemory", .bytes, "used request cache") {
            _ in 0
        },
        .init("request_cache.evictions", "rce,requestCacheEvictions", "request cache evictions") {
            _ in 0
        },
        .init("request_cache.hit_count", "rchc,requestCacheHitCount", "request cache hit count") {
            _ in 0
        },
        .init(
            "request_cache.miss_count", "rcmc,requestCacheMissCount", "request cache miss count"
        ) { _ in 0 },
    ]

    static let operations: [CatFigure] = [
        .init("flush.total", "ft,flushTotal", "number of flushes") { $0.flushCount },
        .init("flush.total_time", "ftt,flushTotalTime", .milliseconds, "time spent in flush") {
            $0.operations.flush.milliseconds
        },
        .init("get.current", "gc,getCurrent", "number of current get ops") { _ in 0 },
        .init("get.time", "gti,getTime", .milliseconds, "time spent in get") {
            $0.operations.get.milliseconds
        },
        .init("get.total", "gto,getTotal", "number of get ops") { $0.operations.get.count },
        .init(
            "get.exists_time", "geti,getExistsTime", .milliseconds, "time spent in successful gets"
        ) { $0.operations.getFound.milliseconds },
        .init("get.exists_total", "geto,getExistsTotal", "number of successful gets") {
            $0.operations.getFound.count
        },
        .init("get.missing_time", "gmti,getMissingTime", .milliseconds, "time spent in failed gets")
        {
            $0.operations.getMissing.milliseconds
        },
        .init("get.missing_total", "gmto,getMissingTotal", "number of failed gets") {
            $0.operations.getMissing.count
        },
        .init("indexing.delete_current", "idc,indexingDeleteCurrent", "number of current deletions")
        { _ in 0 },
        .init(
            "indexing.delete_time", "idti,indexingDeleteTime", .milliseconds,
            "time spent in deletions"
        ) { $0.operations.delete.milliseconds },
        .init("indexing.delete_total", "idto,indexingDeleteTotal", "number of delete ops") {
            $0.operations.delete.count
        },
        .init(
            "indexing.index_current", "iic,indexingIndexCurrent", "number of current indexing ops"
        ) { _ in 0 },
        .init(
            "indexing.index_time", "iiti,indexingIndexTime", .milliseconds, "time spent in indexing"
        ) { $0.operations.index.milliseconds },
        .init("indexing.index_total", "iito,indexingIndexTotal", "number of indexing ops") {
            $0.operations.index.count
        },
        .init(
            "indexing.index_failed", "iif,indexingIndexFailed", "number of failed indexing ops"
        ) { $0.operations.failedIndexCount },
        .init("merges.current", "mc,mergesCurrent", "number of current merges") { _ in 0 },
        .init("merges.current_docs", "mcd,mergesCurrentDocs", "number of current merging docs") {
            _ in 0
        },
        .init("merges.current_size", "mcs,mergesCurrentSize", .bytes, "size of current merges") {
            _ in 0
        },
        .init("merges.total", "mt,mergesTotal", "number of completed merge ops") {
            $0.operations.merge.count
        },
        .init("merges.total_docs", "mtd,mergesTotalDocs", "docs merged") {
            $0.operations.mergedDocCount
        },
        .init("merges.total_size", "mts,mergesTotalSize", .bytes, "size merged") {
            $0.operations.mergedByteCount
        },
        .init("merges.total_time", "mtt,mergesTotalTime", .milliseconds, "time spent in merges") {
            $0.operations.merge.milliseconds
        },
        .init("refresh.total", "rto,refreshTotal", "total refreshes") { $0.refreshCount },
        .init("refresh.time", "rti,refreshTime", .milliseconds, "time spent in refreshes") {
            $0.operations.refresh.milliseconds
        },
        .init("refresh.external_total", "reto", "total external refreshes") { $0.refreshCount },
        .init("refresh.external_time", "reti", .milliseconds, "time spent in external refreshes") {
            $0.operations.refresh.milliseconds
        },
        .init("refresh.listeners", "rli,refreshListeners", "number of pending refresh listeners") {
            _ in 0
        },
        .init("search.fetch_current", "sfc,searchFetchCurrent", "current fetch phase ops") { _ in 0
        },
        .init(
            "search.fetch_time", "sfti,searchFetchTime", .milliseconds, "time spent in fetch phase"
        ) { $0.operations.fetch.milliseconds },
        .init("search.fetch_total", "sfto,searchFetchTotal", "total fetch ops") {
            $0.operations.fetch.count
        },
        .init("search.open_contexts", "so,searchOpenContexts", "open search contexts") { _ in 0 },
        .init("search.query_current", "sqc,searchQueryCurrent", "current query phase ops") { _ in 0
        },
        .init(
            "search.query_time", "sqti,searchQueryTime", .milliseconds, "time spent in query phase"
        ) { $0.operations.query.milliseconds },
        .init("search.query_total", "sqto,searchQueryTotal", "total query phase ops") {
            $0.operations.query.count
        },
    ]

    /// Ways of searching that there is nothing of here, and the tools that ask for them all the
    /// same.
    static let otherSearches: [CatFigure] = [
        .init(
            "search.concurrent_query_current", "scqc,searchConcurrentQueryCurrent",
            "current concurrent query phase ops"
        ) { _ in 0 },
        .init(
            "search.concurrent_query_time", "scqti,searchConcurrentQueryTime", .milliseconds,
            "time spent in concurrent query phase"
        ) { _ in 0 },
        .init(
            "search.concurrent_query_total", "scqto,searchConcurrentQueryTotal",
            "total query phase ops"
        ) { _ in 0 },
        .init(
            "search.concurrent_avg_slice_count", "casc,searchConcurrentAvgSliceCount",
            "average query concurrency"
        ) { _ in 0 },
        .init(
            "search.startree_query_current", "stqc,startreeQueryCurrent",
            "current star tree query ops"
        ) { _ in 0 },
        .init(
            "search.startree_query_time", "stqti,startreeQueryTime", .milliseconds,
            "time spent in star tree queries"
        ) { _ in 0 },
        .init(
            "search.startree_query_total", "stqto,startreeQueryTotal", "total star tree queries"
        ) { _ in 0 },
        .init("search.scroll_current", "scc,searchScrollCurrent", "open scroll contexts") { _ in 0
        },
        .init(
            "search.scroll_time", "scti,searchScrollTime", .milliseconds,
            "time scroll contexts held open"
        ) { _ in 0 },
        .init("search.scroll_total", "scto,searchScrollTotal", "completed scroll contexts") { _ in 0
        },
        .init(
            "search.point_in_time_current", "spc,searchPointInTimeCurrent",
            "open point in time contexts"
        ) { _ in 0 },
        .init(
            "search.point_in_time_time", "spti,searchPointInTimeTime", .milliseconds,
            "time point in time contexts held open"
        ) { _ in 0 },
        .init(
            "search.point_in_time_total", "spto,searchPointInTimeTotal",
            "completed point in time contexts"
        ) { _ in 0 },
        .init(
            "search.search_idle_reactivate_count_total",
            "ssirct,searchSearchIdleReactivateCountTotal",
            "number of times a shard reactivated"
        ) { _ in 0 },
    ]

    static let segments: [CatFigure] = [
        .init("segments.count", "sc,segmentsCount", "number of segments") { $0.segments.count },
        .init("segments.memory", "sm,segmentsMemory", .bytes, "memory used by segments") { _ in 0 },
        .init(
            "segments.index_writer_memory", "siwm,segmentsIndexWriterMemory", .bytes,
            "memory used by index writer"
        ) { $0.memoryByteCount },
        .init(
            "segments.version_map_memory", "svmm,segmentsVersionMapMemory", .bytes,
            "memory used by version map"
        ) { _ in 0 },
        .init(
            "segments.fixed_bitset_memory", "sfbm,fixedBitsetMemory", .bytes,
            "memory used by fixed bit sets"
        ) { _ in 0 },
    ]

    static let warmer: [CatFigure] = [
        .init("warmer.current", "wc,warmerCurrent", "current warmer ops") { _ in 0 },
        .init("warmer.total", "wto,warmerTotal", "total warmer ops") { _ in 0 },
        .init(
            "warmer.total_time", "wtt,warmerTotalTime", .milliseconds, "time spent in warmers"
        ) { _ in 0 },
    ]

    static let suggest: [CatFigure] = [
        .init("suggest.current", "suc,suggestCurrent", "number of current suggest ops") { _ in 0 },
        .init("suggest.time", "suti,suggestTime", .milliseconds, "time spend in suggest") { _ in 0
        },
        .init("suggest.total", "suto,suggestTotal", "number of suggest ops") { _ in 0 },
    ]
}
