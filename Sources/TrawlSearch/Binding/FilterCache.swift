internal import TrawlBytes
internal import TrawlSegment
internal import Synchronization

/// Documents of filters that came more than once, as bits by segment.
///
/// A filter is admitted when it was asked for `admission` times of late; the segment's files
/// never change, so an entry is right as long as its segment exists. Deleted documents are masked
/// by whoever searches. Bounded by bytes; the least recently used goes first.
package final class FilterCache: Sendable {
    private struct Key: Hashable {
        var segment: UInt64
        var query: AnalyzedQuery
    }

    private struct Entry {
        var bits: FixedBitSet
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var seen: [Key: Int] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
        var hits = 0
        var misses = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let admission: Int
    private static let maxSeen = 4096

    package init(byteLimit: Int = 32 << 20, admission: Int = 2) {
        limit = byteLimit
        self.admission = admission
    }

    package var counts: (hits: Int, misses: Int, entries: Int, byteCount: Int) {
        state.withLock { ($0.hits, $0.misses, $0.entries.count, $0.byteCount) }
    }

    package func removeAll() {
        state.withLock { $0 = State() }
    }

    func matcher(
        for query: AnalyzedQuery, in segment: SegmentContext, _ clock: SearchClock,
        _ make: () throws -> Matcher
    ) throws -> Matcher {
        // Small segments are faster than the look-up.
        guard segment.docCount >= 1024 else { return try make() }
        let key = Key(segment: segment.view.id.number, query: query)
        var isAdmitted = false
        let known = state.withLock { state -> FixedBitSet? in
            state.clock += 1
            if let entry = state.entries[key] {
                state.entries[key]?.lastUse = state.clock
                state.hits += 1
                return entry.bits
            }
            state.misses += 1
            if state.seen.count >= Self.maxSeen { state.seen.removeAll() }
            state.seen[key, default: 0] += 1
            isAdmitted = state.seen[key] ?? 0 >= admission
            return nil
        }
        if let known { return BitSetMatcher(known) }
        let matcher = try make()
        guard isAdmitted else { return matcher }
        let bits = try Self.bits(of: matcher, docCount: segment.docCount, clock)
        try matcher.check()
        insert(bits, for: key)
        return BitSetMatcher(bits)
    }

    private func insert(_ bits: FixedBitSet, for key: Key) {
        let size = bits.words.count * 8 + 256
        guard size <= limit / 4 else { return }
        state.withLock { state in
            state.seen[key] = nil
            if state.entries.updateValue(Entry(bits: bits, lastUse: state.clock), forKey: key)
                == nil
            {
                state.byteCount += size
            }
            while state.byteCount > limit,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.byteCount -= oldest.value.bits.words.count * 8 + 256
                state.entries[oldest.key] = nil
            }
        }
    }

    private static func bits(
        of matcher: Matcher, docCount: Int, _ clock: SearchClock
    ) throws -> FixedBitSet {
        var words = [UInt64](repeating: 0, count: (docCount + 63) / 64)
        var next: UInt32 = 0
        let limit = UInt32(docCount)
        try unsafe words.withUnsafeMutableBufferPointer { words in
            while next < limit {
                let candidate = matcher.candidate(from: next)
                guard candidate < limit, let base = words.baseAddress else { return }
                let start = candidate & ~63
                let window = DocWindow(base: start, end: min(limit, start + DocWindow.capacity))
                // The window's bits are words of the set: its base is a multiple of 64.
                unsafe matcher.match(window, base + Int(start >> 6))
                next = start + DocWindow.capacity
                try clock.check(after: Int(DocWindow.capacity))
            }
        }
        return FixedBitSet(bitCount: docCount, words: words)
    }
}
