internal import CKernels
package import TrawlBytes
package import TrawlPostings

/// The documents where terms stand at fixed distances, scored by how often they do.
@safe
package final class PhraseMatcher: Matcher {
    /// A term of the phrase, and how far from the phrase's start it stands.
    package struct Slot {
        package var list: PostingsList
        package var distance: Int

        package init(list: PostingsList, distance: Int) {
            self.list = list
            self.distance = distance
        }
    }

    /// The rarest first.
    private let slots: [Slot]
    private let scorers: UnsafeMutablePointer<trawl_scorer>
    private let lists: UnsafeMutablePointer<UnsafeMutablePointer<trawl_list>?>
    private let distances: UnsafeMutablePointer<UInt32>
    private var phrase: trawl_phrase
    private let scoring: FieldScoring
    private let norms: NormBytes?
    private var room: WindowRoom?

    /// - Parameters:
    ///   - slots: At least two; a term that occurs twice needs a list for each.
    ///   - weight: Boost times the sum of the terms' idf (see `PhraseMatcher.weight`).
    package init(
        _ slots: [Slot], norms: NormBytes?, scoring: FieldScoring, weight: Float
    ) {
        precondition(slots.count >= 2)
        let order = slots.sorted { $0.list.docCount < $1.list.docCount }
        self.slots = order
        self.scoring = scoring
        self.norms = norms
        unsafe scorers = .allocate(capacity: order.count)
        unsafe lists = .allocate(capacity: order.count)
        unsafe distances = .allocate(capacity: order.count)
        for (i, slot) in order.enumerated() {
            unsafe (scorers + i).initialize(
                to: trawl_scorer(
                    list: slot.list.raw, norms: norms?.bytes, inverse: scoring.inverses,
                    weight: weight))
            unsafe (lists + i).initialize(to: slot.list.raw)
            unsafe (distances + i).initialize(to: UInt32(slot.distance))
        }
        unsafe phrase = trawl_phrase(
            lists: lists, distances: distances, count: UInt32(order.count), starts: nil,
            positions: nil, capacity: 0)
    }

    deinit {
        unsafe scorers.deallocate()
        unsafe lists.deallocate()
        unsafe distances.deallocate()
        unsafe trawl_phrase_close(&phrase)
    }

    /// The weight of a phrase: its idf is the sum of its terms'.
    package static func weight(idfs: [Float], boost: Float) -> Float {
        boost * Float(idfs.reduce(0) { $0 + Double($1) })
    }

    package override var cost: Int { slots[0].list.docCount }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        slots[0].list.seek(to: doc)
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe withOwnCandidates(window) { own in
            unsafe checkPositions(window, own)
            for word in 0..<window.wordCount { unsafe bits[word] |= own[word] }
        }
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        for slot in slots {
            unsafe trawl_list_keep_bits(slot.list.raw, window.base, window.end, bits, 1)
        }
        unsafe checkPositions(window, bits)
    }

    private func withOwnCandidates(_ window: DocWindow, _ body: (DocWindow.Bits) -> Void) {
        let room = room ?? WindowRoom()
        self.room = room
        room.clearBits()
        unsafe trawl_list_set_bits(slots[0].list.raw, window.base, window.end, room.bits)
        for slot in slots.dropFirst() {
            unsafe trawl_list_keep_bits(slot.list.raw, window.base, window.end, room.bits, 1)
        }
        unsafe body(room.bits)
    }

    /// Clears the bits of documents where the terms do not stand as they should.
    private func checkPositions(_ window: DocWindow, _ bits: DocWindow.Bits) {
        for word in 0..<window.wordCount {
            var rest = unsafe bits[word]
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                rest &= rest - 1
                let doc = window.base + DocNumber(word * 64 + bit)
                if unsafe trawl_phrase_frequency(&phrase, doc, 1) == 0 {
                    unsafe bits[word] &= ~(1 << UInt64(bit))
                }
            }
        }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        unsafe withOwnCandidates(window) { own in
            for word in 0..<window.wordCount {
                var rest = unsafe own[word] & bits[word]
                while rest != 0 {
                    let bit = word * 64 + rest.trailingZeroBitCount
                    rest &= rest - 1
                    var doc = window.base + DocNumber(bit)
                    var frequency = unsafe trawl_phrase_frequency(&phrase, doc, 0)
                    guard frequency > 0 else { continue }
                    var score: Float = 0
                    unsafe trawl_score(scorers, &doc, &frequency, 1, &score)
                    unsafe sums[bit] += Double(score)
                }
            }
        }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double {
        // A phrase occurs at most as often as its rarest term.
        var least = Float.infinity
        for i in slots.indices {
            unsafe least = min(least, trawl_scorer_bound(scorers + i, from, to))
            if least == 0 { break }
        }
        return Double(least)
    }

    package override func check() throws(CorruptionError) {
        for slot in slots { try slot.list.check() }
    }

    /// How many documents of a block of the rarest term's list have the phrase.
    func count(block: Int) -> Int {
        unsafe Int(trawl_phrase_block(&phrase, scorers, UInt32(block), 0, 1, nil))
    }

    /// What a block costs, in documents looked at: positions are some ten times dearer.
    var workOfBlock: Int { 16 * PostingsFormat.blockLength * slots.count }

    /// Hits of a block of the rarest term's list that exceed `threshold`.
    /// - Parameter counts: Look at every document, to count them.
    /// - Returns: How many have the phrase, when `counts`.
    func hits(
        block: Int, threshold: Double, counts: Bool, into hits: UnsafeMutablePointer<trawl_hits>
    ) -> Int {
        unsafe Int(
            trawl_phrase_block(&phrase, scorers, UInt32(block), threshold, counts ? 1 : 0, hits))
    }

    var blockCount: Int { slots[0].list.blockCount }

    /// The documents that a block of the rarest term's list may have.
    func documents(ofBlock block: Int) -> (first: DocNumber, end: DocNumber) {
        let list = unsafe slots[0].list.raw
        return unsafe (
            trawl_list_previous(list, UInt32(block)) &+ 1,
            trawl_list_last_doc(list, UInt32(block)) + 1
        )
    }
}
