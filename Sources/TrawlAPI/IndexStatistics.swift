internal import TrawlCoordinator
internal import TrawlJSON
internal import TrawlSchema

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
        _ figures: ShardFigures, wanted: Set<String>?, groups: [String] = [], _ services: Services
    ) -> JSONObject {
        var object = JSONObject()
        for metric in metrics {
            if let wanted, !wanted.contains("_all"), !wanted.contains(metric) { continue }
            object[sectionName(metric)] = section(metric, figures, groups, services)
        }
        return object
    }

    private static func section(
        _ metric: String, _ figures: ShardFigures, _ groups: [String], _ services: Services
    ) -> JSONValue {
        let done = figures.operations
        return switch metric {
        case "docs":
            [
                "count": JSONValue(figures.docCount), "deleted": JSONValue(figures.deletedCount),
            ]
        case "store":
            ["size_in_bytes": JSONValue(figures.byteCount), "reserved_in_bytes": 0]
        case "indexing":
            [
                "index_total": JSONValue(done.index.count),
                "index_time_in_millis": JSONValue(done.index.milliseconds), "index_current": 0,
                "index_failed": JSONValue(done.failedIndexCount),
                "delete_total": JSONValue(done.delete.count),
                "delete_time_in_millis": JSONValue(done.delete.milliseconds), "delete_current": 0,
                "noop_update_total": JSONValue(done.noopUpdateCount), "is_throttled": false,
                "throttle_time_in_millis": 0,
            ]
        case "get":
            [
                "total": JSONValue(done.get.count),
                "time_in_millis": JSONValue(done.get.milliseconds),
                "exists_total": JSONValue(done.getFound.count),
                "exists_time_in_millis": JSONValue(done.getFound.milliseconds),
                "missing_total": JSONValue(done.getMissing.count),
                "missing_time_in_millis": JSONValue(done.getMissing.milliseconds), "current": 0,
            ]
        case "search": search(done, services, groups)
        case "merge":
            [
                "current": 0, "current_docs": 0, "current_size_in_bytes": 0,
                "total": JSONValue(done.merge.count),
                "total_time_in_millis": JSONValue(done.merge.milliseconds),
                "total_docs": JSONValue(done.mergedDocCount),
                "total_size_in_bytes": JSONValue(done.mergedByteCount),
                "total_stopped_time_in_millis": 0, "total_throttled_time_in_millis": 0,
                "total_auto_throttle_in_bytes": 0,
            ]
        case "refresh":
            [
                "total": JSONValue(figures.refreshCount),
                "total_time_in_millis": JSONValue(done.refresh.milliseconds),
                "external_total": JSONValue(figures.refreshCount),
                "external_total_time_in_millis": JSONValue(done.refresh.milliseconds),
                "listeners": 0,
            ]
        case "flush":
            [
                "total": JSONValue(figures.flushCount), "periodic": 0,
                "total_time_in_millis": JSONValue(done.flush.milliseconds),
            ]
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

    /// - Parameter groups: Patterns of the groups that are shown.
    private static func search(
        _ done: OperationFigures, _ services: Services, _ groups: [String]
    ) -> JSONValue {
        func phases(_ query: OperationFigures.Tally, _ fetch: OperationFigures.Tally) -> JSONObject
        {
            [
                "query_total": JSONValue(query.count),
                "query_time_in_millis": JSONValue(query.milliseconds),
                "query_current": JSONValue(query.current),
                "fetch_total": JSONValue(fetch.count),
                "fetch_time_in_millis": JSONValue(fetch.milliseconds),
                "fetch_current": JSONValue(fetch.current),
                "scroll_total": 0, "scroll_time_in_millis": 0, "scroll_current": 0,
                "suggest_total": 0, "suggest_time_in_millis": 0, "suggest_current": 0,
            ]
        }
        var object: JSONObject = ["open_contexts": JSONValue(services.contexts.openCount)]
        for (name, value) in phases(done.query, done.fetch) { object[name] = value }
        let shown = done.groups.keys.sorted().filter { name in
            groups.contains { $0 == "_all" || Wildcard.matches($0, name) }
        }
        if !shown.isEmpty {
            object["groups"] = .object(
                JSONObject(
                    shown.map {
                        let group = done.groups[$0]!
                        return (key: $0, value: .object(phases(group.query, group.fetch)))
                    }))
        }
        return .object(object)
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
        operations.add(other.operations)
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
