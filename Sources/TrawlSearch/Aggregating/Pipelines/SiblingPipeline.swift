internal import TrawlJSON
internal import TrawlQuery
internal import TrawlSchema

/// Pipelines that stand beside an aggregation and look at all of its buckets: `avg_bucket` and
/// the like.
enum SiblingPipeline {
    static func result(
        of pipeline: PipelineAggregation, _ request: Aggregation, among results: NamedResults
    ) throws -> AggregationResult {
        let values = try self.values(pipeline, request, results)
        let display = try display(pipeline.format)
        switch pipeline.step {
        case .average:
            let mean = values.isEmpty ? nil : sum(values).value / Double(values.count)
            return simple(mean, display)
        case .sum: return simple(sum(values).value, display)
        case .minimum: return extreme(values, display) { $0 < $1 }
        case .maximum: return extreme(values, display) { $0 > $1 }
        case .stats:
            return AggregationResult(
                "stats_bucket", .values(stats(values).content(display)))
        case .extendedStats(let sigma):
            return AggregationResult(
                "extended_stats_bucket",
                .values(stats(values).extendedContent(display, sigma: sigma)))
        case .percentiles(let percents, let isKeyed):
            let sorted = values.map(\.value).sorted()
            let found = percents.map { percent in
                sorted.isEmpty
                    ? Double.nan
                    : sorted[
                        Int((percent / 100 * Double(sorted.count - 1) + 0.5).rounded(.down))]
            }
            return AggregationResult(
                "percentiles_bucket",
                .values(PercentileContent.make(percents, found, display, isKeyed: isKeyed)))
        default: preconditionFailure("[\(request.name)] goes bucket by bucket")
        }
    }

    static func display(_ format: String?) throws -> ValueDisplay {
        guard let format else { return .raw }
        return .decimal(
            try QueryAnalyzer.asks { () throws(SchemaError) in try DecimalPattern(format) })
    }

    static func simple(_ value: Double?, _ display: ValueDisplay) -> AggregationResult {
        AggregationResult(
            "simple_value",
            .values(ValuesContent(value.flatMap { $0.isFinite ? $0 : nil }, display)))
    }

    private static func sum(_ values: [(label: String, value: Double)]) -> ExactSum {
        var sum = ExactSum()
        for (_, value) in values { sum.add(value) }
        return sum
    }

    private static func stats(_ values: [(label: String, value: Double)]) -> Stats {
        var squares = ExactSum()
        for (_, value) in values { squares.add(value * value) }
        return Stats(
            count: values.count, sum: sum(values).value,
            least: values.map(\.value).min() ?? .infinity,
            greatest: values.map(\.value).max() ?? -.infinity, squares: squares.value)
    }

    private static func extreme(
        _ values: [(label: String, value: Double)], _ display: ValueDisplay,
        _ isBetter: (Double, Double) -> Bool
    ) -> AggregationResult {
        var best: Double?
        var keys: [String] = []
        for (label, value) in values {
            if let known = best, !isBetter(value, known) {
                if value == known { keys.append(label) }
                continue
            }
            best = value
            keys = [label]
        }
        var content = ValuesContent(best, display)
        content.body["keys"] = .array(keys.map { .string($0) })
        return AggregationResult("bucket_metric_value", .values(content))
    }

    /// Of every bucket that has one.
    private static func values(
        _ pipeline: PipelineAggregation, _ request: Aggregation, _ results: NamedResults
    ) throws -> [(label: String, value: Double)] {
        guard let path = pipeline.paths.first?.path, let first = path.steps.first,
            case .buckets(let content)? = results[first.name]?.content
        else { return [] }
        var rest = path
        rest.steps.removeFirst()
        rest.text = rest.steps.map(\.name).joined(separator: ">")
        if rest.steps.isEmpty {
            // The aggregation alone: how many documents its buckets have.
            rest = AggregationPath("_count")
        } else if let property = rest.property {
            rest.text += "." + property
        }
        var values: [(label: String, value: Double)] = []
        for bucket in content.buckets {
            if let key = first.key, bucket.label != key { continue }
            guard let value = try BucketValues.value(rest, in: bucket, pipeline.gapPolicy),
                !value.isNaN
            else { continue }
            values.append((bucket.label, value))
        }
        return values
    }
}
