package import TrawlBytes
package import TrawlPostings

/// Clauses together: all of `must` and `filter`, at least `minimumShouldMatch` of `should`, none
/// of `mustNot`. The score is the sum of those of `must` and `should`, added in double and
/// rounded to float once.
package final class BooleanMatcher: Matcher {
    package let must: [Matcher]
    package let filter: [Matcher]
    package let should: [Matcher]
    package let mustNot: [Matcher]
    package let minimumShouldMatch: Int
    /// `must` and `filter`, the rarest first.
    private lazy var required = (must + filter).sorted { $0.cost < $1.cost }
    private var room: WindowRoom?
    private var shouldRoom: WindowRoom?

    /// - Parameter minimumShouldMatch: When nil, one if nothing is required, else none.
    package init(
        must: [Matcher] = [], filter: [Matcher] = [], should: [Matcher] = [],
        mustNot: [Matcher] = [], minimumShouldMatch: Int? = nil
    ) {
        self.must = must
        self.filter = filter
        self.should = should
        self.mustNot = mustNot
        let isOptional = !must.isEmpty || !filter.isEmpty
        self.minimumShouldMatch =
            minimumShouldMatch ?? (isOptional || should.isEmpty ? 0 : 1)
    }

    /// Whether `should` decides which documents match.
    private var needsShould: Bool { minimumShouldMatch > 0 || required.isEmpty }

    package override var cost: Int {
        let most = should.reduce(0) { $0 + $1.cost }
        guard let least = required.first?.cost else { return most }
        return minimumShouldMatch > 0 ? min(least, most) : least
    }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        if !required.isEmpty {
            var next = doc
            for clause in required {
                next = max(next, clause.candidate(from: next))
                if next == .end { break }
            }
            return next
        }
        var next = DocNumber.end
        for clause in should { next = min(next, clause.candidate(from: doc)) }
        return next
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        let room = room ?? WindowRoom()
        self.room = room
        room.clearBits()
        if let first = required.first {
            unsafe first.match(window, room.bits)
            unsafe keep(window, room.bits, skipping: 1)
        } else {
            unsafe matchShould(window, room.bits)
            for clause in mustNot { unsafe clause.drop(window, room.bits) }
        }
        for word in 0..<window.wordCount { unsafe bits[word] |= room.bits[word] }
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe keep(window, bits, skipping: 0)
    }

    private func keep(_ window: DocWindow, _ bits: DocWindow.Bits, skipping known: Int) {
        for clause in required.dropFirst(known) { unsafe clause.keep(window, bits) }
        if needsShould {
            let room = shouldRoom ?? WindowRoom()
            shouldRoom = room
            room.clearBits()
            unsafe matchShould(window, room.bits)
            for word in 0..<window.wordCount { unsafe bits[word] &= room.bits[word] }
        }
        for clause in mustNot { unsafe clause.drop(window, bits) }
    }

    /// Sets the bits of documents that enough of `should` match.
    private func matchShould(_ window: DocWindow, _ bits: DocWindow.Bits) {
        if minimumShouldMatch <= 1 {
            for clause in should { unsafe clause.match(window, bits) }
            return
        }
        guard minimumShouldMatch <= should.count else { return }
        // How many clauses each document has, as sums of ones.
        let counts = WindowRoom()
        for clause in should {
            unsafe clause.withOwnMatches(window) { own in
                unsafe Self.forEachBit(window, own) { unsafe counts.sums[$0] += 1 }
            }
        }
        for bit in 0..<window.docCount
        where unsafe counts.sums[bit] >= Double(minimumShouldMatch) {
            unsafe bits[bit >> 6] |= 1 << UInt64(bit & 63)
        }
    }

    static func forEachBit(
        _ window: DocWindow, _ bits: UnsafePointer<UInt64>, _ body: (Int) -> Void
    ) {
        for word in 0..<window.wordCount {
            var rest = unsafe bits[word]
            while rest != 0 {
                body(word * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        let own = WindowRoom()
        unsafe own.bits.update(from: bits, count: window.wordCount)
        unsafe keep(window, own.bits)
        unsafe addScores(window, ofMatches: own.bits, to: own.sums)
        unsafe Self.forEachBit(window, own.bits) {
            unsafe sums[$0] += Double(Float(own.sums[$0]))
        }
    }

    package override func addScores(
        _ window: DocWindow, ofMatches bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        for clause in must { unsafe clause.addScores(window, among: bits, to: sums) }
        for clause in should { unsafe clause.addScores(window, among: bits, to: sums) }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double {
        var sum = 0.0
        for clause in must { sum += clause.bound(from: from, to: to) }
        for clause in should { sum += clause.bound(from: from, to: to) }
        return sum
    }

    package override func check() throws(CorruptionError) {
        for clause in must { try clause.check() }
        for clause in filter { try clause.check() }
        for clause in should { try clause.check() }
        for clause in mustNot { try clause.check() }
    }
}
