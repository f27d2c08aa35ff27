/// Draws a report as one page that needs no network and no other file.
package struct ReportPage {
    let report: Report

    package init(_ report: Report) { self.report = report }

    package var html: String {
        let title = HTML.escape(report.title)
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title><style>\(ReportStyle.css)</style></head>
            <body><main>
            \(head)
            \(verdict)
            \(cards)
            \(DeltaChart(report).section)
            \(HistoryChart(report.history).section)
            \(table)
            \(queries)
            <footer>Made by <code>trawl eval --html</code>. Differences are
            \(HTML.escape(report.afterName)) minus \(HTML.escape(report.beforeName)).</footer>
            </main><script>\(ReportStyle.script)</script></body></html>

            """
    }

    private var head: String {
        let facts = report.facts.map {
            "<div><dt>\(HTML.escape($0.label))</dt><dd>\(HTML.escape($0.value))</dd></div>"
        }.joined()
        return """
            <header><p class="kicker">Relevance report</p><h1>\(HTML.escape(report.title))</h1>
            <p class="versus"><span class="before">\(HTML.escape(report.beforeName))</span>
            <span class="arrow">→</span>
            <span class="after">\(HTML.escape(report.afterName))</span></p>
            <dl class="facts">\(facts)</dl></header>
            """
    }

    private var verdict: String {
        guard let verdict = report.verdict else { return "" }
        if verdict.passed { return "<p class=\"gate pass\">✓ The gate passes.</p>" }
        let reasons = verdict.failures.map { "<li>\(HTML.escape($0))</li>" }.joined()
        let first = verdict.lookFirst.map {
            "<a href=\"#q-\(HTML.escape($0.query))\">\(HTML.escape($0.query))</a> "
                + "(\(fixed($0.delta, 3, sign: true)))"
        }.joined(separator: ", ")
        let look = first.isEmpty ? "" : "<p>Look first at \(first).</p>"
        return
            "<div class=\"gate fail\"><b>✗ The gate refuses this.</b><ul>\(reasons)</ul>\(look)</div>"
    }

    private func tone(_ delta: Double) -> String {
        delta > Comparison.tolerance ? "up" : delta < -Comparison.tolerance ? "down" : "same"
    }

    private var cards: String {
        let cards = report.rows.prefix(4).map { row in
            let comparison = row.comparison
            let delta = comparison.meanDelta
            return """
                <div class="card \(tone(delta))"><h3>\(HTML.escape("\(comparison.measure)"))</h3>
                <p class="value">\(fixed(comparison.meanAfter, 4))</p>
                <p class="delta">\(fixed(delta, 4, sign: true))
                <small>from \(fixed(comparison.meanBefore, 4))</small></p>
                <p class="fine">p = \(fixed(row.adjusted, 4)), 95 % of resamples in
                [\(fixed(row.interval.low, 4, sign: true)),
                \(fixed(row.interval.high, 4, sign: true))]</p></div>
                """
        }
        return "<section class=\"cards\">\(cards.joined())</section>"
    }

    private var table: String {
        let rows = report.rows.map { row in
            let c = row.comparison
            return """
                <tr><th>\(HTML.escape("\(c.measure)"))</th><td>\(fixed(c.meanBefore, 4))</td>
                <td>\(fixed(c.meanAfter, 4))</td>
                <td class="\(tone(c.meanDelta))">\(fixed(c.meanDelta, 4, sign: true))</td>
                <td>\(c.wins) / \(c.losses) / \(c.ties)</td><td>\(fixed(c.pairedT.p, 4))</td>
                <td>\(fixed(c.wilcoxon.p, 4))</td><td>\(fixed(c.signTest.p, 4))</td>
                <td>\(fixed(row.adjusted, 4))</td>
                <td>\(fixed(c.detectableEffect(), 4))</td></tr>
                """
        }
        return """
            <section><h2>Could it be chance?</h2><div class="scroll"><table><thead><tr><th>measure</th>
            <th>before</th><th>after</th><th>difference</th><th>won / lost / same</th>
            <th>paired t</th><th>Wilcoxon</th><th>sign</th><th>randomisation, Holm</th>
            <th title="the smallest true difference these queries show four times in five">
            detectable</th></tr></thead><tbody>\(rows.joined())</tbody></table></div></section>
            """
    }

    private var queries: String {
        guard !report.panels.isEmpty else { return "" }
        let panels = report.panels.enumerated().map { index, panel in
            QueryView(panel, isOpen: index == 0).html
        }
        return """
            <section><h2>Queries that moved</h2>
            <p class="hint">Those that lost most stand first. Point at a document to find it on both
            sides; a line's label is the cause that weighs most.</p>
            \(panels.joined(separator: "\n"))</section>
            """
    }
}
