internal import TrawlJSON

/// JSON to aggregations, with the errors of the API.
enum AggregationDSL {
    typealias Parser =
        @Sendable (inout RequestReader, JSONObject) throws(QueryError) -> Aggregation.Kind

    /// Every kind of aggregation, by name.
    static let parsers: [String: Parser] = [
        "cardinality": { r, o throws(QueryError) in try r.cardinality(o) },
        "weighted_avg": { r, o throws(QueryError) in try r.weightedAverage(o) },
        "top_hits": { r, o throws(QueryError) in try r.topHits(o) },
        "terms": { r, o throws(QueryError) in try r.termsAggregation(o) },
        "rare_terms": { r, o throws(QueryError) in try r.rareTerms(o) },
        "multi_terms": { r, o throws(QueryError) in try r.multiTerms(o) },
        "composite": { r, o throws(QueryError) in try r.composite(o) },
        "histogram": { r, o throws(QueryError) in try r.histogram(o) },
        "date_histogram": { r, o throws(QueryError) in try r.dateHistogram(o) },
        "auto_date_histogram": { r, o throws(QueryError) in try r.autoDateHistogram(o) },
        "geo_distance": { r, o throws(QueryError) in try r.geoDistanceAggregation(o) },
        "geo_bounds": { r, o throws(QueryError) in try r.geoBounds(o) },
        "geo_centroid": { r, o throws(QueryError) in try r.geoCentroid(o) },
        "geohash_grid": { r, o throws(QueryError) in try r.geoGrid(o, .geohash) },
        "geotile_grid": { r, o throws(QueryError) in try r.geoGrid(o, .tile) },
        "sampler": { r, o throws(QueryError) in try r.sampler(o, isDiverse: false) },
        "diversified_sampler": { r, o throws(QueryError) in try r.sampler(o, isDiverse: true) },
        "matrix_stats": { r, o throws(QueryError) in try r.matrixStats(o) },
        "variable_width_histogram": { r, o throws(QueryError) in
            try r.variableWidthHistogram(o)
        },
        "significant_terms": { r, o throws(QueryError) in
            try r.significantTerms(o, isText: false)
        },
        "significant_text": { r, o throws(QueryError) in
            try r.significantTerms(o, isText: true)
        },
        "filters": { r, o throws(QueryError) in try r.filters(o) },
        "adjacency_matrix": { r, o throws(QueryError) in try r.adjacencyMatrix(o) },
        "missing": { r, o throws(QueryError) in try r.missingAggregation(o) },
        "nested": { r, o throws(QueryError) in try r.nestedAggregation(o) },
        "reverse_nested": { r, o throws(QueryError) in
            .reverseNested(path: try r.nestedPath(o, of: "reverse_nested"))
        },
        "avg": { r, o throws(QueryError) in try r.metricAggregation(o, .avg) },
        "sum": { r, o throws(QueryError) in try r.metricAggregation(o, .sum) },
        "min": { r, o throws(QueryError) in try r.metricAggregation(o, .min) },
        "max": { r, o throws(QueryError) in try r.metricAggregation(o, .max) },
        "stats": { r, o throws(QueryError) in try r.metricAggregation(o, .stats) },
        "value_count": { r, o throws(QueryError) in try r.metricAggregation(o, .valueCount) },
        "extended_stats": { r, o throws(QueryError) in
            try r.metricAggregation(o, .extendedStats)
        },
        "percentiles": { r, o throws(QueryError) in try r.percentiles(o, of: "percentiles") },
        "percentile_ranks": { r, o throws(QueryError) in
            try r.percentiles(o, of: "percentile_ranks")
        },
        "median_absolute_deviation": { r, o throws(QueryError) in
            try r.percentiles(o, of: "median_absolute_deviation")
        },
        "range": { r, o throws(QueryError) in try r.range(o, .number) },
        "date_range": { r, o throws(QueryError) in try r.range(o, .date) },
        "ip_range": { r, o throws(QueryError) in try r.range(o, .ip) },
        "avg_bucket": { r, o throws(QueryError) in try r.pipeline(o, of: "avg_bucket") },
        "sum_bucket": { r, o throws(QueryError) in try r.pipeline(o, of: "sum_bucket") },
        "min_bucket": { r, o throws(QueryError) in try r.pipeline(o, of: "min_bucket") },
        "max_bucket": { r, o throws(QueryError) in try r.pipeline(o, of: "max_bucket") },
        "stats_bucket": { r, o throws(QueryError) in try r.pipeline(o, of: "stats_bucket") },
        "extended_stats_bucket": { r, o throws(QueryError) in
            try r.pipeline(o, of: "extended_stats_bucket")
        },
        "percentiles_bucket": { r, o throws(QueryError) in
            try r.pipeline(o, of: "percentiles_bucket")
        },
        "derivative": { r, o throws(QueryError) in try r.pipeline(o, of: "derivative") },
        "cumulative_sum": { r, o throws(QueryError) in try r.pipeline(o, of: "cumulative_sum") },
        "serial_diff": { r, o throws(QueryError) in try r.pipeline(o, of: "serial_diff") },
        "moving_fn": { r, o throws(QueryError) in try r.pipeline(o, of: "moving_fn") },
        "bucket_script": { r, o throws(QueryError) in try r.pipeline(o, of: "bucket_script") },
        "bucket_selector": { r, o throws(QueryError) in try r.pipeline(o, of: "bucket_selector") },
        "bucket_sort": { r, o throws(QueryError) in try r.pipeline(o, of: "bucket_sort") },
    ]

    static let names = Array(parsers.keys) + ["filter", "global"]
}

extension RequestReader {
    /// The object under `aggs`.
    mutating func aggregations(
        _ value: JSONValue, under key: String
    ) throws(QueryError) -> [Aggregation] {
        guard case .object(let object) = value else {
            throw fail(
                .parsing("Expected [START_OBJECT] but found [\(Self.token(value))]"),
                at: .key(key))
        }
        depth += 1
        guard depth <= QueryDSL.maxNestedDepth else {
            throw fail(
                .illegalArgument("aggregations are nested too deep"), at: .key(key))
        }
        var result: [Aggregation] = []
        path.append(.key(key))
        for (name, value) in object { result.append(try aggregation(name, value)) }
        path.removeLast()
        depth -= 1
        return result
    }

    private mutating func aggregation(
        _ name: String, _ value: JSONValue
    ) throws(QueryError) -> Aggregation {
        if name.isEmpty || name.utf8.contains(where: { "[]>".utf8.contains($0) }) {
            throw fail(
                .parsing(
                    "Invalid aggregation name [\(name)]. Aggregation names can contain any "
                        + "character except '[', ']', and '>'"), at: .key(name), atKey: true)
        }
        guard case .object(let object) = value else {
            throw fail(
                .parsing(
                    "Aggregation definition for [\(name) starts with a [\(Self.token(value))], "
                        + "expected a [START_OBJECT]."), at: .key(name))
        }
        let outerName = aggregationName
        aggregationName = name
        path.append(.key(name))
        var made: Aggregation?
        var children: [Aggregation]?
        var meta: JSONObject?
        for (key, value) in object {
            switch key {
            case "meta":
                meta = value.objectValue
            case "aggs", "aggregations":
                if children != nil {
                    throw fail(
                        .parsing("Found two sub aggregation definitions under [\(name)]"),
                        at: .key(key), atKey: true)
                }
                children = try aggregations(value, under: key)
                aggregationName = name
            default:
                if let made {
                    throw fail(
                        .parsing(
                            "Found two aggregation type definitions in [\(name)]: "
                                + "[\(made.typeName)] and [\(key)]"), at: .key(key), atKey: true)
                }
                made = Aggregation(name: name, typeName: key, kind: try kind(key, value))
            }
        }
        guard var made else {
            throw fail(.parsing("Missing definition for aggregation [\(name)]"))
        }
        made.meta = meta
        made.children = children ?? []
        try AggregationRules.checkChildren(of: made)
        path.removeLast()
        aggregationName = outerName
        return made
    }

    private mutating func kind(
        _ type: String, _ value: JSONValue
    ) throws(QueryError) -> Aggregation.Kind {
        if type == "filter" { return .filter(try query(value, under: type)) }
        guard AggregationDSL.parsers[type] != nil || type == "global" else {
            let hint = Suggestion.forUnknown(type, among: AggregationDSL.names)
            let cause = fail(
                QueryError(
                    type: "named_object_not_found_exception", reason: "unknown field [\(type)]"),
                at: .key(type), atKey: true)
            throw fail(
                QueryError.parsing("Unknown aggregation type [\(type)]\(hint)").caused(by: cause),
                at: .key(type), atKey: true)
        }
        guard case .object(let options) = value else {
            throw fail(
                .parsing(
                    "Expected [START_OBJECT] under [\(type)], but got a [\(Self.token(value))] in "
                        + "[\(aggregationName)]"), at: .key(type))
        }
        guard let parser = AggregationDSL.parsers[type] else { return .global }
        path.append(.key(type))
        let kind = try parser(&self, options)
        path.removeLast()
        return kind
    }

    mutating func missingAggregation(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var values = ValuesSource()
        try members(object, of: "missing", known: Self.valueKeys) {
            r, key, value throws(QueryError) in
            try r.valueMember(&values, key, value)
        }
        try requireField(values)
        return .missing(values)
    }

    mutating func nestedAggregation(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        guard let path = try nestedPath(object, of: "nested") else {
            throw fail(
                .parsing("Missing [path] field for nested aggregation [\(aggregationName)]"))
        }
        return .nested(path: path)
    }

    mutating func nestedPath(
        _ object: JSONObject, of name: String
    ) throws(QueryError) -> String? {
        var path: String?
        for (key, value) in object {
            guard key == "path", case .string(let text) = value else {
                throw fail(
                    .parsing("Unexpected token \(Self.token(value)) in [\(aggregationName)]."),
                    at: .key(key))
            }
            path = text
        }
        return path
    }

    /// Reads the options of an aggregation; `take` returns false for those it does not know.
    mutating func members(
        _ object: JSONObject, of name: String, known: [String],
        _ take: (inout Self, String, JSONValue) throws(QueryError) -> Bool
    ) throws(QueryError) {
        for (key, value) in object {
            if try take(&self, key, value) { continue }
            throw fail(
                QueryError(
                    type: "x_content_parse_exception",
                    reason: "[\(name)] unknown field [\(key)]"
                        + Suggestion.forUnknown(key, among: known)), at: .key(key), atKey: true)
        }
    }
}
