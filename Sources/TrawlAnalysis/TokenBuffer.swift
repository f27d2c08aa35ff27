/// The tokens of one piece of text, in order, and the bytes of their terms.
///
/// A buffer is used again and again: `removeAll` keeps its memory.
package struct TokenBuffer: Sendable {
    package var tokens: [Token] = []
    /// Bytes of all terms. A filter that lengthens a term appends the new one at the end.
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
}
