internal import TrawlAnalysis
internal import TrawlQuery

/// How the unified highlighter cuts a text into passages.
enum PassageRule {
    case whole
    case word
    /// Sentences, joined while they fit into `maxLength`, cut between words where they do not.
    case sentence(maxLength: Int)
    /// A stretch of about `size` around what was found, moved to characters that may end it.
    case chars(size: Int, maxScan: Int, boundaries: Set<UInt16>)
}

/// Says which passage of a text surrounds a place. Places are asked for in ascending order, and
/// only those behind the passage before.
struct PassageCutter {
    private let rule: PassageRule
    private let sentences: TextBreakIterator
    private let words: TextBreakIterator
    private let units: [UInt16]
    /// The sentences that the last passage was cut from, and that passage.
    private var window = 0..<0
    private var inner = 0..<0

    /// Cuts a text by a rule, in a locale.
    static func cutting<Result>(
        _ units: [UInt16], by rule: PassageRule, locale: String,
        _ body: (inout PassageCutter) -> Result
    ) -> Result {
        TextBreaks(.sentence, locale: locale).reading(units) { sentences in
            TextBreaks(.word, locale: locale).reading(units) { words in
                var cutter = PassageCutter(
                    rule: rule, sentences: sentences, words: words, units: units)
                return body(&cutter)
            }
        }
    }

    mutating func passage(around offset: Int) -> Range<Int> {
        switch rule {
        case .whole: return 0..<units.count
        case .word: return piece(words, around: offset)
        case .sentence(let maxLength):
            if maxLength <= 0 { return piece(sentences, around: offset) }
            return bounded(maxLength, around: offset)
        case .chars(let size, let maxScan, let boundaries):
            return characters(size, maxScan, boundaries, around: offset)
        }
    }

    private func piece(_ breaks: TextBreakIterator, around offset: Int) -> Range<Int> {
        let start = breaks.boundary(before: offset + 1) ?? 0
        return start..<(breaks.boundary(after: offset) ?? units.count)
    }

    private mutating func bounded(_ maxLength: Int, around offset: Int) -> Range<Int> {
        if window.contains(offset), offset >= inner.upperBound {
            // The rest of a window that was too long for one passage.
            inner = inner.upperBound..<window.upperBound
        } else {
            inner = piece(sentences, around: offset)
            while inner.count < maxLength,
                let next = sentences.boundary(after: inner.upperBound),
                next - inner.lowerBound <= maxLength
            {
                inner = inner.lowerBound..<next
            }
            window = inner
        }
        guard inner.count > maxLength else { return inner }
        // Too long: first as much as may be before the place, then what is left behind it.
        var start = inner.lowerBound
        let earliest = offset + 1 - maxLength
        if earliest > start { start = max(start, words.boundary(before: earliest) ?? 0) }
        var end = inner.upperBound
        let latest = offset + 1 + max(0, maxLength - (offset + 1 - start))
        if latest < window.upperBound {
            end = min(window.upperBound, words.boundary(after: latest) ?? units.count)
        }
        inner = start..<end
        return inner
    }

    private func characters(
        _ size: Int, _ maxScan: Int, _ boundaries: Set<UInt16>, around offset: Int
    ) -> Range<Int> {
        let margin = 6
        var start = max(0, offset - margin)
        var scan = start
        while scan > 0, start - scan < maxScan, !boundaries.contains(units[scan - 1]) { scan -= 1 }
        if scan == 0 || boundaries.contains(units[scan - 1]) { start = scan }
        var end = min(units.count, max(offset + 1, start + size))
        scan = end
        while scan < units.count, scan - end < maxScan, !boundaries.contains(units[scan]) {
            scan += 1
        }
        if scan == units.count || boundaries.contains(units[scan]) { end = scan }
        return start..<end
    }

    private init(
        rule: PassageRule, sentences: TextBreakIterator, words: TextBreakIterator,
        units: [UInt16]
    ) {
        self.rule = rule
        self.sentences = sentences
        self.words = words
        self.units = units
    }
}
