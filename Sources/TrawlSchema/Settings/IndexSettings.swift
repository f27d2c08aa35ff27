package import TrawlJSON

/// The settings of an index: names such as `index.number_of_shards`, values as text, as the
/// Elasticsearch API shows them. Only valid ones exist.
package struct IndexSettings: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case text(String)
        case list([String])

        package var text: String {
            switch self {
            case .text(let text): text
            case .list(let list): list.joined(separator: ",")
            }
        }

        package var json: JSONValue {
            switch self {
            case .text(let text): .string(text)
            case .list(let list): .array(list.map(JSONValue.string))
            }
        }
    }

    /// By full name, `index.` included. What is not here has its standard value.
    package private(set) var values: [String: Value]

    /// Nothing set.
    package init() { values = [:] }

    /// What a request or a template gives, nested or flat, with `index.` or without.
    package init(_ json: JSONValue) throws(SchemaError) {
        self.init()
        try apply(json)
        for key in values.keys.sorted() where SettingRule.change(of: key) == .private {
            throw SchemaError(
                type: "validation_exception",
                reason: "Validation Failed: 1: private index setting [\(key)] can not be set "
                    + "explicitly;")
        }
        try checkTogether()
    }

    /// What was stored before, private settings included.
    package init(stored json: JSONValue) throws(SchemaError) {
        self.init()
        try apply(json)
        try checkTogether()
    }

    /// Takes settings over those that are there; null takes one back to its standard.
    private mutating func apply(_ json: JSONValue) throws(SchemaError) {
        for (key, value) in try SettingsFlattener.flat(json) {
            guard let value else {
                if key.hasSuffix("*") {
                    values = values.filter { !Wildcard.matches(key, $0.key) }
                } else {
                    values[key] = nil
                }
                continue
            }
            guard SettingRule.change(of: key) != nil else { throw IndexSettings.unknown(key) }
            try SettingRule.byKey[key]?.check(value.text)
            values[key] = value
        }
    }

    /// Sets what only the engine may set.
    package mutating func setPrivate(_ name: String, _ text: String) {
        values["index." + name] = .text(text)
    }

    /// These settings changed by a request.
    ///
    /// - Parameters:
    ///   - index: The index as messages name it: `[name/uuid]`.
    ///   - preservesExisting: Whether settings that are there stay as they are.
    package func updated(
        _ json: JSONValue, index: String, isClosed: Bool, preservesExisting: Bool = false
    ) throws(SchemaError) -> IndexSettings {
        var refused: [String] = []
        var given: [(String, Value?)] = []
        for (key, value) in try SettingsFlattener.flat(json) {
            if key.hasSuffix("*"), value == nil {
                given.append((key, value))
                continue
            }
            guard let change = SettingRule.change(of: key) else {
                throw IndexSettings.unknown(key)
            }
            if let value { try SettingRule.byKey[key]?.check(value.text) }
            switch change {
            case .dynamic: break
            case .private:
                throw .settings(
                    "can not update private setting [\(key)]; this setting is managed by "
                        + "OpenSearch")
            case .closed:
                if !isClosed { refused.append(key) }
            case .final:
                if isClosed {
                    throw .illegalArgument("final \(index) setting [\(key)], not updateable")
                }
                refused.append(key)
            }
            if preservesExisting, values[key] != nil { continue }
            given.append((key, value))
        }
        guard refused.isEmpty else {
            throw .illegalArgument(
                "Can't update non dynamic settings [[\(refused.sorted().joined(separator: ", "))]]"
                    + " for open indices [\(index)]")
        }
        var result = self
        for (key, value) in given {
            if value == nil, key.hasSuffix("*") {
                result.values = result.values.filter {
                    !Wildcard.matches(key, $0.key) || SettingRule.change(of: $0.key) != .dynamic
                }
            } else {
                result.values[key] = value
            }
        }
        try result.checkTogether()
        return result
    }

    private func checkTogether() throws(SchemaError) {
        _ = try similarities()
        if let size = values["index.routing_partition_size"].flatMap({ Int($0.text) }), size > 1,
            size >= numberOfShards
        {
            throw .illegalArgument(
                "partition size [\(size)] should be a positive number less than the number of "
                    + "shards [\(numberOfShards)]")
        }
    }

    private static func unknown(_ key: String) -> SchemaError {
        let close = SettingRule.all.map { ($0.key, EditDistance.similarity($0.key, key)) }
            .filter { $0.1 > 0.7 }
            .sorted { $0.1 > $1.1 }
            .map(\.0)
        let hint =
            close.isEmpty
            ? " please check that any required plugins are installed, or check the breaking "
                + "changes documentation for removed settings"
            : close.count == 1
                ? " did you mean [\(close[0])]?"
                : " did you mean any of [\(close.joined(separator: ", "))]?"
        return .settings("unknown setting [\(key)]" + hint)
    }

    // MARK: As JSON

    /// `{"index": {"number_of_shards": "1"}}`
    package var json: JSONObject {
        var result = JSONValue.object([:])
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            result = SettingsFlattener.inserting(
                value.json,
                at: key.split(separator: ".", omittingEmptySubsequences: false)
                    .map(String.init)[...], into: result)
        }
        return result.objectValue ?? [:]
    }

    /// `{"index.number_of_shards": "1"}`
    package var flatJSON: JSONObject {
        JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
    }

    /// The standard values of what is not set.
    package var defaults: IndexSettings {
        var result = IndexSettings()
        for rule in SettingRule.all {
            if let standard = rule.standard, values[rule.key] == nil, rule.change != .private {
                result.values[rule.key] = .text(standard)
            }
        }
        return result
    }
}

extension IndexSettings {
    /// A setting's text, set or standard; the name without `index.`.
    package func text(_ name: String) -> String? {
        values["index." + name]?.text ?? SettingRule.byKey["index." + name]?.standard
    }

    package func int(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    package func bool(_ name: String) -> Bool { text(name) == "true" }

    package func list(_ name: String) -> [String] {
        switch values["index." + name] {
        case .list(let list): list
        case .text(let text): text.split(separator: ",").map(String.init)
        case nil: text(name).map { [$0] } ?? []
        }
    }

    package var numberOfShards: Int { int("number_of_shards") ?? 1 }
    package var numberOfReplicas: Int { int("number_of_replicas") ?? 1 }
    package var maxResultWindow: Int { int("max_result_window") ?? 10_000 }

    /// Nil when refreshing by itself is switched off.
    package var refreshInterval: Duration? {
        let millis =
            (try? SettingText.millis(text("refresh_interval") ?? "1s", setting: "")) ?? 1_000
        return millis < 0 ? nil : .milliseconds(millis)
    }

    package var mappingLimits: MappingLimits {
        var limits = MappingLimits()
        limits.totalFields = int("mapping.total_fields.limit") ?? limits.totalFields
        limits.depth = int("mapping.depth.limit") ?? limits.depth
        limits.nestedFields = int("mapping.nested_fields.limit") ?? limits.nestedFields
        limits.nestedObjects = int("mapping.nested_objects.limit") ?? limits.nestedObjects
        limits.fieldNameLength = int("mapping.field_name_length.limit") ?? limits.fieldNameLength
        return limits
    }
}
