internal import TrawlCoordinator
internal import TrawlIndex
internal import TrawlPostings
internal import TrawlSegment

extension TermFigures {
    /// Counts terms of a field in a snapshot. Like Lucene's, the counts of terms hold documents
    /// that were deleted until a merge drops them.
    init(of terms: [[UInt8]], in field: String, _ snapshot: Snapshot) throws {
        self.init(termCount: terms.count)
        let statistics = snapshot.statistics(of: field)
        docCount = Int(statistics.docCount)
        occurrenceCount = Int(statistics.totalLength)
        for segment in snapshot.segments {
            guard let postings = segment.field(field)?.postings else { continue }
            try postings.forEachTerm { _, entry in
                docFrequencySum += entry.docCount
                return true
            }
            for (place, term) in terms.enumerated() {
                guard let entry = try postings.find(term) else { continue }
                self.terms[place].docFrequency += entry.docCount
                self.terms[place].occurrenceCount += Int(entry.occurrenceCount)
            }
        }
    }
}
