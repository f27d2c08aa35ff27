/// The tokens of one piece of text, in order, and the bytes of their terms.
///
/// A buffer is used again and again: `removeAll` keeps its memory.
package struct TokenBuffer: Sendable {
    package var tokens: [Token] = []
    /// Bytes of all terms. Terms may share bytes, so a filter that changes a term appends the
    /// new one at the end.
    package var arena: [UInt8] = []
    /// Positions after the last token that dropped tokens left behind; the next value of a
    /// multi-valued field starts after them.
    package var trailingPositions: Int32 = 0

    package init() {}

    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        arena.removeAll(keepingCapacity: true)
        trailingPositions = 0
    }

    package func term(of token: Token) -> ArraySlice<UInt8> {
        arena[Int(token.termStart)..<Int(token.termStart + token.termByteCount)]
    }

    package func termString(of token: Token) -> String {
        String(decoding: term(of: token), as: UTF8.self)
    }

    /// Gives a token another term.
    package mutating func replaceTerm(at index: Int, with bytes: some Collection<UInt8>) {
        tokens[index].termStart = Int32(arena.count)
        tokens[index].termByteCount = Int32(bytes.count)
        arena.append(contentsOf: bytes)
    }

    /// Drops tokens and leaves their positions as holes.
    mutating func removeTokens(where shouldDrop: (Token, Span<UInt8>) -> Bool) {
        var list = tokens
        tokens = []
        let held = arena
        let bytes = held.span
        var kept = 0
        var hole: Int32 = 0
        for index in list.indices {
            var token = list[index]
            if shouldDrop(token, bytes) {
                hole += token.positionIncrement
                continue
            }
            token.positionIncrement += hole
            hole = 0
            list[kept] = token
            kept += 1
        }
        list.removeLast(list.count - kept)
        tokens = list
        trailingPositions += hole
    }
}
