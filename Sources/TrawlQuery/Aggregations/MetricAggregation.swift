internal import TrawlJSON

/// `avg`, `sum`, `min`, `max`, `value_count`, `stats`, `extended_stats`: what counts, sums and
/// extremes of numbers come to; `median_absolute_deviation` and the geo metrics besides.
package struct MetricAggregation: Sendable, Hashable, Codable {
    package enum Measure: String, Sendable, Hashable, CaseIterable, Codable {
        case avg, sum, min, max, stats
        case valueCount = "value_count"
        case extendedStats = "extended_stats"
    }

    package static let defaultSigma = 2.0

    package var measure: Measure
    package var values = ValuesSource()
    package var sigma = defaultSigma
}

package struct CardinalityAggregation: Sendable, Hashable, Codable {
    package static let defaultThreshold = 3000
    package static let maxThreshold = 40_000

    package var values = ValuesSource()
    /// Up to so many distinct values are counted exactly.
    package var precisionThreshold = defaultThreshold
}

/// `percentiles`, `percentile_ranks`, `median_absolute_deviation`.
package struct PercentilesAggregation: Sendable, Hashable, Codable {
    package enum Wanted: Sendable, Hashable, Codable {
        case percents([Double])
        case ranks([Double])
        case medianAbsoluteDeviation
    }

    package static let defaultPercents: [Double] = [1, 5, 25, 50, 75, 95, 99]

    package var values = ValuesSource()
    package var wanted: Wanted
    package var isKeyed = true
    package var compression = 100.0
    /// `hdr`, by its significant digits; nil for t-digest.
    package var hdrDigits: Int?

    package init(wanted: Wanted) { self.wanted = wanted }
}

package struct WeightedAverageAggregation: Sendable, Hashable, Codable {
    package var value = ValuesSource()
    package var weight = ValuesSource()
    package var format: String?
}

/// The best documents of each bucket.
package struct TopHitsAggregation: Sendable, Codable {
    package static let defaultSize = 3

    /// Sort, page, source and all else that a hit shows; no query.
    package var request: SearchRequest
    private var text: JSONValue

    init(request: SearchRequest, text: JSONValue) {
        self.request = request
        self.text = text
    }
}

extension TopHitsAggregation: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

// MARK: - Parsing

extension RequestReader {
    func valueMember(
        _ values: inout ValuesSource, _ key: String, _ value: JSONValue
    ) throws(QueryError) -> Bool {
        switch key {
        case "field": values.field = try text(value, key)
        case "missing": values.missing = value == .null ? nil : value
        case "format": values.format = try text(value, key)
        case "time_zone":
            if let offset = value.intValue {
                let sign = offset < 0 ? "-" : "+"
                let hours = String(abs(offset))
                values.timeZone = sign + (hours.utf8.count < 2 ? "0" : "") + hours + ":00"
            } else {
                values.timeZone = try text(value, key)
            }
        case "value_type", "valueType":
            let type = try text(value, key).lowercased()
            guard
                [
                    "string", "byte", "short", "integer", "long", "float", "double", "number",
                    "date", "ip", "boolean", "unsigned_long", "numeric", "geopoint", "bytes",
                ].contains(type)
            else {
                throw fail(.illegalArgument("Unknown ValueType [\(type)]"), at: .key(key))
            }
            values.valueType = type
        case "script":
            values.script = try script(value, key)
        default: return false
        }
        return true
    }

    static let valueKeys = ["field", "missing", "format", "time_zone", "value_type", "script"]

    func requireField(_ values: ValuesSource) throws(QueryError) {
        if values.field == nil, values.script == nil {
            throw fail(
                .illegalArgument(
                    "Required one of fields [field, script], but none were specified. "))
        }
    }

    mutating func metricAggregation(
        _ object: JSONObject, _ measure: MetricAggregation.Measure
    ) throws(QueryError) -> Aggregation.Kind {
        var metric = MetricAggregation(measure: measure)
        try members(object, of: measure.rawValue, known: Self.valueKeys + ["sigma"]) {
            r, key, value throws(QueryError) in
            if try r.valueMember(&metric.values, key, value) { return true }
            guard key == "sigma", measure == .extendedStats else { return false }
            metric.sigma = try r.double(value, key)
            if metric.sigma < 0 {
                throw r.fail(
                    .illegalArgument(
                        "[sigma] must be greater than or equal to 0. Found [\(metric.sigma)] in "
                            + "[\(r.aggregationName)]"), at: .key(key))
            }
            return true
        }
        try requireField(metric.values)
        return .metric(metric)
    }

    mutating func cardinality(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = CardinalityAggregation()
        try members(
            object, of: "cardinality",
            known: Self.valueKeys + ["precision_threshold", "execution_hint", "rehash"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "precision_threshold":
                let threshold = try r.int(value, key)
                if threshold < 0 {
                    throw r.fail(
                        .illegalArgument(
                            "[precisionThreshold] must be greater than or equal to 0. Found "
                                + "[\(threshold)] in [\(r.aggregationName)]"), at: .key(key))
                }
                result.precisionThreshold = min(threshold, CardinalityAggregation.maxThreshold)
            case "execution_hint", "rehash": _ = try r.text(value, key)
            default: return false
            }
            return true
        }
        try requireField(result.values)
        return .cardinality(result)
    }

    mutating func percentiles(
        _ object: JSONObject, of name: String
    ) throws(QueryError) -> Aggregation.Kind {
        var result = PercentilesAggregation(
            wanted: name == "percentile_ranks"
                ? .ranks([])
                : name == "percentiles"
                    ? .percents(PercentilesAggregation.defaultPercents) : .medianAbsoluteDeviation)
        if name == "median_absolute_deviation" { result.compression = 1000 }
        var ranks: [Double]?
        try members(
            object, of: name,
            known: Self.valueKeys + ["percents", "values", "keyed", "tdigest", "hdr"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "percents" where name == "percentiles":
                let percents = try r.doubles(value, key)
                if percents.isEmpty {
                    throw r.fail(
                        .illegalArgument("[percents] must not be empty: [\(r.aggregationName)]"),
                        at: .key(key))
                }
                for percent in percents where !(percent >= 0 && percent <= 100) {
                    throw r.fail(
                        .illegalArgument(
                            "percent must be in [0,100], got [\(percent)]: "
                                + "[\(r.aggregationName)]"), at: .key(key))
                }
                result.wanted = .percents(percents.sorted())
            case "values" where name == "percentile_ranks":
                ranks = try r.doubles(value, key).sorted()
            case "keyed" where name != "median_absolute_deviation":
                result.isKeyed = try r.bool(value, key)
            case "compression" where name == "median_absolute_deviation":
                result.compression = try r.compression(value, key)
            case "tdigest" where name != "median_absolute_deviation":
                for (option, value) in value.objectValue ?? [:] where option == "compression" {
                    result.compression = try r.compression(value, option)
                }
            case "hdr" where name != "median_absolute_deviation":
                var digits = 3
                for (option, value) in value.objectValue ?? [:]
                where option == "number_of_significant_value_digits" {
                    digits = try r.int(value, option)
                }
                if digits < 0 || digits > 5 {
                    throw r.fail(
                        .illegalArgument(
                            "[numberOfSignificantValueDigits] must be between 0 and 5: "
                                + "[\(r.aggregationName)]"), at: .key(key))
                }
                result.hdrDigits = digits
            default: return false
            }
            return true
        }
        if name == "percentile_ranks" {
            guard let ranks else {
                throw fail(
                    .illegalArgument("Required one of fields [values], but none were specified. "))
            }
            if ranks.isEmpty {
                throw fail(
                    .illegalArgument("[values] must not be an empty array: [\(aggregationName)]"))
            }
            result.wanted = .ranks(ranks)
        }
        try requireField(result.values)
        return .percentiles(result)
    }

    private func compression(_ value: JSONValue, _ key: String) throws(QueryError) -> Double {
        let compression = try double(value, key)
        if compression < 0 {
            throw fail(
                .illegalArgument(
                    "[compression] must be greater than or equal to 0. Found [\(compression)] in "
                        + "[\(aggregationName)]"), at: .key(key))
        }
        return compression
    }

    private func doubles(_ value: JSONValue, _ key: String) throws(QueryError) -> [Double] {
        guard case .array(let elements) = value else {
            throw fail(
                .parsing("Unexpected token \(Self.token(value)) [\(key)]."), at: .key(key))
        }
        var result: [Double] = []
        for element in elements { result.append(try double(element, key)) }
        return result
    }

    mutating func weightedAverage(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = WeightedAverageAggregation()
        var seen: Set<String> = []
        try members(
            object, of: "weighted_avg", known: ["value", "weight", "format", "value_type"]
        ) { r, key, value throws(QueryError) in
            switch key {
            case "value", "weight":
                var source = ValuesSource()
                try r.inside(.key(key)) { r throws(QueryError) in
                    try r.members(value.objectValue ?? [:], of: key, known: Self.valueKeys) {
                        r, key, value throws(QueryError) in
                        try r.valueMember(&source, key, value)
                    }
                    try r.requireField(source)
                }
                if key == "value" { result.value = source } else { result.weight = source }
                seen.insert(key)
            case "format": result.format = try r.text(value, key)
            case "value_type": _ = try r.text(value, key)
            default: return false
            }
            return true
        }
        for key in ["value", "weight"] where !seen.contains(key) {
            throw fail(
                .illegalArgument("Required one of fields [\(key)], but none were specified. "))
        }
        return .weightedAverage(result)
    }

    mutating func topHits(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var request = SearchRequest()
        request.size = TopHitsAggregation.defaultSize
        for (key, value) in object {
            switch key {
            case "from", "size", "version", "seq_no_primary_term", "explain", "track_scores",
                "_source", "stored_fields", "sort", "script_fields", "docvalue_fields", "fields",
                "highlight":
                try bodyMember(&request, key, value)
            default:
                throw fail(
                    .parsing("Unknown key for a \(Self.token(value)) in [\(key)]."), at: .key(key))
            }
        }
        return .topHits(TopHitsAggregation(request: request, text: .object(object)))
    }
}
