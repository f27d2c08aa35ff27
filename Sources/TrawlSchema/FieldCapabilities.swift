package import TrawlJSON

extension Mapping.Field {
    /// Whether queries find something in the field.
    package var isSearchable: Bool { type.isSearchable || type.family == .constant }

    /// Whether the field can be sorted and aggregated by.
    package var isAggregatable: Bool { type.isAggregatable || type.family == .constant }

    /// Throws when a sort, an aggregation or a script wants the field's column and there is none.
    package func requireColumn() throws(SchemaError) {
        guard !isAggregatable else { return }
        if type.family == .text {
            throw .illegalArgument(
                "Text fields are not optimised for operations that require per-document field "
                    + "data like aggregations and sorting, so these operations are disabled by "
                    + "default. Please use a keyword field instead. Alternatively, set "
                    + "fielddata=true on [\(path)] in order to load field data by uninverting the "
                    + "inverted index. Note that this can use significant memory.")
        }
        throw .illegalArgument(
            "Can't load fielddata on [\(path)] because fielddata is unsupported on fields of type "
                + "[\(type.typeName)]. Use doc values instead.")
    }
}

extension Mapping {
    /// `_field_caps` of one index: the type of each field, object and alias whose path fits.
    package func capabilities(matching patterns: [String]) -> [String: FieldCapability] {
        var result: [String: FieldCapability] = [:]
        func fits(_ path: String) -> Bool { patterns.contains { Wildcard.matches($0, path) } }
        func visit(_ object: Object) {
            for child in object.children.values {
                switch child {
                case .object(let inner):
                    if fits(inner.path) {
                        result[inner.path] = FieldCapability(
                            type: inner.nested == nil ? "object" : "nested", isSearchable: false,
                            isAggregatable: false, meta: [:])
                    }
                    visit(inner)
                case .leaf, .alias:
                    break
                }
            }
        }
        visit(object)
        for pattern in patterns {
            for (path, field) in fields(matching: pattern) {
                result[path] = FieldCapability(
                    type: field.type.typeName, isSearchable: field.isSearchable,
                    isAggregatable: field.isAggregatable, meta: field.meta)
            }
        }
        return result
    }
}

package struct FieldCapability: Sendable, Equatable {
    package var type: String
    package var isSearchable: Bool
    package var isAggregatable: Bool
    package var meta: JSONObject
}
