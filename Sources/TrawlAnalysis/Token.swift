/// What analysis makes of a piece of text.
///
/// The term's bytes lie in the arena of the `TokenBuffer` that holds the token, so that a token
/// is a value without a reference and a filter can rewrite a term without an allocation.
package struct Token: Sendable, Equatable {
    /// Where the term begins in the buffer's arena.
    package var termStart: Int32
    package var termByteCount: Int32
    /// Where the token's text begins and ends in the original text, in UTF-8 bytes.
    package var startByteOffset: Int32
    package var endByteOffset: Int32
    /// How many positions after the token before: 0 stacks on it, 2 leaves a hole.
    package var positionIncrement: Int32
    /// How many positions the token spans; over 1 only in a graph (multi-word synonyms).
    package var positionLength: Int32
    package var type: TokenType
    /// Set by keyword_marker: stemmers leave the token alone.
    package var isKeyword: Bool

    package init(
        termStart: Int32, termByteCount: Int32, startByteOffset: Int32, endByteOffset: Int32,
        positionIncrement: Int32 = 1, positionLength: Int32 = 1,
        type: TokenType = .alphanumeric, isKeyword: Bool = false
    ) {
        self.termStart = termStart
        self.termByteCount = termByteCount
        self.startByteOffset = startByteOffset
        self.endByteOffset = endByteOffset
        self.positionIncrement = positionIncrement
        self.positionLength = positionLength
        self.type = type
        self.isKeyword = isKeyword
    }
}

/// The kind of a token, with the names that Elasticsearch reports.
package enum TokenType: UInt8, Sendable, CaseIterable {
    case alphanumeric, number, southeastAsian, ideographic, hiragana, katakana, hangul, emoji
    case word, synonym, shingle, double, single, email, url, gram, graph, fingerprint

    package var name: String {
        switch self {
        case .alphanumeric: "<ALPHANUM>"
        case .number: "<NUM>"
        case .southeastAsian: "<SOUTHEAST_ASIAN>"
        case .ideographic: "<IDEOGRAPHIC>"
        case .hiragana: "<HIRAGANA>"
        case .katakana: "<KATAKANA>"
        case .hangul: "<HANGUL>"
        case .emoji: "<EMOJI>"
        case .word: "word"
        case .synonym: "SYNONYM"
        case .shingle: "shingle"
        case .double: "<DOUBLE>"
        case .single: "<SINGLE>"
        case .email: "<EMAIL>"
        case .url: "<URL>"
        case .gram: "gram"
        case .graph: "graph"
        case .fingerprint: "fingerprint"
        }
    }
}
