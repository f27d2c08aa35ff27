internal import Glibc

/// Two breakdowns of a score, and what each cause contributed to the difference between them.
///
/// The causes of one term act together (a rarer term gains more from a higher frequency), so each
/// gets its average share over every order in which the causes could have come: its Shapley value.
/// No order is preferred, and the shares add up. They are rounded to a fixed binary grid on which
/// floats lie too, so that the parts sum to the difference of the scores to the last bit.
package struct ScoreDifference: Sendable, Equatable {
    package enum Cause: String, Sendable, CaseIterable {
        case idf, frequency, length, averageLength, formula, boost
        case termGained, termLost, other, rounding

        package var label: String {
            switch self {
            case .idf: "rarity (idf)"
            case .frequency: "frequency (tf)"
            case .length: "length"
            case .averageLength: "average length"
            case .formula: "formula (k1, b)"
            case .boost: "boost"
            case .termGained: "term matched anew"
            case .termLost: "term no longer matched"
            case .other: "other clause"
            case .rounding: "rounding to 32 bits"
            }
        }
    }

    /// Who is answerable for a cause.
    package enum Origin: String, Sendable {
        case corpus, document, configuration, corpusAndConfiguration, arithmetic
    }

    package struct Part: Sendable, Equatable {
        package let cause: Cause
        /// The term or clause; nil for rounding.
        package let term: String?
        package let amount: Double
        package let origin: Origin
    }

    /// What is known to have changed between the two breakdowns.
    package struct Context: Sendable, Equatable {
        package var documentChanged = false
        package var corpusChanged = false
        package var analysisChanged = false

        package init(
            documentChanged: Bool = false, corpusChanged: Bool = false,
            analysisChanged: Bool = false
        ) {
            self.documentChanged = documentChanged
            self.corpusChanged = corpusChanged
            self.analysisChanged = analysisChanged
        }
    }

    package let before: Float
    package let after: Float
    /// Largest first; parts of nothing are left out.
    package let parts: [Part]

    package var total: Double { Double(after) - Double(before) }

    package init(
        before: ScoreBreakdown, after: ScoreBreakdown, context: Context = Context()
    ) {
        self.before = before.score
        self.after = after.score
        let grid = Grid(holding: max(before.score.magnitude, after.score.magnitude))
        var found: [Part] = []
        func add(_ cause: Cause, _ term: String?, _ amount: Double) {
            let rounded = grid.round(amount)
            guard rounded != 0 else { return }
            let origin = ScoreDifference.origin(of: cause, in: context)
            found.append(Part(cause: cause, term: term, amount: rounded, origin: origin))
        }
        let old = Dictionary(before.terms.map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(after.terms.map { ($0.name, $0) }) { first, _ in first }
        for name in Set(old.keys).union(new.keys).sorted() {
            switch (old[name], new[name]) {
            case (let one?, nil): add(.termLost, name, -Double(one.score))
            case (nil, let other?): add(.termGained, name, Double(other.score))
            case (let one?, let other?):
                for (cause, amount) in ScoreDifference.shares(from: one, to: other) {
                    add(cause, name, amount)
                }
            case (nil, nil): break
            }
        }
        for name in Set(before.others.keys).union(after.others.keys).sorted() {
            let change = Double(after.others[name] ?? 0) - Double(before.others[name] ?? 0)
            add(.other, name, change)
        }
        let total = Double(after.score) - Double(before.score)
        let rest = total - found.reduce(0) { $0 + $1.amount }
        if rest != 0 {
            found.append(Part(cause: .rounding, term: nil, amount: rest, origin: .arithmetic))
        }
        parts = found.sorted {
            $0.amount.magnitude != $1.amount.magnitude
                ? $0.amount.magnitude > $1.amount.magnitude
                : ($0.term ?? "", $0.cause.rawValue) < ($1.term ?? "", $1.cause.rawValue)
        }
    }

    /// The causes added up over terms, largest first.
    package var causes: [(cause: Cause, amount: Double)] {
        var sums: [Cause: Double] = [:]
        for part in parts { sums[part.cause, default: 0] += part.amount }
        return sums.map { (cause: $0.key, amount: $0.value) }.sorted {
            $0.amount.magnitude != $1.amount.magnitude
                ? $0.amount.magnitude > $1.amount.magnitude
                : $0.cause.rawValue < $1.cause.rawValue
        }
    }

    private static func origin(of cause: Cause, in context: Context) -> Origin {
        switch cause {
        case .formula, .boost, .other: return .configuration
        case .rounding: return .arithmetic
        case .idf, .averageLength:
            if context.analysisChanged {
                return context.corpusChanged ? .corpusAndConfiguration : .configuration
            }
            return .corpus
        case .frequency, .length, .termGained, .termLost:
            if context.documentChanged {
                return context.analysisChanged ? .corpusAndConfiguration : .document
            }
            return .configuration
        }
    }

    // MARK: Shares

    private static let factors: [Cause] = [
        .idf, .frequency, .length, .averageLength, .formula, .boost,
    ]

    /// The Shapley value of each factor of BM25 for one term.
    private static func shares(
        from one: ScoreBreakdown.Term, to other: ScoreBreakdown.Term
    ) -> [(Cause, Double)] {
        let count = factors.count
        let values = (0..<(1 << count)).map { mixed(one, other, taking: $0) }
        var factorial = [1.0]
        for n in 1...count { factorial.append(factorial[n - 1] * Double(n)) }
        return factors.indices.map { factor in
            var share = 0.0
            for set in 0..<(1 << count) where set >> factor & 1 == 0 {
                let size = set.nonzeroBitCount
                let weight = factorial[size] * factorial[count - size - 1] / factorial[count]
                share += weight * (values[set | 1 << factor] - values[set])
            }
            return (factors[factor], share)
        }
    }

    /// The score of a term with the factors of a set taken from the second, the rest from the first.
    private static func mixed(
        _ one: ScoreBreakdown.Term, _ other: ScoreBreakdown.Term, taking set: Int
    ) -> Double {
        func pick(_ factor: Int) -> ScoreBreakdown.Term { set >> factor & 1 == 1 ? other : one }
        let rarity = pick(0)
        let df = rarity.documentFrequency
        let idf = log(1 + (rarity.documentCount - df + 0.5) / (df + 0.5))
        let formula = pick(4)
        let relative = pick(3).averageLength > 0 ? pick(2).length / pick(3).averageLength : 1
        let norm = formula.k1 * (1 - formula.b + formula.b * relative)
        let frequency = pick(1).frequency
        return pick(5).boost * idf * frequency / (frequency + norm)
    }

    /// Multiples of a power of two: fine enough for every float near a score, coarse enough that
    /// sums of a few thousand of them are exact in a double.
    private struct Grid {
        let unit: Double

        init(holding score: Float) {
            let exponent = score > 0 && score.isFinite ? Int(score.exponent) : 0
            unit = exp2(Double(exponent - 38))
        }

        func round(_ value: Double) -> Double { (value / unit).rounded() * unit }
    }
}
