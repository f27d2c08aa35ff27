/// For every document that moved between two rankings of one query: where from, where to, and why.
package struct ExplainedMoves: Sendable, Equatable {
    /// A document in a ranking, with the breakdown of its score where one is known.
    package struct Placed: Sendable, Equatable {
        package let document: String
        package let score: Float
        package let breakdown: ScoreBreakdown?

        package init(document: String, score: Float, breakdown: ScoreBreakdown? = nil) {
            self.document = document
            self.score = score
            self.breakdown = breakdown
        }
    }

    package enum Reason: Sendable, Equatable {
        /// Its own score changed.
        case score(ScoreDifference)
        /// Its score is the same to the bit; others came, went or passed.
        case competitors
        /// It was not in the collection before.
        case newDocument
        /// It is not in the collection any more.
        case goneDocument
        /// It moved, and no breakdown says why.
        case unexplained
    }

    package struct Move: Sendable, Equatable {
        package let document: String
        /// From 1; nil outside the list.
        package let rankBefore: Int?
        package let rankAfter: Int?
        package let reason: Reason
        /// Documents that stood behind it before and stand in front of it now, and the reverse.
        package let passedBy: [String]
        package let passed: [String]

        /// How many places it rose; nil when it entered or left the list.
        package var rise: Int? {
            guard let rankBefore, let rankAfter else { return nil }
            return rankBefore - rankAfter
        }

        /// The cause in a few words, for a label.
        package var headline: String {
            switch reason {
            case .competitors: "competitors"
            case .newDocument: "new document"
            case .goneDocument: "document gone"
            case .unexplained:
                rankBefore == nil
                    ? "from below the list"
                    : rankAfter == nil ? "fell below the list" : "not explained"
            case .score(let difference):
                if let first = difference.parts.first {
                    [first.cause.label, first.term].compactMap { $0 }.joined(separator: ": ")
                } else {
                    "competitors"
                }
            }
        }
    }

    package let moves: [Move]

    /// Compares two rankings, best first. The functions tell whether a document is in the
    /// collection at all, before and after, which its absence from a list does not.
    package init(
        before: [Placed], after: [Placed],
        context: ScoreDifference.Context = .init(),
        existedBefore: (String) -> Bool = { _ in true },
        existsAfter: (String) -> Bool = { _ in true },
        changed: (String) -> Bool = { _ in false }
    ) {
        let old = Dictionary(before.enumerated().map { ($1.document, $0) }) { first, _ in first }
        let new = Dictionary(after.enumerated().map { ($1.document, $0) }) { first, _ in first }
        var order = after.map(\.document)
        order += before.map(\.document).filter { new[$0] == nil }
        var found: [Move] = []
        for document in order {
            let from = old[document]
            let to = new[document]
            let reason: Reason
            if to != nil, from == nil, !existedBefore(document) {
                reason = .newDocument
            } else if from != nil, to == nil, !existsAfter(document) {
                reason = .goneDocument
            } else if let from, let to {
                var own = context
                own.documentChanged = changed(document)
                reason = ExplainedMoves.reason(before[from], after[to], own)
            } else {
                reason = .unexplained
            }
            let scoreStayed = reason == .competitors
            guard from != to || !scoreStayed else { continue }
            let ahead = { (list: [String: Int], one: String) in list[one] ?? .max }
            let mineBefore = from ?? .max
            let mineAfter = to ?? .max
            var passedBy: [String] = []
            var passed: [String] = []
            for other in order where other != document {
                let wasBehind = ahead(old, other) > mineBefore
                let isBehind = ahead(new, other) > mineAfter
                if wasBehind, ahead(new, other) < mineAfter { passedBy.append(other) }
                if isBehind, ahead(old, other) < mineBefore { passed.append(other) }
            }
            found.append(
                Move(
                    document: document, rankBefore: from.map { $0 + 1 },
                    rankAfter: to.map { $0 + 1 }, reason: reason, passedBy: passedBy,
                    passed: passed))
        }
        moves = found
    }

    private static func reason(
        _ one: Placed, _ other: Placed, _ context: ScoreDifference.Context
    ) -> Reason {
        if let before = one.breakdown, let after = other.breakdown {
            let difference = ScoreDifference(before: before, after: after, context: context)
            return difference.parts.isEmpty ? .competitors : .score(difference)
        }
        return one.score == other.score ? .competitors : .unexplained
    }
}
