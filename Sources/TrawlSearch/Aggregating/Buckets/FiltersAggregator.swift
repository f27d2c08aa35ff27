internal import TrawlJSON
internal import TrawlPostings
internal import TrawlQuery

/// Which documents of a window a query matches, worked out once a window.
final class WindowFilter {
    private let query: any BoundQuery
    private var matcher: Matcher = NoneMatcher()
    private let room = WindowRoom()
    private var base: DocNumber?

    init(_ query: any BoundQuery) { self.query = query }

    func begin(_ segment: SegmentContext) throws {
        matcher = try query.matcher(in: segment)
        base = nil
    }

    func see(_ window: DocWindow) {
        if base == window.base { return }
        base = window.base
        room.clearBits()
        unsafe matcher.match(window, room.bits)
    }

    @inline(__always)
    func matches(_ doc: Int) -> Bool {
        let bit = doc - Int(base ?? 0)
        return unsafe room.bits[bit >> 6] & (1 << UInt64(bit & 63)) != 0
    }

    func check() throws { try matcher.check() }
}

/// `filters`: a document is in the bucket of every query that matches it.
final class FiltersAggregator: FixedAggregator {
    private let filters: [WindowFilter]
    private let hasOther: Bool

    init(
        _ request: Aggregation, _ aggregation: FiltersAggregation,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        filters = try aggregation.filters.map { WindowFilter(try context.filter($0.query)) }
        hasOther = aggregation.otherKey != nil
        var heads = aggregation.filters.map { FixedPartial.Head(label: $0.key, fields: [:]) }
        if let other = aggregation.otherKey {
            heads.append(FixedPartial.Head(label: other, fields: [:]))
        }
        super.init(request, context, children: children, heads: heads)
    }

    override func begin(_ segment: SegmentContext) throws {
        for filter in filters { try filter.begin(segment) }
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        for filter in filters { filter.see(block.window) }
        try sort(block) { sorter in
            for place in block.places {
                let first = block.bucket(place) * heads.count
                var isMatched = false
                for number in filters.indices where filters[number].matches(block.doc(place)) {
                    sorter.put(block, place, into: first + number)
                    isMatched = true
                }
                if hasOther, !isMatched { sorter.put(block, place, into: first + filters.count) }
            }
        }
    }

    override func end(_ segment: SegmentContext) throws {
        for filter in filters { try filter.check() }
        try super.end(segment)
    }
}

/// `adjacency_matrix`: a bucket for every filter and one for every two of them.
final class AdjacencyMatrixAggregator: FixedAggregator {
    private let filters: [WindowFilter]

    init(
        _ request: Aggregation, _ matrix: AdjacencyMatrixAggregation,
        _ context: AggregationContext, children: [Aggregator]
    ) throws {
        filters = try matrix.filters.map { WindowFilter(try context.filter($0.query)) }
        let names = matrix.filters.map { $0.key ?? "" }
        var labels: [String] = names
        for i in names.indices {
            for j in names.indices where j > i {
                labels.append(names[i] + matrix.separator + names[j])
            }
        }
        super.init(
            request, context, children: children,
            heads: labels.map { .init(label: $0, fields: ["key": .string($0)]) })
    }

    override func begin(_ segment: SegmentContext) throws {
        for filter in filters { try filter.begin(segment) }
        try super.begin(segment)
    }

    override func collect(_ block: DocBlock, bucketCount: Int) throws {
        for filter in filters { filter.see(block.window) }
        try sort(block) { sorter in
            for place in block.places {
                let first = block.bucket(place) * heads.count
                let matched = filters.indices.filter { filters[$0].matches(block.doc(place)) }
                for (order, i) in matched.enumerated() {
                    sorter.put(block, place, into: first + i)
                    for j in matched[(order + 1)...] {
                        sorter.put(block, place, into: first + pair(i, j))
                    }
                }
            }
        }
    }

    /// Where the bucket of two filters lies, `i` before `j`.
    private func pair(_ i: Int, _ j: Int) -> Int {
        let count = filters.count
        return count + i * count - i * (i + 1) / 2 + (j - i - 1)
    }
}
