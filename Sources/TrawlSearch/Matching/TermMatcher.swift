package import CKernels
package import TrawlBytes
package import TrawlPostings

/// The documents that have a term, scored by BM25.
@safe
package final class TermMatcher: Matcher {
    package let list: PostingsList
    /// What the kernels work with.
    package let scorer: UnsafeMutablePointer<trawl_scorer>
    // Keep what `scorer` points to.
    private let scoring: FieldScoring
    private let norms: NormBytes?

    /// - Parameters:
    ///   - norms: The lengths' bytes of all documents of the segment; nil for a field without.
    ///   - weight: See `FieldScoring.weight`.
    package init(
        _ list: PostingsList, norms: NormBytes?, scoring: FieldScoring, weight: Float
    ) {
        self.list = list
        self.scoring = scoring
        self.norms = norms
        unsafe scorer = .allocate(capacity: 1)
        unsafe scorer.initialize(
            to: trawl_scorer(
                list: list.raw, norms: norms?.bytes, inverse: scoring.inverses, weight: weight))
    }

    deinit { unsafe scorer.deallocate() }

    package var weight: Float { unsafe scorer.pointee.weight }

    package override var cost: Int { list.docCount }

    override var isTerm: Bool { true }

    /// The matchers as terms, in their order, when all are.
    static func terms(_ matchers: [Matcher]) -> [TermMatcher]? {
        for matcher in matchers where !matcher.isTerm { return nil }
        return matchers.map { unsafe unsafeDowncast($0, to: TermMatcher.self) }
    }

    /// Whether sums of the terms' scores are exact in double whatever their order. Floats far
    /// apart in size are not: such queries add in the order of the clauses.
    static func addsExactly(_ terms: [TermMatcher]) -> Bool {
        var least = Float.infinity
        var most: Float = 0
        for term in terms where term.weight > 0 {
            least = min(least, term.weight)
            most = max(most, term.weight)
        }
        return most <= least * 0x1p20
    }

    package override func candidate(from doc: DocNumber) -> DocNumber { list.seek(to: doc) }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe trawl_list_set_bits(list.raw, window.base, window.end, bits)
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe trawl_list_keep_bits(list.raw, window.base, window.end, bits, 1)
    }

    package override func drop(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe trawl_list_keep_bits(list.raw, window.base, window.end, bits, 0)
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        unsafe trawl_scorer_add(scorer, window.base, window.end, bits, sums)
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double {
        unsafe Double(trawl_scorer_bound(scorer, from, to))
    }

    package override func check() throws(CorruptionError) { try list.check() }

    /// Whether a block of the list reaches into the documents from `from` to before `to`.
    func hasBlock(from: DocNumber, to: DocNumber) -> Bool {
        let raw = unsafe list.raw
        let block = unsafe trawl_list_find_block(raw, trawl_list_block_before(raw, from), from)
        guard unsafe block < raw.pointee.block_count else { return false }
        return unsafe trawl_list_previous(raw, block) &+ 1 < to
    }
}

/// The lengths' bytes of a field, one for each document of a segment, with three readable bytes
/// behind the last (kernels read four at a time).
@safe
package final class NormBytes: @unchecked Sendable {
    // Immutable; `owner` keeps what `bytes` points to, or `copy` is it.
    package let bytes: UnsafePointer<UInt8>
    private let owner: (any AnyObject & Sendable)?
    private let copy: UnsafeMutablePointer<UInt8>?

    /// Bytes that somebody else keeps.
    package init(_ bytes: UnsafePointer<UInt8>, owner: any AnyObject & Sendable) {
        unsafe self.bytes = unsafe bytes
        self.owner = owner
        unsafe copy = nil
    }

    package init(copying source: [UInt8]) {
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: source.count + 4)
        unsafe room.initialize(repeating: 0, count: source.count + 4)
        unsafe room.update(from: source, count: source.count)
        unsafe copy = room
        unsafe bytes = UnsafePointer(room)
        owner = nil
    }

    deinit { unsafe copy?.deallocate() }
}
