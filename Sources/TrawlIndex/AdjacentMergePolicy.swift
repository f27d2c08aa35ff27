internal import Glibc

/// Joins `factor` neighbours of about the same size, as Lucene's LogMergePolicy does, so that
/// documents keep their order.
///
/// A segment's level is the logarithm of its size to the base `factor`. Segments within three
/// quarters of a level of the largest that is left are of one size; where `factor` of them stand
/// side by side, they are joined. So a document is rewritten about once a level:
/// log(index size / flushed size) times, to the base `factor`.
package struct AdjacentMergePolicy: MergePolicy {
    /// How many segments are joined at once, and about how many stand of each size.
    package var factor: Int
    /// Smaller segments count as this large, so that many small ones are of one size.
    package var floorByteCount: Int
    /// No merge makes a segment larger than this.
    package var maxByteCount: Int
    /// A segment with more dead documents than this is rewritten by itself.
    package var maxDeletedFraction: Double

    package init(
        factor: Int = 10, floorByteCount: Int = 2 << 20, maxByteCount: Int = 5 << 30,
        maxDeletedFraction: Double = 0.33
    ) {
        precondition(factor >= 2)
        self.factor = factor
        self.floorByteCount = floorByteCount
        self.maxByteCount = maxByteCount
        self.maxDeletedFraction = maxDeletedFraction
    }

    package func merge(among segments: [MergeCandidate]) -> Range<Int>? {
        if let empty = segments.firstIndex(where: { !$0.isBusy && $0.liveCount == 0 }) {
            return empty..<empty + 1
        }
        let levels = segments.map { segment in
            log(Double(max(segment.liveByteCount, floorByteCount, 2))) / log(Double(factor))
        }
        var start = 0
        while start < segments.count {
            let bottom = (levels[start...].max() ?? 0) - 0.75
            let end = (levels[start...].lastIndex { $0 >= bottom } ?? start) + 1
            if let found = window(in: start..<end, of: segments) { return found }
            start = end
        }
        return segments.firstIndex { !$0.isBusy && $0.deletedFraction > maxDeletedFraction }
            .map { $0..<$0 + 1 }
    }

    private func window(in range: Range<Int>, of segments: [MergeCandidate]) -> Range<Int>? {
        var start = range.lowerBound
        while start + factor <= range.upperBound {
            let window = start..<start + factor
            if let obstacle = window.lastIndex(where: {
                segments[$0].isBusy || segments[$0].liveByteCount > maxByteCount / 2
            }) {
                start = obstacle + 1
                continue
            }
            let total = window.reduce(0) { $0 + segments[$1].liveByteCount }
            if total <= maxByteCount { return window }
            start += 1
        }
        return nil
    }
}
