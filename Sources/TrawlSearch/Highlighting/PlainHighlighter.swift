/// Cuts a text into pieces of one size and takes those with the most of the words that were
/// looked for: Lucene's oldest highlighter.
struct PlainHighlighter {
    enum Fragmenter: String {
        case simple
        /// Never cuts within a phrase.
        case span
    }

    var fragmenter: Fragmenter
    /// In UTF-16 code units; 0 with `fragmentCount` 0.
    var fragmentSize: Int
    /// 0: every value whole.
    var fragmentCount: Int
    var isOrderedByScore: Bool
    var noMatchSize: Int
    var writer: SnippetWriter

    private struct Fragment {
        var range: Range<Int>
        var marks: [MarkedToken] = []
        var score: Float { Float(Set(marks.map(\.word)).count) }
    }

    /// - Parameter tokens: All tokens of each value.
    func snippets(values: [[UInt16]], tokens: [[MarkedToken]]) -> [Snippet] {
        var snippets: [Snippet] = []
        for (units, tokens) in zip(values, tokens) {
            let best = fragments(units, tokens).filter { $0.score > 0 }.enumerated().sorted {
                $0.element.score == $1.element.score
                    ? $0.offset < $1.offset : $0.element.score > $1.element.score
            }
            for (_, fragment) in best.prefix(max(1, fragmentCount)) {
                snippets.append(
                    Snippet(
                        text: writer.text(units, fragment.range, marks: fragment.marks),
                        score: fragment.score))
            }
        }
        if isOrderedByScore {
            let ordered = snippets.enumerated().sorted {
                $0.element.score == $1.element.score
                    ? $0.offset < $1.offset : $0.element.score > $1.element.score
            }
            snippets = ordered.map(\.element)
        }
        if fragmentCount > 0 { snippets = Array(snippets.prefix(fragmentCount)) }
        return snippets.isEmpty ? unmarked(values, tokens) : snippets
    }

    private func fragments(_ units: [UInt16], _ tokens: [MarkedToken]) -> [Fragment] {
        var fragments = [Fragment(range: 0..<0)]
        var end = 0
        for token in tokens {
            // Tokens that overlap stay together.
            if token.start >= end, end > 0, begins(token, fragments.count, units.count) {
                fragments[fragments.count - 1].range = fragments.last!.range.lowerBound..<end
                fragments.append(Fragment(range: end..<end))
            }
            if token.word != nil { fragments[fragments.count - 1].marks.append(token) }
            end = max(end, token.end)
        }
        fragments[fragments.count - 1].range = fragments.last!.range.lowerBound..<units.count
        return fragments
    }

    /// Whether a new fragment begins with a token.
    private func begins(_ token: MarkedToken, _ count: Int, _ length: Int) -> Bool {
        guard fragmentCount > 0, fragmentSize > 0, token.end >= fragmentSize * count else {
            return false
        }
        switch fragmenter {
        case .simple: return true
        case .span: return !token.continuesPhrase && length - token.end >= fragmentSize / 2
        }
    }

    private func unmarked(_ values: [[UInt16]], _ tokens: [[MarkedToken]]) -> [Snippet] {
        guard noMatchSize > 0, let units = values.first, let tokens = tokens.first else {
            return []
        }
        var end = units.count
        if noMatchSize < end {
            end = tokens.last { $0.end <= noMatchSize }?.end ?? 0
        }
        if end == 0 { return [] }
        let text = writer.text(units, 0..<end, marks: [])
        return [Snippet(text: text, score: 0)]
    }
}
