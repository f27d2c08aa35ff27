internal import CKernels
package import TrawlBytes
package import TrawlPostings

/// One query over one segment: the best hits, and how many there are.
///
/// A search whose clock has run out stops wherever it is: what it has collected so far are hits,
/// but not the best, and counts are too low. Whoever passed a clock asks it afterwards.
@safe
package struct SegmentSearch {
    /// What the engine knows of the query's shape.
    private enum Shape {
        case term(TermMatcher)
        case phrase(PhraseMatcher)
        case conjunction(ConjunctionPlan)
        case disjunction(DisjunctionPlan)
        case other
    }

    package let matcher: Matcher
    package let docLimit: DocNumber
    /// What is added to a document's number for the queue.
    package let base: UInt32
    /// A bit for each document, set while it lives; nil when all live. Outlives the search.
    let live: UnsafePointer<UInt64>?
    let room: SearchRoom
    private let clock: SearchClock?
    private let shape: Shape

    package init(
        _ matcher: Matcher, docLimit: Int, base: UInt32 = 0, live: UnsafePointer<UInt64>? = nil,
        room: SearchRoom, clock: SearchClock? = nil
    ) {
        self.matcher = matcher
        self.docLimit = DocNumber(docLimit)
        self.base = base
        unsafe self.live = unsafe live
        self.room = room
        self.clock = clock
        switch matcher {
        case let term as TermMatcher: shape = .term(term)
        case let phrase as PhraseMatcher: shape = .phrase(phrase)
        case let boolean as BooleanMatcher:
            if let plan = ConjunctionPlan(boolean) {
                shape = .conjunction(plan)
            } else if let plan = DisjunctionPlan(boolean) {
                shape = .disjunction(plan)
            } else {
                shape = .other
            }
        default: shape = .other
        }
    }

    /// Whether the time is over; `work` is about how many documents were looked at since the
    /// last call.
    func isOver(after work: Int) -> Bool { clock?.isOver(after: work) ?? false }

    /// Puts the segment's best hits into the queue. Documents that cannot get in are not scored.
    package func collect(into queue: inout TopKQueue) throws(CorruptionError) {
        if queue.limit > 0 {
            switch shape {
            case .term(let term): collect(term, into: &queue)
            case .phrase(let phrase): collect(phrase, into: &queue)
            case .conjunction(let plan):
                if let disjunction = plan.asDisjunction {
                    collect(disjunction, into: &queue)
                } else {
                    _ = collect(plan, into: &queue, all: false)
                }
            case .disjunction(let plan): collect(plan, into: &queue)
            case .other: collectWindows(into: &queue)
            }
        }
        try matcher.check()
    }

    /// How many documents match. Once there are more than `limit`, any number above it.
    package func count(upTo limit: Int = .max) throws(CorruptionError) -> Int {
        let count = unsafe live == nil ? countByShape(upTo: limit) : nil
        let all = count ?? countWindows(upTo: limit)
        try matcher.check()
        return all
    }

    /// Both at once.
    package func collectAndCount(
        into queue: inout TopKQueue, upTo limit: Int = .max
    ) throws(CorruptionError) -> Int {
        if case .other = shape {
            var count = 0
            collectWindows(into: &queue, prunesAbove: limit, counting: &count)
            try matcher.check()
            return count
        }
        if unsafe live == nil, let count = collectAndCountShort(into: &queue, upTo: limit) {
            try matcher.check()
            return count
        }
        // A pruned search and a count without scores cost less than scoring everything.
        try collect(into: &queue)
        return try count(upTo: limit)
    }

    /// One pass that scores all matches, where that is the cheaper way; nil where it is not.
    private func collectAndCountShort(into queue: inout TopKQueue, upTo limit: Int) -> Int? {
        let short = 4096
        switch shape {
        case .phrase(let phrase):
            return collectAndCount(phrase, into: &queue, upTo: limit)
        case .conjunction(let plan):
            guard plan.isPure, plan.required[0].cost <= short else { return nil }
            return collect(plan, into: &queue, all: true)
        case .disjunction(let plan):
            guard plan.isPure, matcher.cost <= short else { return nil }
            return collectAll(plan, into: &queue)
        case .term, .other: return nil
        }
    }

    /// Counting without scoring, when nothing is deleted. Nil when the query's shape has no way
    /// of its own.
    private func countByShape(upTo limit: Int) -> Int? {
        switch shape {
        case .term(let term): return term.list.docCount
        case .phrase(let phrase): return count(phrase, upTo: limit)
        case .conjunction, .disjunction, .other: break
        }
        if let all = matcher as? AllMatcher { return all.cost }
        guard let boolean = matcher as? BooleanMatcher else { return nil }
        if boolean.mustNot.isEmpty, boolean.minimumShouldMatch == 0,
            let terms = TermMatcher.terms(boolean.must + boolean.filter), !terms.isEmpty
        {
            return countAll(terms, upTo: limit)
        }
        switch shape {
        case .disjunction(let plan) where plan.isPure:
            return countAny(plan.terms, upTo: limit)
        case .conjunction(let plan)
        where plan.filters.isEmpty && plan.exclusions.count == 1 && plan.exclusions[0].isTerm:
            let without = unsafe unsafeDowncast(plan.exclusions[0], to: TermMatcher.self)
            return countAll(plan.required, upTo: .max)
                - countAll(plan.required + [without], upTo: .max)
        default: return nil
        }
    }

    // MARK: Any shape, window by window

    func collectWindows(into queue: inout TopKQueue) {
        var count = 0
        collectWindows(into: &queue, prunesAbove: -1, counting: &count)
    }

    /// - Parameter limit: Once more documents were counted, windows are left out whose bound does
    ///   not exceed the queue's threshold.
    func collectWindows(
        into queue: inout TopKQueue, prunesAbove limit: Int, counting count: inout Int
    ) {
        forEachWindow { window in
            if count > limit, queue.threshold >= 0,
                matcher.bound(from: window.base, to: window.end) <= queue.threshold
            {
                return true
            }
            unsafe matcher.match(window, room.bits)
            maskDeleted(window)
            let found = unsafe Int(trawl_popcount(room.bits, window.wordCount))
            guard found > 0 else { return true }
            count += found
            unsafe matcher.addScores(window, ofMatches: room.bits, to: room.sums)
            unsafe trawl_drain(
                window.base, window.end, queue.threshold, room.sums, room.bits, room.hits)
            room.drainHits(into: &queue, base: base)
            return true
        }
    }

    private func countWindows(upTo limit: Int) -> Int {
        var count = 0
        forEachWindow { window in
            unsafe matcher.match(window, room.bits)
            maskDeleted(window)
            unsafe count += Int(trawl_popcount(room.bits, window.wordCount))
            unsafe room.bits.update(repeating: 0, count: window.wordCount)
            return count <= limit
        }
        return count
    }

    private func maskDeleted(_ window: DocWindow) {
        guard let live = unsafe live else { return }
        let first = Int(window.base >> 6)
        for word in 0..<window.wordCount { unsafe room.bits[word] &= live[first + word] }
    }

    /// Calls back with every window that may hold a match, until the body returns false.
    private func forEachWindow(_ body: (DocWindow) -> Bool) {
        var next: DocNumber = 0
        while next < docLimit {
            let candidate = matcher.candidate(from: next)
            guard candidate < docLimit else { return }
            let start = max(next, candidate / 64 * 64)
            let window = DocWindow(base: start, end: min(docLimit, start + DocWindow.capacity))
            guard body(window), !isOver(after: Int(DocWindow.capacity)) else { return }
            next = start + DocWindow.capacity
        }
    }
}
