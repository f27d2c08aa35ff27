internal import CKernels
package import TrawlBytes
package import TrawlPostings

/// One query over one segment: the best hits, and how many there are.
@safe
package struct SegmentSearch {
    package let matcher: Matcher
    package let docLimit: DocNumber
    /// What is added to a document's number for the queue.
    package let base: UInt32
    /// A bit for each document, set while it lives; nil when all live. Outlives the search.
    let live: UnsafePointer<UInt64>?
    let room: SearchRoom

    package init(
        _ matcher: Matcher, docLimit: Int, base: UInt32 = 0, live: UnsafePointer<UInt64>? = nil,
        room: SearchRoom
    ) {
        self.matcher = matcher
        self.docLimit = DocNumber(docLimit)
        self.base = base
        unsafe self.live = unsafe live
        self.room = room
    }

    /// Puts the segment's best hits into the queue. Documents that cannot get in are not scored.
    package func collect(into queue: inout TopKQueue) throws(CorruptionError) {
        if queue.limit > 0 {
            switch matcher {
            case let term as TermMatcher: collect(term, into: &queue)
            case let phrase as PhraseMatcher: collect(phrase, into: &queue)
            case let boolean as BooleanMatcher:
                if let plan = ConjunctionPlan(boolean) {
                    if let disjunction = plan.asDisjunction {
                        collect(disjunction, into: &queue)
                    } else {
                        _ = collect(plan, into: &queue, all: false)
                    }
                } else if let plan = DisjunctionPlan(boolean) {
                    collect(plan, into: &queue)
                } else {
                    collectWindows(into: &queue)
                }
            default: collectWindows(into: &queue)
            }
        }
        try matcher.check()
    }

    /// How many documents match.
    package func count() throws(CorruptionError) -> Int {
        let count = unsafe live == nil ? countByShape() ?? countWindows() : countWindows()
        try matcher.check()
        return count
    }

    /// Both at once.
    package func collectAndCount(into queue: inout TopKQueue) throws(CorruptionError) -> Int {
        if hasOwnShape {
            if unsafe live == nil, let count = collectAndCountShort(into: &queue) {
                try matcher.check()
                return count
            }
            // A pruned search and a count without scores cost less than scoring everything.
            try collect(into: &queue)
            return try count()
        }
        var count = 0
        collectWindows(into: &queue, prune: false, counting: &count)
        try matcher.check()
        return count
    }

    /// One pass that scores all matches, where that is the cheaper way; nil where it is not.
    private func collectAndCountShort(into queue: inout TopKQueue) -> Int? {
        let short = 4096
        switch matcher {
        case let phrase as PhraseMatcher: return collectAndCount(phrase, into: &queue)
        case let boolean as BooleanMatcher:
            if let plan = ConjunctionPlan(boolean) {
                guard plan.isPure, plan.required[0].cost <= short else { return nil }
                return collect(plan, into: &queue, all: true)
            }
            if let plan = DisjunctionPlan(boolean) {
                guard plan.isPure, matcher.cost <= short else { return nil }
                return collectAll(plan, into: &queue)
            }
            return nil
        default: return nil
        }
    }

    private var hasOwnShape: Bool {
        switch matcher {
        case is TermMatcher, is PhraseMatcher: true
        case let boolean as BooleanMatcher:
            ConjunctionPlan(boolean) != nil || DisjunctionPlan(boolean) != nil
        default: false
        }
    }

    // MARK: Any shape, window by window

    func collectWindows(into queue: inout TopKQueue) {
        var count = 0
        collectWindows(into: &queue, prune: true, counting: &count)
    }

    /// - Parameter prune: Leave out windows whose bound does not exceed the queue's threshold.
    func collectWindows(into queue: inout TopKQueue, prune: Bool, counting count: inout Int) {
        forEachWindow { window in
            if prune, queue.threshold >= 0,
                matcher.bound(from: window.base, to: window.end) <= queue.threshold
            {
                return
            }
            unsafe matcher.match(window, room.bits)
            maskDeleted(window)
            let found = unsafe Int(trawl_popcount(room.bits, window.wordCount))
            guard found > 0 else { return }
            count += found
            unsafe matcher.addScores(window, ofMatches: room.bits, to: room.sums)
            unsafe trawl_drain(
                window.base, window.end, queue.threshold, room.sums, room.bits, room.hits)
            room.drainHits(into: &queue, base: base)
        }
    }

    func countWindows() -> Int {
        var count = 0
        forEachWindow { window in
            unsafe matcher.match(window, room.bits)
            maskDeleted(window)
            unsafe count += Int(trawl_popcount(room.bits, window.wordCount))
            unsafe room.bits.update(repeating: 0, count: window.wordCount)
        }
        return count
    }

    private func maskDeleted(_ window: DocWindow) {
        guard let live = unsafe live else { return }
        let first = Int(window.base >> 6)
        for word in 0..<window.wordCount { unsafe room.bits[word] &= live[first + word] }
    }

    /// Calls back with every window that may hold a match.
    private func forEachWindow(_ body: (DocWindow) -> Void) {
        var next: DocNumber = 0
        while next < docLimit {
            let candidate = matcher.candidate(from: next)
            guard candidate < docLimit else { return }
            let start = max(next, candidate / 64 * 64)
            let window = DocWindow(base: start, end: min(docLimit, start + DocWindow.capacity))
            body(window)
            next = start + DocWindow.capacity
        }
    }
}
