internal import Synchronization
package import TrawlBytes

/// Which documents of a segment live, and the exact statistics of those. Never changes: a delete
/// makes a new one, so a search keeps the one it began with.
package final class LiveDocs: Sendable {
    package let bits: FixedBitSet
    package let liveCount: Int
    /// Of each field of the segment, in the segment's order, over the living documents.
    package let statistics: [FieldStatistics]
    /// The same of the segment's nested documents; nil while those all live.
    package let nested: LiveDocs?
    /// Counts of living documents by term, as they are asked for. Bounded; see `TermKey`.
    private let docFrequencies = Mutex<[TermKey: Int]>([:])

    private struct TermKey: Hashable {
        var field: Int
        var term: [UInt8]
    }

    private static let maxCachedTermCount = 1 << 15

    package init(
        bits: FixedBitSet, statistics: [FieldStatistics], nested: LiveDocs? = nil
    ) {
        self.nested = nested
        self.bits = bits
        liveCount = bits.count
        self.statistics = statistics
    }

    package var deletedCount: Int { bits.bitCount - liveCount }

    /// The count of living documents with a term: computed once by `count`, then remembered.
    package func docFrequency<Failure: Error>(
        field: Int, term: [UInt8], count: () throws(Failure) -> Int
    ) throws(Failure) -> Int {
        let key = TermKey(field: field, term: term)
        if let known = docFrequencies.withLock({ $0[key] }) { return known }
        let counted = try count()
        docFrequencies.withLock { cache in
            if cache.count >= Self.maxCachedTermCount { cache.removeAll() }
            cache[key] = counted
        }
        return counted
    }
}
