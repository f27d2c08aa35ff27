internal import Glibc
internal import TrawlQuery

/// How many documents have a term, here and at all.
struct TermCounts {
    var subset: Int
    var subsetSize: Int
    var superset: Int
    var supersetSize: Int
}

extension SignificantTermsAggregation.Heuristic {
    /// How much more a term belongs here than elsewhere; nothing at or below zero is shown.
    func score(_ counts: TermCounts) -> Double {
        switch self {
        case .jlh: Self.jlh(counts)
        case .percentage:
            counts.superset == 0 ? 0 : Double(counts.subset) / Double(counts.superset)
        case .googleDistance(let isSuperset):
            Self.googleDistance(Contingency(counts, isSuperset))
        case .chiSquare(let includesNegatives, let isSuperset):
            Self.chiSquare(Contingency(counts, isSuperset), includesNegatives)
        case .mutualInformation(let includesNegatives, let isSuperset):
            Self.mutualInformation(Contingency(counts, isSuperset), includesNegatives)
        }
    }

    /// The change of the term's share, absolute times relative.
    private static func jlh(_ counts: TermCounts) -> Double {
        if counts.subsetSize == 0 || counts.supersetSize == 0 { return 0 }
        let here = Double(counts.subset) / Double(counts.subsetSize)
        let there = Double(max(1, counts.superset)) / Double(counts.supersetSize)
        let change = here - there
        return change <= 0 ? 0 : change * (here / there)
    }

    private static func googleDistance(_ n: Contingency) -> Double {
        let (fx, fy, fxy) = (n.term, n.here, n.termHere)
        if fxy == 0 { return 0 }
        if fx == fy, fx == fxy { return 1 }
        let distance =
            (max(log(fx), log(fy)) - log(fxy)) / (log(n.all) - min(log(fx), log(fy)))
        return exp(-distance)
    }

    private static func chiSquare(_ n: Contingency, _ includesNegatives: Bool) -> Double {
        if !includesNegatives, n.isRarerHere { return -.infinity }
        let difference = n.termHere * n.otherThere - n.otherHere * n.termThere
        return n.all * difference * difference / (n.here * n.term * n.other * n.there)
    }

    private static func mutualInformation(
        _ n: Contingency, _ includesNegatives: Bool
    ) -> Double {
        func part(_ both: Double, _ one: Double, _ other: Double) -> Double {
            let numerator = (n.all * both).magnitude
            let factor = (both / n.all).magnitude
            if numerator < 1e-7, factor < 1e-7 { return 0 }
            return factor * log(numerator / (one * other).magnitude)
        }
        let score =
            part(n.otherThere, n.other, n.there) + part(n.otherHere, n.other, n.here)
            + part(n.termThere, n.term, n.there) + part(n.termHere, n.term, n.here)
        if score.isNaN || (!includesNegatives && n.isRarerHere) { return -.infinity }
        return score
    }
}

/// Documents with the term and without it, here and elsewhere.
private struct Contingency {
    let termHere, termThere, otherHere, otherThere: Double
    let term, other, here, there, all: Double

    init(_ counts: TermCounts, _ backgroundIsSuperset: Bool) {
        let subset = Double(counts.subset)
        let subsetSize = Double(counts.subsetSize)
        let superset = Double(counts.superset)
        let supersetSize = Double(counts.supersetSize)
        termHere = subset
        otherHere = subsetSize - subset
        here = subsetSize
        if backgroundIsSuperset {
            termThere = superset - subset
            otherThere = supersetSize - superset - (subsetSize - subset)
            term = superset
            other = supersetSize - superset
            there = supersetSize - subsetSize
            all = supersetSize
        } else {
            termThere = superset
            otherThere = supersetSize - superset
            term = superset + subset
            other = supersetSize - superset + subsetSize - subset
            there = supersetSize
            all = supersetSize + subsetSize
        }
    }

    var isRarerHere: Bool { termHere / here < termThere / there }
}
