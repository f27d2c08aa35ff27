internal import TrawlBytes
internal import TrawlIndex
internal import TrawlPostings
internal import TrawlQuery
internal import TrawlSchema
internal import TrawlSegment

/// One search over the segments of a snapshot, from first to last.
///
/// A plain request for the best scores goes the engine's pruned way; whatever needs to see every
/// match goes window by window and looks at the clock before each.
struct SearchRun {
    private let request: SearchRequest
    private let conditions: Searcher.Conditions
    private let query: any BoundQuery
    private let postFilter: (any BoundQuery)?
    private let plan: SortPlan?
    private let after: [SortValue]?
    private let snapshot: Snapshot
    private let limit: Int
    /// The path of the field that hits are collapsed by.
    private let groupPath: String?
    let segments: [SegmentContext]

    private var result = Searcher.Result()
    private var total = 0
    private var isLowerBound = false

    init(
        request: SearchRequest, searcher: Searcher, conditions: Searcher.Conditions,
        query: any BoundQuery, postFilter: (any BoundQuery)?
    ) throws {
        self.request = request
        self.conditions = conditions
        self.query = query
        self.postFilter = postFilter
        snapshot = searcher.snapshot
        segments = searcher.contexts
        var keys = request.sort
        if let collapse = request.collapse {
            // The value of the group rides along behind the keys.
            if keys.isEmpty { keys = [SortKey(by: .score, order: .desc)] }
            try Self.check(collapse, searcher.mapping)
            let group = SortKey(by: .field(.init(name: collapse.field)), order: .asc)
            keys.append(group)
        }
        groupPath = request.collapse.flatMap { searcher.mapping.field($0.field)?.path }
        plan = keys.isEmpty ? nil : try searcher.sortPlan(keys, conditions)
        _ = try request.query?.innerHits()
        after = try plan.flatMap { plan in try request.searchAfter.map { try plan.after($0) } }
        let window = request.rescore.map { $0.windowSize ?? 10 }.max() ?? 0
        limit = max(request.from + request.size, window)
    }

    private static func check(_ collapse: Collapse, _ mapping: Mapping) throws(QueryError) {
        guard let field = mapping.field(collapse.field) else {
            throw .illegalArgument(
                "no mapping found for `\(collapse.field)` in order to collapse on")
        }
        guard field.type.family == .keyword || field.type.family == .number else {
            throw .illegalArgument(
                "unknown type for collapse field `\(collapse.field)`, only keywords and numbers "
                    + "are accepted")
        }
        guard field.type.storage.column != .none else {
            throw .illegalArgument(
                "cannot collapse on field `\(collapse.field)` without `doc_values`")
        }
    }

    private var isPlain: Bool {
        plan == nil && postFilter == nil && request.minScore == nil && request.slice == nil
            && request.terminateAfter == 0 && conditions.collectors.isEmpty
    }

    mutating func run() throws -> Searcher.Result {
        do {
            if isPlain {
                try runPlain()
            } else if let plan {
                try runSorted(plan)
            } else {
                try runScored()
            }
        } catch is SearchStopped {
            result.timedOut = true
        }
        if conditions.clock.hasExpired { result.timedOut = true }
        let counted = request.trackTotalHits.limit
        if isLowerBound || total > counted {
            result.total = TotalHits(value: min(total, counted), isExact: false)
        } else {
            result.total = TotalHits(value: total, isExact: true)
        }
        for i in result.found.indices {
            let place = result.found[i].place
            result.found[i].stamp =
                segments[place.segment].view.reader.identity.stamp(of: place.doc)
        }
        return result
    }

    private func found(_ doc: UInt32, _ score: Float) -> Searcher.Found {
        var index = segments.count - 1
        while index > 0, segments[index].base > Int(doc) { index -= 1 }
        return Searcher.Found(
            place: .init(segment: index, doc: Int(doc) - segments[index].base), score: score,
            sort: [], stamp: 0, group: nil)
    }

    private mutating func take(_ queue: TopKQueue) {
        result.found = queue.sorted().map { found($0.doc, $0.score) }
        result.maxScore = result.found.first?.score
    }

    /// Calls back with the words of live documents, or nil while all live.
    private func withLive<T>(
        _ segment: SegmentContext, _ body: (UnsafePointer<UInt64>?) throws -> T
    ) rethrows -> T {
        guard let bits = segment.view.liveBits else { return try body(nil) }
        return unsafe try bits.words.withUnsafeBufferPointer { try unsafe body($0.baseAddress) }
    }

    // MARK: The best scores

    private mutating func runPlain() throws {
        var queue = TopKQueue(limit: limit, floor: -.infinity)
        defer { take(queue) }
        let room = SearchRoom()
        let counted = request.trackTotalHits.limit
        if request.trackTotalHits == .none { isLowerBound = true }
        for segment in segments {
            if conditions.clock.isOver() { throw SearchStopped() }
            let matcher = try query.matcher(in: segment)
            if matcher is NoneMatcher { continue }
            let wantsCount = request.trackTotalHits != .none && total <= counted
            guard Self.isKernelShape(matcher) else {
                try walk(segment, matcher, countingTo: wantsCount ? counted : -1, into: &queue)
                continue
            }
            let rest = counted - total
            total += unsafe try withLive(segment) { live in
                let search = unsafe SegmentSearch(
                    matcher, docLimit: segment.docCount, base: UInt32(segment.base), live: live,
                    room: room, clock: conditions.clock)
                if wantsCount {
                    return limit == 0
                        ? try search.count(upTo: rest)
                        : try search.collectAndCount(into: &queue, upTo: rest)
                }
                try search.collect(into: &queue)
                return 0
            }
            if !wantsCount { isLowerBound = true }
            if conditions.clock.hasExpired { throw SearchStopped() }
        }
    }

    /// Whether the engine has a way of its own for the shape.
    private static func isKernelShape(_ matcher: Matcher) -> Bool {
        switch matcher {
        case is TermMatcher, is PhraseMatcher: true
        case let boolean as BooleanMatcher:
            (boolean.must + boolean.should + boolean.filter + boolean.mustNot)
                .allSatisfy { $0 is TermMatcher || $0 is BitSetMatcher || $0 is DocListMatcher }
        default: false
        }
    }

    /// - Parameter most: Once more documents than this were counted, windows are left out that
    ///   cannot get into the queue.
    private mutating func walk(
        _ segment: SegmentContext, _ matcher: Matcher, countingTo most: Int,
        into queue: inout TopKQueue
    ) throws {
        var isPruned = false
        try forEachWindow(segment, matcher, scored: true) { window, room in
            if total > most, queue.threshold >= 0,
                matcher.bound(from: window.base, to: window.end) <= queue.threshold
            {
                isPruned = true
                return
            }
            unsafe matcher.match(window, room.bits)
            maskDeleted(segment, window, room)
            let count = Self.count(window, room)
            guard count > 0 else { return }
            total += count
            if limit > 0 {
                unsafe matcher.addScores(window, ofMatches: room.bits, to: room.sums)
                unsafe BooleanMatcher.forEachBit(window, room.bits) { bit in
                    unsafe queue.insert(
                        doc: UInt32(segment.base) + window.base + UInt32(bit),
                        score: Float(room.sums[bit]))
                }
            }
        }
        try matcher.check()
        if isPruned { isLowerBound = true }
    }

    // MARK: Every match

    /// Calls back with each window that may hold matches, in order, looking at the clock.
    private func forEachWindow(
        _ segment: SegmentContext, _ matcher: Matcher, scored: Bool,
        _ body: (DocWindow, WindowRoom) throws -> Void
    ) throws {
        let room = WindowRoom()
        let limit = UInt32(segment.docCount)
        var next: UInt32 = 0
        while next < limit {
            if conditions.clock.isOver() { throw SearchStopped() }
            let candidate = matcher.candidate(from: next)
            guard candidate < limit else { return }
            let start = max(next, candidate & ~63)
            let window = DocWindow(base: start, end: min(limit, start + DocWindow.capacity))
            room.clearBits()
            if scored { unsafe room.sums.update(repeating: 0, count: Int(DocWindow.capacity)) }
            try body(window, room)
            next = start + DocWindow.capacity
        }
    }

    private func maskDeleted(_ segment: SegmentContext, _ window: DocWindow, _ room: WindowRoom) {
        guard let live = segment.view.liveBits else { return }
        let first = Int(window.base >> 6)
        for word in 0..<window.wordCount { unsafe room.bits[word] &= live.words[first + word] }
    }

    private static func count(_ window: DocWindow, _ room: WindowRoom) -> Int {
        var count = 0
        for word in 0..<window.wordCount { unsafe count += room.bits[word].nonzeroBitCount }
        return count
    }

    /// Every match of a segment, after deletes, slice, `terminate_after` and `min_score`; the
    /// collectors see them, then `post_filter` is applied.
    ///
    /// - Parameter isHopeless: Whether the body has no use for a window's matches. Once there is
    ///   nothing to count, either, it is left out.
    private mutating func forEachMatch(
        _ segment: SegmentContext, scored: Bool, unless isHopeless: (DocWindow) -> Bool,
        _ body: (DocWindow, WindowRoom) throws -> Void
    ) throws {
        let matcher = try query.matcher(in: segment)
        if matcher is NoneMatcher { return }
        let filter = try postFilter?.matcher(in: segment)
        let needsScores =
            scored || request.minScore != nil || conditions.collectors.contains { $0.needsScores }
        for collector in conditions.collectors { try collector.begin(segment) }
        let ownTotal = total
        var added = 0
        var seen = seenCount
        let mayLeaveOut =
            conditions.collectors.isEmpty && request.terminateAfter == 0
            && request.trackTotalHits != .exact
        let counted = request.trackTotalHits.limit
        var hasLeftOut = false
        try forEachWindow(segment, matcher, scored: needsScores) { window, room in
            if mayLeaveOut, ownTotal + added > counted, isHopeless(window) {
                hasLeftOut = true
                return
            }
            unsafe matcher.match(window, room.bits)
            maskDeleted(segment, window, room)
            if let slice = request.slice {
                Self.drop(window, room) { !Searcher.isIn(slice, $0, segment) }
            }
            if request.terminateAfter > 0 {
                Self.drop(window, room) { _ in
                    seen += 1
                    return seen > request.terminateAfter
                }
            }
            if needsScores {
                unsafe matcher.addScores(window, ofMatches: room.bits, to: room.sums)
            }
            if let least = request.minScore {
                let base = Int(window.base)
                Self.drop(window, room) { unsafe Float(room.sums[$0 - base]) < least }
            }
            for collector in conditions.collectors {
                unsafe try collector.collect(window, matches: room.bits, scores: room.sums)
            }
            if let filter { unsafe filter.keep(window, room.bits) }
            added += Self.count(window, room)
            try body(window, room)
        }
        seenCount = seen
        total = ownTotal + added
        if hasLeftOut { isLowerBound = true }
        try matcher.check()
    }

    private var seenCount = 0

    private static func drop(
        _ window: DocWindow, _ room: WindowRoom, _ isOut: (Int) -> Bool
    ) {
        for word in 0..<window.wordCount {
            var rest = unsafe room.bits[word]
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                rest &= rest - 1
                if isOut(Int(window.base) + word * 64 + bit) {
                    unsafe room.bits[word] &= ~(1 << UInt64(bit))
                }
            }
        }
    }

    private mutating func stopIfTerminated() -> Bool {
        guard request.terminateAfter > 0, seenCount >= request.terminateAfter else { return false }
        result.terminatedEarly = true
        return true
    }

    private mutating func runScored() throws {
        let limit = limit
        var queue = TopKQueue(limit: limit, floor: -.infinity)
        defer { take(queue) }
        for segment in segments {
            if conditions.clock.isOver() { throw SearchStopped() }
            try forEachMatch(segment, scored: limit > 0, unless: { _ in false }) { window, room in
                guard limit > 0 else { return }
                unsafe BooleanMatcher.forEachBit(window, room.bits) { bit in
                    unsafe queue.insert(
                        doc: UInt32(segment.base) + window.base + UInt32(bit),
                        score: Float(room.sums[bit]))
                }
            }
            if stopIfTerminated() { break }
        }
    }

    // MARK: Sorted

    private mutating func runSorted(_ plan: SortPlan) throws {
        let scored = plan.needsScores || request.trackScores
        var best: Float?
        defer { if scored { result.maxScore = best } }
        for segment in segments {
            if conditions.clock.isOver() { throw SearchStopped() }
            let sorter = try SegmentSorter(plan, segment)
            let after = after.map { values in
                values.enumerated().map { sorter.key($0.offset, after: $0.element) }
            }
            let keyCount = plan.keys.count
            let groupKey = request.collapse == nil ? nil : keyCount - 1
            var top = SortedTop(limit: limit)
            var groups: [Int64: SortedTop.Entry] = [:]
            let carried = carriedBound(sorter)
            let dense = scored || groupKey != nil || limit == 0 ? nil : sorter.denseKeys
            func bound() -> Int64 { min(top.bound, carried) }
            try forEachMatch(
                segment, scored: scored,
                unless: { dense?.areBehind($0, bound()) ?? false }
            ) { window, room in
                if let dense, bound() < .max {
                    unsafe dense.drop(window, room.bits, behind: bound())
                }
                unsafe BooleanMatcher.forEachBit(window, room.bits) { bit in
                    let doc = Int(window.base) + bit
                    let score = unsafe Float(room.sums[bit])
                    if scored { best = max(best ?? -.infinity, score) }
                    let key = sorter.key(0, doc: doc, score: score)
                    if groupKey == nil, key > carried || !top.admits(key) { return }
                    var others: [Int64] = []
                    for i in 1..<max(1, keyCount) {
                        others.append(sorter.key(i, doc: doc, score: score))
                    }
                    let entry = SortedTop.Entry(
                        key: key, others: others, doc: doc, score: score)
                    if let after, !Self.isBehind(entry, after) { return }
                    if let groupKey {
                        let group = groupKey == 0 ? key : others[groupKey - 1]
                        if let known = groups[group], !entry.precedes(known) { return }
                        groups[group] = entry
                    } else {
                        top.insert(entry)
                    }
                }
            }
            for entry in groups.values { top.insert(entry) }
            try sorter.check()
            merge(top, sorter, segment, plan, groupKey)
            if stopIfTerminated() { break }
        }
    }

    /// No document with a greater first key can be among the first: those of the segments before
    /// are full.
    private func carriedBound(_ sorter: SegmentSorter) -> Int64 {
        guard request.collapse == nil, limit > 0, result.found.count == limit,
            let last = result.found.last?.sort.first
        else { return .max }
        return sorter.key(0, after: last)
    }

    private static func isBehind(_ entry: SortedTop.Entry, _ after: [Int64]) -> Bool {
        if entry.key != after[0] { return entry.key > after[0] }
        for i in 1..<max(1, after.count) where entry.others[i - 1] != after[i] {
            return entry.others[i - 1] > after[i]
        }
        return false
    }

    /// Documents without a value are a group as well: the one without a name.
    private func hasGroup(_ doc: Int, _ segment: SegmentContext) -> Bool {
        guard let field = groupPath.flatMap({ segment.view.field($0) }) else { return false }
        return field.numbers?.hasValue(doc) ?? field.bytes?.hasValue(doc) ?? false
    }

    /// Brings the first documents of a segment together with those of the segments before.
    private mutating func merge(
        _ top: SortedTop, _ sorter: SegmentSorter, _ segment: SegmentContext, _ plan: SortPlan,
        _ groupKey: Int?
    ) {
        for entry in top.heap {
            var values = plan.keys.indices.map {
                sorter.value($0, doc: entry.doc, score: entry.score)
            }
            var group: SortValue?
            if groupKey != nil {
                let value = values.removeLast()
                if hasGroup(entry.doc, segment) { group = value }
            }
            result.found.append(
                .init(
                    place: .init(segment: segment.index, doc: entry.doc), score: entry.score,
                    sort: values, stamp: 0, group: group))
        }
        result.found.sort { left, right in
            let order = plan.order.compare(left.sort, right.sort)
            return order == 0 ? Searcher.isEarlier(left, right) : order < 0
        }
        if groupKey != nil {
            var seen: Set<SortValue> = []
            result.found = result.found.filter { seen.insert($0.group ?? .null).inserted }
        }
        if result.found.count > limit { result.found.removeLast(result.found.count - limit) }
    }
}
