internal import Glibc

/// How alike two rankings are, without any judgement.
package enum RankOverlap {
    /// Rank-biased overlap, extrapolated, for lists that may differ in length
    /// (Webber, Moffat, Zobel 2010, equation 32).
    package static func rankBiased(_ one: [String], _ other: [String], persistence p: Double = 0.9)
        -> Double
    {
        let (short, long) = one.count <= other.count ? (one, other) : (other, one)
        guard !short.isEmpty else { return long.isEmpty ? 1 : 0 }
        var seenShort: Set<String> = []
        var seenLong: Set<String> = []
        var overlap = 0
        var overlapAtShort = 0
        var sum = 0.0
        for depth in 1...long.count {
            let fromLong = long[depth - 1]
            if depth <= short.count {
                let fromShort = short[depth - 1]
                if fromShort == fromLong {
                    overlap += 1
                } else {
                    if seenLong.contains(fromShort) { overlap += 1 }
                    if seenShort.contains(fromLong) { overlap += 1 }
                }
                seenShort.insert(fromShort)
            } else if seenShort.contains(fromLong) {
                overlap += 1
            }
            seenLong.insert(fromLong)
            if depth == short.count { overlapAtShort = overlap }
            let weight = pow(p, Double(depth)) / Double(depth)
            sum += Double(overlap) * weight
            if depth > short.count {
                let share = Double(overlapAtShort) / Double(short.count)
                sum += share * Double(depth - short.count) * weight
            }
        }
        let tail =
            Double(overlap - overlapAtShort) / Double(long.count)
            + Double(overlapAtShort) / Double(short.count)
        return (1 - p) / p * sum + tail * pow(p, Double(long.count))
    }

    /// The share of all documents of both lists that stand in both.
    package static func jaccard(_ one: [String], _ other: [String]) -> Double {
        let left = Set(one)
        let right = Set(other)
        let all = left.union(right).count
        return all == 0 ? 1 : Double(left.intersection(right).count) / Double(all)
    }
}
