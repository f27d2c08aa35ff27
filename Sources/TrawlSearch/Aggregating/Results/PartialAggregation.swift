internal import TrawlJSON
package import TrawlQuery

/// What one shard's documents came to in one aggregation: a value that brings itself together
/// with those of other shards, in whatever order, without losing anything.
///
/// A new kind stands in `PartialAggregationKinds`, too: that is how it travels between nodes.
package protocol PartialAggregation: Sendable, Codable {
    /// The shard's mapping has not what was asked for: another shard knows better what it is.
    var isUnmapped: Bool { get }

    mutating func merge(_ other: Self, _ reduction: Reduction) throws

    /// What all shards together came to.
    func result(of request: Aggregation, _ reduction: Reduction) throws -> AggregationResult
}

extension PartialAggregation {
    package var isUnmapped: Bool { false }
}

/// Bringing together what shards found, within the limits of the request.
package final class Reduction {
    private let limits: AggregationLimits
    private var bucketCount = 0

    package init(_ limits: AggregationLimits) { self.limits = limits }

    func count(_ buckets: Int) throws {
        bucketCount += buckets
        if bucketCount > limits.maxBuckets {
            throw AggregationError(
                problem: .tooManyBuckets(limit: limits.maxBuckets, count: bucketCount))
        }
    }

    /// Refuses a row of buckets while it is made, before it is counted.
    func check(_ rowLength: Int) throws {
        if bucketCount + rowLength > limits.maxBuckets {
            throw AggregationError(
                problem: .tooManyBuckets(limit: limits.maxBuckets, count: bucketCount + rowLength))
        }
    }

    func merge(
        _ left: any PartialAggregation, _ right: any PartialAggregation
    ) throws -> any PartialAggregation {
        if right.isUnmapped { return left }
        if left.isUnmapped { return right }
        return try merge(opened: left, right)
    }

    private func merge<P: PartialAggregation>(
        opened left: P, _ right: any PartialAggregation
    ) throws -> any PartialAggregation {
        guard let right = right as? P else {
            throw QueryError(
                type: "aggregation_execution_exception",
                reason: "Merging/Reducing the aggregations failed when computing the aggregation "
                    + "because the field you gave in the aggregation query existed as two "
                    + "different types in two different indices")
        }
        var left = left
        try left.merge(right, self)
        return left
    }

    func merge(
        _ left: [any PartialAggregation], _ right: [any PartialAggregation]
    ) throws -> [any PartialAggregation] {
        try zip(left, right).map { try merge($0, $1) }
    }

    /// The results of aggregations side by side, pipelines included.
    func results(
        of requests: [Aggregation], _ partials: [any PartialAggregation]
    ) throws -> NamedResults {
        var results = NamedResults()
        var next = 0
        for request in requests where !request.isPipeline {
            var result = try partials[next].result(of: request, self)
            next += 1
            result.meta = request.meta
            try applyPipelines(of: request, to: &result)
            results.append(request.name, result)
        }
        for request in requests {
            guard case .pipeline(let pipeline) = request.kind, pipeline.isSibling else { continue }
            var result = try SiblingPipeline.result(of: pipeline, request, among: results)
            result.meta = request.meta
            results.append(request.name, result)
        }
        return results
    }

    /// Those that go bucket by bucket.
    private func applyPipelines(
        of request: Aggregation, to result: inout AggregationResult
    ) throws {
        guard case .buckets(var content) = result.content else { return }
        for child in request.children.inPipelineOrder {
            guard case .pipeline(let pipeline) = child.kind, !pipeline.isSibling else { continue }
            try BucketPipeline.apply(pipeline, child, to: &content)
        }
        result.content = .buckets(content)
    }
}

extension [Aggregation] {
    /// As they were given, but each behind those whose results it takes.
    var inPipelineOrder: [Aggregation] {
        var rest = filter(\.isPipeline)
        var waiting = Set(rest.map(\.name))
        var order: [Aggregation] = []
        while !rest.isEmpty {
            let ready = rest.firstIndex { one in
                guard case .pipeline(let pipeline) = one.kind else { return true }
                var names = pipeline.paths.compactMap(\.path.steps.first?.name)
                if case .sort(let sort) = pipeline.step {
                    names += sort.keys.compactMap(\.path.steps.first?.name)
                }
                return !names.contains { $0 != one.name && waiting.contains($0) }
            }
            let next = rest.remove(at: ready ?? 0)
            waiting.remove(next.name)
            order.append(next)
        }
        return order
    }
}

/// One bucket of one shard.
struct PartialBucket: Sendable, Codable {
    var key: BucketKey
    var docCount: Int
    @PartialList var children: [any PartialAggregation]
}

/// What tells a bucket from those beside it.
enum BucketKey: Sendable, Hashable, Codable {
    case missing
    /// See `ValueKind`.
    case number(Int64)
    case bytes([UInt8])
    case tuple([BucketKey])

    /// Ascending: numbers by size, strings by their bytes.
    static func compare(_ left: BucketKey, _ right: BucketKey) -> Int {
        switch (left, right) {
        case (.number(let a), .number(let b)): return a == b ? 0 : a < b ? -1 : 1
        case (.bytes(let a), .bytes(let b)):
            if a == b { return 0 }
            return a.lexicographicallyPrecedes(b) ? -1 : 1
        case (.tuple(let a), .tuple(let b)):
            for (x, y) in zip(a, b) {
                let order = compare(x, y)
                if order != 0 { return order }
            }
            return a.count - b.count
        default: return left.rank - right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .missing: 0
        case .number: 1
        case .bytes: 2
        case .tuple: 3
        }
    }
}

/// Buckets of one shard, and what one that it has not would have inside: empty where that is
/// nothing, else the terms that are shown without documents.
struct PartialBuckets: Sendable, Codable {
    var buckets: [PartialBucket] = []
    @PartialList var emptyChildren: [any PartialAggregation] = []

    var isEmpty: Bool { buckets.isEmpty }

    /// Buckets of the same key become one.
    mutating func merge(_ other: PartialBuckets, _ reduction: Reduction) throws {
        var places = [BucketKey: Int](minimumCapacity: buckets.count)
        for (place, bucket) in buckets.enumerated() { places[bucket.key] = place }
        let ownCount = buckets.count
        var met = [Bool](repeating: false, count: ownCount)
        for bucket in other.buckets {
            if let place = places[bucket.key] {
                met[place] = true
                buckets[place].docCount += bucket.docCount
                buckets[place].children = try reduction.merge(
                    buckets[place].children, bucket.children)
            } else {
                var new = bucket
                if !emptyChildren.isEmpty {
                    new.children = try reduction.merge(emptyChildren, new.children)
                }
                buckets.append(new)
            }
        }
        guard !other.emptyChildren.isEmpty else { return }
        for place in 0..<ownCount where !met[place] {
            buckets[place].children = try reduction.merge(
                buckets[place].children, other.emptyChildren)
        }
        emptyChildren =
            emptyChildren.isEmpty
            ? other.emptyChildren : try reduction.merge(emptyChildren, other.emptyChildren)
    }
}
