internal import Testing
internal import TrawlJSON

@testable internal import TrawlEval

@Suite("Comparison")
struct ComparisonTests {
    @Test(
        "tests of significance equal those of established software",
        .enabled(if: EvalData.shared != nil), arguments: ["cranfield", "cacm", "cisi", "npl"])
    func significance(set: String) throws {
        let expected = try EvalData.json("conformance/eval/significance.json")["sets"]?[set]
        let rows = try #require(expected?.objectValue)
        let judgements = try Judgements.parse(
            try EvalData.shared("corpora/\(set)/qrels.txt"), file: "qrels.txt")
        let measures = try rows.keys.map { try #require(Measure(name: $0)) }
        var evaluations: [Evaluation] = []
        for name in ["standard.0.9_0.4", "english.1.2_0.75"] {
            let run = try Run.parse(
                try EvalData.shared("corpora/\(set)/runs/lucene.\(name).run"), file: name)
            evaluations.append(Evaluation(run: run, judgements: judgements, measures: measures))
        }
        for (name, measure) in zip(rows.keys, measures) {
            let row = try #require(rows[name])
            let comparison = Comparison(measure, before: evaluations[0], after: evaluations[1])
            let first = Comparison(
                measure: measure, perQuery: Array(comparison.perQuery.prefix(16)))
            let values: [String: Double] = [
                "queries": Double(comparison.count), "mean_a": comparison.meanBefore,
                "mean_b": comparison.meanAfter, "delta": comparison.meanDelta,
                "stdev_delta": comparison.standardDeviation, "wins": Double(comparison.wins),
                "losses": Double(comparison.losses), "ties": Double(comparison.ties),
                "t": comparison.pairedT.statistic, "t_p": comparison.pairedT.p,
                "wilcoxon_W": comparison.wilcoxon.statistic,
                "wilcoxon_p_normal_approx": comparison.wilcoxon.p,
                "sign_test_p_exact": comparison.signTest.p, "cohens_d": comparison.cohensD,
                "first16_randomisation_p_exact": first.randomisation().p,
            ]
            for (key, value) in values {
                let wanted = try #require(row[key]?.doubleValue, "\(key)")
                let difference = (value - wanted).magnitude
                #expect(difference <= 1e-9 * max(wanted.magnitude, 1e-3), "\(name) \(key) \(value)")
            }
        }
    }

    @Test("overlaps of lists equal the given ones", .enabled(if: EvalData.shared != nil))
    func overlap() throws {
        let rows = try #require(
            try EvalData.json("conformance/eval/rank_overlap.json").arrayValue)
        #expect(rows.count == 24)
        for row in rows {
            let one = try #require(row["a"]?.arrayValue).compactMap(\.stringValue)
            let other = try #require(row["b"]?.arrayValue).compactMap(\.stringValue)
            let p = try #require(row["p"]?.doubleValue)
            let wanted = try #require(row["rbo_ext"]?.doubleValue)
            #expect((RankOverlap.rankBiased(one, other, persistence: p) - wanted).magnitude < 1e-12)
            #expect((RankOverlap.rankBiased(other, one, persistence: p) - wanted).magnitude < 1e-12)
            #expect(RankOverlap.jaccard(one, other) == row["jaccard"]?.doubleValue)
        }
    }

    private func comparison(_ deltas: [Double]) -> Comparison {
        Comparison(
            measure: Measure(.nDCG, at: 10),
            perQuery: deltas.enumerated().map {
                .init(query: "q\($0.offset)", before: 0.5, after: 0.5 + $0.element)
            })
    }

    @Test("sampled randomisation comes near the exact value, and repeats by its seed")
    func sampled() {
        let sample = comparison([0.1, 0.2, -0.05, 0.3, 0.02, -0.1, 0.15, 0.07, 0.01, -0.02])
        let exact = sample.randomisation().p
        let one = sample.randomisation(seed: 7, exactBelow: 0)
        #expect((one.p - exact).magnitude < 0.01)
        #expect(one == sample.randomisation(seed: 7, exactBelow: 0))
        #expect(one != sample.randomisation(seed: 8, exactBelow: 0))
    }

    @Test("equal runs differ by nothing and no test finds them different")
    func equalRuns() {
        let same = comparison([0, 0, 0, 0])
        #expect(same.pairedT.p == 1)
        #expect(same.wilcoxon.p == 1)
        #expect(same.signTest.p == 1)
        #expect(same.randomisation().p == 1)
        #expect(same.ties == 4)
        #expect(same.bootstrapInterval() == .init(low: 0, high: 0))
    }

    @Test("the bootstrap interval holds the mean and shrinks with more queries")
    func bootstrap() {
        let few = comparison([0.1, -0.2, 0.3, 0.0, 0.1, 0.2])
        let many = comparison(
            Array(repeating: [0.1, -0.2, 0.3, 0.0, 0.1, 0.2], count: 20).flatMap { $0 })
        let wide = few.bootstrapInterval()
        let narrow = many.bootstrapInterval()
        #expect(wide.low <= few.meanDelta && few.meanDelta <= wide.high)
        #expect(narrow.high - narrow.low < wide.high - wide.low)
        #expect(many.detectableEffect() < few.detectableEffect())
    }

    @Test("Holm raises p values in order and never above one")
    func holm() {
        let adjusted = Comparison.holmAdjusted([0.01, 0.04, 0.03, 0.005])
        for (value, wanted) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) {
            #expect((value - wanted).magnitude < 1e-15)
        }
        #expect(Comparison.holmAdjusted([0.9, 0.8]) == [1, 1])
        #expect(Comparison.holmAdjusted([]).isEmpty)
    }

    @Test("quantiles of the normal distribution are the tabled ones")
    func quantiles() {
        #expect((Distributions.normalQuantile(0.975) - 1.959963984540054).magnitude < 1e-12)
        #expect((Distributions.normalQuantile(0.8) - 0.8416212335729143).magnitude < 1e-12)
        #expect((Distributions.logGamma(0.5) - 0.5723649429247001).magnitude < 1e-13)
        #expect((Distributions.logGamma(100) - 359.1342053695754).magnitude < 1e-11)
    }
}
