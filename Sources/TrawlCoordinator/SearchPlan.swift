package import TrawlJSON
package import TrawlQuery

/// What one shard is asked.
package struct ShardQuestion: Sendable {
    package var request: SearchRequest
    /// Milliseconds since 1970: what `now` means in dates.
    package var now: Int64
    /// Of the whole index; nil when the shard is all of it.
    package var statistics: (any ShardStatistics)?
    package var deadline: Deadline
    /// No other shard's answer will be merged with this one's.
    package var isOnlyShard: Bool

    package init(
        request: SearchRequest, now: Int64, statistics: (any ShardStatistics)? = nil,
        deadline: Deadline = Deadline(), isOnlyShard: Bool = true
    ) {
        self.request = request
        self.now = now
        self.statistics = statistics
        self.deadline = deadline
        self.isOnlyShard = isOnlyShard
    }
}

/// What one shard answers: the order of what it found, and a way to read some of it.
package struct ShardAnswer {
    /// What orders a hit among those of other shards.
    package struct Key: Sendable, Equatable, Codable {
        package var score: Float
        package var sort: [SortValue]
        package var stamp: UInt64
        /// When hits are collapsed: only the first of each group counts.
        package var group: SortValue?

        package init(
            score: Float, sort: [SortValue], stamp: UInt64, group: SortValue? = nil
        ) {
            self.score = score
            self.sort = sort
            self.stamp = stamp
            self.group = group
        }
    }

    package var keys: [Key] = []
    package var total = TotalHits(value: 0, isExact: true)
    package var maxScore: Float?
    package var timedOut = false
    package var terminatedEarly: Bool?
    package var profile: JSONValue?
    package var aggregations: (any ShardAggregations)?
    /// Reads the documents at places of `keys`.
    package var fetch: ([Int]) throws -> [Hit] = { _ in [] }
    /// Whose answer it is, where views are spread over nodes.
    package var view: (any ShardView)?

    package init() {}
}

/// What a search came to.
package struct SearchAnswer: Sendable {
    package struct Placed: Sendable {
        package var index: IndexMetadata
        package var shard: Int
        package var hit: Hit
        /// Of its group, when hits are collapsed.
        package var inner: [InnerHits] = []

        package init(index: IndexMetadata, shard: Int, hit: Hit) {
            self.index = index
            self.shard = shard
            self.hit = hit
        }
    }

    /// More of the group that a hit stands for, and how it was asked for.
    package struct InnerHits: Sendable {
        package var name: String
        package var request: SearchRequest
        package var answer: SearchAnswer
    }

    package struct Failure: Sendable {
        package var index: IndexMetadata
        package var shard: Int
        package var error: any Error

        package init(index: IndexMetadata, shard: Int, error: any Error) {
            self.index = index
            self.shard = shard
            self.error = error
        }
    }

    package var hits: [Placed] = []
    package var total: TotalHits?
    package var maxScore: Float?
    package var shardCount = 0
    package var skippedCount = 0
    package var failures: [Failure] = []
    package var timedOut = false
    package var terminatedEarly: Bool?
    package var aggregations: ReducedAggregations?
    package var suggest: [SuggestAnswer] = []
    package var profile: [JSONValue] = []

    package init() {}
}

/// The order of hits across shards: the sort keys, then the stamps of ingestion.
package enum HitOrder {
    /// Whether `a` comes before `b`.
    package static func isBefore(
        _ a: ShardAnswer.Key, _ b: ShardAnswer.Key, _ sort: [SortKey]
    ) -> Bool {
        if sort.isEmpty {
            if a.score != b.score { return a.score > b.score }
            return a.stamp < b.stamp
        }
        for (place, key) in sort.enumerated() {
            guard place < a.sort.count, place < b.sort.count else { break }
            let result = compare(a.sort[place], b.sort[place], key)
            if result != 0 { return result < 0 }
        }
        return a.stamp < b.stamp
    }

    private static func compare(_ a: SortValue, _ b: SortValue, _ key: SortKey) -> Int {
        if a == b { return 0 }
        // What has no value stands where `missing` says, whatever the direction.
        if a == .null || b == .null {
            var missingIsLast = true
            if case .field(let field) = key.by, field.missing == .first { missingIsLast = false }
            return (a == .null) == missingIsLast ? 1 : -1
        }
        let ascending = ascends(a, b)
        let isDescending = key.order == .desc
        return ascending == 0 ? 0 : (ascending < 0) == isDescending ? 1 : -1
    }

    private static func ascends(_ a: SortValue, _ b: SortValue) -> Int {
        func order<T: Comparable>(_ x: T, _ y: T) -> Int { x < y ? -1 : x == y ? 0 : 1 }
        switch (a, b) {
        case (.integer(let x), .integer(let y)): return order(x, y)
        case (.unsigned(let x), .unsigned(let y)): return order(x, y)
        case (.double(let x), .double(let y)): return order(x, y)
        case (.float(let x), .float(let y)): return order(x, y)
        case (.formatted(let x, _), .formatted(let y, _)): return order(x, y)
        case (.keyed(let x, _), .keyed(let y, _)):
            return x.lexicographicallyPrecedes(y) ? -1 : x == y ? 0 : 1
        // By bytes, as the shards order them.
        case (.text(let x), .text(let y)):
            return x.utf8.lexicographicallyPrecedes(y.utf8) ? -1 : x == y ? 0 : 1
        default: return order(number(a), number(b))
        }
    }

    /// Values of indices that map the field differently.
    private static func number(_ value: SortValue) -> Double {
        switch value {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        case .float(let value): Double(value)
        case .formatted(let value, _): Double(value)
        case .text, .keyed, .null: 0
        }
    }
}
