/// Sees every document that matches a search, in blocks and in the order of documents: what
/// aggregations are made of.
package protocol BlockCollector: AnyObject {
    /// Whether `scores` is filled in.
    var needsScores: Bool { get }

    /// A new segment begins; its documents follow.
    func begin(_ segment: SegmentContext) throws

    /// Some documents of the segment: bit `i` of `matches` is of `window.base + i`, as is score
    /// `i`. Live documents only, before `post_filter`.
    func collect(
        _ window: DocWindow, matches: UnsafePointer<UInt64>, scores: UnsafePointer<Double>
    ) throws
}

extension BlockCollector {
    /// Calls back with each document of a block.
    package func forEachDoc(
        _ window: DocWindow, _ matches: UnsafePointer<UInt64>, _ body: (Int) throws -> Void
    ) rethrows {
        for word in 0..<window.wordCount {
            var rest = unsafe matches[word]
            while rest != 0 {
                try body(Int(window.base) + word * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
