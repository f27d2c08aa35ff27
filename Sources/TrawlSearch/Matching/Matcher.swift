package import TrawlBytes
package import TrawlPostings

/// A part of a query over one segment: which documents match, and what they score.
///
/// Asked window by window, so that a call costs nothing per document. Windows usually go
/// forward, but a matcher must answer for any. One thread at a time; a search opens its own.
///
/// To add a kind of query, make a final subclass with `cost`, `match` and, when it scores,
/// `addScores` and `bound`; override the others where they can be faster. Whole shapes of queries
/// (terms, their disjunctions and conjunctions, phrases) have their own ways in `TopK/`, which
/// must give exactly what these methods give.
package class Matcher {
    package init() {}

    /// About how many documents match, to decide who leads. Never below zero.
    package var cost: Int { preconditionFailure("\(type(of: self)) does not know its cost") }

    /// Whether it is a `TermMatcher`: asked often, and a cast costs more.
    var isTerm: Bool { false }

    /// The first document at or after `doc` that might match, or `.end`. May be too low.
    package func candidate(from doc: DocNumber) -> DocNumber { doc }

    /// Sets the bits of all documents of the window that match; leaves the others as they are.
    package func match(_ window: DocWindow, _ bits: DocWindow.Bits) {
        preconditionFailure("\(type(of: self)) does not match")
    }

    /// Clears the bits of documents that do not match.
    package func keep(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe withOwnMatches(window) { own in
            for word in 0..<window.wordCount { unsafe bits[word] &= own[word] }
        }
    }

    /// Clears the bits of documents that match.
    package func drop(_ window: DocWindow, _ bits: DocWindow.Bits) {
        unsafe withOwnMatches(window) { own in
            for word in 0..<window.wordCount { unsafe bits[word] &= ~own[word] }
        }
    }

    /// Adds the score of each document that matches and whose bit is set. A matcher that does
    /// not score adds nothing.
    package func addScores(
        _ window: DocWindow, among bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {}

    /// The same when every bit that is set is known to match, and without rounding the sum of
    /// clauses to float: that is left to whoever asked.
    package func addScores(
        _ window: DocWindow, ofMatches bits: UnsafePointer<UInt64>, to sums: DocWindow.Sums
    ) {
        unsafe addScores(window, among: bits, to: sums)
    }

    /// No document from `from` to before `to` scores more than this.
    package func bound(from: DocNumber, to: DocNumber) -> Double { 0 }

    /// Throws when something that was read so far is not what was written.
    package func check() throws(CorruptionError) {}

    private var room: WindowRoom?

    /// Calls `body` with the matches of the window alone.
    final func withOwnMatches(_ window: DocWindow, _ body: (DocWindow.Bits) -> Void) {
        let room = room ?? WindowRoom()
        self.room = room
        room.clearBits()
        unsafe match(window, room.bits)
        unsafe body(room.bits)
    }
}
