package import TrawlJSON

/// `range`, `date_range`, `ip_range`.
package struct RangeAggregation: Sendable, Hashable, Codable {
    package enum Domain: String, Sendable, Hashable, Codable {
        case number = "range"
        case date = "date_range"
        case ip = "ip_range"
    }

    /// From `from` to before `to`, as they were given.
    package struct Range: Sendable, Hashable, Codable {
        package var key: String?
        package var from: JSONValue?
        package var to: JSONValue?
        /// `10.0.0.0/8` instead of both ends.
        package var mask: String?
    }

    package var domain: Domain
    package var values = ValuesSource()
    package var isKeyed = false
    package var ranges: [Range] = []
}

/// `filters`: one bucket a query, and perhaps one for what none of them matches.
package struct FiltersAggregation: Sendable, Hashable, Codable {
    package struct Filter: Sendable, Hashable, Codable {
        /// Nil in a list.
        package var key: String?
        package var query: Query
    }

    package var filters: [Filter] = []
    package var isKeyed = true
    /// Nil: no bucket for the rest.
    package var otherKey: String?
}

package struct AdjacencyMatrixAggregation: Sendable, Hashable, Codable {
    package var filters: [FiltersAggregation.Filter] = []
    package var separator = "&"
}

// MARK: - Parsing

extension RequestReader {
    mutating func range(
        _ object: JSONObject, _ domain: RangeAggregation.Domain
    ) throws(QueryError) -> Aggregation.Kind {
        var result = RangeAggregation(domain: domain)
        try members(
            object, of: domain.rawValue, known: Self.valueKeys + ["keyed", "ranges"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "keyed": result.isKeyed = try r.bool(value, key)
            case "ranges":
                try r.inside(.key(key)) { r throws(QueryError) in
                    try r.each(value) { r, element throws(QueryError) in
                        result.ranges.append(try r.range(element, domain))
                    }
                }
            default: return false
            }
            return true
        }
        try requireField(result.values)
        if result.ranges.isEmpty {
            throw fail(
                .illegalArgument(
                    "No [ranges] specified for the [\(aggregationName)] aggregation"))
        }
        return .range(result)
    }

    private mutating func range(
        _ value: JSONValue, _ domain: RangeAggregation.Domain
    ) throws(QueryError) -> RangeAggregation.Range {
        var range = RangeAggregation.Range()
        guard case .object(let object) = value else {
            throw fail(
                .parsing("[\(domain.rawValue)] Expected [START_OBJECT] under [ranges]"))
        }
        try members(object, of: domain.rawValue, known: ["key", "from", "to", "mask"]) {
            r, key, value throws(QueryError) in
            switch key {
            case "key": range.key = try r.text(value, key)
            case "from": range.from = value == .null ? nil : value
            case "to": range.to = value == .null ? nil : value
            case "mask" where domain == .ip: range.mask = try r.text(value, key)
            default: return false
            }
            return true
        }
        if domain == .number {
            range.from = try range.from.map { value throws(QueryError) in
                JSONValue(try double(value, "from"))
            }
            range.to = try range.to.map { value throws(QueryError) in
                JSONValue(try double(value, "to"))
            }
        }
        return range
    }

    mutating func filters(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = FiltersAggregation()
        var hasOther: Bool?
        try members(
            object, of: "filters", known: ["filters", "other_bucket", "other_bucket_key"]
        ) { r, key, value throws(QueryError) in
            switch key {
            case "filters":
                result.filters = try r.namedFilters(value, key, isKeyed: &result.isKeyed)
            case "other_bucket": hasOther = try r.bool(value, key)
            case "other_bucket_key":
                result.otherKey = try r.text(value, key)
                hasOther = hasOther ?? true
            default: return false
            }
            return true
        }
        if result.filters.isEmpty {
            throw fail(.illegalArgument("[filters] cannot be empty."))
        }
        if hasOther == true {
            result.otherKey = result.otherKey ?? "_other_"
        } else {
            result.otherKey = nil
        }
        return .filters(result)
    }

    mutating func adjacencyMatrix(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = AdjacencyMatrixAggregation()
        var isKeyed = true
        try members(object, of: "adjacency_matrix", known: ["filters", "separator"]) {
            r, key, value throws(QueryError) in
            switch key {
            case "filters": result.filters = try r.namedFilters(value, key, isKeyed: &isKeyed)
            case "separator": result.separator = try r.text(value, key)
            default: return false
            }
            return true
        }
        if result.filters.isEmpty {
            throw fail(.illegalArgument("[filters] cannot be empty."))
        }
        if result.filters.count > 100 {
            throw fail(
                .illegalArgument(
                    "Number of filters is too large, must be less than or equal to: [100] but was "
                        + "[\(result.filters.count)].You can increase this limit by scaling up "
                        + "your java heap or number of CPUs"))
        }
        return .adjacencyMatrix(result)
    }

    /// Named ones in the order of their names, as they are shown.
    private mutating func namedFilters(
        _ value: JSONValue, _ name: String, isKeyed: inout Bool
    ) throws(QueryError) -> [FiltersAggregation.Filter] {
        var filters: [FiltersAggregation.Filter] = []
        switch value {
        case .object(let object):
            isKeyed = true
            path.append(.key(name))
            for (key, value) in object {
                filters.append(.init(key: key, query: try query(value, under: key)))
            }
            path.removeLast()
            filters.sort { ($0.key ?? "") < ($1.key ?? "") }
        case .array(let elements):
            isKeyed = false
            path.append(.key(name))
            for (i, element) in elements.enumerated() {
                path.append(.index(i))
                filters.append(.init(key: nil, query: try query(element)))
                path.removeLast()
            }
            path.removeLast()
        default:
            throw fail(
                .parsing("Unknown key for a \(Self.token(value)) in [\(name)]: [\(name)]."),
                at: .key(name))
        }
        return filters
    }
}
