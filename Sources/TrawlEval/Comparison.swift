internal import Glibc

/// Two configurations on the same queries by one measure: what changed, and whether chance explains it.
package struct Comparison: Sendable, Equatable {
    package struct QueryDelta: Sendable, Equatable {
        package let query: String
        package let before: Double
        package let after: Double
        package var delta: Double { after - before }
    }

    package struct Interval: Sendable, Equatable {
        package let low: Double
        package let high: Double
    }

    package let measure: Measure
    /// In the order of the queries' ids.
    package let perQuery: [QueryDelta]

    /// Below this, two values of a measure are the same: sums of doubles in another order.
    package static let tolerance = 1e-12

    package init(measure: Measure, perQuery: [QueryDelta]) {
        self.measure = measure
        self.perQuery = perQuery
    }

    /// Compares over the queries that both have.
    package init(_ measure: Measure, before: Evaluation, after: Evaluation) {
        var earlier: [String: Double] = [:]
        for (query, value) in zip(before.queries, before.values[measure] ?? []) {
            earlier[query] = value
        }
        var rows: [QueryDelta] = []
        for (query, value) in zip(after.queries, after.values[measure] ?? []) {
            guard let old = earlier[query] else { continue }
            rows.append(QueryDelta(query: query, before: old, after: value))
        }
        self.init(measure: measure, perQuery: rows)
    }

    package var deltas: [Double] { perQuery.map(\.delta) }
    package var count: Int { perQuery.count }
    package var meanBefore: Double { Comparison.mean(perQuery.map(\.before)) }
    package var meanAfter: Double { Comparison.mean(perQuery.map(\.after)) }
    package var meanDelta: Double { Comparison.mean(deltas) }
    package var wins: Int { deltas.count { $0 > Comparison.tolerance } }
    package var losses: Int { deltas.count { $0 < -Comparison.tolerance } }
    package var ties: Int { count - wins - losses }

    package var standardDeviation: Double {
        guard count > 1 else { return 0 }
        let mean = meanDelta
        let sum = deltas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (sum / Double(count - 1)).squareRoot()
    }

    package var cohensD: Double {
        standardDeviation == 0 ? 0 : meanDelta / standardDeviation
    }

    /// The queries that lost most first.
    package var worstFirst: [QueryDelta] {
        perQuery.sorted { $0.delta != $1.delta ? $0.delta < $1.delta : $0.query < $1.query }
    }

    // MARK: Tests

    package struct Outcome: Sendable, Equatable {
        package let statistic: Double
        package let p: Double
    }

    package var pairedT: Outcome {
        let deviation = standardDeviation
        guard count > 1, deviation > 0 else { return Outcome(statistic: 0, p: 1) }
        let t = meanDelta / (deviation / Double(count).squareRoot())
        return Outcome(
            statistic: t, p: Distributions.studentTwoSided(t, degrees: Double(count - 1)))
    }

    /// Wilcoxon's signed ranks, zeros dropped, normal approximation with the correction for ties.
    package var wilcoxon: Outcome {
        // Equal differences are those equal to the last bit, as in the software we compare with.
        let nonzero = deltas.filter { $0 != 0 }
            .sorted { $0.magnitude < $1.magnitude }
        let n = Double(nonzero.count)
        guard n > 0 else { return Outcome(statistic: 0, p: 1) }
        var positive = 0.0
        var tieTerm = 0.0
        var start = 0
        while start < nonzero.count {
            var end = start + 1
            while end < nonzero.count, nonzero[end].magnitude == nonzero[start].magnitude {
                end += 1
            }
            let rank = Double(start + 1 + end) / 2
            positive += rank * Double(nonzero[start..<end].count { $0 > 0 })
            let group = Double(end - start)
            tieTerm += group * group * group - group
            start = end
        }
        let w = min(positive, n * (n + 1) / 2 - positive)
        let variance = (n * (n + 1) * (2 * n + 1) - tieTerm / 2) / 24
        guard variance > 0 else { return Outcome(statistic: w, p: 1) }
        let z = (w - n * (n + 1) / 4) / variance.squareRoot()
        return Outcome(statistic: w, p: Distributions.normalTwoSided(z))
    }

    package var signTest: Outcome {
        let fewer = min(wins, losses)
        return Outcome(
            statistic: Double(fewer), p: Distributions.signTwoSided(fewer: fewer, of: wins + losses)
        )
    }

    /// Fisher's randomisation of the signs: all patterns up to `exactBelow` differing queries,
    /// otherwise `samples` of them from the seed.
    package func randomisation(
        seed: UInt64 = 1, samples: Int = 20_000, exactBelow: Int = 20
    ) -> Outcome {
        // A query that did not change adds nothing under either sign.
        let moved = deltas.filter { $0 != 0 }
        let observed = moved.reduce(0, +).magnitude
        guard observed > 0 else { return Outcome(statistic: 0, p: 1) }
        let enough = observed * (1 - 1e-10)
        if moved.count <= exactBelow {
            let patterns = 1 << moved.count
            var reached = 0
            for pattern in 0..<patterns {
                var sum = 0.0
                for (bit, delta) in moved.enumerated() {
                    sum += pattern >> bit & 1 == 1 ? -delta : delta
                }
                if sum.magnitude >= enough { reached += 1 }
            }
            return Outcome(statistic: meanDelta, p: Double(reached) / Double(patterns))
        }
        var generator = SeededGenerator(seed: seed)
        var reached = 0
        for _ in 0..<samples {
            var sum = 0.0
            var bits: UInt64 = 0
            for (index, delta) in moved.enumerated() {
                if index % 64 == 0 { bits = generator.next() }
                sum += bits & 1 == 1 ? -delta : delta
                bits >>= 1
            }
            if sum.magnitude >= enough { reached += 1 }
        }
        return Outcome(statistic: meanDelta, p: Double(reached + 1) / Double(samples + 1))
    }

    /// The percentile interval of the mean difference over resampled queries.
    package func bootstrapInterval(
        confidence: Double = 0.95, seed: UInt64 = 1, samples: Int = 5_000
    ) -> Interval {
        guard count > 0 else { return Interval(low: 0, high: 0) }
        let values = deltas
        var generator = SeededGenerator(seed: seed)
        var means: [Double] = []
        means.reserveCapacity(samples)
        for _ in 0..<samples {
            var sum = 0.0
            for _ in 0..<values.count {
                let pick = generator.next().multipliedFullWidth(by: UInt64(values.count)).high
                sum += values[Int(pick)]
            }
            means.append(sum / Double(values.count))
        }
        means.sort()
        let tail = (1 - confidence) / 2
        let low = Int((tail * Double(samples)).rounded(.down))
        let high = min(samples - 1, Int(((1 - tail) * Double(samples)).rounded(.up)) - 1)
        return Interval(low: means[low], high: means[max(low, high)])
    }

    /// The smallest true mean difference that this many queries would show with the given power.
    package func detectableEffect(significance: Double = 0.05, power: Double = 0.8) -> Double {
        guard count > 1 else { return .infinity }
        let z =
            Distributions.normalQuantile(1 - significance / 2)
            + Distributions.normalQuantile(power)
        return z * standardDeviation / Double(count).squareRoot()
    }

    /// p values raised so that many comparisons at once keep the error of one (Holm 1979).
    package static func holmAdjusted(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var adjusted = values
        var highest = 0.0
        for (place, index) in order.enumerated() {
            highest = max(highest, min(1, values[index] * Double(values.count - place)))
            adjusted[index] = highest
        }
        return adjusted
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}
