/// Drops the words of a list and leaves holes in the positions.
struct StopFilter: TokenFilter {
    let words: TermSet
    var ignoresCase = false
    /// The last token of a text stays, even when it is in the list: for search as you type.
    var keepsLast = false

    init(_ words: some Sequence<String>, ignoresCase: Bool = false, keepsLast: Bool = false) {
        self.words = TermSet(
            ignoresCase
                ? words.map {
                    let term = Array($0.utf8)
                    return String(
                        decoding: LowercaseFilter.lowercased(term[...]) ?? term, as: UTF8.self)
                } : Array(words))
        self.ignoresCase = ignoresCase
        self.keepsLast = keepsLast
    }

    func apply(to buffer: inout TokenBuffer) {
        if words.isEmpty { return }
        let kept = keepsLast ? buffer.tokens.last : nil
        let words = words
        if ignoresCase {
            buffer.removeTokens { token, arena in
                if let kept, token == kept { return false }
                let range = Int(token.termStart)..<Int(token.termStart + token.termByteCount)
                let term = range.map { arena[$0] }
                return words.contains((LowercaseFilter.lowercased(term[...]) ?? term)[...])
            }
        } else {
            buffer.removeTokens { token, arena in
                if let kept, token == kept { return false }
                let start = Int(token.termStart)
                return words.contains(
                    arena.extracting(start..<start + Int(token.termByteCount)))
            }
        }
    }
}
