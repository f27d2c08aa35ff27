internal import TrawlBytes
package import TrawlJSON
internal import TrawlPostings
package import TrawlQuery
internal import TrawlSegment

/// Runs the aggregations of a request beside a search. See `Searcher.Conditions.collectors`.
package final class AggregationCollector: BlockCollector {
    private let context: AggregationContext
    /// In the order of the request; those of `global` see other documents than the rest.
    private let all: [Aggregator]
    private let matching: [Aggregator]
    private let global: [Aggregator]
    private var block = DocBlock()
    private var open: SegmentContext?
    private var seen: Set<Int> = []
    private let isProfiled: Bool
    private var collectCount = 0
    private var collectTimes: [Duration] = []
    package let needsScores: Bool

    /// - Parameter isOnlyShard: No other shard's results will be merged with these.
    package init(
        _ request: SearchRequest, _ searcher: Searcher, _ conditions: Searcher.Conditions,
        index: IndexFacts, shard: Int, isOnlyShard: Bool
    ) throws {
        isProfiled = request.profile
        context = AggregationContext(
            searcher: searcher, conditions: conditions, index: index, shard: shard,
            isOnlyShard: isOnlyShard, limits: request.aggregationLimits)
        let factory = AggregatorFactory(context, request)
        var all: [Aggregator] = []
        for aggregation in request.aggregations where !aggregation.isPipeline {
            all.append(try factory.make(aggregation))
        }
        self.all = all
        global = all.filter { $0 is GlobalAggregator }
        matching = all.filter { !($0 is GlobalAggregator) }
        needsScores = matching.contains { $0.needsScores }
    }

    package func begin(_ segment: SegmentContext) throws {
        try endSegment()
        open = segment
        seen.insert(segment.index)
        for aggregator in matching { try aggregator.begin(segment) }
    }

    private func endSegment() throws {
        guard let segment = open else { return }
        open = nil
        for aggregator in matching { try aggregator.end(segment) }
    }

    package func collect(
        _ window: DocWindow, matches: UnsafePointer<UInt64>, scores: UnsafePointer<Double>
    ) throws {
        unsafe block.fill(window, matches, needsScores ? scores : nil)
        if block.isEmpty { return }
        if !isProfiled {
            for aggregator in matching { try aggregator.collect(block, bucketCount: 1) }
            return
        }
        collectCount += block.count
        if collectTimes.isEmpty {
            collectTimes = [Duration](repeating: .zero, count: matching.count)
        }
        for (place, aggregator) in matching.enumerated() {
            let start = ContinuousClock.now
            try aggregator.collect(block, bucketCount: 1)
            collectTimes[place] += ContinuousClock.now - start
        }
    }

    /// `profile.shards[].aggregations`: what each aggregation at the top did.
    package var profile: [JSONValue] {
        matching.enumerated().map { place, aggregator in
            AggregationProfile.json(
                aggregator, collecting: collectTimes.isEmpty ? .zero : collectTimes[place],
                collectCount: collectCount)
        }
    }

    /// Everything was seen.
    package func finish() throws -> PartialAggregations {
        if matching.contains(where: { $0.seesEverySegment }) {
            for segment in context.segments where !seen.contains(segment.index) {
                try begin(segment)
            }
        }
        try endSegment()
        if !global.isEmpty { try collectAll() }
        let partials = try all.map { try $0.partial(of: 0) }
        if let failure = context.values.scriptFailures.failure { throw failure }
        return PartialAggregations(partials: partials)
    }

    /// `global`: every living document, whatever the query.
    private func collectAll() throws {
        for segment in context.segments {
            for aggregator in global { try aggregator.begin(segment) }
            let matcher = AllMatcher(docLimit: segment.docCount)
            let room = WindowRoom()
            var next: UInt32 = 0
            while next < UInt32(segment.docCount) {
                let window = DocWindow(
                    base: next, end: min(UInt32(segment.docCount), next + DocWindow.capacity))
                room.clearBits()
                unsafe matcher.match(window, room.bits)
                if let live = segment.view.liveBits {
                    let first = Int(window.base >> 6)
                    for word in 0..<window.wordCount {
                        unsafe room.bits[word] &= live.words[first + word]
                    }
                }
                unsafe room.sums.update(repeating: 1, count: Int(DocWindow.capacity))
                unsafe block.fill(window, room.bits, room.sums)
                for aggregator in global where !block.isEmpty {
                    try aggregator.collect(block, bucketCount: 1)
                }
                next += DocWindow.capacity
            }
            for aggregator in global { try aggregator.end(segment) }
        }
    }
}
