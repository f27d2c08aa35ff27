/// Words by UAX #29, exactly as Lucene's StandardTokenizer gives them.
///
/// Differences from plain UAX #29 are Lucene's: ideographs and hiragana stand alone, runs of
/// Thai, Lao, Khmer and Burmese stay whole, segments without a letter, digit or picture are
/// dropped, and a token longer than `maxTokenLength` UTF-16 units is cut there.
///
/// ASCII is scanned by a table of bytes. Whatever that cannot decide goes through
/// `CarefulScan`, which looks at no more than one token at a time, so the time is linear.
struct UnicodeWordTokenizer: Tokenizer {
    var maxTokenLength = 255

    var ignoresASCIICase: Bool { true }

    func tokenize(_ buffer: inout TokenBuffer) {
        var tokens = buffer.tokens
        buffer.tokens = []
        let classes = WordClasses.shared
        unsafe classes.kinds.withUnsafeBufferPointer { kinds in
            unsafe scan(buffer.arena.span, kinds.baseAddress!, classes, &tokens)
        }
        buffer.tokens = tokens
    }

    /// `kinds` has 256 entries, so a byte is always within it.
    private func scan(
        _ text: Span<UInt8>, _ kinds: UnsafePointer<UInt8>, _ classes: WordClasses,
        _ tokens: inout [Token]
    ) {
        let end = text.count
        unsafe text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return }
            var at = 0
            while at < end {
                let first = unsafe kinds[Int(bytes[at])]
                if first == 0 || first == WordClasses.ByteKind.middle {
                    at += 1
                    continue
                }
                if first != WordClasses.ByteKind.careful {
                    var seen = first
                    var stop = at + 1
                    var kind: UInt8 = 0
                    // No further than a token may reach, or a long run would be scanned anew
                    // for each of its tokens.
                    let limit = min(end, at + maxTokenLength + 1)
                    while stop < limit {
                        kind = unsafe kinds[Int(bytes[stop])]
                        if kind & 3 == 0 { break }
                        seen |= kind
                        stop += 1
                    }
                    var decided = stop == end || kind == 0
                    if !decided, kind == WordClasses.ByteKind.middle {
                        decided = stop + 1 == end
                        if !decided {
                            let next = unsafe kinds[Int(bytes[stop + 1])]
                            decided = next == 0 || next == WordClasses.ByteKind.middle
                        }
                    }
                    if decided, stop - at <= maxTokenLength {
                        tokens.append(
                            Token(
                                from: at, to: stop,
                                type: seen == WordClasses.ByteKind.digit
                                    ? .number : .alphanumeric))
                        at = stop + 1
                        continue
                    }
                }
                let token = CarefulScan.token(
                    at: at, in: text, limit: maxTokenLength, classes: classes)
                if let type = token.type {
                    tokens.append(Token(from: at, to: token.end, type: type))
                }
                at = token.end
            }
        }
    }
}

extension Token {
    /// A token whose term is the text itself.
    @inline(__always)
    init(from start: Int, to end: Int, type: TokenType) {
        self.init(
            termStart: Int32(truncatingIfNeeded: start),
            termByteCount: Int32(truncatingIfNeeded: end - start),
            startByteOffset: Int32(truncatingIfNeeded: start),
            endByteOffset: Int32(truncatingIfNeeded: end), type: type)
    }
}

/// The rules of UAX #29 on one token, code point by code point.
enum CarefulScan {
    /// Where the token at `start` ends, or, without a type, where to look for the next one.
    struct Found {
        var end: Int
        var type: TokenType?
    }

    static func token(
        at start: Int, in text: Span<UInt8>, limit: Int, classes: WordClasses
    ) -> Found {
        let first = text.scalar(at: start)
        let entry = classes[first.value]
        let kind = entry & 0x1F
        var scan = Walk(
            at: start + first.byteCount, units: first.value > 0xFFFF ? 2 : 1, limit: limit)
        if first.value < 0x80, let end = keycap(after: scan.at, first.value, text) {
            // The longest match wins: `7⃣7` is a number.
            let word = word(startingWith: kind, scan, text, classes)
            if kind == WordClass.numeric, word.end > end { return word }
            return Found(end: end, type: .emoji)
        }
        switch kind {
        case WordClass.letter, WordClass.hangul, WordClass.hebrew, WordClass.numeric,
            WordClass.katakana, WordClass.extendNumLet:
            if entry & WordClass.emojiFlag != 0, followedByPresentation(scan.at, text) {
                break
            }
            return word(startingWith: kind, scan, text, classes)
        case WordClass.han, WordClass.hiragana:
            scan.skipExtending(text, classes)
            return Found(end: scan.at, type: kind == WordClass.han ? .ideographic : .hiragana)
        case WordClass.regional:
            scan.skipExtending(text, classes)
            if let next = scan.peek(text, classes), next.kind == WordClass.regional {
                scan.take(next)
                scan.skipExtending(text, classes)
                return Found(end: scan.at, type: .emoji)
            }
            return Found(end: scan.at, type: nil)
        default: break
        }
        if entry & WordClass.complexFlag != 0 {
            while let next = scan.peek(text, classes),
                next.entry & WordClass.complexFlag != 0 || WordClass.extends(next.kind)
            {
                scan.take(next)
            }
            return Found(end: scan.at, type: .southeastAsian)
        }
        let picture = entry & (WordClass.emojiFlag | WordClass.pictographicFlag) != 0
        guard picture else { return Found(end: scan.at, type: nil) }
        while let next = scan.peek(text, classes), WordClass.extends(next.kind) {
            scan.take(next)
            guard next.kind == WordClass.joiner, let joined = scan.peek(text, classes) else {
                continue
            }
            let flags = WordClass.emojiFlag | WordClass.pictographicFlag
            if joined.entry & flags != 0, !WordClass.extends(joined.kind) { scan.take(joined) }
        }
        return Found(end: scan.at, type: .emoji)
    }

    private static func word(
        startingWith first: UInt8, _ start: Walk, _ text: Span<UInt8>, _ classes: WordClasses
    ) -> Found {
        var scan = start
        var previous = first
        // One bit a class that was seen; bit 0 stands for a character between words.
        var seen: UInt32 = 1 << UInt32(first)
        while let next = scan.peek(text, classes) {
            let kind = next.kind
            if WordClass.extends(kind) {
                scan.take(next)
                continue
            }
            let joins: Bool =
                switch previous {
                case WordClass.letter, WordClass.hangul, WordClass.hebrew, WordClass.numeric:
                    WordClass.isLetter(kind) || kind == WordClass.numeric
                        || kind == WordClass.extendNumLet
                case WordClass.katakana:
                    kind == WordClass.katakana || kind == WordClass.extendNumLet
                default: kind <= WordClass.extendNumLet && kind != WordClass.other
                }
            if joins {
                scan.take(next)
                seen |= 1 << UInt32(kind)
                previous = kind
                continue
            }
            guard kind >= WordClass.midLetter, kind <= WordClass.doubleQuote else { break }
            var ahead = scan
            ahead.take(next)
            ahead.skipExtending(text, classes)
            let beyond = ahead.peek(text, classes)
            if let beyond, bridges(previous, kind, beyond.kind) {
                ahead.take(beyond)
                scan = ahead
                previous = beyond.kind
                seen |= 1 | 1 << UInt32(beyond.kind)
            } else if previous == WordClass.hebrew, kind == WordClass.singleQuote {
                scan = ahead
                seen |= 1
                break
            } else {
                break
            }
        }
        return Found(end: scan.at, type: type(seen))
    }

    /// Rules WB6, WB7, WB7b, WB7c, WB11 and WB12: what may stand between two characters of a word.
    private static func bridges(_ before: UInt8, _ middle: UInt8, _ after: UInt8) -> Bool {
        switch middle {
        case WordClass.midLetter: WordClass.isLetter(before) && WordClass.isLetter(after)
        case WordClass.midNum: before == WordClass.numeric && after == WordClass.numeric
        case WordClass.midNumLet, WordClass.singleQuote:
            WordClass.isLetter(before) && WordClass.isLetter(after)
                || before == WordClass.numeric && after == WordClass.numeric
        default: before == WordClass.hebrew && after == WordClass.hebrew
        }
    }

    private static func type(_ seen: UInt32) -> TokenType? {
        let underscore: UInt32 = 1 << UInt32(WordClass.extendNumLet)
        let numeric: UInt32 = 1 << UInt32(WordClass.numeric)
        if seen == underscore { return nil }
        if seen & ~(underscore | 1) == numeric { return .number }
        if seen == 1 << UInt32(WordClass.hangul) { return .hangul }
        if seen == 1 << UInt32(WordClass.katakana) { return .katakana }
        return .alphanumeric
    }

    /// `1️⃣`: a digit, `#` or `*` under the enclosing keycap.
    private static func keycap(after at: Int, _ base: UInt32, _ text: Span<UInt8>) -> Int? {
        guard base >= 0x30 && base <= 0x39 || base == 0x23 || base == 0x2A else { return nil }
        var at = at
        if followedByPresentation(at, text) { at += 3 }
        guard at + 2 < text.count, text[at] == 0xE2, text[at + 1] == 0x83, text[at + 2] == 0xA3
        else { return nil }
        return at + 3
    }

    /// Whether U+FE0F comes next.
    private static func followedByPresentation(_ at: Int, _ text: Span<UInt8>) -> Bool {
        at + 2 < text.count && text[at] == 0xEF && text[at + 1] == 0xB8 && text[at + 2] == 0x8F
    }

    private struct Next {
        var entry: UInt8
        var byteCount: Int
        var kind: UInt8 { entry & 0x1F }
    }

    /// A place in the text, and how many UTF-16 units the token has up to it.
    private struct Walk {
        var at: Int
        var units: Int
        var limit: Int

        /// The next code point, unless the text or the longest allowed token ends here.
        func peek(_ text: Span<UInt8>, _ classes: WordClasses) -> Next? {
            guard at < text.count else { return nil }
            let scalar = text.scalar(at: at)
            guard units + (scalar.byteCount == 4 ? 2 : 1) <= limit else { return nil }
            return Next(entry: classes[scalar.value], byteCount: scalar.byteCount)
        }

        mutating func take(_ next: Next) {
            at += next.byteCount
            units += next.byteCount == 4 ? 2 : 1
        }

        mutating func skipExtending(_ text: Span<UInt8>, _ classes: WordClasses) {
            while let next = peek(text, classes), WordClass.extends(next.kind) { take(next) }
        }
    }
}
