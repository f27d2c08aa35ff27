internal import CICU

/// Words as ICU finds them, with its dictionaries for Chinese, Japanese, Thai, Lao, Khmer and
/// Burmese.
struct ICUWordTokenizer: Tokenizer {
    /// Words and, beside them, all pairs of neighbouring ideographs and kana.
    ///
    /// In a run of n such characters pair i stands at position i. A word stands where its first
    /// character does; one that begins with the last character of the run stands at the last pair,
    /// so that every position has a pair and a phrase is found whatever words ICU saw in it.
    let addsBigrams: Bool
    private let iterators: ResourcePool<ICUWordIterator>

    init(locale: String = "", addsBigrams: Bool = false) {
        self.addsBigrams = addsBigrams
        iterators = ResourcePool { ICUWordIterator(locale: locale) }
    }

    func tokenize(_ buffer: inout TokenBuffer) {
        let held = buffer.arena
        var words: [Word] = []
        iterators.borrow { $0.words(of: held.span, into: &words) }
        if !addsBigrams {
            buffer.tokens.reserveCapacity(words.count)
            for word in words {
                buffer.tokens.append(Token(from: word.start, to: word.end, type: word.type))
            }
            return
        }
        var index = 0
        while index < words.count {
            if !words[index].isIdeographic {
                buffer.tokens.append(
                    Token(from: words[index].start, to: words[index].end, type: words[index].type))
                index += 1
                continue
            }
            var last = index
            while last + 1 < words.count, words[last + 1].isIdeographic,
                words[last + 1].start == words[last].end
            {
                last += 1
            }
            addRun(words[index...last], held.span, &buffer.tokens)
            index = last + 1
        }
    }

    private func addRun(_ words: ArraySlice<Word>, _ text: Span<UInt8>, _ tokens: inout [Token]) {
        var next = words.startIndex
        var at = words.first!.start
        let end = words.last!.end
        var isFirst = true
        while at < end {
            let middle = at + text.scalar(at: at).byteCount
            var increment: Int32 = 1
            if middle >= end, !isFirst { increment = 0 }
            if next < words.endIndex, words[next].start == at {
                var token = Token(from: at, to: words[next].end, type: words[next].type)
                token.positionIncrement = increment
                tokens.append(token)
                increment = 0
                next += 1
            }
            if middle < end {
                var token = Token(
                    from: at, to: middle + text.scalar(at: middle).byteCount, type: .double)
                token.positionIncrement = increment
                tokens.append(token)
            }
            isFirst = false
            at = middle
        }
    }

    struct Word {
        var start: Int
        var end: Int
        var type: TokenType
        var isIdeographic: Bool
    }
}

/// ICU's break iterator and its memory; for one thread at a time.
@safe final class ICUWordIterator {
    // `OpaquePointer` from ICU: made in `init`, freed in `deinit`, never handed out.
    private let words: OpaquePointer?
    private var found = [cicu_word](repeating: cicu_word(start: 0, end: 0, status: 0), count: 256)

    init(locale: String) { unsafe words = cicu_words_new(locale) }

    deinit { unsafe cicu_words_free(words) }

    func words(of text: Span<UInt8>, into result: inout [ICUWordTokenizer.Word]) {
        let units = UTF16Text(text).units
        let classes = WordClasses.shared
        unsafe units.withUnsafeBufferPointer { units in
            guard unsafe cicu_words_begin(words, units.baseAddress, Int32(units.count)) != 0
            else { return }
            var byte = 0
            var unit = 0
            // Words ascend, so one walk over the bytes finds them all.
            func byteOffset(_ target: Int) -> Int {
                while unit < target {
                    let width = text.scalar(at: byte).byteCount
                    byte += width
                    unit += width == 4 ? 2 : 1
                }
                return byte
            }
            while true {
                let count = unsafe found.withUnsafeMutableBufferPointer {
                    unsafe cicu_words_next(words, $0.baseAddress, Int32($0.count))
                }
                if count == 0 { break }
                for word in found[..<Int(count)] {
                    let start = byteOffset(Int(word.start))
                    let entry = classes[text.scalar(at: start).value]
                    let kind = entry & 0x1F
                    let isIdeographic =
                        word.status >= 300 || kind == WordClass.han || kind == WordClass.hiragana
                        || kind == WordClass.katakana
                    let type: TokenType =
                        switch kind {
                        case _ where word.status < 200: .number
                        case WordClass.han: .ideographic
                        case WordClass.hiragana: .hiragana
                        case WordClass.katakana: .katakana
                        case WordClass.hangul: .hangul
                        default:
                            entry & WordClass.complexFlag != 0 ? .southeastAsian : .alphanumeric
                        }
                    result.append(
                        ICUWordTokenizer.Word(
                            start: start, end: byteOffset(Int(word.end)), type: type,
                            isIdeographic: isIdeographic))
                }
            }
        }
    }
}
