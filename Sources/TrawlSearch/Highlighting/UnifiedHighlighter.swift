internal import Glibc
internal import TrawlAnalysis

/// Cuts passages around what was found, scores each as if it were a document among the others,
/// and takes the best.
struct UnifiedHighlighter {
    var rule: PassageRule
    var locale: String
    /// 0: the whole of every value in which something was found.
    var passageCount: Int
    var isOrderedByScore: Bool
    var noMatchSize: Int
    var writer: SnippetWriter

    private struct Passage {
        var value: Int
        var range: Range<Int>
        var marks: [MarkedToken]
        var score: Float = 0
    }

    /// - Parameters:
    ///   - values: In UTF-16; `marks` has what was found in each.
    ///   - frequencies: How often each word was found, by its number.
    func snippets(
        values: [[UInt16]], marks: [[MarkedToken]], frequencies: [Int]
    ) -> [Snippet] {
        var passages: [Passage] = []
        for (index, units) in values.enumerated() where !marks[index].isEmpty {
            passages += self.passages(units, marks[index], value: index)
        }
        if passages.isEmpty { return unmarked(values) }
        // Values lie one behind the other, a separator between.
        var bases: [Int] = []
        var length = -1
        for units in values {
            bases.append(length + 1)
            length += units.count + 1
        }
        for i in passages.indices {
            let base = bases[passages[i].value]
            passages[i].score = PassageScore.score(
                words: passages[i].marks.compactMap(\.word),
                start: base + passages[i].range.lowerBound,
                length: passages[i].range.count, contentLength: length, frequencies: frequencies)
        }
        let wanted = passageCount == 0 ? values.count : passageCount
        let byScore = passages.indices.sorted {
            passages[$0].score == passages[$1].score
                ? $0 < $1 : passages[$0].score > passages[$1].score
        }.prefix(wanted)
        let order = isOrderedByScore ? Array(byScore) : byScore.sorted()
        return order.map { i in
            let passage = passages[i]
            let text = writer.text(values[passage.value], passage.range, marks: passage.marks)
            return Snippet(text: SnippetWriter.trimmed(text), score: passage.score)
        }
    }

    private func passages(
        _ units: [UInt16], _ marks: [MarkedToken], value: Int
    ) -> [Passage] {
        PassageCutter.cutting(units, by: rule, locale: locale) { cutter in
            var passages: [Passage] = []
            for mark in marks where mark.end <= units.count {
                if let last = passages.last, mark.start < last.range.upperBound {
                    passages[passages.count - 1].marks.append(mark)
                    continue
                }
                var range = cutter.passage(around: mark.start)
                if let end = passages.last?.range.upperBound, range.lowerBound < end {
                    range = end..<max(end, range.upperBound)
                }
                passages.append(Passage(value: value, range: range, marks: [mark]))
            }
            return passages
        }
    }

    /// The beginning of the text, when nothing was found in it and the request wants something.
    private func unmarked(_ values: [[UInt16]]) -> [Snippet] {
        guard noMatchSize > 0, let units = values.first(where: { !$0.isEmpty }) else { return [] }
        var end = units.count
        if noMatchSize < end {
            end =
                TextBreaks(.word, locale: locale).reading(units) {
                    $0.boundary(after: noMatchSize)
                } ?? end
        }
        var text = SnippetWriter.trimmed(writer.text(units, 0..<end, marks: []))
        if passageCount == 0 {
            let own = Array(text.utf16)
            let sentence = TextBreaks(.sentence).reading(own) { $0.boundary(after: 0) }
            text = SnippetWriter.trimmed(
                String(decoding: own[..<(sentence ?? own.count)], as: UTF16.self))
        }
        return text.isEmpty ? [] : [Snippet(text: text, score: 0)]
    }
}

/// BM25 with the passages of one text as the documents, as Lucene's PassageScorer has it: words
/// that are rare in the text count more, long passages less, early ones a little more.
enum PassageScore {
    private static let k1: Float = 1.2
    private static let b: Float = 0.75
    /// The length of an average passage.
    private static let pivot: Float = 87

    static func score(
        words: [Int], start: Int, length: Int, contentLength: Int, frequencies: [Int]
    ) -> Float {
        var counts: [(word: Int, count: Int)] = []
        for word in words {
            if let known = counts.firstIndex(where: { $0.word == word }) {
                counts[known].count += 1
            } else {
                counts.append((word, 1))
            }
        }
        var score: Float = 0
        for (word, count) in counts {
            score += tf(count, length) * weight(contentLength, frequencies[word])
        }
        return score * (1 + 1 / Float(log(Double(pivot + Float(start)))))
    }

    private static func tf(_ count: Int, _ length: Int) -> Float {
        let norm = k1 * ((1 - b) + b * (Float(length) / pivot))
        return Float(count) / (Float(count) + norm)
    }

    private static func weight(_ contentLength: Int, _ frequency: Int) -> Float {
        let passages = 1 + Float(contentLength) / pivot
        return (k1 + 1)
            * Float(log(1 + (Double(passages) + 0.5) / (Double(frequency) + 0.5)))
    }
}
