internal import TrawlJSON
internal import TrawlQuery

/// What an aggregation did, as the API tells it: by the names that its users know.
enum AggregationProfile {
    static func json(
        _ aggregator: Aggregator, collecting: Duration, collectCount: Int
    ) -> JSONValue {
        let parts = collecting.components
        let nanos = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
        var breakdown = JSONObject()
        for step in [
            "initialize", "build_leaf_collector", "collect", "post_collection",
            "build_aggregation", "reduce",
        ] {
            let isCollect = step == "collect"
            breakdown[step] = JSONValue(isCollect ? nanos : 0)
            breakdown[step + "_count"] = JSONValue(isCollect ? collectCount : 0)
        }
        var debug = JSONObject()
        if let buckets = (aggregator as? BucketAggregator)?.bucketCount {
            debug["total_buckets"] = JSONValue(buckets)
        }
        var object: JSONObject = [
            "type": .string(typeName(of: aggregator)),
            "description": .string(aggregator.request.name), "time_in_nanos": JSONValue(nanos),
            "breakdown": .object(breakdown), "debug": .object(debug),
        ]
        if let children = (aggregator as? BucketAggregator)?.children, !children.isEmpty {
            object["children"] = .array(
                children.map { json($0, collecting: .zero, collectCount: 0) })
        }
        return .object(object)
    }

    private static func typeName(of aggregator: Aggregator) -> String {
        switch aggregator {
        case is StringTermsAggregator: return "GlobalOrdinalsStringTermsAggregator"
        case is NumberTermsAggregator: return "NumericTermsAggregator"
        case is HistogramAggregator: return "NumericHistogramAggregator"
        default: break
        }
        guard case .metric(let metric) = aggregator.request.kind else {
            return "\(type(of: aggregator))"
        }
        return switch metric.measure {
        case .avg: "AvgAggregator"
        case .sum: "SumAggregator"
        case .min: "MinAggregator"
        case .max: "MaxAggregator"
        case .stats: "StatsAggregator"
        case .valueCount: "ValueCountAggregator"
        case .extendedStats: "ExtendedStatsAggregator"
        }
    }
}
