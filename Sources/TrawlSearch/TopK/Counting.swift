internal import CKernels
internal import TrawlPostings

/// Counting without scoring, when nothing is deleted.
extension SegmentSearch {
    /// Nil when the query's shape has no way of its own.
    func countByShape() -> Int? {
        switch matcher {
        case let term as TermMatcher: return term.list.docCount
        case let phrase as PhraseMatcher: return phrase.countAll()
        case let all as AllMatcher: return all.cost
        case let boolean as BooleanMatcher:
            if boolean.mustNot.isEmpty, boolean.minimumShouldMatch == 0,
                let must = TermMatcher.terms(boolean.must),
                let filter = TermMatcher.terms(boolean.filter), !(must.isEmpty && filter.isEmpty)
            {
                let terms = must + filter
                return countAll(terms)
            }
            if let plan = DisjunctionPlan(boolean), plan.isPure { return countAny(plan.terms) }
            if let plan = ConjunctionPlan(boolean), plan.filters.isEmpty,
                plan.exclusions.count == 1, plan.exclusions[0].isTerm
            {
                let without = unsafe unsafeDowncast(plan.exclusions[0], to: TermMatcher.self)
                return countAll(plan.required) - countAll(plan.required + [without])
            }
            return nil
        default: return nil
        }
    }

    private func countAll(_ terms: [TermMatcher]) -> Int {
        let lists = unsafe terms.sorted { $0.cost < $1.cost }.map { unsafe Optional($0.list.raw) }
        return unsafe Int(trawl_count_all(lists, lists.count))
    }

    private func countAny(_ terms: [TermMatcher]) -> Int {
        let lists = unsafe terms.map { unsafe Optional($0.list.raw) }
        return unsafe Int(
            trawl_count_any(lists, lists.count, docLimit, room.bits, SearchRoom.windowCapacity))
    }
}
