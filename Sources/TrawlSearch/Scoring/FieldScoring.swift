package import TrawlSegment

/// How one field scores in one search: the table of inverses, shared by all terms and segments.
///
/// Make one for each field and statistics and keep it as long as they hold: the table costs more
/// than a query for a rare term.
@safe
package final class FieldScoring: @unchecked Sendable {
    // Written once, in `init`.
    package let inverses: UnsafePointer<Float>
    package let statistics: FieldStatistics

    package init(_ similarity: BM25, _ statistics: FieldStatistics) {
        self.statistics = statistics
        let table = UnsafeMutablePointer<Float>.allocate(capacity: 256)
        let values = similarity.inverses(statistics)
        unsafe table.initialize(from: values, count: 256)
        unsafe inverses = UnsafePointer(table)
    }

    deinit { unsafe inverses.deallocate() }

    /// `w` of a term.
    package func weight(documentFrequency: Int, boost: Float) -> Float {
        boost * BM25.idf(docCount: Int(statistics.docCount), documentFrequency: documentFrequency)
    }
}
