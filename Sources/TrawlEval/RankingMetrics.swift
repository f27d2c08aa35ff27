internal import Glibc

/// One query's ranking beside its judgements: everything a measure is computed from.
///
/// The arithmetic is that of trec_eval, case by case; `RankingMetricsTests` compares every value of
/// its output, ties and odd grades included.
package struct RankingMetrics: Sendable {
    /// Grades in ranked order; nil where the document was never judged.
    let ranked: [Int?]
    /// All grades of the query, best first, without negative ones.
    let ideal: [Int]

    package init(ranking: [Run.Entry], judgements: [String: Int]) {
        ranked = ranking.map { judgements[$0.document] }
        ideal = judgements.values.filter { $0 >= 0 }.sorted(by: >)
    }

    package func value(of measure: Measure) -> Double {
        let level = measure.relevanceLevel
        let cutoff = measure.cutoff
        return switch measure.kind {
        case .nDCG: normalisedGain(cutoff) { Double($0) }
        case .expNDCG: normalisedGain(cutoff) { exp2(Double($0)) - 1 }
        case .averagePrecision: averagePrecision(cutoff, level)
        case .reciprocalRank: reciprocalRank(cutoff, level)
        case .precision: ratio(hits(cutoff, level), cutoff ?? ranked.count)
        case .recall: ratio(hits(cutoff, level), relevant(level))
        case .success: hits(cutoff, level) > 0 ? 1 : 0
        case .rPrecision: ratio(hits(relevant(level), level), relevant(level))
        case .expectedReciprocalRank: expectedReciprocalRank(cutoff)
        case .rankBiasedPrecision: rankBiased(cutoff, level, measure.parameter ?? 0.8)
        case .bpref: bpref(level)
        case .infAP: inferredPrecision(level)
        case .judged: judgedShare(cutoff)
        case .setPrecision: ratio(hits(nil, level), ranked.count)
        case .setRecall: ratio(hits(nil, level), relevant(level))
        case .setF: setF(level)
        case .interpolatedPrecision: interpolated([measure.parameter ?? 0], level)[0]
        case .elevenPoint: elevenPoint(level)
        case .retrieved: Double(ranked.count)
        case .relevant: Double(relevant(level))
        case .relevantRetrieved: Double(hits(nil, level))
        }
    }

    // MARK: Counting

    private func ratio(_ part: Int, _ whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }

    private func relevant(_ level: Int) -> Int { ideal.count { $0 >= level } }

    private func isRelevant(_ grade: Int?, _ level: Int) -> Bool {
        guard let grade else { return false }
        return grade >= level
    }

    private func top(_ cutoff: Int?) -> ArraySlice<Int?> { ranked.prefix(cutoff ?? ranked.count) }

    private func hits(_ cutoff: Int?, _ level: Int) -> Int {
        top(cutoff).count { isRelevant($0, level) }
    }

    private func judgedShare(_ cutoff: Int?) -> Double {
        let seen = top(cutoff)
        return ratio(seen.count { ($0 ?? -1) >= 0 }, seen.count)
    }

    // MARK: Gains

    private func normalisedGain(_ cutoff: Int?, gain: (Int) -> Double) -> Double {
        var best = 0.0
        for (rank, grade) in ideal.prefix(cutoff ?? ideal.count).enumerated() where grade > 0 {
            best += gain(grade) / log2(Double(rank + 2))
        }
        guard best > 0 else { return 0 }
        var found = 0.0
        for (rank, grade) in top(cutoff).enumerated() {
            guard let grade, grade > 0 else { continue }
            found += gain(grade) / log2(Double(rank + 2))
        }
        return found / best
    }

    private func expectedReciprocalRank(_ cutoff: Int?) -> Double {
        var goesOn = 1.0
        var sum = 0.0
        for (rank, grade) in top(cutoff).enumerated() {
            guard let grade, grade > 0 else { continue }
            let stops = min((exp2(Double(grade)) - 1) / 16, 1)
            sum += goesOn * stops / Double(rank + 1)
            goesOn *= 1 - stops
        }
        return sum
    }

    private func rankBiased(_ cutoff: Int?, _ level: Int, _ persistence: Double) -> Double {
        var weight = 1 - persistence
        var sum = 0.0
        for grade in top(cutoff) {
            if isRelevant(grade, level) { sum += weight }
            weight *= persistence
        }
        return sum
    }

    // MARK: Precision

    private func averagePrecision(_ cutoff: Int?, _ level: Int) -> Double {
        var found = 0
        var sum = 0.0
        for (rank, grade) in top(cutoff).enumerated() where isRelevant(grade, level) {
            found += 1
            sum += Double(found) / Double(rank + 1)
        }
        let all = relevant(level)
        return all == 0 ? 0 : sum / Double(all)
    }

    private func reciprocalRank(_ cutoff: Int?, _ level: Int) -> Double {
        guard let first = top(cutoff).firstIndex(where: { isRelevant($0, level) }) else {
            return 0
        }
        return 1 / Double(first + 1)
    }

    private func setF(_ level: Int) -> Double {
        let precision = ratio(hits(nil, level), ranked.count)
        let recall = ratio(hits(nil, level), relevant(level))
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
    }

    /// Buckley and Voorhees 2004: how often judged irrelevant documents stand before relevant ones.
    private func bpref(_ level: Int) -> Double {
        let all = relevant(level)
        guard all > 0 else { return 0 }
        let bound = Double(min(ideal.count - all, all))
        var before = 0
        var sum = 0.0
        for grade in ranked {
            guard let grade, grade >= 0 else { continue }
            if grade < level {
                before += 1
            } else {
                sum += before == 0 ? 1 : 1 - Double(min(before, all)) / bound
            }
        }
        return sum / Double(all)
    }

    /// Yilmaz and Aslam 2006. Negative grades are the pool's unjudged documents.
    private func inferredPrecision(_ level: Int) -> Double {
        let all = relevant(level)
        guard all > 0 else { return 0 }
        let epsilon = 0.00001
        var relevantBefore = 0.0
        var otherBefore = 0.0
        var unjudgedBefore = 0.0
        var sum = 0.0
        for (rank, grade) in ranked.enumerated() {
            guard let grade else { continue }
            if grade < 0 {
                unjudgedBefore += 1
            } else if grade < level {
                otherBefore += 1
            } else {
                let place = Double(rank)
                if rank == 0 {
                    sum += 1
                } else {
                    let pooled = relevantBefore + otherBefore + unjudgedBefore
                    let judged = relevantBefore + otherBefore + 2 * epsilon
                    let share = (relevantBefore + epsilon) / judged
                    sum += 1 / (place + 1) + place / (place + 1) * (pooled / place) * share
                }
                relevantBefore += 1
            }
        }
        return sum / Double(all)
    }

    private func elevenPoint(_ level: Int) -> Double {
        let levels = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
        return interpolated(levels, level).reduce(0, +) / 11
    }

    /// The best precision at or after the rank where each share of the relevant is reached.
    private func interpolated(_ levels: [Double], _ level: Int) -> [Double] {
        let all = relevant(level)
        // trec_eval rounds the number of documents needed up, nearly: 0.9 is its constant.
        let needed = levels.map { Int($0 * Double(all) + 0.9) }
        var values = [Double](repeating: 0, count: levels.count)
        var found = hits(nil, level)
        guard found > 0 else { return values }
        var open = levels.count - 1
        while open >= 0, needed[open] > found { open -= 1 }
        var best = ratio(found, ranked.count)
        for rank in stride(from: ranked.count, to: 0, by: -1) where found > 0 {
            best = max(best, Double(found) / Double(rank))
            guard isRelevant(ranked[rank - 1], level) else { continue }
            while open >= 0, needed[open] == found {
                values[open] = best
                open -= 1
            }
            found -= 1
        }
        while open >= 0 {
            values[open] = best
            open -= 1
        }
        return values
    }
}
