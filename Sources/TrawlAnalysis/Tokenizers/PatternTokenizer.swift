/// `pattern`: what lies between the matches of a regular expression, or a group of each match.
struct PatternTokenizer: Tokenizer {
    private let regex: LinearRegex
    /// -1: the text between matches.
    private let group: Int

    /// A pattern that is a set of characters, which most are, needs no matching.
    static func make(settings: AnalysisSettings) throws(AnalysisError) -> any Tokenizer {
        let regex = try settings.regex("pattern", default: "\\W+")
        guard let group = Int(try settings.string("group") ?? "-1"), group >= -1,
            group <= regex.groupCount
        else { throw settings.error("group", "invalid group specified") }
        return make(regex, group: group)
    }

    static func make(_ regex: LinearRegex, group: Int = -1) -> any Tokenizer {
        if group == -1, let run = regex.run {
            return CharacterRunTokenizer(
                of: CodePointSet(ranges: CodePointSet.complement(run.set)), maxTokenLength: .max)
        }
        if group == 0, let run = regex.run, run.repeats {
            return CharacterRunTokenizer(of: CodePointSet(ranges: run.set), maxTokenLength: .max)
        }
        return PatternTokenizer(regex: regex, group: group)
    }

    func tokenize(_ buffer: inout TokenBuffer) {
        let held = buffer.arena
        var at = 0
        for match in regex.matches(in: held.span) {
            if group >= 0 {
                if let range = match.groups[group], !range.isEmpty {
                    buffer.tokens.append(
                        Token(from: range.lowerBound, to: range.upperBound, type: .word))
                }
                continue
            }
            if match.range.lowerBound > at {
                buffer.tokens.append(Token(from: at, to: match.range.lowerBound, type: .word))
            }
            at = match.range.upperBound
        }
        if group < 0, at < held.count {
            buffer.tokens.append(Token(from: at, to: held.count, type: .word))
        }
    }
}

/// `char_group`: cuts at the characters of a list; the words for kinds of characters are
/// `whitespace`, `letter`, `digit`, `punctuation`, `symbol` and `cjk`.
enum CharGroupTokenizer {
    static func make(settings: AnalysisSettings) throws(AnalysisError) -> any Tokenizer {
        guard let list = try settings.lines("tokenize_on_chars") else {
            _ = try settings.required("tokenize_on_chars")
            return KeywordTokenizer()
        }
        var ranges: [ClosedRange<UInt32>] = []
        for item in list {
            switch item {
            case "whitespace": ranges += CodePointSet.javaWhitespace
            case "letter": ranges += CodePointSet.ranges(ofProperty: "L")!
            case "digit": ranges += CodePointSet.ranges(ofProperty: "Nd")!
            case "punctuation": ranges += CodePointSet.ranges(ofProperty: "P")!
            case "symbol": ranges += CodePointSet.ranges(ofProperty: "S")!
            case "cjk": ranges += CodePointSet.ranges(ofProperty: "Ideographic")!
            default:
                let text = MappingCharFilter.unescaped(item)
                guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
                    throw settings.error("tokenize_on_chars", "Invalid escaped char in [\(item)]")
                }
                ranges.append(scalar.value...scalar.value)
            }
        }
        let length = try settings.int("max_token_length", default: 255, in: 1...1_048_576)
        return CharacterRunTokenizer(
            of: CodePointSet(ranges: CodePointSet.complement(ranges)), maxTokenLength: length)
    }
}
