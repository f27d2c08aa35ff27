internal import Testing
internal import TrawlJSON

@testable internal import TrawlEval

@Suite("RankingMetrics")
struct RankingMetricsTests {
    @Test(
        "every value of trec_eval on ties, odd grades and odd scores comes out the same",
        .enabled(if: EvalData.shared != nil), arguments: [1, 2])
    func edgeCases(level: Int) throws {
        let folder = "conformance/eval/edge/"
        let judgements = try Judgements.parse(try EvalData.shared(folder + "qrels.txt"), file: "q")
        let run = try Run.parse(try EvalData.shared(folder + "run.txt"), file: "r")
        let expected = try EvalData.json(folder + "expected.level\(level).json")
        let compared = try compare(
            judgements, run, expected["per_query"], expected["mean_over_queries_in_both"],
            level: level, scope: .judgedAndRun, tolerance: 1e-12)
        #expect(compared == 8 * 31)
    }

    @Test(
        "every value of trec_eval for the stored runs comes out the same",
        .enabled(if: EvalData.shared != nil),
        arguments: ["cacm", "cisi", "cranfield", "npl"], ["english.1.2_0.75", "standard.0.9_0.4"])
    func storedRuns(set: String, name: String) throws {
        let judgements = try Judgements.parse(
            try EvalData.shared("corpora/\(set)/qrels.txt"), file: "qrels.txt")
        let run = try Run.parse(
            try EvalData.shared("corpora/\(set)/runs/lucene.\(name).run"), file: "run")
        let expected = try EvalData.json("conformance/eval/\(set).\(name).json")
        // The file has six digits after the point.
        let compared = try compare(
            judgements, run, expected["per_query"], expected["mean"], level: 1,
            scope: .allJudged, tolerance: 5.1e-7)
        #expect(compared == (judgements.queries.count + 1) * 31)

        let further = [
            "AP(rel=2)": Measure(.averagePrecision, relevanceLevel: 2),
            "ERR@10": Measure(.expectedReciprocalRank, at: 10),
            "Judged@10": Measure(.judged, at: 10), "RR@10": Measure(.reciprocalRank, at: 10),
            "Rprec": Measure(.rPrecision), "SetF": Measure(.setF),
            "Success@1": Measure(.success, at: 1),
            "nDCG(dcg='exp-log2')@10": .init(.expNDCG, at: 10),
            "nDCG@10": Measure(.nDCG, at: 10),
        ]
        let evaluation = Evaluation(
            run: run, judgements: judgements, measures: Array(further.values))
        for (name, measure) in further {
            let value = try #require(expected["ir_measures"]?[name]?.doubleValue)
            // gdeval, the source of these two, rounds every query to five digits.
            let rounded = measure.kind == .expectedReciprocalRank || measure.kind == .expNDCG
            let difference = (evaluation.mean(measure) - value).magnitude
            #expect(difference < (rounded ? 5e-6 : 1e-12), "\(name)")
        }
    }

    private func compare(
        _ judgements: Judgements, _ run: Run, _ perQuery: JSONValue?, _ means: JSONValue?,
        level: Int, scope: Evaluation.Scope, tolerance: Double
    ) throws -> Int {
        let means = try #require(means?.objectValue)
        let perQuery = try #require(perQuery?.objectValue)
        var measures: [Measure] = []
        for name in means.keys {
            measures.append(try #require(measure(name, level), "\(name)"))
        }
        let evaluation = Evaluation(
            run: run, judgements: judgements, measures: measures, scope: scope)
        #expect(evaluation.queries == perQuery.keys.sorted { $0.precedesInBytes($1) })
        var compared = 0
        for (name, measure) in zip(means.keys, measures) {
            let mean = try #require(means[name]?.doubleValue)
            // Averages of rounded values are off by one rounding more.
            #expect((evaluation.mean(measure) - mean).magnitude <= 2 * tolerance, "mean \(name)")
            compared += 1
            for (query, values) in perQuery {
                let value = try #require(values[name]?.doubleValue)
                let ours = try #require(evaluation.value(measure, of: query))
                #expect((ours - value).magnitude <= tolerance, "\(query) \(name) \(ours) \(value)")
                compared += 1
            }
        }
        return compared
    }

    private func measure(_ name: String, _ level: Int) -> Measure? {
        Measure(name: name, relevanceLevel: level)
    }

    @Test("a small ranking gives the values worked out by hand")
    func byHand() {
        let metrics = RankingMetrics(
            ranking: [
                .init(document: "a", score: 3), .init(document: "b", score: 2),
                .init(document: "c", score: 1),
            ], judgements: ["a": 0, "b": 3, "d": 1])
        #expect(metrics.value(of: Measure(.precision, at: 5)) == 0.2)
        #expect(metrics.value(of: Measure(.averagePrecision)) == 0.25)
        #expect(metrics.value(of: Measure(.rankBiasedPrecision, parameter: 0.5)) == 0.25)
        #expect(metrics.value(of: Measure(.judged, at: 2)) == 1)
        #expect(metrics.value(of: Measure(.judged, at: 3)) == 2.0 / 3)
        // (2^3 - 1) / 16 at rank 2.
        #expect(metrics.value(of: Measure(.expectedReciprocalRank)) == 7.0 / 32)
        let gain = 3 / 1.584962500721156
        let best = 3 + 1 / 1.584962500721156
        #expect((metrics.value(of: Measure(.nDCG, at: 10)) - gain / best).magnitude < 1e-15)
    }

    @Test("measures are named, and unknown names are refused")
    func names() {
        #expect(Measure(name: "nDCG@10") == Measure(.nDCG, at: 10))
        #expect(Measure(name: "ndcg@10") == Measure(.nDCG, at: 10))
        #expect(Measure(name: "MRR@10") == Measure(.reciprocalRank, at: 10))
        #expect(Measure(name: "RBP(0.9)") == Measure(.rankBiasedPrecision, parameter: 0.9))
        #expect(Measure(name: "IPrec@0.5") == Measure(.interpolatedPrecision, parameter: 0.5))
        for wrong in ["", "P", "P@", "P@0", "nDCG@x", "gain@3", "RBP(2)", "map_cut_", "P_-1"] {
            #expect(Measure(name: wrong) == nil, "\(wrong)")
        }
        for kind in Measure.Kind.allCases {
            var measure = Measure(kind, at: 10)
            if kind == .rankBiasedPrecision { measure.parameter = 0.8 }
            if kind == .interpolatedPrecision { measure = Measure(kind, parameter: 0.3) }
            #expect(Measure(name: measure.description) == measure)
        }
    }

    @Test("no measure leaves the range from 0 to 1, whatever the ranking")
    func bounded() {
        var random = SeededGenerator(seed: 0x7261)
        for _ in 0..<300 {
            let ids = (0..<12).map { "d\($0)" }
            var judged: [String: Int] = [:]
            for id in ids where Bool.random(using: &random) {
                judged[id] = Int.random(in: -1...4, using: &random)
            }
            let ranking = ids.shuffled(using: &random).prefix(
                Int.random(in: 0...12, using: &random))
            let metrics = RankingMetrics(
                ranking: ranking.map { .init(document: $0, score: 1) }, judgements: judged)
            for kind in Measure.Kind.allCases where !Measure(kind).isCount {
                for cutoff in [nil, 1, 5, 100] {
                    let value = metrics.value(of: Measure(kind, at: cutoff))
                    #expect(value >= 0 && value <= 1 + 1e-12, "\(kind) \(value)")
                }
            }
        }
    }
}
