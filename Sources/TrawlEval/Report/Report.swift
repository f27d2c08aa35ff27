/// Everything one page about a comparison shows. `ReportPage` draws it.
package struct Report: Sendable {
    package struct MeasureRow: Sendable {
        package let comparison: Comparison
        /// The p value of the randomisation test, adjusted over all rows.
        package let adjusted: Double
        package let interval: Comparison.Interval

        package static func rows(
            _ measures: [Measure], before: Evaluation, after: Evaluation, seed: UInt64 = 1
        ) -> [MeasureRow] {
            let all = measures.map { Comparison($0, before: before, after: after) }
            let adjusted = Comparison.holmAdjusted(all.map { $0.randomisation(seed: seed).p })
            return zip(all, adjusted).map {
                MeasureRow(
                    comparison: $0, adjusted: $1, interval: $0.bootstrapInterval(seed: seed))
            }
        }
    }

    /// One line of a list of results.
    package struct Result: Sendable {
        package let document: String
        package let title: String
        package let snippet: [Snippet]
        package let score: Float
        package let grade: Int?

        package init(
            document: String, title: String, snippet: [Snippet], score: Float, grade: Int?
        ) {
            self.document = document
            self.title = title
            self.snippet = snippet
            self.score = score
            self.grade = grade
        }
    }

    /// A piece of text, marked where the query matched.
    package struct Snippet: Sendable, Equatable {
        package let text: String
        package let marked: Bool
    }

    package struct Waterfall: Sendable {
        package let title: String
        package let from: (label: String, value: Double)
        package let to: (label: String, value: Double)
        package let steps: [ScoreDifference.Part]

        package init(
            title: String, from: (label: String, value: Double), to: (label: String, value: Double),
            steps: [ScoreDifference.Part]
        ) {
            self.title = title
            self.from = from
            self.to = to
            self.steps = steps
        }
    }

    package struct QueryPanel: Sendable {
        package let topic: Topic
        package let delta: Comparison.QueryDelta
        package let before: [Result]
        package let after: [Result]
        package let moves: [ExplainedMoves.Move]
        package let waterfalls: [Waterfall]

        package init(
            topic: Topic, delta: Comparison.QueryDelta, before: [Result], after: [Result],
            moves: [ExplainedMoves.Move], waterfalls: [Waterfall]
        ) {
            self.topic = topic
            self.delta = delta
            self.before = before
            self.after = after
            self.moves = moves
            self.waterfalls = waterfalls
        }
    }

    package var title: String
    package var beforeName: String
    package var afterName: String
    /// Short facts for the head of the page: documents, queries, engine, date.
    package var facts: [(label: String, value: String)]
    package var rows: [MeasureRow]
    package var history: [Baseline.HistoryEntry]
    package var panels: [QueryPanel]
    package var verdict: GateVerdict?

    package init(
        title: String, beforeName: String, afterName: String,
        facts: [(label: String, value: String)], rows: [MeasureRow],
        history: [Baseline.HistoryEntry] = [], panels: [QueryPanel] = [],
        verdict: GateVerdict? = nil
    ) {
        self.title = title
        self.beforeName = beforeName
        self.afterName = afterName
        self.facts = facts
        self.rows = rows
        self.history = history
        self.panels = panels
        self.verdict = verdict
    }
}

extension Report.Snippet {
    /// The part of a text around its first match, with the words that share a stem marked.
    ///
    /// Good enough to read a list by: a word is marked when it begins with the first letters of a
    /// query word, as most inflected forms do.
    package static func around(
        _ text: String, query: String, length: Int = 170
    ) -> [Report.Snippet] {
        // Long words match by their beginning, short ones whole; the shortest say nothing.
        let all = words(query).map { $0.lowercased() }
        let telling = all.filter { $0.utf8.count > 2 }
        let stems = (telling.isEmpty ? all : telling).map { word in
            (text: word.count > 4 ? String(word.dropLast(2)) : word, isWhole: word.utf8.count < 5)
        }
        var pieces: [(text: Substring, isWord: Bool, marked: Bool)] = []
        var index = text.startIndex
        while index < text.endIndex {
            let isWord = text[index].isLetter || text[index].isNumber
            var end = index
            while end < text.endIndex, (text[end].isLetter || text[end].isNumber) == isWord {
                end = text.index(after: end)
            }
            let piece = text[index..<end]
            let lower = piece.lowercased()
            let hit =
                isWord
                && stems.contains { $0.isWhole ? lower == $0.text : lower.hasPrefix($0.text) }
            pieces.append((piece, isWord, hit))
            index = end
        }
        let first = pieces.firstIndex { $0.marked } ?? 0
        var start = first
        var lead = 0
        while start > 0, lead < length / 4 {
            start -= 1
            lead += pieces[start].text.count
        }
        var found: [Report.Snippet] = start > 0 ? [.init(text: "… ", marked: false)] : []
        var used = 0
        var place = start
        while place < pieces.count, used < length {
            let piece = pieces[place]
            let clipped = String(piece.text.prefix(length))
            if let last = found.last, last.marked == piece.marked {
                found[found.count - 1] = .init(text: last.text + clipped, marked: piece.marked)
            } else {
                found.append(.init(text: clipped, marked: piece.marked))
            }
            used += clipped.count
            place += 1
        }
        if place < pieces.count { found.append(.init(text: " …", marked: false)) }
        return found
    }

    private static func words(_ text: String) -> [Substring] {
        text.split { !$0.isLetter && !$0.isNumber }
    }
}
