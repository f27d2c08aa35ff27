internal import CKernels
internal import TrawlPostings

/// A query of optional terms, one of which has to match.
struct DisjunctionPlan {
    let terms: [TermMatcher]
    let filters: [Matcher]
    let exclusions: [Matcher]

    init?(_ query: BooleanMatcher) {
        guard query.must.isEmpty, query.minimumShouldMatch == 1,
            let should = TermMatcher.terms(query.should), !should.isEmpty,
            TermMatcher.addsExactly(should)
        else { return nil }
        let cost = should.reduce(0) { $0 + $1.cost }
        let rarest = query.filter.map(\.cost).min() ?? .max
        guard rarest >= cost / 16 else { return nil }
        terms = should
        filters = query.filter
        exclusions = query.mustNot
    }

    init(terms: [TermMatcher], filters: [Matcher], exclusions: [Matcher]) {
        self.terms = terms
        self.filters = filters
        self.exclusions = exclusions
    }

    var isPure: Bool { filters.isEmpty && exclusions.isEmpty }
}

/// MaxScore in windows (Turtle and Flood's, over block maxima): in each window of documents the
/// terms whose bounds together do not exceed the threshold are not essential. Only the others'
/// documents are looked at, and of those only the ones that may still get in are looked up in
/// the lists of the former, the strongest first.
extension SegmentSearch {
    /// A term of the disjunction in the window that is looked at.
    @safe
    struct Lane {
        let scorer: UnsafeMutablePointer<trawl_scorer>
        let size: Double
        var bound = 0.0
    }

    func collect(_ plan: DisjunctionPlan, into queue: inout TopKQueue) {
        let count = plan.terms.count
        if count == 1, plan.isPure { return collect(plan.terms[0], into: &queue) }
        unsafe withUnsafeTemporaryAllocation(of: Lane.self, capacity: count) { lanes in
            for (i, term) in plan.terms.enumerated() {
                unsafe lanes.initializeElement(
                    at: i, to: Lane(scorer: term.scorer, size: Double(term.cost)))
            }
            unsafe collect(plan, lanes, into: &queue)
        }
    }

    private func collect(
        _ plan: DisjunctionPlan, _ lanes: UnsafeMutableBufferPointer<Lane>,
        into queue: inout TopKQueue
    ) {
        let count = lanes.count
        // Narrow at first, so that the threshold is known soon.
        var window: DocNumber = queue.isFull ? 16_384 : 2048
        var start: DocNumber = 0
        while start < docLimit {
            let end = min(docLimit, start &+ window < start ? docLimit : start + window)
            let threshold = queue.threshold
            var total = 0.0
            for i in 0..<count {
                unsafe lanes[i].bound = Double(trawl_scorer_bound(lanes[i].scorer, start, end))
                unsafe total += lanes[i].bound
            }
            var essentialSize = 0.0
            if total > threshold {
                unsafe sortByBound(lanes)
                var first = 0
                var optional = 0.0
                while first < count, unsafe optional + lanes[first].bound <= threshold {
                    unsafe optional += lanes[first].bound
                    first += 1
                }
                let isWhole = unsafe scoreEssential(
                    lanes, first, optional, total, start, end, threshold)
                // Sums that lack a term are no scores.
                guard isWhole else {
                    unsafe room.hits.pointee.count = 0
                    return
                }
                unsafe probeOptional(lanes, first, optional, threshold)
                finishHits(plan.filters, plan.exclusions, threshold)
                room.drainHits(into: &queue, base: base)
                for i in first..<count { unsafe essentialSize += lanes[i].size }
            }
            if isOver(after: count * PostingsFormat.blockLength) { return }
            start = end
            // So wide that the essential terms have some hundred documents in a window.
            let wanted = 512 * Double(docLimit) / max(essentialSize, 1)
            let widest = wanted > 65_536 ? SearchRoom.windowCapacity : DocNumber(wanted)
            window = max(2048, min(widest, window * 2, SearchRoom.windowCapacity) / 64 * 64)
        }
    }

    /// The weakest first. By insertion: they are nearly in order, that of the window before.
    private func sortByBound(_ lanes: UnsafeMutableBufferPointer<Lane>) {
        for i in 1..<max(lanes.count, 1) {
            let lane = unsafe lanes[i]
            var j = i
            while j > 0, unsafe lanes[j - 1].bound > lane.bound {
                unsafe lanes[j] = lanes[j - 1]
                j -= 1
            }
            unsafe lanes[j] = lane
        }
    }

    /// Scores all documents; for short lists, and only for plans without filters.
    /// - Returns: How many there are.
    func collectAll(_ plan: DisjunctionPlan, into queue: inout TopKQueue) -> Int {
        var count = 0
        var start: DocNumber = 0
        while start < docLimit {
            let end = min(docLimit, start + SearchRoom.windowCapacity)
            for term in plan.terms {
                unsafe trawl_scorer_accumulate(
                    term.scorer, start, end, 0, -1, room.sums, room.bits)
            }
            let words = Int(end - start + 63) / 64
            unsafe count += Int(trawl_popcount(room.bits, words))
            unsafe trawl_drain(start, end, queue.threshold, room.sums, room.bits, room.hits)
            room.drainHits(into: &queue, base: base)
            start = end
        }
        return count
    }

    /// Collects the documents of `lanes[first...]` that may exceed the threshold.
    /// - Returns: Whether it came to the end in time.
    private func scoreEssential(
        _ lanes: UnsafeMutableBufferPointer<Lane>, _ first: Int, _ optional: Double,
        _ total: Double, _ start: DocNumber, _ end: DocNumber, _ threshold: Double
    ) -> Bool {
        let floor = floor(threshold, less: optional)
        if first == lanes.count - 1 {
            let scorer = unsafe lanes[first].scorer
            let list = unsafe scorer.pointee.list!
            var block = unsafe trawl_list_find_block(
                list, trawl_list_block_before(list, start), start)
            let blockCount = unsafe list.pointee.block_count
            while block < blockCount {
                if unsafe trawl_list_previous(list, block) &+ 1 >= end { break }
                if unsafe Double(trawl_scorer_block_bound(scorer, block)) > floor {
                    unsafe trawl_scorer_block_hits(scorer, block, start, end, floor, room.hits)
                }
                block += 1
            }
            return true
        }
        var isWhole = true
        for i in first..<lanes.count {
            let lane = unsafe lanes[i]
            unsafe trawl_scorer_accumulate(
                lane.scorer, start, end, total - lane.bound, threshold, room.sums, room.bits)
            let share = lane.size * Double(end - start) / Double(docLimit)
            if isOver(after: Int(share)) {
                isWhole = false
                break
            }
        }
        // Also when the time is over: bits and sums are left as they were found.
        unsafe trawl_drain(start, end, floor, room.sums, room.bits, room.hits)
        return isWhole
    }

    private func probeOptional(
        _ lanes: UnsafeMutableBufferPointer<Lane>, _ first: Int, _ optional: Double,
        _ threshold: Double
    ) {
        var rest = optional
        for i in stride(from: first - 1, through: 0, by: -1) {
            let lane = unsafe lanes[i]
            if lane.bound == 0 { break }
            if i < first - 1 { unsafe trawl_hits_filter(room.hits, floor(threshold, less: rest)) }
            if unsafe room.hits.pointee.count == 0 { return }
            unsafe trawl_hits_probe(room.hits, lane.scorer, 0)
            rest -= lane.bound
        }
    }
}
