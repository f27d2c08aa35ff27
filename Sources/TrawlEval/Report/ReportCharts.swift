/// One bar a query, sorted from the greatest loss to the greatest gain.
struct DeltaChart {
    let report: Report

    init(_ report: Report) { self.report = report }

    var section: String {
        guard let comparison = report.rows.first?.comparison, comparison.count > 0 else {
            return ""
        }
        let sorted = comparison.worstFirst
        let width = 960.0
        let height = 260.0
        let left = 44.0
        let top = 16.0
        let plot = height - 2 * top
        let largest = max(sorted.map { $0.delta.magnitude }.max() ?? 0, 0.05)
        let zero = top + plot / 2
        let step = (width - left - 8) / Double(sorted.count)
        var drawing = ""
        for share in [-1.0, -0.5, 0, 0.5, 1] {
            let y = zero - share * plot / 2
            drawing +=
                "<line class=\"\(share == 0 ? "axis" : "grid")\" x1=\"\(HTML.at(left))\" "
                + "x2=\"\(HTML.at(width))\" y1=\"\(HTML.at(y))\" y2=\"\(HTML.at(y))\"/>"
                + "<text class=\"tick\" x=\"\(HTML.at(left - 6))\" y=\"\(HTML.at(y + 4))\" "
                + "text-anchor=\"end\">\(fixed(share * largest, 2, sign: share != 0))</text>"
        }
        let open = Set(report.panels.map(\.topic.id))
        for (index, row) in sorted.enumerated() {
            let size = max(row.delta.magnitude / largest * plot / 2, 1)
            let x = left + Double(index) * step
            let y = row.delta > 0 ? zero - size : zero
            let kind =
                row.delta.magnitude <= Comparison.tolerance ? "same" : row.delta > 0 ? "up" : "down"
            let query = HTML.escape(row.query)
            let rect =
                "<rect class=\"bar \(kind)\" x=\"\(HTML.at(x))\" y=\"\(HTML.at(y))\" "
                + "width=\"\(HTML.at(max(step * 0.82, 0.6)))\" height=\"\(HTML.at(size))\" rx=\"1\">"
                + "<title>\(query): \(fixed(row.before, 3)) → \(fixed(row.after, 3)) "
                + "(\(fixed(row.delta, 3, sign: true)))</title></rect>"
            drawing += open.contains(row.query) ? "<a href=\"#q-\(query)\">\(rect)</a>" : rect
        }
        return """
            <section><h2>\(HTML.escape("\(comparison.measure)")) by query</h2>
            <p class="hint"><b class="up">\(comparison.wins)</b> better,
            <b class="down">\(comparison.losses)</b> worse, \(comparison.ties) the same. A click
            opens a query.</p>
            <svg class="chart" viewBox="0 0 \(HTML.at(width)) \(HTML.at(height))" role="img"
            aria-label="difference by query">\(drawing)</svg></section>
            """
    }
}

/// The means of every saved baseline, oldest first.
struct HistoryChart {
    let history: [Baseline.HistoryEntry]

    init(_ history: [Baseline.HistoryEntry]) { self.history = history }

    var section: String {
        guard history.count > 1 else { return "" }
        let names = Array(Set(history.flatMap { $0.means.keys })).sorted().prefix(4)
        let values = history.flatMap { entry in names.compactMap { entry.means[$0] } }
        guard let least = values.min(), let most = values.max() else { return "" }
        let low = max(0, least - 0.02)
        let high = max(most + 0.02, low + 0.05)
        let width = 960.0
        let height = 240.0
        let left = 48.0
        let right = 120.0
        let step = (width - left - right) / Double(history.count - 1)
        func y(_ value: Double) -> Double { 12 + (high - value) / (high - low) * (height - 44) }
        var drawing = ""
        for share in stride(from: 0.0, through: 1, by: 0.25) {
            let value = low + share * (high - low)
            drawing +=
                "<line class=\"grid\" x1=\"\(HTML.at(left))\" x2=\"\(HTML.at(width - right))\" "
                + "y1=\"\(HTML.at(y(value)))\" y2=\"\(HTML.at(y(value)))\"/><text class=\"tick\" "
                + "x=\"\(HTML.at(left - 6))\" y=\"\(HTML.at(y(value) + 4))\" text-anchor=\"end\">"
                + "\(fixed(value, 3))</text>"
        }
        for (series, name) in names.enumerated() {
            var points: [String] = []
            var dots = ""
            var last = 0.0
            for (index, entry) in history.enumerated() {
                guard let value = entry.means[name] else { continue }
                let x = left + Double(index) * step
                points.append("\(HTML.at(x)),\(HTML.at(y(value)))")
                dots +=
                    "<circle cx=\"\(HTML.at(x))\" cy=\"\(HTML.at(y(value)))\" r=\"4\"><title>"
                    + "\(HTML.escape(entry.date)) \(HTML.escape(name)) \(fixed(value, 4)): "
                    + "\(HTML.escape(entry.note))</title></circle>"
                last = value
            }
            drawing +=
                "<g class=\"series s\(series)\"><polyline points=\"\(points.joined(separator: " "))\"/>"
                + "\(dots)<text x=\"\(HTML.at(width - right + 10))\" y=\"\(HTML.at(y(last) + 4))\">"
                + "\(HTML.escape(name)) \(fixed(last, 3))</text></g>"
        }
        for (index, entry) in history.enumerated() where history.count <= 12 {
            drawing +=
                "<text class=\"tick\" text-anchor=\"middle\" x=\"\(HTML.at(left + Double(index) * step))\""
                + " y=\"\(HTML.at(height - 8))\">\(HTML.escape(entry.date))</text>"
        }
        return """
            <section><h2>How it came here</h2><svg class="chart"
            viewBox="0 0 \(HTML.at(width)) \(HTML.at(height))" role="img"
            aria-label="means over time">\(drawing)</svg></section>
            """
    }
}

/// One query: where each document went, both lists, and the scores taken apart.
struct QueryView {
    let panel: Report.QueryPanel
    let isOpen: Bool

    init(_ panel: Report.QueryPanel, isOpen: Bool) {
        self.panel = panel
        self.isOpen = isOpen
    }

    var html: String {
        let delta = panel.delta.delta
        let tone = delta > Comparison.tolerance ? "up" : delta < 0 ? "down" : "same"
        let note = panel.topic.note.map { "<p class=\"hint\">\(HTML.escape($0))</p>" } ?? ""
        return """
            <details class="query" id="q-\(HTML.escape(panel.topic.id))"\(isOpen ? " open" : "")>
            <summary><span class="id">\(HTML.escape(panel.topic.id))</span>
            <span class="text">\(HTML.escape(panel.topic.text))</span>
            <span class="delta \(tone)">\(fixed(delta, 3, sign: true))</span></summary>
            \(note)
            <div class="lists">\(list("before", panel.before))\(slope)\(list("after", panel.after))</div>
            \(panel.waterfalls.map(waterfall).joined())
            </details>
            """
    }

    private func list(_ side: String, _ results: [Report.Result]) -> String {
        let rows = results.map { result in
            let marks = result.snippet.map {
                $0.marked ? "<mark>\(HTML.escape($0.text))</mark>" : HTML.escape($0.text)
            }.joined()
            let grade =
                result.grade.map { "<i class=\"grade g\(min(max($0, 0), 3))\">\($0)</i>" }
                ?? "<i class=\"grade\">?</i>"
            let title = result.title.isEmpty ? result.document : result.title
            return """
                <li data-doc="\(HTML.escape(result.document))">\(grade)<b>\(HTML.short(title, 60))</b>
                <span class="score">\(fixed(Double(result.score), 3))</span>
                <p>\(marks)</p></li>
                """
        }
        let none = "<li><p>nothing was found</p></li>"
        return "<ol class=\"results \(side)\">\(rows.isEmpty ? none : rows.joined())</ol>"
    }

    private static let rowHeight = 64.0

    private var slope: String {
        let rows = max(panel.before.count, panel.after.count, 1)
        let height = Double(rows + 1) * QueryView.rowHeight
        let width = 250.0
        func y(_ rank: Int) -> Double { (Double(rank) - 0.5) * QueryView.rowHeight }
        var lines = ""
        var labels = ""
        let causes = Dictionary(panel.moves.map { ($0.document, $0) }) { first, _ in first }
        var documents = panel.after.map(\.document)
        for result in panel.before where !documents.contains(result.document) {
            documents.append(result.document)
        }
        for document in documents {
            let from = panel.before.firstIndex { $0.document == document }.map { $0 + 1 }
            let to = panel.after.firstIndex { $0.document == document }.map { $0 + 1 }
            let y1 = from.map(y) ?? height - 8
            let y2 = to.map(y) ?? height - 8
            let kind =
                from == to
                ? "same" : (to ?? .max) < (from ?? .max) ? "up" : "down"
            let move = causes[document]
            let cause = move.map { HTML.escape($0.headline) } ?? ""
            lines +=
                "<path class=\"\(kind)\" data-doc=\"\(HTML.escape(document))\" "
                + "d=\"M6 \(HTML.at(y1)) C90 \(HTML.at(y1)) 160 \(HTML.at(y2)) 244 \(HTML.at(y2))\">"
                + "<title>\(HTML.escape(document)): \(cause)</title></path>"
            for (x, there, place) in [(6.0, from, y1), (244.0, to, y2)] where there != nil {
                lines +=
                    "<circle class=\"\(kind)\" cx=\"\(HTML.at(x))\" cy=\"\(HTML.at(place))\" r=\"4\"/>"
            }
            if from != to, let move {
                let middle = to == nil ? (y1 * 3 + y2) / 4 : (y1 + y2 * 3) / 4
                let x = to == nil ? 78.0 : 172.0
                labels +=
                    "<text class=\"cause\" x=\"\(HTML.at(x))\" y=\"\(HTML.at(middle - 5))\" "
                    + "text-anchor=\"middle\">\(HTML.short(QueryView.brief(move), 30))</text>"
            }
        }
        return """
            <svg class="slope" width="\(HTML.at(width))" height="\(HTML.at(height))"
            viewBox="0 0 \(HTML.at(width)) \(HTML.at(height))">\(lines)\(labels)</svg>
            """
    }

    /// The headline for the narrow space on a line.
    private static func brief(_ move: ExplainedMoves.Move) -> String {
        guard case .score(let difference) = move.reason, let first = difference.parts.first else {
            return move.headline
        }
        let word =
            switch first.cause {
            case .idf: "idf"
            case .frequency: "tf"
            case .length: "length"
            case .averageLength: "avg length"
            case .formula: "k1, b"
            case .boost: "boost"
            case .termGained: "+ term"
            case .termLost: "− term"
            case .other: "clause"
            case .rounding: "rounding"
            }
        return [word, first.term].compactMap { $0 }.joined(separator: " ")
    }

    private func waterfall(_ waterfall: Report.Waterfall) -> String {
        var low = min(0, waterfall.from.value, waterfall.to.value)
        var high = max(waterfall.from.value, waterfall.to.value)
        var running = waterfall.from.value
        let shown = waterfall.steps.prefix(9)
        for step in shown {
            running += step.amount
            low = min(low, running)
            high = max(high, running)
        }
        let rest = waterfall.steps.dropFirst(9).reduce(0) { $0 + $1.amount }
        let span = max(high - low, 1e-9)
        func x(_ value: Double) -> Double { 390 + (value - low) / span * 430 }
        var rows: [(label: String, kind: String, from: Double, to: Double, text: String)] = []
        rows.append(
            (
                waterfall.from.label, "total", max(low, 0), waterfall.from.value,
                fixed(waterfall.from.value, 3)
            ))
        running = waterfall.from.value
        for step in shown {
            let label = [step.cause.label, step.term].compactMap { $0 }.joined(separator: " · ")
            rows.append(
                (
                    label + " (\(step.origin.rawValue))", step.amount > 0 ? "up" : "down", running,
                    running + step.amount, fixed(step.amount, 3, sign: true)
                ))
            running += step.amount
        }
        if rest != 0 {
            rows.append(
                (
                    "\(waterfall.steps.count - 9) smaller causes", rest > 0 ? "up" : "down",
                    running,
                    running + rest, fixed(rest, 3, sign: true)
                ))
        }
        rows.append(
            (
                waterfall.to.label, "total", max(low, 0), waterfall.to.value,
                fixed(waterfall.to.value, 3)
            ))
        var drawing = ""
        for (index, row) in rows.enumerated() {
            let y = Double(index) * 24 + 4
            let left = min(x(row.from), x(row.to))
            let width = max((x(row.to) - x(row.from)).magnitude, 1)
            drawing +=
                "<text class=\"label\" x=\"382\" y=\"\(HTML.at(y + 13))\" text-anchor=\"end\">"
                + "\(HTML.short(row.label, 58))</text><rect class=\"bar \(row.kind)\" "
                + "x=\"\(HTML.at(left))\" y=\"\(HTML.at(y))\" width=\"\(HTML.at(width))\" "
                + "height=\"17\" rx=\"2\"/><text class=\"label\" x=\"\(HTML.at(left + width + 6))\" "
                + "y=\"\(HTML.at(y + 13))\">\(row.text)</text>"
        }
        let height = Double(rows.count) * 24 + 8
        return """
            <figure><figcaption>\(HTML.escape(waterfall.title))</figcaption>
            <svg class="chart waterfall" viewBox="0 0 900 \(HTML.at(height))">\(drawing)</svg></figure>
            """
    }
}
