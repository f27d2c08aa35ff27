internal import TrawlIndex
internal import TrawlPostings
package import TrawlSegment

/// One segment as one search sees it, and what the search has computed of it so far.
package final class SegmentContext {
    package let index: Int
    package let view: SegmentView
    /// What is added to a document's number to count over all segments.
    package let base: Int
    private var norms: [String: NormBytes?] = [:]

    package init(index: Int, view: SegmentView, base: Int) {
        self.index = index
        self.view = view
        self.base = base
    }

    package var docCount: Int { view.docCount }

    /// The lengths' bytes of a field, one for each document; nil without norms.
    func normBytes(_ field: SegmentField) -> NormBytes? {
        if let known = norms[field.name] { return known }
        var made: NormBytes?
        if let reader = field.norms, reader.hasNorms {
            if let dense = unsafe reader.denseNorms {
                // The file goes on behind the norms: its footer is longer than three bytes.
                unsafe made = NormBytes(dense, owner: view.reader)
            } else {
                var bytes = [UInt8](repeating: 0, count: docCount)
                reader.forEach { doc, _, norm in bytes[doc] = norm }
                made = NormBytes(copying: bytes)
            }
        }
        norms[field.name] = made
        return made
    }
}
