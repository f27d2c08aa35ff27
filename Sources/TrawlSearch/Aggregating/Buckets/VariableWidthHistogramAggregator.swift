internal import TrawlJSON
internal import TrawlQuery

/// `variable_width_histogram`: a bucket for each number, brought together once all are known.
final class VariableWidthHistogramAggregator: KeyedAggregator {
    private let values: BoundValues
    private var numbers = SegmentNumbers.none

    init(
        _ request: Aggregation, _ histogram: VariableWidthHistogramAggregation,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        values = try context.values.bind(
            histogram.values, for: request.typeName, fallback: .double
        ) { $0.isNumber && $0 != .boolean }
        super.init(request, context, children: children)
    }

    override func begin(_ segment: SegmentContext) throws {
        numbers = values.numbers(in: segment)
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        try sort(block, isOneToOne: numbers.isOneToOne) { sorter in
            numbers.forEach(block) { place, key in sorter.put(block, place, key: key) }
        }
    }

    override func partial(of bucket: Int) throws -> any PartialAggregation {
        VariableWidthHistogramPartial(
            kind: values.kind, display: values.display, isUnmapped: values.isUnmapped,
            found: try partials(buckets(of: bucket).map { Int($0) }) { .number(key(at: $0)) })
    }
}

struct VariableWidthHistogramPartial: PartialAggregation {
    var kind: ValueKind
    var display: ValueDisplay
    var isUnmapped: Bool
    var found: PartialBuckets

    mutating func merge(
        _ other: VariableWidthHistogramPartial, _ reduction: Reduction
    ) throws {
        try found.merge(other.found, reduction)
    }

    private struct Cluster {
        var least: Double
        var greatest: Double
        var sum: ExactSum
        var bucket: PartialBucket
        var centroid: Double { sum.value / Double(bucket.docCount) }
    }

    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult {
        guard case .variableWidthHistogram(let wanted) = request.kind else {
            preconditionFailure("[\(request.name)] is no histogram")
        }
        var clusters = found.buckets.sorted { BucketKey.compare($0.key, $1.key) < 0 }.map {
            bucket in
            var value = 0.0
            if case .number(let key) = bucket.key { value = kind.double(of: key) }
            var sum = ExactSum()
            sum.add(value * Double(bucket.docCount))
            return Cluster(least: value, greatest: value, sum: sum, bucket: bucket)
        }
        try bringTogether(&clusters, wanted.bucketCount, reduction)
        try reduction.count(clusters.count)
        let shown = try clusters.map { cluster in
            let centroid = cluster.centroid
            var fields = JSONObject()
            for (name, value) in [
                ("min", cluster.least), ("key", centroid), ("max", cluster.greatest),
            ] {
                fields[name] = JSONValue(number: value)
                fields[name + "_as_string"] = display.text(value).map { .string($0) }
            }
            var made = BucketResult(
                key: cluster.bucket.key, label: JavaNumber.text(centroid), fields: fields,
                docCount: cluster.bucket.docCount,
                children: try reduction.results(of: request.children, cluster.bucket.children))
            made.position = centroid
            return made
        }
        return AggregationResult(
            "variable_width_histogram", .buckets(BucketsContent(buckets: shown)))
    }

    /// The two neighbours that lie nearest become one until few enough are left. A heap of
    /// distances, in which those that a merge made wrong are passed over.
    private func bringTogether(
        _ clusters: inout [Cluster], _ limit: Int, _ reduction: Reduction
    ) throws {
        guard clusters.count > limit else { return }
        var next = clusters.indices.map { $0 + 1 }
        var previous = clusters.indices.map { $0 - 1 }
        var isGone = [Bool](repeating: false, count: clusters.count)
        var versions = [Int](repeating: 0, count: clusters.count)
        var heap = DistanceHeap()
        func push(_ left: Int) {
            let right = next[left]
            guard right < clusters.count else { return }
            heap.insert(
                .init(
                    distance: clusters[right].centroid - clusters[left].centroid, left: left,
                    right: right, stamp: versions[left] + versions[right]))
        }
        for left in clusters.indices { push(left) }
        var left = clusters.count
        while left > limit, let nearest = heap.removeFirst() {
            let (a, b) = (nearest.left, nearest.right)
            if isGone[a] || isGone[b] || versions[a] + versions[b] != nearest.stamp { continue }
            clusters[a].greatest = clusters[b].greatest
            clusters[a].sum.add(clusters[b].sum)
            clusters[a].bucket.docCount += clusters[b].bucket.docCount
            clusters[a].bucket.children = try reduction.merge(
                clusters[a].bucket.children, clusters[b].bucket.children)
            clusters[b].bucket.children = []
            isGone[b] = true
            versions[a] += 1
            next[a] = next[b]
            if next[b] < clusters.count { previous[next[b]] = a }
            left -= 1
            push(a)
            if previous[a] >= 0 { push(previous[a]) }
        }
        clusters = clusters.indices.filter { !isGone[$0] }.map { clusters[$0] }
    }
}

/// The least distance first; of equal ones that of the lower numbers.
private struct DistanceHeap {
    struct Entry {
        var distance: Double
        var left: Int
        var right: Int
        var stamp: Int

        static func precedes(_ a: Entry, _ b: Entry) -> Bool {
            a.distance == b.distance ? a.left < b.left : a.distance < b.distance
        }
    }

    private var entries: [Entry] = []

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var hole = entries.count - 1
        while hole > 0, Entry.precedes(entries[hole], entries[(hole - 1) / 2]) {
            entries.swapAt(hole, (hole - 1) / 2)
            hole = (hole - 1) / 2
        }
    }

    mutating func removeFirst() -> Entry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= entries.count { return first }
            if child + 1 < entries.count, Entry.precedes(entries[child + 1], entries[child]) {
                child += 1
            }
            guard Entry.precedes(entries[child], entries[hole]) else { return first }
            entries.swapAt(hole, child)
            hole = child
        }
    }
}
