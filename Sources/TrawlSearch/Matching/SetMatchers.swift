package import TrawlBytes
package import TrawlPostings

/// All documents of a segment; the score of each is 0 (wrap it in `ConstantScoreMatcher`).
package final class AllMatcher: Matcher {
    private let docLimit: DocNumber

    package init(docLimit: Int) { self.docLimit = DocNumber(docLimit) }

    package override var cost: Int { Int(docLimit) }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        doc < docLimit ? doc : .end
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        var left = Int(min(window.end, docLimit)) - Int(window.base)
        var word = 0
        while left > 0 {
            let mask = left >= 64 ? UInt64.max : (1 << UInt64(left)) - 1
            unsafe bits[word] |= mask
            left -= 64
            word += 1
        }
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {}
}

/// No document.
package final class NoneMatcher: Matcher {
    package override var cost: Int { 0 }
    package override func candidate(from doc: DocNumber) -> DocNumber { .end }
    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {}
}

/// The documents of a set of bits: a cached filter.
package final class BitSetMatcher: Matcher {
    private let set: FixedBitSet
    private let count: Int

    package init(_ set: FixedBitSet) {
        self.set = set
        count = set.count
    }

    package override var cost: Int { count }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        set.next(from: Int(doc)).map { DocNumber($0) } ?? .end
    }

    private func word(_ index: Int) -> UInt64 { index < set.words.count ? set.words[index] : 0 }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        let first = Int(window.base >> 6)
        for i in 0..<window.wordCount { unsafe bits[i] |= word(first + i) }
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        let first = Int(window.base >> 6)
        for i in 0..<window.wordCount { unsafe bits[i] &= word(first + i) }
    }

    package override func drop(_ window: DocWindow, _ bits: DocWindow.Bits) {
        let first = Int(window.base >> 6)
        for i in 0..<window.wordCount { unsafe bits[i] &= ~word(first + i) }
    }
}

/// The documents of an ascending list.
package final class DocListMatcher: Matcher {
    private let docs: [DocNumber]

    package init(_ docs: [DocNumber]) {
        assert(zip(docs, docs.dropFirst()).allSatisfy { $0 < $1 })
        self.docs = docs
    }

    package override var cost: Int { docs.count }

    private func place(of doc: DocNumber) -> Int {
        var low = 0
        var high = docs.count
        while low < high {
            let middle = (low + high) / 2
            if docs[middle] < doc { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        let place = place(of: doc)
        return place < docs.count ? docs[place] : .end
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        var place = place(of: window.base)
        while place < docs.count, docs[place] < window.end {
            let bit = Int(docs[place] - window.base)
            unsafe bits[bit >> 6] |= 1 << UInt64(bit & 63)
            place += 1
        }
    }
}

/// The documents of another matcher, each with the same score.
package final class ConstantScoreMatcher: Matcher {
    private let matches: Matcher
    private let score: Float

    package init(_ matches: Matcher, score: Float) {
        self.matches = matches
        self.score = score
    }

    package override var cost: Int { matches.cost }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        matches.candidate(from: doc)
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe matches.match(window, bits)
    }

    package override func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe matches.keep(window, bits)
    }

    package override func drop(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe matches.drop(window, bits)
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        unsafe withOwnMatches(window) { own in
            for word in 0..<window.wordCount { unsafe own[word] &= bits[word] }
            unsafe addScores(window, ofMatches: own, to: sums)
        }
    }

    package override func addScores(
        _ window: DocWindow, ofMatches bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        unsafe BooleanMatcher.forEachBit(window, bits) { unsafe sums[$0] += Double(score) }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double { Double(score) }

    package override func check() throws(CorruptionError) { try matches.check() }
}

/// The best of several clauses, and `tieBreaker` times the sum of the others.
package final class DisjunctionMaxMatcher: Matcher {
    private let clauses: [Matcher]
    private let tieBreaker: Float

    package init(_ clauses: [Matcher], tieBreaker: Float) {
        self.clauses = clauses
        self.tieBreaker = tieBreaker
    }

    package override var cost: Int { clauses.reduce(0) { $0 + $1.cost } }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        clauses.reduce(.end) { min($0, $1.candidate(from: doc)) }
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        for clause in clauses { unsafe clause.match(window, bits) }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        var best = [Float](repeating: 0, count: window.docCount)
        var others = [Double](repeating: 0, count: window.docCount)
        let one = WindowRoom()
        for clause in clauses {
            unsafe clause.addScores(window, among: bits, to: one.sums)
            for i in 0..<window.docCount {
                let score = unsafe Float(one.sums[i])
                unsafe one.sums[i] = 0
                guard score != 0 else { continue }
                if score >= best[i] {
                    others[i] += Double(best[i])
                    best[i] = score
                } else {
                    others[i] += Double(score)
                }
            }
        }
        unsafe BooleanMatcher.forEachBit(window, bits) {
            // As Lucene adds: the maximum and the others' sum times the tie breaker, in double.
            unsafe sums[$0] += Double(Float(Double(best[$0]) + others[$0] * Double(tieBreaker)))
        }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double {
        var best = 0.0
        var sum = 0.0
        for clause in clauses {
            let bound = clause.bound(from: from, to: to)
            best = max(best, bound)
            sum += bound
        }
        // A little above: the exact score is rounded to float before it is compared.
        return (best + Double(tieBreaker) * (sum - best)) * (1 + 1e-6)
    }

    package override func check() throws(CorruptionError) {
        for clause in clauses { try clause.check() }
    }
}
