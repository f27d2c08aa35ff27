/// Cuts a text into tokens.
///
/// When `tokenize` is called the arena of the buffer holds the text, valid UTF-8, and nothing
/// else; offsets of the tokens count from its beginning. A tokenizer that yields terms that are
/// not parts of the text appends them to the arena.
package protocol Tokenizer: Sendable {
    func tokenize(_ buffer: inout TokenBuffer)

    /// Whether it cuts `A` where it cuts `a`, for every ASCII letter: then lower-casing may go
    /// first, in one pass over the whole text.
    var ignoresASCIICase: Bool { get }
}

extension Tokenizer {
    package var ignoresASCIICase: Bool { false }
}
