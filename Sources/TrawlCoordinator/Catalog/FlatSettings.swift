package import TrawlJSON
internal import TrawlSchema

/// Settings by their full names, `index.number_of_shards`, in the order of the names. Values are
/// strings or lists of strings, as the API gives them back.
package struct FlatSettings: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case text(String)
        case list([String])

        package var json: JSONValue {
            switch self {
            case .text(let text): .string(text)
            case .list(let list): .array(list.map { .string($0) })
            }
        }

        package var text: String {
            switch self {
            case .text(let text): text
            case .list(let list): list.joined(separator: ",")
            }
        }
    }

    package private(set) var values: [String: Value] = [:]

    package init() {}

    /// Flattens nested and dotted members alike.
    ///
    /// - Parameter prefix: What names without it get in front: `index.` for an index's settings.
    ///   Members whose value is null are in `removals`.
    package init(_ object: JSONObject, prefix: String = "") {
        flatten(object, path: "", prefix: prefix)
    }

    package var removals: [String] = []

    private mutating func flatten(_ object: JSONObject, path: String, prefix: String) {
        for (key, value) in object {
            let name = path.isEmpty ? key : path + "." + key
            switch value {
            case .object(let inner): flatten(inner, path: name, prefix: prefix)
            case .null:
                removals.append(Self.named(name, prefix))
            case .array(let array):
                values[Self.named(name, prefix)] = .list(array.map(Self.text))
            default: values[Self.named(name, prefix)] = .text(Self.text(value))
            }
        }
    }

    private static func named(_ name: String, _ prefix: String) -> String {
        name.hasPrefix(prefix) || Wildcard.isPattern(name) ? name : prefix + name
    }

    private static func text(_ value: JSONValue) -> String {
        value.stringValue ?? value.description
    }

    package subscript(name: String) -> Value? {
        get { values[name] }
        set { values[name] = newValue }
    }

    package func text(_ name: String) -> String? { values[name]?.text }
    package func int(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    package func bool(_ name: String) -> Bool? { text(name).flatMap { Bool($0) } }

    package var names: [String] { values.keys.sorted() }
    package var isEmpty: Bool { values.isEmpty }

    /// Lays other settings over these. Names that `other` removes go, `index.x.*` with all below.
    package mutating func merge(_ other: FlatSettings, keepingExisting: Bool = false) {
        for name in other.removals {
            if Wildcard.isPattern(name) {
                for known in values.keys where Wildcard.matches(name, known) { values[known] = nil }
            } else {
                values[name] = nil
                for known in values.keys where known.hasPrefix(name + ".") { values[known] = nil }
            }
        }
        for (name, value) in other.values where !(keepingExisting && values[name] != nil) {
            values[name] = value
        }
    }

    /// `{"index.number_of_shards": "1", …}`.
    package var flat: JSONObject {
        JSONObject(names.map { (key: $0, value: values[$0]!.json) })
    }

    /// `{"index": {"number_of_shards": "1", …}}`. A name that is also the beginning of another
    /// stays dotted.
    package var nested: JSONObject {
        var root = JSONValue.object([:])
        for name in names {
            insert(values[name]!.json, name.split(separator: ".").map(String.init)[...], &root)
        }
        return root.objectValue ?? [:]
    }

    private func insert(
        _ value: JSONValue, _ path: ArraySlice<String>, _ node: inout JSONValue
    ) {
        let head = path.first!
        if path.count == 1 {
            node[head] = value
            return
        }
        var inner = node[head] ?? .object([:])
        guard inner.objectValue != nil else {
            node[path.joined(separator: ".")] = value
            return
        }
        insert(value, path.dropFirst(), &inner)
        node[head] = inner
    }

    /// Those whose names begin with a prefix.
    package func under(_ prefix: String) -> FlatSettings {
        var copy = FlatSettings()
        copy.values = values.filter { $0.key.hasPrefix(prefix) }
        return copy
    }

    package func filtered(_ wanted: (String) -> Bool) -> FlatSettings {
        var copy = FlatSettings()
        copy.values = values.filter { wanted($0.key) }
        return copy
    }
}
