package import TrawlBytes
package import TrawlPostings

/// Documents whose scores are known already: of queries that are evaluated at once.
package final class ScoredListMatcher: Matcher {
    private let docs: [DocNumber]
    private let scores: [Float]
    private let greatest: Double

    package init(_ docs: [DocNumber], scores: [Float]) {
        assert(docs.count == scores.count)
        self.docs = docs
        self.scores = scores
        greatest = Double(scores.max() ?? 0)
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
        forEach(window) { bit, _ in unsafe bits[bit >> 6] |= 1 << UInt64(bit & 63) }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        forEach(window) { bit, place in
            if unsafe bits[bit >> 6] & (1 << UInt64(bit & 63)) != 0 {
                unsafe sums[bit] += Double(scores[place])
            }
        }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double { greatest }

    private func forEach(_ window: DocWindow, _ body: (Int, Int) -> Void) {
        var place = place(of: window.base)
        while place < docs.count, docs[place] < window.end {
            body(Int(docs[place] - window.base), place)
            place += 1
        }
    }
}

/// The documents of a matcher, whose scores a function changes. What the function gives is what
/// counts; a document for which it gives nil does not match.
package final class RescoringMatcher: Matcher {
    package typealias Function = (_ doc: Int, _ score: Float) -> Float?

    private let inner: Matcher
    private let needsScores: Bool
    private let limitsMatches: Bool
    private let function: Function

    package init(
        _ inner: Matcher, needsScores: Bool = true, limitsMatches: Bool = false,
        _ function: @escaping Function
    ) {
        self.inner = inner
        self.needsScores = needsScores
        self.limitsMatches = limitsMatches
        self.function = function
    }

    package override var cost: Int { inner.cost }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        inner.candidate(from: doc)
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        guard limitsMatches else { return unsafe inner.match(window, bits) }
        let own = WindowRoom()
        unsafe inner.match(window, own.bits)
        scored(window, own) { bit, score in
            if score != nil { unsafe bits[bit >> 6] |= 1 << UInt64(bit & 63) }
        }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        let own = WindowRoom()
        unsafe own.bits.update(from: bits, count: window.wordCount)
        unsafe inner.keep(window, own.bits)
        scored(window, own) { bit, score in
            if let score { unsafe sums[bit] += Double(score) }
        }
    }

    private func scored(_ window: DocWindow, _ own: WindowRoom, _ body: (Int, Float?) -> Void) {
        if needsScores { unsafe inner.addScores(window, ofMatches: own.bits, to: own.sums) }
        unsafe BooleanMatcher.forEachBit(window, own.bits) { bit in
            let score = unsafe Float(own.sums[bit])
            body(bit, function(Int(window.base) + bit, score))
        }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double { .infinity }

    package override func check() throws(CorruptionError) { try inner.check() }
}

/// Documents that enough of several clauses match, where enough depends on the document.
package final class MinimumMatcher: Matcher {
    private let clauses: [Matcher]
    private let minimum: (Int) -> Int?

    package init(_ clauses: [Matcher], minimum: @escaping (Int) -> Int?) {
        self.clauses = clauses
        self.minimum = minimum
    }

    package override var cost: Int { clauses.reduce(0) { $0 + $1.cost } }

    package override func candidate(from doc: DocNumber) -> DocNumber {
        clauses.reduce(.end) { min($0, $1.candidate(from: doc)) }
    }

    package override func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        let counts = WindowRoom()
        for clause in clauses {
            let own = WindowRoom()
            unsafe clause.match(window, own.bits)
            unsafe BooleanMatcher.forEachBit(window, own.bits) { unsafe counts.sums[$0] += 1 }
        }
        for bit in 0..<window.docCount where unsafe counts.sums[bit] > 0 {
            guard let least = minimum(Int(window.base) + bit) else { continue }
            if unsafe Int(counts.sums[bit]) >= max(1, least) {
                unsafe bits[bit >> 6] |= 1 << UInt64(bit & 63)
            }
        }
    }

    package override func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        let own = WindowRoom()
        unsafe match(window, own.bits)
        for word in 0..<window.wordCount { unsafe own.bits[word] &= bits[word] }
        for clause in clauses {
            unsafe clause.addScores(window, among: own.bits, to: own.sums)
        }
        unsafe BooleanMatcher.forEachBit(window, own.bits) {
            unsafe sums[$0] += Double(Float(own.sums[$0]))
        }
    }

    package override func bound(from: DocNumber, to: DocNumber) -> Double {
        clauses.reduce(0) { $0 + $1.bound(from: from, to: to) }
    }

    package override func check() throws(CorruptionError) {
        for clause in clauses { try clause.check() }
    }
}
