/// `length`: terms of other lengths go; lengths in UTF-16 units, as Lucene's.
struct LengthFilter: TokenFilter {
    let range: ClosedRange<Int>

    func apply(to buffer: inout TokenBuffer) {
        let range = range
        buffer.removeTokens { token, arena in
            let start = Int(token.termStart)
            let count = Int(token.termByteCount)
            // ASCII, mostly: then bytes are units. Otherwise units are at least a third.
            if count < range.lowerBound { return true }
            if count <= range.upperBound, count >= 3 * range.lowerBound { return false }
            return !range.contains(arena.utf16Count(start..<start + count))
        }
    }
}

/// `keep`: only these words stay.
struct KeepFilter: TokenFilter {
    let words: TermSet
    let ignoresCase: Bool

    init(_ words: [String], ignoresCase: Bool) {
        self.words = TermSet(ignoresCase ? words.map { $0.lowercased() } : words)
        self.ignoresCase = ignoresCase
    }

    func apply(to buffer: inout TokenBuffer) {
        let words = words
        let ignoresCase = ignoresCase
        buffer.removeTokens { token, arena in
            let start = Int(token.termStart)
            let term = arena.extracting(start..<start + Int(token.termByteCount))
            if !ignoresCase { return !words.contains(term) }
            let bytes = (0..<term.count).map { term[$0] }
            return !words.contains((LowercaseFilter.lowercased(bytes[...]) ?? bytes)[...])
        }
    }
}

/// `keep_types`: only tokens of these types stay, or all others.
struct KeepTypesFilter: TokenFilter {
    let types: Set<TokenType>
    let excludes: Bool

    func apply(to buffer: inout TokenBuffer) {
        let types = types
        let excludes = excludes
        buffer.removeTokens { token, _ in types.contains(token.type) == excludes }
    }
}

/// `unique`: a term stays where it comes first; with `onlyOnSamePosition`, where it comes first
/// at its position (`remove_duplicates`).
struct UniqueFilter: TokenFilter {
    let onlyOnSamePosition: Bool

    func apply(to buffer: inout TokenBuffer) {
        var seen: Set<[UInt8]> = []
        let onlyOnSamePosition = onlyOnSamePosition
        buffer.removeTokens { token, arena in
            if onlyOnSamePosition, token.positionIncrement > 0 { seen.removeAll() }
            let start = Int(token.termStart)
            let term = (start..<start + Int(token.termByteCount)).map { arena[$0] }
            return !seen.insert(term).inserted
        }
    }
}

/// `limit`: only the first tokens.
struct LimitFilter: TokenFilter {
    let count: Int

    func apply(to buffer: inout TokenBuffer) {
        guard buffer.tokens.count > count else { return }
        buffer.tokens.removeLast(buffer.tokens.count - count)
        buffer.trailingPositions = 0
    }
}

/// `keyword_marker`: stemmers leave these words alone.
struct KeywordMarkerFilter: TokenFilter {
    let words: TermSet
    let pattern: LinearRegex?
    let ignoresCase: Bool

    init(settings: AnalysisSettings) throws(AnalysisError) {
        ignoresCase = try settings.bool("ignore_case", default: false)
        let list = try settings.words("keywords")
        words = TermSet(ignoresCase ? list.map { $0.lowercased() } : list)
        pattern =
            settings.has("keywords_pattern") ? try settings.regex("keywords_pattern") : nil
        if words.isEmpty, pattern == nil {
            throw settings.error(
                "keywords",
                "keyword filter requires either `keywords`, `keywords_path`, or "
                    + "`keywords_pattern` to be configured")
        }
    }

    init(_ words: [String]) {
        self.words = TermSet(words)
        pattern = nil
        ignoresCase = false
    }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices {
            let term = buffer.term(of: buffer.tokens[index])
            if let pattern {
                if pattern.matchesWhole(term.span) { buffer.tokens[index].isKeyword = true }
            } else if words.contains(
                ignoresCase ? (LowercaseFilter.lowercased(term).map { $0[...] } ?? term) : term)
            {
                buffer.tokens[index].isKeyword = true
            }
        }
    }
}

/// `keyword_repeat`: each token twice, first as a keyword, so that word and stem stand together.
struct KeywordRepeatFilter: TokenFilter {
    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        result.reserveCapacity(buffer.tokens.count * 2)
        for var token in buffer.tokens {
            token.isKeyword = true
            result.append(token)
            token.isKeyword = false
            token.positionIncrement = 0
            result.append(token)
        }
        buffer.tokens = result
    }
}

/// `stemmer_override`: own stems for some words, which are then keywords.
struct StemmerOverrideFilter: TokenFilter {
    private var stems = TermMap<[UInt8]>()

    init(settings: AnalysisSettings) throws(AnalysisError) {
        guard let rules = try settings.lines("rules") else {
            throw settings.error(
                "rules",
                "stemmer override filter requires either `rules` or `rules_path` to be configured")
        }
        for rule in rules {
            let sides = rule.split(separator: "=>", omittingEmptySubsequences: false).map {
                AnalysisSettings.trimmed(String($0))
            }
            guard sides.count == 2, !sides[1].isEmpty, !sides[0].isEmpty else {
                throw settings.error("rules", "Invalid Keyword override Rule:\(rule)")
            }
            for key in sides[0].split(separator: ",") {
                stems.set(
                    Array(AnalysisSettings.trimmed(String(key)).utf8), Array(sides[1].utf8))
            }
        }
    }

    init(_ pairs: [(String, String)]) {
        for (word, stem) in pairs { stems.set(Array(word.utf8), Array(stem.utf8)) }
    }

    func apply(to buffer: inout TokenBuffer) {
        for index in buffer.tokens.indices where !buffer.tokens[index].isKeyword {
            if let stem = stems[buffer.term(of: buffer.tokens[index])] {
                buffer.replaceTerm(at: index, with: stem)
                buffer.tokens[index].isKeyword = true
            }
        }
    }
}

/// `fingerprint`: all terms, each once, sorted, as one token.
struct FingerprintFilter: TokenFilter {
    let separator: [UInt8]
    let largest: Int

    func apply(to buffer: inout TokenBuffer) {
        guard !buffer.tokens.isEmpty else { return }
        let start = buffer.tokens.map(\.startByteOffset).min() ?? 0
        let end = buffer.tokens.map(\.endByteOffset).max() ?? 0
        let terms = Set(buffer.tokens.map { Array(buffer.term(of: $0)) }).sorted {
            $0.lexicographicallyPrecedes($1)
        }
        let joined = Array(terms.joined(separator: separator))
        buffer.removeAll()
        guard !joined.isEmpty, joined.span.utf16Count(0..<joined.count) <= largest else { return }
        buffer.arena = joined
        var token = Token(from: 0, to: joined.count, type: .fingerprint)
        token.startByteOffset = start
        token.endByteOffset = end
        buffer.tokens = [token]
    }
}
