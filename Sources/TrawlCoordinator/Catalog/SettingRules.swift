/// The settings that an index may have: which exist, which may change while it is open, and
/// what values they take.
package enum SettingRules {
    enum Value {
        case any, bool, time, bytes
        case int(ClosedRange<Int>)
        case double
    }

    struct Rule {
        var isDynamic: Bool
        var value: Value
        var fallback: String?
    }

    private static func fixed(_ value: Value = .any, _ fallback: String? = nil) -> Rule {
        Rule(isDynamic: false, value: value, fallback: fallback)
    }

    private static func dynamic(_ value: Value = .any, _ fallback: String? = nil) -> Rule {
        Rule(isDynamic: true, value: value, fallback: fallback)
    }

    private static let any = 0...Int(Int32.max)

    static let rules: [String: Rule] = [
        "index.number_of_shards": fixed(.int(1...1024), "1"),
        "index.number_of_replicas": dynamic(.int(any), "1"),
        "index.auto_expand_replicas": dynamic(.any, "false"),
        "index.refresh_interval": dynamic(.time, "1s"),
        "index.max_result_window": dynamic(.int(1...Int(Int32.max)), "10000"),
        "index.max_inner_result_window": dynamic(.int(1...Int(Int32.max)), "100"),
        "index.max_rescore_window": dynamic(.int(1...Int(Int32.max)), "10000"),
        "index.max_docvalue_fields_search": dynamic(.int(any), "100"),
        "index.max_script_fields": dynamic(.int(any), "32"),
        "index.max_ngram_diff": dynamic(.int(any), "1"),
        "index.max_shingle_diff": dynamic(.int(any), "3"),
        "index.max_terms_count": dynamic(.int(1...Int(Int32.max)), "65536"),
        "index.max_regex_length": dynamic(.int(1...Int(Int32.max)), "1000"),
        "index.max_slices_per_scroll": dynamic(.int(1...Int(Int32.max)), "1024"),
        "index.max_slices_per_pit": dynamic(.int(1...Int(Int32.max)), "1024"),
        "index.max_refresh_listeners": dynamic(.int(any), "1000"),
        "index.max_adjacency_matrix_filters": dynamic(.int(2...Int(Int32.max)), "100"),
        "index.analyze.max_token_count": dynamic(.int(1...Int(Int32.max)), "10000"),
        "index.highlight.max_analyzed_offset": dynamic(.int(1...Int(Int32.max)), "1000000"),
        "index.query.default_field": dynamic(.any, "*"),
        "index.query.max_nested_depth": dynamic(.int(1...Int(Int32.max)), "20"),
        "index.query_string.lenient": fixed(.bool, "false"),
        "index.query.parse.allow_unmapped_fields": dynamic(.bool, "true"),
        "index.mapping.total_fields.limit": dynamic(.int(any), "1000"),
        "index.mapping.depth.limit": dynamic(.int(1...Int(Int32.max)), "20"),
        "index.mapping.nested_fields.limit": dynamic(.int(any), "50"),
        "index.mapping.nested_objects.limit": dynamic(.int(any), "10000"),
        "index.mapping.field_name_length.limit": dynamic(.int(1...Int(Int32.max))),
        "index.mapping.ignore_malformed": fixed(.bool, "false"),
        "index.mapping.coerce": fixed(.bool, "true"),
        "index.mapper.dynamic": dynamic(.bool, "true"),
        "index.blocks.read_only": dynamic(.bool, "false"),
        "index.blocks.read_only_allow_delete": dynamic(.bool, "false"),
        "index.blocks.read": dynamic(.bool, "false"),
        "index.blocks.write": dynamic(.bool, "false"),
        "index.blocks.metadata": dynamic(.bool, "false"),
        "index.hidden": dynamic(.bool, "false"),
        "index.priority": dynamic(.int(any), "1"),
        "index.codec": fixed(.any, "default"),
        "index.creation_date": fixed(),
        "index.uuid": fixed(),
        "index.provided_name": fixed(),
        "index.version.created": fixed(),
        "index.version.upgraded": fixed(),
        "index.default_pipeline": dynamic(.any, "_none"),
        "index.final_pipeline": dynamic(.any, "_none"),
        "index.requests.cache.enable": dynamic(.bool, "true"),
        "index.queries.cache.enabled": fixed(.bool, "true"),
        "index.routing_partition_size": fixed(.int(1...1024), "1"),
        "index.number_of_routing_shards": fixed(.int(1...Int(Int32.max))),
        "index.soft_deletes.enabled": fixed(.bool, "true"),
        "index.soft_deletes.retention_lease.period": dynamic(.time, "12h"),
        "index.soft_deletes.retention.operations": dynamic(.int(any), "0"),
        "index.gc_deletes": dynamic(.time, "60s"),
        "index.search.idle.after": dynamic(.time, "30s"),
        "index.search.throttled": fixed(.bool, "false"),
        "index.search.default_pipeline": dynamic(.any, "_none"),
        "index.write.wait_for_active_shards": dynamic(.any, "1"),
        "index.unassigned.node_left.delayed_timeout": dynamic(.time, "1m"),
        "index.load_fixed_bitset_filters_eagerly": fixed(.bool, "true"),
        "index.format": fixed(.int(any), "0"),
        "index.shard.check_on_startup": fixed(.any, "false"),
        "index.warmer.enabled": dynamic(.bool, "true"),
        "index.optimize_auto_generated_id": dynamic(.bool, "true"),
        "index.flush_after_merge": dynamic(.bytes, "512mb"),
        "index.force_memory_term_dictionary": fixed(.bool),
        "index.verified_before_close": fixed(.bool, "false"),
        "index.knn": dynamic(.bool, "false"),
        "index.append_only.enabled": fixed(.bool, "false"),
    ]

    /// Families whose members are free: analysis has names that users choose.
    static let prefixes: [(prefix: String, isDynamic: Bool)] = [
        ("index.analysis.", false), ("index.similarity.", false), ("index.sort.", false),
        ("index.merge.", true), ("index.translog.", true), ("index.routing.allocation.", true),
        ("index.routing.rebalance.", true), ("index.search.slowlog.", true),
        ("index.indexing.slowlog.", true), ("index.lifecycle.", true), ("index.store.", false),
        ("index.plugins.", true), ("index.replication.", false), ("index.search.", true),
        ("index.mapping.", false), ("index.trawl.", true), ("index.remote_store.", false),
        ("index.allocation.", true), ("index.composite_index.", false), ("index.segrep.", true),
    ]

    static func isDynamic(_ name: String) -> Bool {
        if let rule = rules[name] { return rule.isDynamic }
        return prefixes.first { name.hasPrefix($0.prefix) }?.isDynamic ?? false
    }

    static func isKnown(_ name: String) -> Bool {
        rules[name] != nil || prefixes.contains { name.hasPrefix($0.prefix) }
    }

    /// Refuses unknown names and values of the wrong kind.
    package static func check(_ settings: FlatSettings) throws(CoordinatorError) {
        for name in settings.names + settings.removals where !Wildcard.isPattern(name) {
            if !isKnown(name) { throw unknown(name) }
        }
        for name in settings.names {
            guard let rule = rules[name], let text = settings.text(name) else { continue }
            try check(text, of: name, rule.value)
        }
    }

    private static func check(
        _ text: String, of name: String, _ value: Value
    ) throws(CoordinatorError) {
        switch value {
        case .any, .bytes, .double: break
        case .bool:
            if Bool(text) == nil {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] as only [true] or [false] are allowed.")
            }
        case .int(let range):
            guard let number = Int(text) else {
                throw .illegalArgument("Failed to parse value [\(text)] for setting [\(name)]")
            }
            if number < range.lowerBound {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] for setting [\(name)] must be >= "
                        + "\(range.lowerBound)")
            }
            if number > range.upperBound {
                throw .illegalArgument(
                    "Failed to parse value [\(text)] for setting [\(name)] must be <= "
                        + "\(range.upperBound)")
            }
        case .time:
            let units = ["nanos", "micros", "ms", "s", "m", "h", "d"]
            let digits = text.prefix { $0.isNumber || $0 == "-" || $0 == "." }
            let unit = String(text.dropFirst(digits.count))
            if text == "-1" || text == "0" { return }
            guard !digits.isEmpty, units.contains(unit) else {
                throw .illegalArgument(
                    "failed to parse setting [\(name)] with value [\(text)] as a time value: "
                        + "unit is missing or unrecognized")
            }
            if digits.hasPrefix("-") {
                throw .illegalArgument(
                    "failed to parse value [\(text)] for setting [\(name)], must be >= [-1]")
            }
        }
    }

    private static func unknown(_ name: String) -> CoordinatorError {
        let near = Similarity.nearest(to: name, among: Array(rules.keys))
        let hint =
            near.isEmpty
            ? " please check that any required plugins are installed, or check the breaking "
                + "changes documentation for removed settings"
            : near.count == 1
                ? " did you mean [\(near[0])]?"
                : " did you mean any of [\(near.joined(separator: ", "))]?"
        return .illegalArgument("unknown setting [\(name)]" + hint)
    }

    /// What every index has without being told, for `include_defaults`.
    package static var defaults: FlatSettings {
        var settings = FlatSettings()
        for (name, rule) in rules {
            if let fallback = rule.fallback { settings[name] = .text(fallback) }
        }
        return settings
    }

    /// Refuses what may not change: anything fixed while the index is open, a few things ever.
    package static func checkUpdate(
        _ update: FlatSettings, of indices: [IndexMetadata], keepingExisting: Bool
    ) throws(CoordinatorError) {
        try check(update)
        let names = update.names + update.removals.filter { !Wildcard.isPattern($0) }
        let never = [
            "index.number_of_shards", "index.uuid", "index.creation_date",
            "index.version.created", "index.provided_name", "index.routing_partition_size",
            "index.number_of_routing_shards", "index.soft_deletes.enabled",
        ]
        for index in indices where index.isOpen {
            let refused = names.filter { name in
                !isDynamic(name) && !(keepingExisting && index.settings[name] != nil)
            }
            if !refused.isEmpty {
                let open = indices.filter(\.isOpen)
                    .map { "[\($0.name)/\($0.uuid)]" }.joined(separator: ", ")
                throw .illegalArgument(
                    "Can't update non dynamic settings [[\(refused.joined(separator: ", "))]] "
                        + "for open indices [\(open)]")
            }
        }
        if !indices.allSatisfy(\.isOpen) {
            for name in names where never.contains(name) {
                throw .illegalArgument("final \(indices[0].name) setting [\(name)], not updateable")
            }
        }
    }
}

/// How alike two names are, for the suggestions in messages.
package enum Similarity {
    /// 1 for equal names, 0 for names with nothing in common: the edit distance over the length
    /// of the longer one.
    package static func of(_ left: String, _ right: String) -> Double {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        if a.isEmpty || b.isEmpty { return a.count == b.count ? 1 : 0 }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                let next = min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
                diagonal = row[j]
                row[j] = next
            }
        }
        return 1 - Double(row[b.count]) / Double(max(a.count, b.count))
    }

    /// Names that are at least half alike, the likest first; of a long list only the best.
    package static func nearest(
        to name: String, among names: [String], above: Double = 0.7
    ) -> [String] {
        names.map { (name: $0, score: of(name, $0)) }.filter { $0.score > above }
            .sorted { ($1.score, $0.name) < ($0.score, $1.name) }.map(\.name)
    }
}
