package import TrawlErrors
internal import TrawlQuery

/// What aggregations refuse to do rather than to go beyond a limit.
package struct AggregationError: TrawlError {
    package enum Problem: Sendable, Equatable {
        case tooManyBuckets(limit: Int, count: Int)
        case tooMuchMemory(name: String, limit: Int, wanted: Int)
    }

    package var problem: Problem

    package var kind: ErrorKind {
        switch problem {
        case .tooManyBuckets: .unavailable
        case .tooMuchMemory: .overloaded
        }
    }

    package var code: String {
        switch problem {
        case .tooManyBuckets: "too_many_buckets_exception"
        case .tooMuchMemory: "circuit_breaking_exception"
        }
    }

    package var description: String {
        switch problem {
        case .tooManyBuckets(let limit, let count):
            "Trying to create too many buckets. Must be less than or equal to: [\(limit)] but was "
                + "[\(count)]. This limit can be set by changing the [search.max_buckets] cluster "
                + "level setting."
        case .tooMuchMemory(let name, let limit, let wanted):
            "[request] Data too large, data for [<agg [\(name)]>] would be [\(wanted)/"
                + "\(wanted >> 20)mb], which is larger than the limit of [\(limit)/"
                + "\(limit >> 20)mb]"
        }
    }
}

/// What the aggregations of one search on one shard may keep in memory.
final class AggregationBudget {
    private let limit: Int
    private var used = 0

    init(limit: Int) { self.limit = limit }

    func charge(_ byteCount: Int, for name: String) throws {
        used += byteCount
        if used > limit {
            throw AggregationError(
                problem: .tooMuchMemory(name: name, limit: limit, wanted: used))
        }
    }
}
