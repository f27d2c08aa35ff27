internal import TrawlJSON
internal import TrawlQuery

/// Pipelines within an aggregation, that go from bucket to bucket.
enum BucketPipeline {
    static func apply(
        _ pipeline: PipelineAggregation, _ request: Aggregation, to content: inout BucketsContent
    ) throws {
        switch pipeline.step {
        case .derivative(let unit):
            try derivative(pipeline, request, unit, &content)
        case .cumulativeSum: try cumulativeSum(pipeline, request, &content)
        case .serialDifference(let lag): try difference(pipeline, request, lag, &content)
        case .movingFunction(let window, let shift, let script):
            let function = try MovingFunction(script)
            try moving(pipeline, request, function, window, shift, &content)
        case .script(let expression): try script(pipeline, request, expression, &content)
        case .selector(let expression):
            content.buckets = try content.buckets.filter { bucket in
                let names = try names(pipeline, bucket).mapValues { $0 ?? .nan }
                guard let value = expression.value(names) else {
                    throw unknownName(expression)
                }
                return value != 0
            }
        case .sort(let sort): try self.sort(sort, pipeline.gapPolicy, &content)
        default: preconditionFailure("[\(request.name)] stands beside its aggregation")
        }
    }

    private static func single(
        _ pipeline: PipelineAggregation, _ bucket: BucketResult
    ) throws -> Double? {
        try BucketValues.value(pipeline.paths[0].path, in: bucket, pipeline.gapPolicy)
    }

    private static func add(
        _ value: Double?, _ pipeline: PipelineAggregation, _ request: Aggregation,
        to bucket: inout BucketResult
    ) throws {
        var result = SiblingPipeline.simple(
            value, try SiblingPipeline.display(pipeline.format))
        result.meta = request.meta
        bucket.children.append(request.name, result)
    }

    private static func derivative(
        _ pipeline: PipelineAggregation, _ request: Aggregation, _ unit: Double?,
        _ content: inout BucketsContent
    ) throws {
        var last: (value: Double, position: Double)?
        for place in content.buckets.indices {
            let bucket = content.buckets[place]
            let value = try single(pipeline, bucket)
            let position = bucket.position ?? 0
            if let value, let last {
                var body = ValuesContent(
                    (value - last.value).isFinite ? value - last.value : nil,
                    try SiblingPipeline.display(pipeline.format))
                if let unit {
                    let rate = (value - last.value) / ((position - last.position) / unit)
                    body.body["normalized_value"] = JSONValue(rate)
                    body.properties.append(("normalized_value", rate))
                }
                var result = AggregationResult("derivative", .values(body))
                result.meta = request.meta
                content.buckets[place].children.append(request.name, result)
            }
            last = value.map { ($0, position) }
        }
    }

    private static func cumulativeSum(
        _ pipeline: PipelineAggregation, _ request: Aggregation, _ content: inout BucketsContent
    ) throws {
        var sum = ExactSum()
        for place in content.buckets.indices {
            if let value = try single(pipeline, content.buckets[place]), value.isFinite {
                sum.add(value)
            }
            try add(sum.value, pipeline, request, to: &content.buckets[place])
        }
    }

    private static func difference(
        _ pipeline: PipelineAggregation, _ request: Aggregation, _ lag: Int,
        _ content: inout BucketsContent
    ) throws {
        let values = try content.buckets.map { try single(pipeline, $0) ?? .nan }
        for place in content.buckets.indices where place >= lag {
            let difference = values[place] - values[place - lag]
            if difference.isNaN { continue }
            try add(difference, pipeline, request, to: &content.buckets[place])
        }
    }

    private static func moving(
        _ pipeline: PipelineAggregation, _ request: Aggregation, _ function: MovingFunction,
        _ window: Int, _ shift: Int, _ content: inout BucketsContent
    ) throws {
        let found = try content.buckets.map { try single(pipeline, $0) }
        let values = found.compactMap { $0.flatMap { $0.isNaN ? nil : $0 } }
        var next = 0
        for place in content.buckets.indices {
            guard let value = found[place] else { continue }
            let start = max(0, min(values.count, next - window + shift))
            let end = max(start, min(values.count, next + shift))
            try add(
                function.value(Array(values[start..<end])), pipeline, request,
                to: &content.buckets[place])
            if !value.isNaN { next += 1 }
        }
    }

    private static func names(
        _ pipeline: PipelineAggregation, _ bucket: BucketResult
    ) throws -> [String: Double?] {
        var names: [String: Double?] = [:]
        for (name, path) in pipeline.paths {
            names[name.isEmpty ? "_value0" : name] = .some(
                try BucketValues.value(path, in: bucket, pipeline.gapPolicy))
        }
        return names
    }

    private static func unknownName(_ expression: ArithmeticExpression) -> QueryError {
        QueryError(type: "script_exception", reason: "runtime error").caused(
            by: .illegalArgument("Unknown variable in [\(expression.text)]"))
    }

    private static func script(
        _ pipeline: PipelineAggregation, _ request: Aggregation,
        _ expression: ArithmeticExpression, _ content: inout BucketsContent
    ) throws {
        for place in content.buckets.indices {
            var values: [String: Double] = [:]
            var isWhole = true
            for (name, value) in try names(pipeline, content.buckets[place]) {
                if let value, !value.isNaN { values[name] = value } else { isWhole = false }
            }
            guard isWhole else { continue }
            guard let value = expression.value(values) else { throw unknownName(expression) }
            try add(value, pipeline, request, to: &content.buckets[place])
        }
    }

    private static func sort(
        _ sort: PipelineAggregation.BucketSort, _ policy: PipelineAggregation.GapPolicy,
        _ content: inout BucketsContent
    ) throws {
        var order = Array(content.buckets.indices)
        if !sort.keys.isEmpty {
            let keys = try content.buckets.map { bucket in
                try sort.keys.map { try SortingValue($0.path, bucket, policy) }
            }
            // Buckets without any of the values are left out.
            order = order.filter { keys[$0].contains { $0 != .none } }
            order.sort { left, right in
                for (place, key) in sort.keys.enumerated() {
                    let result = keys[left][place].compare(keys[right][place], key.isAscending)
                    if result != 0 { return result < 0 }
                }
                return left < right
            }
        }
        let page = order.dropFirst(sort.from).prefix(sort.size ?? .max)
        content.buckets = page.map { content.buckets[$0] }
    }
}

/// What a bucket is sorted by.
private enum SortingValue: Equatable {
    case none
    case number(Double)
    case text(String)

    init(
        _ path: AggregationPath, _ bucket: BucketResult, _ policy: PipelineAggregation.GapPolicy
    ) throws {
        if path.text == "_key", bucket.position == nil, let text = bucket.fields["key"]?.stringValue
        {
            self = .text(text)
            return
        }
        let value = try BucketValues.value(path, in: bucket, policy)
        self = value.map { $0.isNaN ? .none : .number($0) } ?? .none
    }

    /// What is missing is last, whatever the direction.
    func compare(_ other: SortingValue, _ isAscending: Bool) -> Int {
        let result: Int
        switch (self, other) {
        case (.none, .none): return 0
        case (.none, _): return 1
        case (_, .none): return -1
        case (.number(let a), .number(let b)): result = a == b ? 0 : a < b ? -1 : 1
        case (.text(let a), .text(let b)): result = a == b ? 0 : a < b ? -1 : 1
        case (.number, .text): result = -1
        case (.text, .number): result = 1
        }
        return isAscending ? result : -result
    }
}
