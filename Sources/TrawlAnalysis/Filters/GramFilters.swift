/// `ngram` and `edge_ngram`: pieces of each term, all at its position.
struct NGramFilter: TokenFilter {
    enum Edge: Sendable { case none, front, back }
    let minGram: Int
    let maxGram: Int
    let edge: Edge
    let keepsOriginal: Bool

    init(settings: AnalysisSettings, isEdge: Bool) throws(AnalysisError) {
        (minGram, maxGram) = try settings.gramLengths(maxDefault: 2, isEdge: isEdge)
        keepsOriginal = try settings.bool("preserve_original", default: false)
        if isEdge {
            let side = try settings.string("side") ?? "front"
            guard side == "front" || side == "back" else {
                throw settings.error("side", "invalid side: \(side)")
            }
            edge = side == "front" ? .front : .back
        } else {
            edge = .none
        }
    }

    func apply(to buffer: inout TokenBuffer) {
        var result: [Token] = []
        var hole: Int32 = 0
        for token in buffer.tokens {
            let term = buffer.term(of: token)
            var starts = term.indices.filter { term[$0] & 0xC0 != 0x80 }.map {
                Int32($0 - term.startIndex)
            }
            let count = starts.count
            starts.append(token.termByteCount)
            var increment = token.positionIncrement + hole
            var emitted = false
            func add(_ first: Int, _ last: Int) {
                var gram = token
                gram.termStart += starts[first]
                gram.termByteCount = starts[last] - starts[first]
                gram.positionIncrement = increment
                result.append(gram)
                increment = 0
                emitted = true
            }
            var wholeIsGram = false
            if count >= minGram {
                switch edge {
                case .none:
                    for first in 0...(count - minGram) {
                        for length in minGram...max(minGram, min(maxGram, count - first)) {
                            add(first, first + length)
                        }
                    }
                case .front:
                    for length in minGram...min(maxGram, count) { add(0, length) }
                case .back:
                    for length in minGram...min(maxGram, count) { add(count - length, count) }
                }
                wholeIsGram = count <= maxGram
            }
            if keepsOriginal, !wholeIsGram { add(0, count) }
            hole = emitted ? 0 : increment
        }
        buffer.tokens = result
        buffer.trailingPositions += hole
    }
}

/// `shingle`: neighbouring terms joined, at the position of the first.
struct ShingleFilter: TokenFilter {
    let smallest: Int
    let largest: Int
    let keepsUnigrams: Bool
    let keepsLonely: Bool
    let separator: [UInt8]
    let filler: [UInt8]

    init(settings: AnalysisSettings) throws(AnalysisError) {
        largest = try settings.int("max_shingle_size", default: 2, in: 2...64)
        smallest = try settings.int("min_shingle_size", default: 2, in: 2...64)
        if smallest > largest {
            throw settings.error(
                "min_shingle_size",
                "min_shingle_size must be less than or equal to max_shingle_size")
        }
        keepsUnigrams = try settings.bool("output_unigrams", default: true)
        let difference = largest - smallest + (keepsUnigrams ? 1 : 0)
        let limit = settings.limits.shingleDifference
        if difference > limit {
            throw settings.error(
                "max_shingle_size",
                "In Shingle TokenFilter the difference between max_shingle_size and "
                    + "min_shingle_size (and +1 if outputting unigrams) must be less than or equal "
                    + "to: [\(limit)] but was [\(difference)]. This limit can be set by changing "
                    + "the [index.max_shingle_diff] index level setting.")
        }
        keepsLonely = try settings.bool("output_unigrams_if_no_shingles", default: false)
        separator = Array((try settings.string("token_separator") ?? " ").utf8)
        filler = Array((try settings.string("filler_token") ?? "_").utf8)
    }

    func apply(to buffer: inout TokenBuffer) {
        // Nil stands for a hole.
        var slots: [Token?] = []
        for token in buffer.tokens {
            let holes = min(Int(token.positionIncrement) - 1, largest - 1)
            if holes > 0 { slots += [Token?](repeating: nil, count: holes) }
            slots.append(token)
        }
        let trailing = min(Int(buffer.trailingPositions), largest - 1)
        slots += [Token?](repeating: nil, count: trailing)
        var result: [Token] = []
        for start in slots.indices {
            var increment: Int32 = 1
            func add(_ token: Token) {
                var token = token
                token.positionIncrement = increment
                increment = 0
                result.append(token)
            }
            if keepsUnigrams, let token = slots[start] { add(token) }
            for length in smallest...largest {
                let end = start + length
                guard end <= slots.count else { break }
                let parts = slots[start..<end]
                let real = parts.compactMap { $0 }
                guard let first = real.first, let last = real.last else { continue }
                let from = buffer.arena.count
                for (index, part) in parts.enumerated() {
                    if index > 0 { buffer.arena += separator }
                    if let part {
                        buffer.arena += Array(buffer.term(of: part))
                    } else {
                        buffer.arena += filler
                    }
                }
                add(
                    Token(
                        termStart: Int32(from), termByteCount: Int32(buffer.arena.count - from),
                        startByteOffset: first.startByteOffset, endByteOffset: last.endByteOffset,
                        positionLength: keepsUnigrams ? Int32(length) : 1, type: .shingle))
            }
        }
        if result.isEmpty, keepsLonely {
            return
        }
        buffer.tokens = result
    }
}

/// `cjk_bigram`: pairs of neighbouring ideographs, kana and hangul; one that stands alone stays.
struct CJKBigramFilter: TokenFilter {
    let keepsUnigrams: Bool
    let types: Set<TokenType>

    init(keepsUnigrams: Bool = false, ignoring ignored: Set<TokenType> = []) {
        self.keepsUnigrams = keepsUnigrams
        types = Set([.ideographic, .hiragana, .katakana, .hangul]).subtracting(ignored)
    }

    init(settings: AnalysisSettings) throws(AnalysisError) {
        var ignored: Set<TokenType> = []
        for name in try settings.strings("ignored_scripts") ?? [] {
            switch name {
            case "han": ignored.insert(.ideographic)
            case "hiragana": ignored.insert(.hiragana)
            case "katakana": ignored.insert(.katakana)
            case "hangul": ignored.insert(.hangul)
            default: throw settings.error("ignored_scripts", "Unknown script [\(name)]")
            }
        }
        self.init(
            keepsUnigrams: try settings.bool("output_unigrams", default: false), ignoring: ignored)
    }

    func apply(to buffer: inout TokenBuffer) {
        guard buffer.tokens.contains(where: { types.contains($0.type) }) else { return }
        var result: [Token] = []
        result.reserveCapacity(buffer.tokens.count)
        // The characters of the run at hand.
        var run: [Token] = []
        let held = buffer.arena
        let arena = held.span
        func flush() {
            if run.count == 1 || keepsUnigrams && !run.isEmpty && run.count == 1 {
                run[0].type = .single
                result.append(run[0])
            } else {
                for index in run.indices {
                    var first = run[index]
                    if keepsUnigrams {
                        first.type = .single
                        result.append(first)
                    }
                    guard index + 1 < run.count else { break }
                    let second = run[index + 1]
                    var pair = first
                    pair.type = .double
                    pair.endByteOffset = second.endByteOffset
                    if first.termStart + first.termByteCount == second.termStart {
                        pair.termByteCount += second.termByteCount
                    } else {
                        pair.termStart = Int32(buffer.arena.count)
                        pair.termByteCount = first.termByteCount + second.termByteCount
                        for part in [first, second] {
                            for offset in 0..<Int(part.termByteCount) {
                                buffer.arena.append(arena[Int(part.termStart) + offset])
                            }
                        }
                    }
                    if keepsUnigrams {
                        pair.positionIncrement = 0
                        pair.positionLength = 2
                    }
                    result.append(pair)
                }
            }
            run.removeAll(keepingCapacity: true)
        }
        for token in buffer.tokens {
            guard types.contains(token.type) else {
                flush()
                result.append(token)
                continue
            }
            if let last = run.last, last.endByteOffset != token.startByteOffset { flush() }
            let start = Int(token.termStart)
            let end = start + Int(token.termByteCount)
            let sameLength = token.endByteOffset - token.startByteOffset == token.termByteCount
            var at = start
            while at < end {
                let width = arena.scalar(at: at).byteCount
                var part = token
                part.termStart = Int32(at)
                part.termByteCount = Int32(width)
                if at > start { part.positionIncrement = 1 }
                if sameLength {
                    part.startByteOffset = token.startByteOffset + Int32(at - start)
                    part.endByteOffset = part.startByteOffset + Int32(width)
                }
                run.append(part)
                at += width
            }
        }
        flush()
        buffer.tokens = result
    }
}

/// `common_grams`: frequent words also joined with their neighbours, by `_`.
struct CommonGramsFilter: TokenFilter {
    let words: TermSet
    let ignoresCase: Bool
    /// For queries: single words that stand in a pair go.
    let isForQueries: Bool

    init(settings: AnalysisSettings) throws(AnalysisError) {
        ignoresCase = try settings.bool("ignore_case", default: false)
        isForQueries = try settings.bool("query_mode", default: false)
        let list = try settings.words("common_words")
        if list.isEmpty {
            throw settings.error(
                "common_words",
                "missing or empty [common_words] or [common_words_path] configuration")
        }
        words = TermSet(ignoresCase ? list.map { $0.lowercased() } : list)
    }

    func apply(to buffer: inout TokenBuffer) {
        let common = buffer.tokens.map { token in
            let term = buffer.term(of: token)
            return words.contains(
                ignoresCase ? (LowercaseFilter.lowercased(term).map { $0[...] } ?? term) : term)
        }
        var result: [Token] = []
        var joinedBefore = false
        for (index, token) in buffer.tokens.enumerated() {
            let next = index + 1
            let joins =
                next < buffer.tokens.count && (common[index] || common[next])
                && buffer.tokens[next].positionIncrement == 1
            if !isForQueries || !joins && !joinedBefore { result.append(token) }
            if joins {
                let term =
                    Array(buffer.term(of: token)) + [0x5F]
                    + Array(buffer.term(of: buffer.tokens[next]))
                result.append(
                    Token(
                        termStart: Int32(buffer.arena.count), termByteCount: Int32(term.count),
                        startByteOffset: token.startByteOffset,
                        endByteOffset: buffer.tokens[next].endByteOffset,
                        positionIncrement: isForQueries ? token.positionIncrement : 0,
                        positionLength: isForQueries ? 1 : 2, type: .gram))
                buffer.arena += term
            }
            joinedBefore = joins
        }
        buffer.tokens = result
    }
}
