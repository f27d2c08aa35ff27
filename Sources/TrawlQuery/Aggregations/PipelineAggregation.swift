internal import TrawlJSON

/// Aggregations over the results of others.
package struct PipelineAggregation: Sendable, Hashable, Codable {
    package enum GapPolicy: String, Sendable, Hashable, Codable {
        case skip
        case insertZeros = "insert_zeros"
        case keepValues = "keep_values"
    }

    package enum Step: Sendable, Hashable, Codable {
        // Beside a multi-bucket aggregation, over its buckets.
        case average, sum, minimum, maximum, stats
        case extendedStats(sigma: Double)
        case percentiles([Double], isKeyed: Bool)
        // Within one, bucket by bucket.
        case derivative(unitMilliseconds: Double?)
        case cumulativeSum
        case serialDifference(lag: Int)
        case movingFunction(window: Int, shift: Int, script: String)
        case script(ArithmeticExpression)
        case selector(ArithmeticExpression)
        case sort(BucketSort)
    }

    package struct BucketSort: Sendable, Hashable, Codable {
        package struct Key: Sendable, Hashable, Codable {
            package var path: AggregationPath
            package var isAscending: Bool
        }

        package var keys: [Key] = []
        package var from = 0
        package var size: Int?
    }

    package var step: Step
    /// By the names that a script knows them by; one without a name elsewhere.
    package var paths: [(name: String, path: AggregationPath)] {
        get { zip(pathNames, pathValues).map { ($0, $1) } }
        set {
            pathNames = newValue.map(\.name)
            pathValues = newValue.map(\.path)
        }
    }
    private var pathNames: [String] = []
    private var pathValues: [AggregationPath] = []
    package var gapPolicy = GapPolicy.skip
    package var format: String?

    package init(_ step: Step) { self.step = step }

    package var isSibling: Bool {
        switch step {
        case .average, .sum, .minimum, .maximum, .stats, .extendedStats, .percentiles: true
        default: false
        }
    }
}

// MARK: - Parsing

extension RequestReader {
    private static let pipelineKeys = ["buckets_path", "gap_policy", "format"]

    mutating func pipeline(
        _ object: JSONObject, of name: String
    ) throws(QueryError) -> Aggregation.Kind {
        var options = PipelineOptions()
        try members(object, of: name, known: Self.pipelineKeys + PipelineOptions.keys(of: name)) {
            r, key, value throws(QueryError) in
            switch key {
            case "buckets_path": options.paths = try r.bucketsPath(value, key)
            case "gap_policy": options.gapPolicy = try r.gapPolicy(value, key)
            case "format": options.format = try r.text(value, key)
            default:
                guard PipelineOptions.keys(of: name).contains(key) else { return false }
                try r.pipelineOption(&options, key, value, name)
            }
            return true
        }
        guard options.paths != nil || name == "bucket_sort" else {
            throw fail(
                .illegalArgument("Required [buckets_path]"))
        }
        let result = try pipeline(options, name)
        return .pipeline(result)
    }

    private func pipeline(
        _ options: PipelineOptions, _ name: String
    ) throws(QueryError) -> PipelineAggregation {
        let step: PipelineAggregation.Step
        switch name {
        case "avg_bucket": step = .average
        case "sum_bucket": step = .sum
        case "min_bucket": step = .minimum
        case "max_bucket": step = .maximum
        case "stats_bucket": step = .stats
        case "extended_stats_bucket": step = .extendedStats(sigma: options.sigma)
        case "percentiles_bucket":
            step = .percentiles(options.percents, isKeyed: options.isKeyed)
        case "derivative": step = .derivative(unitMilliseconds: options.unit)
        case "cumulative_sum": step = .cumulativeSum
        case "serial_diff": step = .serialDifference(lag: options.lag)
        case "moving_fn":
            guard let window = options.window, let script = options.script else {
                let missing = options.script == nil ? "script" : "window"
                throw fail(.illegalArgument("Required [\(missing)]"))
            }
            step = .movingFunction(window: window, shift: options.shift, script: script)
        case "bucket_sort": step = .sort(options.sort)
        default:
            guard let script = options.script else {
                throw fail(.illegalArgument("Required [script]"))
            }
            let expression = try ArithmeticExpression(script)
            step = name == "bucket_script" ? .script(expression) : .selector(expression)
        }
        var result = PipelineAggregation(step)
        result.paths = options.paths ?? []
        result.gapPolicy = options.gapPolicy
        result.format = options.format
        return result
    }

    private func bucketsPath(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> [(name: String, path: AggregationPath)] {
        switch value {
        case .string(let text): return [("", AggregationPath(text))]
        case .array(let elements):
            var result: [(name: String, path: AggregationPath)] = []
            for (i, element) in elements.enumerated() {
                result.append(("_value\(i)", AggregationPath(try text(element, key))))
            }
            return result
        case .object(let object):
            var result: [(name: String, path: AggregationPath)] = []
            for (name, value) in object {
                result.append((name, AggregationPath(try text(value, key))))
            }
            return result
        default:
            throw fail(
                .parsing("Unexpected token \(Self.token(value)) [\(key)]."), at: .key(key))
        }
    }

    private func gapPolicy(
        _ value: JSONValue, _ key: String
    ) throws(QueryError) -> PipelineAggregation.GapPolicy {
        let text = try text(value, key)
        guard let policy = PipelineAggregation.GapPolicy(rawValue: text.lowercased()) else {
            throw fail(
                .parsing(
                    "Invalid gap policy: [\(text)], accepted values: [insert_zeros, skip, "
                        + "keep_values]"), at: .key(key))
        }
        return policy
    }

    private mutating func pipelineOption(
        _ options: inout PipelineOptions, _ key: String, _ value: JSONValue, _ name: String
    ) throws(QueryError) {
        switch key {
        case "sigma": options.sigma = try double(value, key)
        case "keyed": options.isKeyed = try bool(value, key)
        case "percents":
            options.percents = []
            for element in value.arrayValue ?? [] {
                options.percents.append(try double(element, key))
            }
            for percent in options.percents where !(percent >= 0 && percent <= 100) {
                throw fail(
                    .illegalArgument(
                        "[percents] must only contain non-null doubles from 0.0-100.0 inclusive"),
                    at: .key(key))
            }
        case "unit":
            let text = try text(value, key)
            if let unit = CalendarUnit(interval: text) {
                options.unit = unit.milliseconds
            } else {
                options.unit = Double(try timeSpan(value, key))
            }
        case "lag":
            options.lag = try int(value, key)
            if options.lag <= 0 {
                throw fail(
                    .parsing(
                        "Lag must be a positive, non-zero integer.  Value supplied was"
                            + "\(options.lag) in [\(name)]."), at: .key(key))
            }
        case "window":
            options.window = try int(value, key)
            if let window = options.window, window <= 0 {
                throw fail(
                    .illegalArgument("[window] must be a positive, non-zero integer."),
                    at: .key(key))
            }
        case "shift": options.shift = try int(value, key)
        case "script":
            guard case .object(let object) = value else {
                options.script = try text(value, key)
                return
            }
            options.script = object["source"]?.stringValue ?? object["inline"]?.stringValue
            if options.script == nil {
                throw fail(.illegalArgument("must specify either [source] for an inline script"))
            }
        case "sort": options.sort.keys = try bucketSortKeys(value)
        case "from":
            options.sort.from = try int(value, key)
            if options.sort.from < 0 {
                throw fail(
                    .illegalArgument(
                        "[from] must be a non-negative integer: [\(options.sort.from)]"),
                    at: .key(key))
            }
        case "size":
            let size = try int(value, key)
            if size <= 0 {
                throw fail(
                    .illegalArgument("[size] must be a positive integer: [\(size)]"),
                    at: .key(key))
            }
            options.sort.size = size
        default: break
        }
    }

    private mutating func bucketSortKeys(
        _ value: JSONValue
    ) throws(QueryError) -> [PipelineAggregation.BucketSort.Key] {
        var keys: [PipelineAggregation.BucketSort.Key] = []
        for element in value.arrayValue ?? [value] {
            switch element {
            case .string(let name):
                keys.append(.init(path: AggregationPath(name), isAscending: true))
            case .object(let object):
                for (name, value) in object {
                    let order = value["order"]?.stringValue ?? value.stringValue ?? "asc"
                    keys.append(
                        .init(
                            path: AggregationPath(name), isAscending: order.lowercased() != "desc"))
                }
            default:
                throw fail(.illegalArgument("malformed sort format"), at: .key("sort"))
            }
        }
        return keys
    }
}

extension CalendarUnit {
    /// About how long it is, for rates.
    package var milliseconds: Double {
        switch self {
        case .second: 1000
        case .minute: 60_000
        case .hour: 3_600_000
        case .day: 86_400_000
        case .week: 604_800_000
        case .month: 2_628_000_000
        case .quarter: 7_884_000_000
        case .year: 31_536_000_000
        }
    }
}

/// The options of all pipelines while one is read.
private struct PipelineOptions {
    var paths: [(name: String, path: AggregationPath)]?
    var gapPolicy = PipelineAggregation.GapPolicy.skip
    var format: String?
    var sigma = MetricAggregation.defaultSigma
    var percents = PercentilesAggregation.defaultPercents
    var isKeyed = true
    var unit: Double?
    var lag = 1
    var window: Int?
    var shift = 0
    var script: String?
    var sort = PipelineAggregation.BucketSort()

    static func keys(of name: String) -> [String] {
        switch name {
        case "extended_stats_bucket": ["sigma"]
        case "percentiles_bucket": ["percents", "keyed"]
        case "derivative": ["unit"]
        case "serial_diff": ["lag"]
        case "moving_fn": ["window", "shift", "script"]
        case "bucket_script", "bucket_selector": ["script"]
        case "bucket_sort": ["sort", "from", "size"]
        default: []
        }
    }
}
