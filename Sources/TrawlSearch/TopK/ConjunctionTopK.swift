internal import CKernels
internal import TrawlPostings

/// A query whose required clauses are terms: the rarest leads, block by block; the others are
/// asked for its documents only.
struct ConjunctionPlan {
    /// Scored and required, the rarest first.
    let required: [TermMatcher]
    /// Scored when they are there.
    let optional: [TermMatcher]
    let filters: [Matcher]
    let exclusions: [Matcher]

    init?(_ query: BooleanMatcher) {
        guard !query.must.isEmpty, query.minimumShouldMatch == 0,
            let must = TermMatcher.terms(query.must),
            let should = TermMatcher.terms(query.should),
            TermMatcher.addsExactly(must + should)
        else { return nil }
        required = must.sorted { $0.cost < $1.cost }
        // A filter far rarer than the terms should lead: leave that to the windows.
        let rarest = query.filter.map(\.cost).min() ?? .max
        guard rarest >= required[0].cost / 4 else { return nil }
        optional = should
        filters = query.filter
        exclusions = query.mustNot
    }

    var isPure: Bool { filters.isEmpty && exclusions.isEmpty }

    /// When the optional terms are rarer than the rarest required one, documents without any of
    /// them soon cannot get in. Then all terms are taken as optional, and the required ones as
    /// filters, too.
    var asDisjunction: DisjunctionPlan? {
        guard !optional.isEmpty, optional.reduce(0, { $0 + $1.cost }) < required[0].cost else {
            return nil
        }
        return DisjunctionPlan(
            terms: required + optional, filters: required + filters, exclusions: exclusions)
    }
}

extension SegmentSearch {
    /// - Parameter all: Leave nothing out, to count; only for plans without filters.
    /// - Returns: How many documents match, when `all`.
    func collect(_ plan: ConjunctionPlan, into queue: inout TopKQueue, all: Bool) -> Int {
        var count = 0
        let lead = plan.required[0]
        let others = plan.required.dropFirst() + plan.optional
        let requiredCount = plan.required.count - 1
        var bounds = [Double](repeating: 0, count: others.count)
        let list = unsafe lead.list.raw
        for block in 0..<UInt32(lead.list.blockCount) {
            let from = unsafe trawl_list_previous(list, block) &+ 1
            let to = unsafe trawl_list_last_doc(list, block) + 1
            let threshold = all ? -1 : queue.threshold
            var rest = 0.0
            var isPossible = true
            for (i, term) in others.enumerated() {
                bounds[i] = term.bound(from: from, to: to)
                // Without a block there the term has no document there.
                if i < requiredCount, bounds[i] == 0, !term.hasBlock(from: from, to: to) {
                    isPossible = false
                    break
                }
                rest += bounds[i]
            }
            if !isPossible { continue }
            if threshold >= 0 {
                let own = unsafe Double(trawl_scorer_block_bound(lead.scorer, block))
                if own + rest <= threshold { continue }
            }
            unsafe trawl_scorer_block_hits(
                lead.scorer, block, 0, .max, floor(threshold, less: rest), room.hits)
            for (i, term) in others.enumerated() {
                if unsafe room.hits.pointee.count == 0 { break }
                if i > 0 { unsafe trawl_hits_filter(room.hits, floor(threshold, less: rest)) }
                rest -= bounds[i]
                unsafe trawl_hits_probe(room.hits, term.scorer, i < requiredCount ? 1 : 0)
            }
            unsafe count += Int(room.hits.pointee.count)
            finishHits(plan.filters, plan.exclusions, threshold)
            room.drainHits(into: &queue, base: base)
            if isOver(after: PostingsFormat.blockLength * (others.count + 1)) { break }
        }
        return count
    }

    /// What a partial sum has to exceed when at most `rest` can still come. A little lower than
    /// the difference, so that rounding never drops a hit.
    func floor(_ threshold: Double, less rest: Double) -> Double {
        threshold < 0 ? -.infinity : threshold - rest - (threshold + rest) * 0x1p-50
    }

    /// Drops hits that cannot get in, are filtered or deleted.
    func finishHits(_ filters: [Matcher], _ exclusions: [Matcher], _ threshold: Double) {
        if threshold >= 0 { unsafe trawl_hits_filter(room.hits, threshold) }
        if let live = unsafe live { unsafe trawl_hits_live(room.hits, live) }
        for filter in filters where unsafe room.hits.pointee.count > 0 {
            room.keepHits(filter, true)
        }
        for exclusion in exclusions where unsafe room.hits.pointee.count > 0 {
            room.keepHits(exclusion, false)
        }
    }
}
