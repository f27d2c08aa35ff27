internal import CICU

/// `ngram`: every piece of `minGram` to `maxGram` characters, within runs of allowed characters.
struct NGramTokenizer: Tokenizer {
    let minGram: Int
    let maxGram: Int
    /// Nil: every character is allowed.
    let allowed: CodePointSet?
    /// Only the pieces at the beginning of each run (`edge_ngram`).
    let isEdge: Bool

    init(settings: AnalysisSettings, isEdge: Bool) throws(AnalysisError) {
        (minGram, maxGram) = try settings.gramLengths(maxDefault: 2, isEdge: isEdge)
        self.isEdge = isEdge
        guard let names = try settings.strings("token_chars"), !names.isEmpty else {
            allowed = nil
            return
        }
        var ranges: [ClosedRange<UInt32>] = []
        for name in names {
            switch name.lowercased() {
            case "letter": ranges += CodePointSet.ranges(ofProperty: "L")!
            case "digit": ranges += CodePointSet.ranges(ofProperty: "Nd")!
            case "whitespace": ranges += CodePointSet.javaWhitespace
            case "punctuation": ranges += CodePointSet.ranges(ofProperty: "P")!
            case "symbol": ranges += CodePointSet.ranges(ofProperty: "S")!
            case "custom":
                ranges += try settings.required("custom_token_chars").unicodeScalars.map {
                    $0.value...$0.value
                }
            default:
                throw settings.error(
                    "token_chars",
                    "Unknown token type: '\(name)', must be one of [symbol, custom, digit, "
                        + "punctuation, letter, whitespace]")
            }
        }
        allowed = CodePointSet(ranges: ranges)
    }

    func tokenize(_ buffer: inout TokenBuffer) {
        let held = buffer.arena
        let text = held.span
        // Starts of the characters of the run at hand, and the run's end.
        var starts: [Int] = []
        var at = 0
        func flush(_ tokens: inout [Token]) {
            starts.append(at)
            let count = starts.count - 1
            for first in 0..<(isEdge ? min(1, count) : count) {
                guard first + minGram <= count else { break }
                for last in first + minGram...max(first + minGram, min(first + maxGram, count)) {
                    tokens.append(Token(from: starts[first], to: starts[last], type: .word))
                }
            }
            starts.removeAll(keepingCapacity: true)
        }
        while at < text.count {
            let scalar = text.scalar(at: at)
            if allowed?.contains(scalar.value) ?? true {
                starts.append(at)
                // A long run needs no long memory: what is complete is written.
                if !isEdge, starts.count > 4096 + maxGram {
                    for first in 0..<4096 {
                        for last in first + minGram...first + maxGram {
                            buffer.tokens.append(
                                Token(from: starts[first], to: starts[last], type: .word))
                        }
                    }
                    starts.removeFirst(4096)
                }
            } else {
                flush(&buffer.tokens)
            }
            at += scalar.byteCount
        }
        flush(&buffer.tokens)
    }
}

extension AnalysisSettings {
    /// Pieces of the edge are few, so their lengths have no limit.
    func gramLengths(
        maxDefault: Int, isEdge: Bool
    ) throws(AnalysisError) -> (min: Int, max: Int) {
        let low = try int("min_gram", default: 1, in: 1...1024)
        let high = try int("max_gram", default: max(low, maxDefault), in: 1...1024)
        if low > high {
            throw error("min_gram", "minGram must not be greater than maxGram")
        }
        if !isEdge, high - low > limits.ngramDifference {
            throw error(
                "max_gram",
                "The difference between max_gram and min_gram in NGram Tokenizer must be less than "
                    + "or equal to: [\(limits.ngramDifference)] but was [\(high - low)]. This limit "
                    + "can be set by changing the [index.max_ngram_diff] index level setting.")
        }
        return (low, high)
    }
}
