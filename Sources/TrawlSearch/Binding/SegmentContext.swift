internal import TrawlBytes
internal import TrawlIndex
internal import TrawlPostings
package import TrawlSegment

/// One segment as one search sees it, and what the search has computed of it so far.
package final class SegmentContext {
    package let index: Int
    package let view: SegmentView
    /// What is added to a document's number to count over all segments.
    package let base: Int
    /// The nested documents of this segment; nil without any, and in them.
    package private(set) var nested: SegmentContext?
    /// Of nested documents: the documents that they belong to, and which segment those are.
    package let roots: (view: SegmentView, index: Int)?
    private var norms: [String: NormBytes?] = [:]
    private var paths: [String: FixedBitSet?] = [:]
    private(set) lazy var tree = NestedTree(view.reader)

    package init(index: Int, view: SegmentView, base: Int) {
        self.index = index
        self.view = view
        self.base = base
        roots = nil
    }

    private init(nested view: SegmentView, index: Int, of roots: SegmentContext) {
        self.index = index
        self.view = view
        base = 0
        self.roots = (roots.view, roots.index)
    }

    /// - Parameter index: Behind those of all segments.
    func addNested(_ view: SegmentView, index: Int) {
        nested = SegmentContext(nested: view, index: index, of: self)
    }

    /// Where a document's id is: that of a nested one is its root's.
    func identity(of doc: Int) -> (identity: IdentityReader, doc: Int) {
        guard let roots else { return (view.reader.identity, doc) }
        return (roots.view.reader.identity, root(of: doc))
    }

    /// The document that a nested one belongs to.
    func root(of doc: Int) -> Int {
        guard let roots else { return doc }
        let blocks = roots.view.reader.blocks
        return blocks.root(at: blocks.place(of: doc))
    }

    /// All nested documents of a path, dead ones included; nil when there is none.
    func documents(ofPath path: String) throws -> FixedBitSet? {
        if let known = paths[path] { return known }
        let found = try NestedTree.documents(ofPath: path, in: view.reader)
        paths[path] = .some(found)
        return found
    }

    /// The nested documents within a document of this context.
    func nestedRange(of doc: Int) -> Range<Int> {
        guard let roots else { return view.reader.blocks.range(of: doc) }
        let blocks = roots.view.reader.blocks
        var end = doc + 1
        let last = blocks.range(at: blocks.place(of: doc)).upperBound
        // Objects inside it follow it, and name it or one another as their parent.
        while end < last, let parent = tree.parent(of: end), parent >= doc { end += 1 }
        return doc + 1..<end
    }

    /// Where the nested documents within documents of this context are.
    var objects: SegmentContext? { roots == nil ? nested : self }

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
