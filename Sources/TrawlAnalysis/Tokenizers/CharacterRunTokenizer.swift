/// Tokens are the longest runs of characters of a set: letters, everything but white space, what
/// a `char_group` or a pattern such as `[^\p{L}\p{N}]+` describes.
struct CharacterRunTokenizer: Tokenizer {
    private let set: CodePointSet
    /// By byte: 1 inside a run, 0 outside, 2 for bytes outside ASCII.
    private let kinds: [UInt8]
    /// In UTF-16 units; a longer run is cut there.
    private let maxTokenLength: Int
    private let lowercases: Bool
    private let type: TokenType
    let ignoresASCIICase: Bool

    init(
        of set: CodePointSet, maxTokenLength: Int = 255, lowercases: Bool = false,
        type: TokenType = .word
    ) {
        self.set = set
        self.maxTokenLength = maxTokenLength
        self.lowercases = lowercases
        self.type = type
        kinds = (0..<256).map { $0 < 128 ? (set.ascii[$0] ? 1 : 0) : 2 }
        ignoresASCIICase = (0x41...0x5A).allSatisfy { set.ascii[$0] == set.ascii[$0 + 0x20] }
    }

    func tokenize(_ buffer: inout TokenBuffer) {
        if lowercases, ignoresASCIICase { LowercaseFilter.lowercaseASCII(&buffer.arena) }
        var tokens = buffer.tokens
        buffer.tokens = []
        unsafe kinds.withUnsafeBufferPointer {
            unsafe scan(buffer.arena.span, $0.baseAddress!, &tokens)
        }
        buffer.tokens = tokens
        if lowercases { LowercaseFilter().apply(to: &buffer) }
    }

    /// `kinds` has 256 entries, so a byte is always within it.
    private func scan(
        _ text: Span<UInt8>, _ kinds: UnsafePointer<UInt8>, _ tokens: inout [Token]
    ) {
        let end = text.count
        unsafe text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return }
            var at = 0
            while at < end {
                var kind = unsafe kinds[Int(bytes[at])]
                if kind == 0 {
                    at += 1
                    continue
                }
                let start = at
                while kind == 1 {
                    at += 1
                    if at == end { break }
                    kind = unsafe kinds[Int(bytes[at])]
                }
                if (at == end || kind == 0), at - start <= maxTokenLength {
                    tokens.append(Token(from: start, to: at, type: type))
                    at += 1
                } else {
                    at = careful(from: start, text, &tokens)
                }
            }
        }
    }

    /// One run by code points, cut where it grows too long. Returns where to go on.
    private func careful(
        from start: Int, _ text: Span<UInt8>, _ tokens: inout [Token]
    ) -> Int {
        var begin = start
        var at = start
        var units = 0
        while at < text.count {
            let scalar = text.scalar(at: at)
            guard set.contains(scalar.value) else {
                if at > begin { tokens.append(Token(from: begin, to: at, type: type)) }
                return at + scalar.byteCount
            }
            let width = scalar.byteCount == 4 ? 2 : 1
            if units + width > maxTokenLength, at > begin {
                tokens.append(Token(from: begin, to: at, type: type))
                begin = at
                units = 0
            }
            at += scalar.byteCount
            units += width
        }
        if at > begin { tokens.append(Token(from: begin, to: at, type: type)) }
        return at
    }
}

/// The whole text as one token; none for an empty text.
struct KeywordTokenizer: Tokenizer {
    var ignoresASCIICase: Bool { true }

    func tokenize(_ buffer: inout TokenBuffer) {
        guard !buffer.arena.isEmpty else { return }
        buffer.tokens.append(Token(from: 0, to: buffer.arena.count, type: .word))
    }
}
