internal import TrawlJSON
internal import TrawlQuery

/// Buckets that the request names, one by one: ranges and filters. The buckets of one around lie
/// side by side.
class FixedAggregator: BucketAggregator {
    final let heads: [FixedPartial.Head]
    private let isUnmapped: Bool

    init(
        _ request: Aggregation, _ context: AggregationContext, children: [Aggregator],
        heads: [FixedPartial.Head], isUnmapped: Bool = false
    ) {
        self.heads = heads
        self.isUnmapped = isUnmapped
        super.init(request, context, children: children)
    }

    final override func partial(of bucket: Int) throws -> any PartialAggregation {
        FixedPartial(
            heads: heads,
            buckets: try heads.indices.map { place in
                let own = bucket < 0 ? Aggregator.none : bucket * heads.count + place
                return PartialBucket(
                    key: .number(Int64(place)), docCount: count(of: own),
                    children: try childPartials(of: own))
            }, isUnmapped: isUnmapped)
    }
}

struct FixedPartial: PartialAggregation {
    struct Head: Sendable, Codable {
        /// Nil in a list without names.
        var label: String?
        var fields: JSONObject
    }

    var heads: [Head]
    var buckets: [PartialBucket]
    var isUnmapped: Bool

    mutating func merge(_ other: FixedPartial, _ reduction: Reduction) throws {
        for place in buckets.indices where place < other.buckets.count {
            buckets[place].docCount += other.buckets[place].docCount
            buckets[place].children = try reduction.merge(
                buckets[place].children, other.buckets[place].children)
        }
    }

    func result(
        of request: Aggregation, _ reduction: Reduction
    ) throws -> AggregationResult {
        var isKeyed = false
        var showsEmpty = true
        switch request.kind {
        case .range(let range): isKeyed = range.isKeyed
        case .geoDistance(let distance): isKeyed = distance.isKeyed
        case .filters(let filters): isKeyed = filters.isKeyed
        case .adjacencyMatrix: showsEmpty = false
        default: break
        }
        var shown: [BucketResult] = []
        for (head, bucket) in zip(heads, buckets) where showsEmpty || bucket.docCount > 0 {
            var fields = head.fields
            if isKeyed { fields["key"] = nil }
            shown.append(
                BucketResult(
                    key: bucket.key, label: head.label ?? "", fields: fields,
                    docCount: bucket.docCount,
                    children: try reduction.results(of: request.children, bucket.children)))
        }
        if !showsEmpty { shown.sort { $0.label < $1.label } }
        try reduction.count(shown.count)
        return AggregationResult(
            request.typeName, .buckets(BucketsContent(isKeyed: isKeyed, buckets: shown)))
    }
}
