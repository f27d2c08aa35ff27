internal import TrawlCoordinator
internal import TrawlJSON

/// The sections of `_stats`, made from what shards count.
enum IndexStatistics {
    static let metrics: [String] = [
        "docs", "store", "indexing", "get", "search", "merge", "refresh", "flush", "warmer",
        "query_cache", "fielddata", "completion", "segments", "translog", "request_cache",
        "recovery",
    ]

    /// The name of a metric as it stands in the answer.
    private static func sectionName(_ metric: String) -> String {
        metric == "merge" ? "merges" : metric
    }

    static func sections(
        _ figures: ShardFigures, shardCount: Int, wanted: Set<String>?, _ services: Services
    ) -> JSONObject {
        var object = JSONObject()
        for metric in metrics {
            if let wanted, !wanted.contains("_all"), !wanted.contains(metric) { continue }
            object[sectionName(metric)] = section(metric, figures, shardCount, services)
        }
        return object
    }

    private static func section(
        _ metric: String, _ figures: ShardFigures, _ shardCount: Int, _ services: Services
    ) -> JSONValue {
        switch metric {
        case "docs":
            [
                "count": JSONValue(figures.docCount), "deleted": JSONValue(figures.deletedCount),
            ]
        case "store":
            ["size_in_bytes": JSONValue(figures.byteCount), "reserved_in_bytes": 0]
        case "indexing":
            [
                "index_total": JSONValue(figures.indexedCount), "index_time_in_millis": 0,
                "index_current": 0, "index_failed": 0,
                "delete_total": JSONValue(figures.removedCount), "delete_time_in_millis": 0,
                "delete_current": 0, "noop_update_total": 0, "is_throttled": false,
                "throttle_time_in_millis": 0,
            ]
        case "get":
            [
                "total": 0, "time_in_millis": 0, "exists_total": 0, "exists_time_in_millis": 0,
                "missing_total": 0, "missing_time_in_millis": 0, "current": 0,
            ]
        case "search":
            [
                "open_contexts": JSONValue(services.contexts.openCount), "query_total": 0,
                "query_time_in_millis": 0, "query_current": 0, "fetch_total": 0,
                "fetch_time_in_millis": 0, "fetch_current": 0, "scroll_total": 0,
                "scroll_time_in_millis": 0, "scroll_current": 0, "suggest_total": 0,
                "suggest_time_in_millis": 0, "suggest_current": 0,
            ]
        case "merge":
            [
                "current": 0, "current_docs": 0, "current_size_in_bytes": 0, "total": 0,
                "total_time_in_millis": 0, "total_docs": 0, "total_size_in_bytes": 0,
                "total_stopped_time_in_millis": 0, "total_throttled_time_in_millis": 0,
                "total_auto_throttle_in_bytes": 0,
            ]
        case "refresh":
            [
                "total": JSONValue(figures.refreshCount), "total_time_in_millis": 0,
                "external_total": JSONValue(figures.refreshCount),
                "external_total_time_in_millis": 0, "listeners": 0,
            ]
        case "flush":
            ["total": JSONValue(figures.flushCount), "periodic": 0, "total_time_in_millis": 0]
        case "warmer": ["current": 0, "total": 0, "total_time_in_millis": 0]
        case "query_cache":
            [
                "memory_size_in_bytes": 0, "total_count": 0, "hit_count": 0, "miss_count": 0,
                "cache_size": 0, "cache_count": 0, "evictions": 0,
            ]
        case "fielddata": ["memory_size_in_bytes": 0, "evictions": 0]
        case "completion": ["size_in_bytes": 0]
        case "segments":
            [
                "count": JSONValue(figures.segments.count), "memory_in_bytes": 0,
                "terms_memory_in_bytes": 0, "stored_fields_memory_in_bytes": 0,
                "term_vectors_memory_in_bytes": 0, "norms_memory_in_bytes": 0,
                "points_memory_in_bytes": 0, "doc_values_memory_in_bytes": 0,
                "index_writer_memory_in_bytes": JSONValue(figures.memoryByteCount),
                "version_map_memory_in_bytes": 0, "fixed_bit_set_memory_in_bytes": 0,
                "max_unsafe_auto_id_timestamp": -1, "file_sizes": [:],
            ]
        case "translog":
            [
                "operations": 0, "size_in_bytes": 0, "uncommitted_operations": 0,
                "uncommitted_size_in_bytes": 0, "earliest_last_modified_age": 0,
            ]
        case "request_cache":
            ["memory_size_in_bytes": 0, "evictions": 0, "hit_count": 0, "miss_count": 0]
        default:
            ["current_as_source": 0, "current_as_target": 0, "throttle_time_in_millis": 0]
        }
    }
}

extension ShardFigures {
    mutating func add(_ other: ShardFigures) {
        docCount += other.docCount
        deletedCount += other.deletedCount
        byteCount += other.byteCount
        segments += other.segments
        refreshCount += other.refreshCount
        flushCount += other.flushCount
        indexedCount += other.indexedCount
        removedCount += other.removedCount
        memoryByteCount += other.memoryByteCount
        maxOffset = max(maxOffset, other.maxOffset)
    }
}

extension Services {
    func figures(of index: IndexMetadata) throws -> ShardFigures {
        var sum = ShardFigures()
        for shard in try coordinator.shards(of: index) { sum.add(shard.figures) }
        return sum
    }

    var uptimeMilliseconds: Int { Int((ContinuousClock.now - node.started) / .milliseconds(1)) }
}
