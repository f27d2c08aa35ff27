/// Decides which neighbouring segments to join next. Decides, does nothing; the same segments
/// always give the same answer.
package protocol MergePolicy: Sendable {
    /// The segments to join, or nil when all is well. A range of one rewrites a segment without
    /// its dead documents.
    func merge(among segments: [MergeCandidate]) -> Range<Int>?
}

/// What a policy knows of a segment.
package struct MergeCandidate: Sendable, Equatable {
    package var byteCount: Int
    package var docCount: Int
    package var liveCount: Int
    /// Taken by another merge.
    package var isBusy: Bool

    package init(byteCount: Int, docCount: Int, liveCount: Int, isBusy: Bool = false) {
        self.byteCount = byteCount
        self.docCount = docCount
        self.liveCount = liveCount
        self.isBusy = isBusy
    }

    /// How long it would be without its dead documents.
    package var liveByteCount: Int {
        docCount == 0 ? 0 : Int(Double(byteCount) * Double(liveCount) / Double(docCount))
    }

    package var deletedFraction: Double {
        docCount == 0 ? 0 : Double(docCount - liveCount) / Double(docCount)
    }
}
