internal import TrawlCoordinator
internal import TrawlHTTP
internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// `_field_caps`: which fields there are, of which types, and what can be done with them.
enum FieldCapsRoutes {
    static let routes: [Route] = [
        Route(
            [.get, .post], ["/_field_caps", "/{index}/_field_caps"],
            Route.indexOptions + "fields include_unmapped filters types", lane: .search, show)
    ]

    private struct Capability {
        var type: String
        var isSearchable: Bool
        var isAggregatable: Bool
        var isMetadata = false
        var meta: JSONObject = [:]
    }

    private struct Merged {
        var isSearchable = true
        var isAggregatable = true
        var isMetadata = false
        var indices: [String] = []
        var notSearchable: [String] = []
        var notAggregatable: [String] = []
        var meta: [String: Set<String>] = [:]
    }

    private static func show(_ request: APIRequest, _ services: Services) throws -> APIResponse {
        let body = try request.optionalBodyObject() ?? [:]
        for key in body.keys where !["index_filter", "fields", "runtime_mappings"].contains(key) {
            throw APIError.xContentParse("[field_caps_request] unknown field [\(key)]")
        }
        let patterns =
            request.list("fields") ?? body["fields"]?.arrayValue?.compactMap(\.stringValue)
            ?? body["fields"]?.stringValue.map { [$0] } ?? []
        if patterns.isEmpty { throw APIError.validation(["no fields specified"]) }
        var targets = try SearchRoutes.targets(request, services)
        if let filter = body["index_filter"] {
            let query = try QueryDSL.parse(filter)
            targets = try targets.filter { target in
                let view = try services.coordinator.view(of: [target])
                let (count, failures) = try services.coordinator.count(query, in: view)
                return count > 0 || !failures.isEmpty
            }
        }
        let includesUnmapped = try request.bool("include_unmapped")
        let names = targets.map(\.index.name)
        var merged: [String: [String: Merged]] = [:]
        for target in targets {
            for (path, capability) in capabilities(target.index.mapping.mapping)
            where patterns.contains(where: { Wildcard.matches($0, path) }) {
                var entry = merged[path]?[capability.type] ?? Merged()
                entry.indices.append(target.index.name)
                entry.isMetadata = capability.isMetadata
                if !capability.isSearchable { entry.notSearchable.append(target.index.name) }
                if !capability.isAggregatable { entry.notAggregatable.append(target.index.name) }
                for (key, value) in capability.meta {
                    entry.meta[key, default: []].insert(value.stringValue ?? value.description)
                }
                merged[path, default: [:]][capability.type] = entry
            }
        }
        var fields = JSONObject()
        for path in merged.keys.sorted() {
            var types = merged[path]!
            if includesUnmapped {
                let mapped = Set(types.values.flatMap(\.indices))
                let missing = names.filter { !mapped.contains($0) }
                if !missing.isEmpty {
                    var entry = Merged()
                    entry.indices = missing
                    entry.notSearchable = missing
                    entry.notAggregatable = missing
                    types["unmapped"] = entry
                }
            }
            fields[path] = .object(
                JSONObject(
                    types.keys.sorted().map { type in
                        (key: type, value: shown(type, types[type]!, isOnly: types.count == 1))
                    }))
        }
        return .value([
            "indices": .array(names.map { .string($0) }), "fields": .object(fields),
        ])
    }

    private static func shown(_ type: String, _ entry: Merged, isOnly: Bool) -> JSONValue {
        func list(_ names: [String]) -> JSONValue { .array(names.sorted().map { .string($0) }) }
        // One index that cannot makes the whole not able; which, is said when others can.
        var object: JSONObject = [
            "type": .string(type), "searchable": .bool(entry.notSearchable.isEmpty),
            "aggregatable": .bool(entry.notAggregatable.isEmpty),
        ]
        if !isOnly { object["indices"] = list(entry.indices) }
        if !entry.notSearchable.isEmpty, entry.notSearchable.count < entry.indices.count {
            object["non_searchable_indices"] = list(entry.notSearchable)
        }
        if !entry.notAggregatable.isEmpty, entry.notAggregatable.count < entry.indices.count {
            object["non_aggregatable_indices"] = list(entry.notAggregatable)
        }
        if !entry.meta.isEmpty {
            object["meta"] = .object(
                JSONObject(
                    entry.meta.keys.sorted().map { (key: $0, value: list(Array(entry.meta[$0]!))) })
            )
        }
        return .object(object)
    }

    private static func capabilities(_ mapping: Mapping) -> [(String, Capability)] {
        var result: [(String, Capability)] = []
        for field in mapping.fields where !field.isMetadata {
            result.append((field.path, capability(field)))
        }
        for (alias, target) in mapping.aliases {
            if let field = mapping.field(target) { result.append((alias, capability(field))) }
        }
        addObjects(mapping.object, &result)
        let metadata = [
            ("_id", true, true), ("_index", true, true), ("_routing", true, false),
            ("_seq_no", true, true), ("_source", false, false), ("_version", false, true),
            ("_field_names", true, false), ("_ignored", true, false),
            ("_nested_path", true, false), ("_data_stream_timestamp", false, false),
        ]
        for (name, isSearchable, isAggregatable) in metadata {
            result.append(
                (
                    name,
                    Capability(
                        type: name, isSearchable: isSearchable, isAggregatable: isAggregatable,
                        isMetadata: true)
                ))
        }
        return result
    }

    private static func capability(_ field: Mapping.Field) -> Capability {
        Capability(
            type: field.type.typeName, isSearchable: field.type.isSearchable,
            isAggregatable: field.type.isAggregatable, meta: field.meta)
    }

    private static func addObjects(
        _ object: Mapping.Object, _ result: inout [(String, Capability)]
    ) {
        for child in object.children.values {
            guard case .object(let inner) = child else { continue }
            result.append(
                (
                    inner.path,
                    Capability(
                        type: inner.nested == nil ? "object" : "nested", isSearchable: false,
                        isAggregatable: false)
                ))
            addObjects(inner, &result)
        }
    }
}
