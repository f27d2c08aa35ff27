internal import Glibc
internal import Testing
internal import TrawlJSON

@testable internal import TrawlEval

@Suite("ScoreDifference and ExplainedMoves")
struct ScoreDifferenceTests {
    typealias Term = ScoreBreakdown.Term

    private func term(
        _ name: String = "body:ship", boost: Double = 1, df: Double = 10, n: Double = 1000,
        tf: Double = 2, dl: Double = 80, average: Double = 100, k1: Double = 1.2, b: Double = 0.75
    ) -> Term {
        let idf = log(1 + (n - df + 0.5) / (df + 0.5))
        let score = boost * idf * tf / (tf + k1 * (1 - b + b * dl / average))
        return Term(
            name: name, boost: boost, documentFrequency: df, documentCount: n, frequency: tf,
            length: dl, averageLength: average, k1: k1, b: b, score: Float(score))
    }

    private func breakdown(_ terms: [Term], others: [String: Float] = [:]) -> ScoreBreakdown {
        let sum = terms.reduce(0) { $0 + Double($1.score) }
        let more = others.values.reduce(0) { $0 + Double($1) }
        return ScoreBreakdown(score: Float(sum + more), terms: terms, others: others)
    }

    private func sum(_ difference: ScoreDifference) -> Double {
        difference.parts.reduce(0) { $0 + $1.amount }
    }

    @Test("the parts of random differences sum to the difference of the scores, to the bit")
    func exactSums() {
        var random = SeededGenerator(seed: 0x5eed)
        func pick(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &random) }
        for round in 0..<400 {
            func terms() -> [Term] {
                (0..<Int.random(in: 0...6, using: &random)).map { index in
                    term(
                        "body:t\(index)", boost: pick(0.1...9), df: pick(1...900).rounded(),
                        tf: pick(1...9).rounded(), dl: pick(1...400).rounded(),
                        average: pick(20...120), k1: pick(0.2...3), b: pick(0...1))
                }
            }
            let difference = ScoreDifference(
                before: breakdown(terms()),
                after: breakdown(terms(), others: round % 3 == 0 ? ["phrase": 0.7] : [:]))
            #expect(sum(difference) == difference.total, "round \(round)")
        }
    }

    @Test("one changed factor takes the whole difference")
    func single() {
        let cases: [(Term, ScoreDifference.Cause)] = [
            (term(df: 20), .idf), (term(tf: 3), .frequency), (term(dl: 200), .length),
            (term(average: 50), .averageLength), (term(k1: 0.9, b: 0.4), .formula),
            (term(boost: 2), .boost),
        ]
        for (changed, cause) in cases {
            let difference = ScoreDifference(
                before: breakdown([term()]), after: breakdown([changed]))
            #expect(difference.parts.first?.cause == cause)
            #expect((difference.parts[0].amount - difference.total).magnitude < 1e-6)
            #expect(difference.parts.dropFirst().allSatisfy { $0.cause == .rounding })
            #expect(sum(difference) == difference.total)
        }
    }

    @Test("the share of a cause does not depend on which side is called first")
    func antisymmetric() {
        let one = breakdown([term(), term("body:sail", df: 3)])
        let other = breakdown([term(df: 30, tf: 4, dl: 60), term("body:sail", df: 5, k1: 2)])
        let forth = ScoreDifference(before: one, after: other).causes
        let back = ScoreDifference(before: other, after: one).causes
        for (cause, amount) in forth where cause != .rounding {
            let mirrored = back.first { $0.cause == cause }?.amount ?? 0
            #expect((mirrored + amount).magnitude < 1e-9)
        }
    }

    @Test("terms that come and go are told apart, and who is answerable is said")
    func termsAndOrigins() {
        let old = breakdown([term("body:ships")])
        let new = breakdown([term("body:ship")])
        let analysis = ScoreDifference(
            before: old, after: new, context: .init(analysisChanged: true))
        #expect(Set(analysis.parts.map(\.cause)) == [.termGained, .termLost])
        #expect(analysis.parts.allSatisfy { $0.origin == .configuration })
        let document = ScoreDifference(
            before: old, after: new, context: .init(documentChanged: true))
        #expect(document.parts.allSatisfy { $0.origin == .document })
        let corpus = ScoreDifference(
            before: breakdown([term()]), after: breakdown([term(df: 50)]),
            context: .init(corpusChanged: true))
        #expect(corpus.parts.first?.origin == .corpus)
    }

    @Test("a breakdown comes back from JSON as it was")
    func json() {
        let original = breakdown([term(), term("title:ship", boost: 2)], others: ["phrase": 0.5])
        #expect(ScoreBreakdown(json: original.json) == original)
        #expect(ScoreBreakdown(json: ["score": 1]) == nil)
    }

    private func placed(_ document: String, _ score: Float) -> ExplainedMoves.Placed {
        let one = Term(
            name: "body:x", documentFrequency: 1, documentCount: 2, frequency: 1, length: 1,
            averageLength: 1, score: score)
        return .init(
            document: document, score: score,
            breakdown: ScoreBreakdown(score: score, terms: [one]))
    }

    @Test("documents that moved because of others say so, and by whom they were passed")
    func competitors() throws {
        let moves = ExplainedMoves(
            before: [placed("a", 3), placed("b", 2), placed("c", 1)],
            after: [placed("new", 4), placed("a", 3), placed("c", 1)],
            existedBefore: { $0 != "new" }, existsAfter: { $0 != "b" }
        ).moves
        let byName = Dictionary(uniqueKeysWithValues: moves.map { ($0.document, $0) })
        #expect(byName["new"]?.reason == .newDocument)
        #expect(byName["b"]?.reason == .goneDocument)
        let a = try #require(byName["a"])
        #expect(a.reason == .competitors)
        #expect(a.rise == -1)
        #expect(a.passedBy == ["new"])
        #expect(byName["c"] == nil)
    }

    @Test("a document whose own score changed carries the parts")
    func ownScore() throws {
        let moves = ExplainedMoves(
            before: [placed("a", 3), placed("b", 2)], after: [placed("b", 4), placed("a", 3)]
        ).moves
        let b = try #require(moves.first { $0.document == "b" })
        guard case .score(let difference) = b.reason else {
            Issue.record("\(b.reason)")
            return
        }
        #expect(sum(difference) == 2)
        #expect(b.passed == ["a"])
        #expect(moves.first { $0.document == "a" }?.reason == .competitors)
    }
}
