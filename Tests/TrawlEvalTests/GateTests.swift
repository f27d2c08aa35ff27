internal import Testing
internal import TrawlJSON

@testable internal import TrawlEval

@Suite("Baseline, gate and report")
struct GateTests {
    private let measure = Measure(.nDCG, at: 10)

    private func evaluation(_ values: [Double]) -> Evaluation {
        Evaluation(
            queries: values.indices.map { "q\($0)" }, values: [measure: values],
            measures: [measure])
    }

    private func verdict(
        _ before: [Double], _ after: [Double], _ budget: GateBudget = GateBudget()
    ) -> GateVerdict {
        GateVerdict(
            budget: budget, baseline: evaluation(before), candidate: evaluation(after),
            ranking: { _ in ["a", "b", "c"] })
    }

    private let steady = [Double](repeating: 0.8, count: 30)

    @Test("equal values and gains pass")
    func passes() {
        #expect(verdict(steady, steady).passed)
        #expect(verdict(steady, steady.map { $0 + 0.1 }).passed)
    }

    @Test("a small loss passes while chance explains it, and fails when it does not")
    func significance() {
        var noisy = steady
        noisy[0] -= 0.24
        #expect(verdict(steady, noisy).passed)
        let even = verdict(steady, steady.map { $0 - 0.008 })
        #expect(even.failures.count == 1)
        #expect(
            even.failures[0].hasPrefix("mean nDCG@10 fell by 0.0080 (0.8000 to 0.7920); chance"))
        #expect(verdict(steady, steady.map { $0 - 0.004 }).passed)
    }

    @Test("a large loss fails without any test, and names the queries to look at first")
    func largeLoss() {
        var after = steady
        after[7] = 0
        let verdict = verdict(steady, after)
        #expect(verdict.failures.count == 1)
        #expect(verdict.failures[0].contains("more than the 0.02 allowed"))
        #expect(verdict.lookFirst.map(\.query) == ["q7"])
    }

    @Test("too many losers fail even when others make up for them")
    func losers() {
        var after = steady.map { $0 + 0.1 }
        for index in 0..<4 { after[index] = 0.4 }
        #expect(
            verdict(steady, after).failures
                == ["4 queries lost more than 0.25 of nDCG@10, 3 may"])
    }

    @Test("pinned documents and floors are kept")
    func pins() {
        var budget = GateBudget()
        budget.pins = [
            .init(query: "q0", document: "b", rank: 2), .init(query: "q0", document: "c", rank: 2),
            .init(query: "q0", document: "z", rank: 9),
        ]
        budget.floors = ["nDCG@10": 0.9, "P@5": 0.1]
        #expect(
            verdict(steady, steady, budget).failures
                == [
                    "P@5 has a floor of 0.1 but was not measured",
                    "mean nDCG@10 is 0.8000, below its floor of 0.9",
                    "query q0: document c is at rank 3, pinned to rank 2 or better",
                    "query q0: document z is not found, pinned to rank 9 or better",
                ].sorted { $0.contains("floor") && !$1.contains("floor") ? true : false })
    }

    @Test("a budget is read whole or not at all")
    func budget() throws {
        let text = #"{"measure":"AP","losers":1,"pins":[{"query":"1","document":"a","rank":1}]}"#
        let read = try GateBudget.parse(Array(text.utf8), file: "gate.json")
        #expect(read.measure == Measure(.averagePrecision))
        #expect(read.losers == 1)
        #expect(read.pins.count == 1)
        for wrong in [
            #"{"loosers":1}"#, #"{"measure":"best"}"#, #"{"drop":"much"}"#, #"{"floors":{"x":1}}"#,
            #"{"pins":[{"query":"1"}]}"#, "{",
        ] {
            #expect(throws: EvalError.self) {
                _ = try GateBudget.parse(Array(wrong.utf8), file: "gate.json")
            }
        }
    }

    private var baseline: Baseline {
        let breakdown = ScoreBreakdown(
            score: 1.25,
            terms: [
                .init(
                    name: "body:x", documentFrequency: 3, documentCount: 10, frequency: 1,
                    length: 5, averageLength: 4.5, score: 1.25)
            ])
        return Baseline(
            collection: "x", fingerprint: "00", engine: "0.1", configuration: ["k1": 1.2],
            statistics: ["documents": 10], evaluation: evaluation([0.1, 1.0 / 3]),
            rankings: ["q0": [.init(document: "a", score: 1.25, breakdown: breakdown)]],
            history: [.init(date: "2026-01-02", note: "first", means: ["nDCG@10": 0.2])])
    }

    @Test("a baseline comes back from its file as it was")
    func roundTrip() throws {
        let bytes = baseline.serialized()
        #expect(try Baseline.parse(bytes, file: "b") == baseline)
        #expect(try JSONValue.parse(bytes)["queries"]?.objectValue?.count == 2)
    }

    @Test("a baseline of another collection, or a broken one, is refused")
    func wrongBaseline() throws {
        let other = Collection(
            name: "y", language: nil, documents: [], topics: Topics([]), judgements: Judgements())
        #expect(throws: EvalError(.mismatch("is the baseline of \"x\", not of \"y\""), file: "b")) {
            _ = try baseline.check(against: other, file: "b")
        }
        for wrong in ["", "{}", #"{"format":1}"#, #"{"format":2}"#] {
            #expect(throws: EvalError.self) { _ = try Baseline.parse(Array(wrong.utf8), file: "b") }
        }
    }

    @Test("the report is one page that loads nothing, with text made safe")
    func report() {
        let before = evaluation([0.2, 0.5, 0.9])
        let after = evaluation([0.6, 0.5, 0.1])
        let rows = Report.MeasureRow.rows([measure], before: before, after: after)
        let panel = Report.QueryPanel(
            topic: Topic(id: "q2", text: "<b>ships & sails</b>", note: "why"),
            delta: rows[0].comparison.perQuery[2],
            before: [
                .init(
                    document: "a", title: "A \"title\"",
                    snippet: Report.Snippet.around("The ship sails", query: "ships"), score: 2,
                    grade: 3)
            ], after: [], moves: [], waterfalls: [])
        let page = ReportPage(
            Report(
                title: "x < y", beforeName: "old", afterName: "new", facts: [("documents", "3")],
                rows: rows,
                history: [
                    .init(date: "1", note: "a", means: ["AP": 0.5]),
                    .init(date: "2", note: "b", means: ["AP": 0.6]),
                ], panels: [panel],
                verdict: verdict([0.8], [0.1]))
        ).html
        for outside in ["http://", "https://", "<link", "src="] {
            #expect(!page.contains(outside), "\(outside)")
        }
        #expect(page.contains("x &lt; y"))
        #expect(page.contains("&lt;b&gt;ships &amp; sails&lt;/b&gt;"))
        #expect(page.contains("<mark>ship</mark>"))
        #expect(page.contains("The gate refuses this."))
        #expect(page.contains("How it came here"))
        // One bar a query.
        #expect(page.ranges(of: "<rect class=\"bar").count == 3)
    }

    @Test("a snippet keeps to its length and shows the match")
    func snippet() {
        let text =
            String(repeating: "water ", count: 100) + "the sailing ship "
            + String(
                repeating: "wave ", count: 100)
        let pieces = Report.Snippet.around(text, query: "ship")
        #expect(pieces.contains(.init(text: "ship", marked: true)))
        #expect(pieces.reduce(0) { $0 + $1.text.count } < 260)
        #expect(Report.Snippet.around("", query: "x").isEmpty)
    }
}
