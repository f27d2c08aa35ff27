internal import Testing

@testable internal import TrawlEval

@Suite("Judgements and runs as files")
struct FileFormTests {
    private func judgements(_ text: String) throws -> Judgements {
        try Judgements.parse(Array(text.utf8), file: "qrels.txt")
    }

    private func run(_ text: String) throws -> Run {
        try Run.parse(Array(text.utf8), file: "a.run")
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing was thrown"
    }

    @Test("TREC and BEIR judgements read alike")
    func qrels() throws {
        let trec = try judgements("q1 0 d1 2\r\n\nq1\t0\td2 -1\n")
        #expect(trec["q1"] == ["d1": 2, "d2": -1])
        let beir = try judgements("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t-1\n")
        #expect(beir.grades == trec.grades)
        #expect(try judgements(trec.trecText) == trec)
    }

    @Test("what is wrong with judgements is told with its line")
    func badJudgements() {
        #expect(message { _ = try judgements("") } == "qrels.txt: holds no judgements")
        #expect(
            message { _ = try judgements("q 0 d 1\nq 0 e good\n") }
                == "qrels.txt:2: the grade \"good\" is not a whole number")
        #expect(
            message { _ = try judgements("q 0 d 1\n\nq 0 d 2\n") }
                == "qrels.txt:3: query q judges document d twice, 1 and 2: keep one of the two lines"
        )
        #expect(message { _ = try judgements("q d\n") }.contains("qrels.txt:1: has 2 columns"))
    }

    @Test("a repeated equal judgement is kept once and noted")
    func repeated() throws {
        let parsed = try judgements("q 0 d 1\nq 0 d 1\n")
        #expect(parsed.count == 1)
        #expect(parsed.repeated == [.init(query: "q", document: "d", line: 2)])
    }

    @Test("runs keep their floats through a file")
    func runRoundTrip() throws {
        var first = Run(tag: "t")
        first.set(
            [.init(document: "a", score: 9.067681), .init(document: "b", score: 0.1)], for: "1")
        #expect(try run(first.trecText) == first)
    }

    @Test("ties go to the larger id, scores are compared as 32-bit floats")
    func order() throws {
        let parsed = try run("q Q0 a 1 16777217 x\nq Q0 b 2 16777216 x\nq Q0 10 3 16777216 x\n")
        #expect(parsed.ranking(of: "q").map(\.document) == ["b", "a", "10"])
        #expect(parsed.ranking(of: "none").isEmpty)
    }

    @Test("runs with scores that are no numbers, or with a document twice, are refused")
    func badRuns() {
        #expect(message { _ = try run("") } == "a.run: holds no results")
        #expect(
            message { _ = try run("q Q0 a 1 NaN x\n") }
                == "a.run:1: the score \"NaN\" of document a is no number")
        #expect(
            message { _ = try run("q Q0 a 1 2 x\nq Q0 a 2 1 x\n") }
                == "a.run:2: query q ranks document a twice")
        #expect(
            message { _ = try Run.parse([0x71, 0x0A, 0xFF, 0x0A], file: "a.run") }
                == "a.run:2: is not UTF-8")
    }

    @Test("a judged query that was not run counts as nothing found, or is left out on request")
    func scope() throws {
        let judged = try judgements("a 0 d 1\nb 0 d 1\n")
        let answered = try run("a Q0 d 1 1 x\nz Q0 d 1 1 x\n")
        let measure = Measure(.averagePrecision)
        let all = Evaluation(run: answered, judgements: judged, measures: [measure])
        #expect(all.mean(measure) == 0.5)
        let both = Evaluation(
            run: answered, judgements: judged, measures: [measure], scope: .judgedAndRun)
        #expect(both.queries == ["a"])
        #expect(both.mean(measure) == 1)
    }

    @Test("numbers print the same everywhere")
    func numbers() {
        #expect(fixed(0.51683, 4) == "0.5168")
        #expect(fixed(-0.00004, 3, sign: true) == "+0.000")
        #expect(fixed(-1.5, 1) == "-1.5")
        #expect(fixed(12, 0) == "12")
        #expect(fixed(.nan, 2) == "nan")
    }
}
