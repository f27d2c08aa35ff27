package import TrawlJSON

/// `histogram`: buckets of equal width over numbers.
package struct HistogramAggregation: Sendable, Hashable, Codable {
    package struct Bounds: Sendable, Hashable, Codable {
        package var min: Double?
        package var max: Double?
    }

    package var values = ValuesSource()
    package var interval = 0.0
    package var offset = 0.0
    package var minDocCount = 0
    package var isKeyed = false
    package var order: [BucketOrder] = [.key(ascending: true)]
    package var extendedBounds: Bounds?
    package var hardBounds: Bounds?
}

/// `date_histogram` and `auto_date_histogram`: buckets of the calendar, or of a fixed width.
package struct DateHistogramAggregation: Sendable, Hashable, Codable {
    package enum Interval: Sendable, Hashable, Codable {
        case calendar(CalendarUnit)
        case fixed(milliseconds: Int64)
        /// The finest of a list of intervals that makes at most so many buckets.
        case automatic(buckets: Int, minimum: CalendarUnit)
    }

    /// A bound as it was given: a date, date math, or milliseconds.
    package struct Bounds: Sendable, Hashable, Codable {
        package var min: JSONValue?
        package var max: JSONValue?
    }

    package var values = ValuesSource()
    package var interval = Interval.calendar(.day)
    package var offsetMilliseconds: Int64 = 0
    package var minDocCount = 0
    package var isKeyed = false
    package var order: [BucketOrder] = [.key(ascending: true)]
    package var extendedBounds: Bounds?
    package var hardBounds: Bounds?
}

package enum CalendarUnit: String, Sendable, Hashable, CaseIterable, Codable {
    case second, minute, hour, day, week, month, quarter, year

    package init?(interval text: String) {
        switch text {
        case "1s", "second": self = .second
        case "1m", "minute": self = .minute
        case "1h", "hour": self = .hour
        case "1d", "day": self = .day
        case "1w", "week": self = .week
        case "1M", "month": self = .month
        case "1q", "quarter": self = .quarter
        case "1y", "year": self = .year
        default: return nil
        }
    }
}

package enum TimeSpan {
    /// `90m`, `-1d`, `+6h`; nil when it is none. Whole numbers of a unit, as the API wants them.
    package static func milliseconds(_ text: String) -> Int64? {
        var digits = text[...]
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits.removeFirst() }
        if digits == "0" { return 0 }
        let units: [(String, Double)] = [
            ("nanos", 1e-6), ("micros", 1e-3), ("ms", 1), ("s", 1000), ("m", 60_000),
            ("h", 3_600_000), ("d", 86_400_000),
        ]
        for (unit, factor) in units where digits.hasSuffix(unit) {
            guard let number = Double(digits.dropLast(unit.count)), number >= 0 else { return nil }
            let value = number * factor
            guard value < 9e18 else { return nil }
            return isNegative ? -Int64(value) : Int64(value)
        }
        return nil
    }
}

// MARK: - Parsing

extension RequestReader {
    mutating func histogram(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = HistogramAggregation()
        var hasInterval = false
        try members(
            object, of: "histogram",
            known: Self.valueKeys + [
                "interval", "offset", "min_doc_count", "keyed", "order", "extended_bounds",
                "hard_bounds",
            ]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "interval":
                result.interval = try r.double(value, key)
                hasInterval = true
                if !(result.interval > 0) {
                    throw r.fail(
                        .illegalArgument(
                            "[interval] must be >0 for histogram aggregation "
                                + "[\(r.aggregationName)]"), at: .key(key))
                }
            case "offset": result.offset = try r.double(value, key)
            case "min_doc_count": result.minDocCount = try r.notNegative(value, key)
            case "keyed": result.isKeyed = try r.bool(value, key)
            case "order": result.order = try r.bucketOrder(value)
            case "extended_bounds", "hard_bounds":
                let bounds = try r.bounds(value, key)
                if key == "hard_bounds" {
                    result.hardBounds = bounds
                } else {
                    result.extendedBounds = bounds
                }
            default: return false
            }
            return true
        }
        try requireField(result.values)
        if !hasInterval {
            throw fail(
                .illegalArgument("Required one of fields [interval], but none were specified. "))
        }
        if let hard = result.hardBounds, let extended = result.extendedBounds,
            (extended.min ?? .infinity) < (hard.min ?? -.infinity)
                || (extended.max ?? -.infinity) > (hard.max ?? .infinity)
        {
            throw fail(
                .illegalArgument(
                    "Extended bounds have to be inside hard bounds, hard bounds: "
                        + "[\(Self.text(hard))], extended bounds: [\(Self.text(extended))]"))
        }
        return .histogram(result)
    }

    private static func text(_ bounds: HistogramAggregation.Bounds) -> String {
        (bounds.min.map { "\($0)" } ?? "") + "--" + (bounds.max.map { "\($0)" } ?? "")
    }

    private mutating func bounds(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> HistogramAggregation.Bounds {
        var bounds = HistogramAggregation.Bounds()
        try inside(.key(name)) { r throws(QueryError) in
            try r.members(value.objectValue ?? [:], of: name, known: ["min", "max"]) {
                r, key, value throws(QueryError) in
                switch key {
                case "min": bounds.min = value == .null ? nil : try r.double(value, key)
                case "max": bounds.max = value == .null ? nil : try r.double(value, key)
                default: return false
                }
                return true
            }
        }
        if let min = bounds.min, let max = bounds.max, min > max {
            throw fail(
                .illegalArgument(
                    "Max bound [\(max)] must be greater than min bound [\(min)]"), at: .key(name))
        }
        return bounds
    }

    mutating func dateHistogram(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = DateHistogramAggregation()
        var interval: DateHistogramAggregation.Interval?
        try members(
            object, of: "date_histogram",
            known: Self.valueKeys + [
                "interval", "calendar_interval", "fixed_interval", "offset", "min_doc_count",
                "keyed", "order", "extended_bounds", "hard_bounds",
            ]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "interval", "calendar_interval", "fixed_interval":
                if interval != nil {
                    throw r.fail(
                        .illegalArgument(
                            "Cannot use [\(key)] with [interval], [fixed_interval] or "
                                + "[calendar_interval] configuration options."), at: .key(key))
                }
                interval = try r.dateInterval(value, key)
            case "offset":
                if let whole = value.intValue {
                    result.offsetMilliseconds = Int64(whole)
                } else {
                    result.offsetMilliseconds = try r.timeSpan(value, key)
                }
            case "min_doc_count": result.minDocCount = try r.notNegative(value, key)
            case "keyed": result.isKeyed = try r.bool(value, key)
            case "order": result.order = try r.bucketOrder(value)
            case "extended_bounds": result.extendedBounds = try r.dateBounds(value, key)
            case "hard_bounds": result.hardBounds = try r.dateBounds(value, key)
            default: return false
            }
            return true
        }
        try requireField(result.values)
        guard let interval else {
            throw fail(
                .illegalArgument(
                    "Invalid interval specified, must be non-null and non-empty"))
        }
        result.interval = interval
        return .dateHistogram(result)
    }

    mutating func autoDateHistogram(_ object: JSONObject) throws(QueryError) -> Aggregation.Kind {
        var result = DateHistogramAggregation()
        var buckets = 10
        var minimum = CalendarUnit.second
        try members(
            object, of: "auto_date_histogram",
            known: Self.valueKeys + ["buckets", "minimum_interval"]
        ) { r, key, value throws(QueryError) in
            if try r.valueMember(&result.values, key, value) { return true }
            switch key {
            case "buckets":
                buckets = try r.int(value, key)
                if buckets <= 0 {
                    throw r.fail(
                        .illegalArgument(
                            "buckets must be greater than 0 for [\(r.aggregationName)]"),
                        at: .key(key))
                }
            case "minimum_interval":
                let text = try r.text(value, key)
                guard let unit = CalendarUnit(rawValue: text), unit != .week, unit != .quarter
                else {
                    throw r.fail(
                        .illegalArgument(
                            "minimum_interval must be one of [year, month, day, hour, minute, "
                                + "second]"), at: .key(key))
                }
                minimum = unit
            default: return false
            }
            return true
        }
        try requireField(result.values)
        result.interval = .automatic(buckets: buckets, minimum: minimum)
        return .dateHistogram(result)
    }

    func dateInterval(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> DateHistogramAggregation.Interval {
        var text = try text(value, key)
        if value.numberValue != nil { text += "ms" }
        let unit = CalendarUnit(interval: text)
        if key == "calendar_interval" || (key == "interval" && unit != nil) {
            guard let unit else {
                throw fail(
                    .illegalArgument(
                        "The supplied interval [\(text)] could not be parsed as a calendar "
                            + "interval."), at: .key(key))
            }
            return .calendar(unit)
        }
        guard let milliseconds = TimeSpan.milliseconds(text) else {
            throw fail(
                .illegalArgument(
                    "failed to parse setting [date_histogram.fixedInterval] with value [\(text)] "
                        + "as a time value: unit is missing or unrecognized"), at: .key(key))
        }
        guard milliseconds > 0 else {
            throw fail(
                .illegalArgument("Zero or negative time interval not supported"), at: .key(key))
        }
        return .fixed(milliseconds: milliseconds)
    }

    func timeSpan(_ value: JSONValue, _ key: String) throws(QueryError) -> Int64 {
        let text = try text(value, key)
        guard let milliseconds = TimeSpan.milliseconds(text) else {
            throw fail(
                .illegalArgument(
                    "failed to parse setting [\(key)] with value [\(text)] as a time value: unit "
                        + "is missing or unrecognized"), at: .key(key))
        }
        return milliseconds
    }

    private mutating func dateBounds(
        _ value: JSONValue, _ name: String
    ) throws(QueryError) -> DateHistogramAggregation.Bounds {
        var bounds = DateHistogramAggregation.Bounds()
        try inside(.key(name)) { r throws(QueryError) in
            try r.members(value.objectValue ?? [:], of: name, known: ["min", "max"]) {
                _, key, value throws(QueryError) in
                switch key {
                case "min": bounds.min = value == .null ? nil : value
                case "max": bounds.max = value == .null ? nil : value
                default: return false
                }
                return true
            }
        }
        return bounds
    }
}
