package import TrawlBytes

/// Scores every match: what all faster ways must equal.
package enum ExhaustiveTopK {
    /// - Returns: How many documents match.
    package static func collect(
        _ search: SegmentSearch, into queue: inout TopKQueue
    ) throws(CorruptionError) -> Int {
        var count = 0
        search.collectWindows(into: &queue, prunesAbove: .max, counting: &count)
        try search.matcher.check()
        return count
    }
}
