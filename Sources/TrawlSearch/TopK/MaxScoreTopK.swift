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
    func collect(_ plan: DisjunctionPlan, into queue: inout TopKQueue) {
        let count = plan.terms.count
        if count == 1, plan.isPure { return collect(plan.terms[0], into: &queue) }
        let scorers = unsafe plan.terms.map { unsafe $0.scorer }
        let sizes = plan.terms.map { Double($0.cost) }
        var bounds = [Double](repeating: 0, count: count)
        var order = Array(0..<count)
        // Narrow at first, so that the threshold is known soon.
        var window: DocNumber = queue.isFull ? 16_384 : 2048
        var start: DocNumber = 0
        while start < docLimit {
            let end = min(docLimit, start &+ window < start ? docLimit : start + window)
            let threshold = queue.threshold
            var total = 0.0
            for i in 0..<count {
                bounds[i] = unsafe Double(trawl_scorer_bound(scorers[i], start, end))
                total += bounds[i]
            }
            var essentialSize = 0.0
            if total > threshold {
                // Nearly sorted already: the order of the window before.
                for i in 1..<max(count, 1) {
                    let term = order[i]
                    var j = i
                    while j > 0, bounds[order[j - 1]] > bounds[term] {
                        order[j] = order[j - 1]
                        j -= 1
                    }
                    order[j] = term
                }
                var first = 0
                var optional = 0.0
                while first < count, optional + bounds[order[first]] <= threshold {
                    optional += bounds[order[first]]
                    first += 1
                }
                unsafe scoreEssential(
                    scorers, order, bounds, first, optional, total, start, end, threshold)
                unsafe probeOptional(scorers, order, bounds, first, optional, threshold)
                finishHits(plan.filters, plan.exclusions, threshold)
                room.drainHits(into: &queue, base: base)
                for i in first..<count { essentialSize += sizes[order[i]] }
            }
            start = end
            // So wide that the essential terms have some hundred documents in a window.
            let wanted = 512 * Double(docLimit) / max(essentialSize, 1)
            let widest = wanted > 65_536 ? SearchRoom.windowCapacity : DocNumber(wanted)
            window = max(2048, min(widest, window * 2, SearchRoom.windowCapacity) / 64 * 64)
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

    /// Collects the documents of `order[first...]` that may exceed the threshold.
    private func scoreEssential(
        _ scorers: [UnsafeMutablePointer<trawl_scorer>], _ order: [Int], _ bounds: [Double],
        _ first: Int, _ optional: Double, _ total: Double, _ start: DocNumber,
        _ end: DocNumber, _ threshold: Double
    ) {
        let floor = floor(threshold, less: optional)
        if first == order.count - 1 {
            let scorer = unsafe scorers[order[first]]
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
            return
        }
        for term in order[first...] {
            unsafe trawl_scorer_accumulate(
                scorers[term], start, end, total - bounds[term], threshold, room.sums, room.bits)
        }
        unsafe trawl_drain(start, end, floor, room.sums, room.bits, room.hits)
    }

    private func probeOptional(
        _ scorers: [UnsafeMutablePointer<trawl_scorer>], _ order: [Int], _ bounds: [Double],
        _ first: Int, _ optional: Double, _ threshold: Double
    ) {
        var rest = optional
        for i in stride(from: first - 1, through: 0, by: -1) {
            let term = order[i]
            if bounds[term] == 0 { break }
            if i < first - 1 { unsafe trawl_hits_filter(room.hits, floor(threshold, less: rest)) }
            if unsafe room.hits.pointee.count == 0 { return }
            unsafe trawl_hits_probe(room.hits, scorers[term], 0)
            rest -= bounds[term]
        }
    }
}
