internal import TrawlJSON

/// `matrix_stats`: moments of several fields, and how each two of them go together.
package struct MatrixStatsAggregation: Sendable, Hashable, Codable {
    package enum Mode: String, Sendable, Hashable, Codable { case avg, min, max, sum, median }

    package var fields: [ValuesSource] = []
    /// What becomes of several values of a document.
    package var mode = Mode.avg
}

extension RequestReader {
    mutating func matrixStats(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = MatrixStatsAggregation()
        var names: [String] = []
        var missing = JSONObject()
        try members(
            object, of: "matrix_stats",
            known: ["fields", "missing", "mode", "format", "value_type"]
        ) { r, key, value throws(QueryError) in
            switch key {
            case "fields":
                try r.each(value) { r, element throws(QueryError) in
                    names.append(try r.text(element, key))
                }
            case "missing": missing = value.objectValue ?? [:]
            case "mode":
                let text = try r.text(value, key)
                guard let mode = MatrixStatsAggregation.Mode(rawValue: text.lowercased()) else {
                    throw r.fail(.illegalArgument("Illegal sort mode: \(text)"), at: .key(key))
                }
                result.mode = mode
            case "format", "value_type": _ = try r.text(value, key)
            case "script":
                throw r.fail(
                    QueryError.parsing("Unexpected token [\(key)] in [\(r.aggregationName)]"),
                    at: .key(key))
            default: return false
            }
            return true
        }
        if names.isEmpty {
            throw fail(
                .illegalArgument("Required one of fields [fields], but none were specified. "))
        }
        for name in names {
            var source = ValuesSource(field: name)
            source.missing = missing[name]
            result.fields.append(source)
        }
        return .matrixStats(result)
    }
}
