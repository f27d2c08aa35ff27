package import TrawlJSON
package import TrawlQuery

/// What one shard is asked, and against which mapping it is understood.
package struct ShardQuery: Sendable {
    package var request: SearchRequest
    /// Filters of the aliases by which the index was named: one of them must hold.
    package var aliasFilters: [JSONValue]?
    /// How many hits the shard has to give: from + size of the whole, so that any split merges.
    package var limit: Int
    package var boost: Float = 1

    package init(request: SearchRequest, limit: Int) {
        self.request = request
        self.limit = limit
    }
}

/// What one shard answers. Hits are in order, at most as many as were asked for.
package struct ShardAnswer: Sendable {
    package var hits: [Hit] = []
    package var total = TotalHits(value: 0, isExact: true)
    package var maxScore: Float?
    package var timedOut = false
    package var terminatedEarly: Bool?
    package var profile: JSONValue?

    package init() {}
}

/// What a search came to.
package struct SearchAnswer: Sendable {
    package struct Placed: Sendable {
        package var index: IndexMetadata
        package var shard: Int
        package var hit: Hit

        package init(index: IndexMetadata, shard: Int, hit: Hit) {
            self.index = index
            self.shard = shard
            self.hit = hit
        }
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
    package var aggregations: JSONObject?
    package var suggest: JSONValue?
    package var profile: [JSONValue] = []

    package init() {}
}

/// The order of hits across shards: the sort keys, then the stamps of ingestion.
package enum HitOrder {
    /// Whether `a` comes before `b`.
    package static func isBefore(_ a: Hit, _ b: Hit, _ sort: [SortKey]) -> Bool {
        if sort.isEmpty {
            let x = a.score ?? 0
            let y = b.score ?? 0
            if x != y { return x > y }
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
        case .text, .null: 0
        }
    }
}
