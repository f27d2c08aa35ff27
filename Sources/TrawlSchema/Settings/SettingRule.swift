/// What a setting of an index may be, and when it may change.
struct SettingRule: Sendable {
    enum Kind: Sendable {
        case int(ClosedRange<Int>)
        case bool
        case double(minimum: Double)
        /// Such as `30s`; -1 is off where allowed.
        case time(minimumMillis: Int)
        /// Such as `512mb`.
        case bytes
        case string
        case strings
        case oneOf([String])
    }

    enum Change: Sendable {
        /// At any time.
        case dynamic
        /// When the index is made, or closed.
        case closed
        /// When the index is made.
        case final
        /// By the engine only.
        case `private`
    }

    var key: String
    var kind: Kind
    var standard: String?
    var change: Change

    init(_ key: String, _ kind: Kind, _ standard: String?, _ change: Change = .dynamic) {
        self.key = "index." + key
        self.kind = kind
        self.standard = standard
        self.change = change
    }

    func check(_ text: String) throws(SchemaError) {
        switch kind {
        case .int(let range):
            guard let value = Int32(text) else {
                throw .illegalArgument("Failed to parse value [\(text)] for setting [\(key)]")
            }
            if Int(value) < range.lowerBound {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] for setting [\(key)] must be >= "
                        + "\(range.lowerBound)")
            }
            if Int(value) > range.upperBound {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] for setting [\(key)] must be <= "
                        + "\(range.upperBound)")
            }
        case .bool:
            guard text == "true" || text == "false" else {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] as only [true] or [false] are allowed.")
            }
        case .double(let minimum):
            guard let value = NumberText.double(text), value.isFinite else {
                throw .illegalArgument("Failed to parse value [\(text)] for setting [\(key)]")
            }
            guard value >= minimum else {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] for setting [\(key)] must be >= "
                        + NumberText.java(minimum))
            }
        case .time(let minimum):
            let millis = try SettingText.millis(text, setting: key)
            guard millis >= minimum else {
                throw .illegalArgument(
                    "failed to parse value [\(text)] for setting [\(key)], must be >= "
                        + "[\(minimum == -1 ? "-1" : "\(minimum)ms")]")
            }
        case .bytes:
            _ = try SettingText.byteCount(text, setting: key)
        case .oneOf(let allowed):
            guard allowed.contains(text.lowercased()) else {
                throw .illegalArgument(
                    "unknown value for [\(key)] must be one of [\(allowed.joined(separator: ", "))]"
                        + " but was: \(text)")
            }
        case .string, .strings:
            break
        }
    }

    private static let anyInt = 0...Int(Int32.max)

    static let all: [SettingRule] = [
        .init("number_of_shards", .int(1...1_024), "1", .final),
        .init("number_of_replicas", .int(anyInt), "1"),
        .init("number_of_routing_shards", .int(1...Int(Int32.max)), nil, .final),
        .init("routing_partition_size", .int(1...Int(Int32.max)), "1", .final),
        .init("auto_expand_replicas", .string, "false"),
        .init("refresh_interval", .time(minimumMillis: -1), "1s"),
        .init("hidden", .bool, "false"),
        .init("priority", .int(anyInt), "1"),
        .init(
            "codec",
            .oneOf([
                "default", "best_compression", "lz4", "zlib", "zstd", "zstd_no_dict",
                "lucene_default",
            ]), "default", .closed),
        .init("provided_name", .string, nil, .private),
        .init("uuid", .string, "_na_", .private),
        .init("creation_date", .string, nil, .private),
        .init("version.created", .string, nil, .private),
        .init("max_result_window", .int(1...Int(Int32.max)), "10000"),
        .init("max_inner_result_window", .int(1...Int(Int32.max)), "100"),
        .init("max_rescore_window", .int(1...Int(Int32.max)), nil),
        .init("max_docvalue_fields_search", .int(anyInt), "100"),
        .init("max_script_fields", .int(anyInt), "32"),
        .init("max_ngram_diff", .int(anyInt), "1"),
        .init("max_shingle_diff", .int(anyInt), "3"),
        .init("max_terms_count", .int(1...Int(Int32.max)), "65536"),
        .init("max_regex_length", .int(1...Int(Int32.max)), "1000"),
        .init("max_refresh_listeners", .int(anyInt), "1000"),
        .init("max_slices_per_scroll", .int(1...Int(Int32.max)), "1024"),
        .init("max_slices_per_pit", .int(1...Int(Int32.max)), "1024"),
        .init("max_adjacency_matrix_filters", .int(2...Int(Int32.max)), "100"),
        .init("analyze.max_token_count", .int(1...Int(Int32.max)), "10000"),
        .init("highlight.max_analyzed_offset", .int(1...Int(Int32.max)), "1000000"),
        .init("query.default_field", .strings, "*"),
        .init("query.max_nested_depth", .int(1...Int(Int32.max)), "20"),
        .init("query_string.lenient", .bool, "false", .closed),
        .init("search.idle.after", .time(minimumMillis: 0), "30s"),
        .init("search.default_pipeline", .string, "_none"),
        .init("search.throttled", .bool, "false", .private),
        .init("default_pipeline", .string, "_none"),
        .init("final_pipeline", .string, "_none"),
        .init("gc_deletes", .time(minimumMillis: -1), "60s"),
        .init("mapping.total_fields.limit", .int(anyInt), "1000"),
        .init("mapping.depth.limit", .int(1...Int(Int32.max)), "20"),
        .init("mapping.nested_fields.limit", .int(anyInt), "50"),
        .init("mapping.nested_objects.limit", .int(anyInt), "10000"),
        .init("mapping.field_name_length.limit", .int(1...Int(Int32.max)), "2147483647"),
        .init("mapping.ignore_malformed", .bool, "false", .closed),
        .init("mapping.coerce", .bool, "false", .closed),
        .init("blocks.read_only", .bool, "false"),
        .init("blocks.read_only_allow_delete", .bool, "false"),
        .init("blocks.read", .bool, "false"),
        .init("blocks.write", .bool, "false"),
        .init("blocks.metadata", .bool, "false"),
        .init("translog.durability", .oneOf(["request", "async"]), "REQUEST"),
        .init("translog.sync_interval", .time(minimumMillis: 100), "5s"),
        .init("translog.flush_threshold_size", .bytes, "512mb"),
        .init("translog.generation_threshold_size", .bytes, "64mb"),
        .init("translog.retention.age", .time(minimumMillis: -1), "-1"),
        .init("translog.retention.size", .string, "-1"),
        .init("merge.policy.max_merged_segment", .bytes, "5gb"),
        .init("merge.policy.segments_per_tier", .double(minimum: 2), "10.0"),
        .init("merge.policy.max_merge_at_once", .int(2...Int(Int32.max)), "10"),
        .init("merge.policy.floor_segment", .bytes, "2mb"),
        .init("merge.policy.deletes_pct_allowed", .double(minimum: 5), "20.0"),
        .init("merge.policy.expunge_deletes_allowed", .double(minimum: 0), "10.0"),
        .init("merge.scheduler.max_thread_count", .int(1...Int(Int32.max)), nil),
        .init("merge.scheduler.max_merge_count", .int(1...Int(Int32.max)), nil),
        .init("merge.scheduler.auto_throttle", .bool, "true"),
        .init("requests.cache.enable", .bool, "true"),
        .init("queries.cache.enabled", .bool, "true", .closed),
        .init("store.type", .string, "", .closed),
        .init("shard.check_on_startup", .string, "false", .closed),
        .init("load_fixed_bitset_filters_eagerly", .bool, "true", .closed),
        .init("soft_deletes.enabled", .bool, "true", .final),
        .init("soft_deletes.retention.operations", .int(anyInt), "0"),
        .init("soft_deletes.retention_lease.period", .time(minimumMillis: 0), "12h"),
        .init("write.wait_for_active_shards", .string, "1"),
        .init("unassigned.node_left.delayed_timeout", .time(minimumMillis: -1), "60s"),
        .init("routing.rebalance.enable", .string, "all"),
        .init("routing.allocation.enable", .string, "all"),
        .init("routing.allocation.total_shards_per_node", .string, "-1"),
        .init("replication.type", .oneOf(["document", "segment"]), "DOCUMENT", .final),
        .init("sort.field", .strings, nil, .final),
        .init("sort.order", .strings, nil, .final),
        .init("sort.mode", .strings, nil, .final),
        .init("sort.missing", .strings, nil, .final),
    ]

    /// Settings whose names users make up.
    static let groups: [(prefix: String, change: Change)] = [
        ("index.analysis.", .closed), ("index.similarity.", .closed),
        ("index.routing.allocation.", .dynamic), ("index.search.slowlog.", .dynamic),
        ("index.indexing.slowlog.", .dynamic),
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    static func change(of key: String) -> Change? {
        byKey[key]?.change ?? groups.first { key.hasPrefix($0.prefix) }?.change
    }
}

/// Values of settings as text.
package enum SettingText {
    private static let timeUnits: [(String, Double)] = [
        ("nanos", 1e-6), ("micros", 1e-3), ("ms", 1), ("s", 1_000), ("m", 60_000),
        ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let byteUnits: [(String, Double)] = [
        ("pb", 0x1p50), ("tb", 0x1p40), ("gb", 0x1p30), ("mb", 0x1p20), ("kb", 0x1p10),
        ("p", 0x1p50), ("t", 0x1p40), ("g", 0x1p30), ("m", 0x1p20), ("k", 0x1p10), ("b", 1),
    ]

    private static func number(_ text: String, unit: String) -> Double? {
        guard text.hasSuffix(unit) else { return nil }
        let digits = text.dropLast(unit.count).trimmed
        return digits.isEmpty ? nil : NumberText.double(String(digits))
    }

    package static func millis(_ text: String, setting: String) throws(SchemaError) -> Int {
        let lowered = String(text.lowercased().trimmed)
        if lowered == "-1" { return -1 }
        if lowered == "0" { return 0 }
        for (unit, factor) in timeUnits {
            guard let value = number(lowered, unit: unit) else { continue }
            guard value >= 0, value * factor < 9e15 else { break }
            return Int(value * factor)
        }
        throw .illegalArgument(
            "failed to parse setting [\(setting)] with value [\(text)] as a time value: unit is "
                + "missing or unrecognized")
    }

    package static func byteCount(_ text: String, setting: String) throws(SchemaError) -> Int {
        let lowered = String(text.lowercased().trimmed)
        if lowered == "-1" || lowered == "0" { return Int(lowered) ?? 0 }
        for (unit, factor) in byteUnits {
            guard let value = number(lowered, unit: unit) else { continue }
            guard value >= 0, value * factor < 9e18 else { break }
            return Int(value * factor)
        }
        throw .parsing(
            "failed to parse setting [\(setting)] with value [\(text)] as a size in bytes: unit "
                + "is missing or unrecognized")
    }
}

extension StringProtocol {
    fileprivate var trimmed: SubSequence {
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let end = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[start...end]
    }
}
