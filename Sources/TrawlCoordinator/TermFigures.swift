/// How often terms of a field stand in the documents of one shard, or of many.
package struct TermFigures: Sendable {
    package struct Term: Sendable {
        package var docFrequency = 0
        package var occurrenceCount = 0
    }

    /// Documents with the field.
    package var docCount = 0
    /// Of all terms in all documents: `sum_ttf`.
    package var occurrenceCount = 0
    /// The sum of all terms' document frequencies: `sum_doc_freq`.
    package var docFrequencySum = 0
    /// In the order in which the terms were asked for.
    package var terms: [Term]

    package init(termCount: Int) { terms = Array(repeating: Term(), count: termCount) }

    package mutating func add(_ other: TermFigures) {
        docCount += other.docCount
        occurrenceCount += other.occurrenceCount
        docFrequencySum += other.docFrequencySum
        for (place, term) in other.terms.enumerated() {
            terms[place].docFrequency += term.docFrequency
            terms[place].occurrenceCount += term.occurrenceCount
        }
    }
}

extension TermFigures {
    /// One behind the other, as they travel between nodes.
    package var numbers: [Int] {
        [docCount, occurrenceCount, docFrequencySum]
            + terms.flatMap { [$0.docFrequency, $0.occurrenceCount] }
    }

    /// Nil when they are not those of so many terms.
    package init?(numbers: [Int], termCount: Int) {
        guard numbers.count == 3 + 2 * termCount else { return nil }
        self.init(termCount: termCount)
        docCount = numbers[0]
        occurrenceCount = numbers[1]
        docFrequencySum = numbers[2]
        for place in 0..<termCount {
            terms[place].docFrequency = numbers[3 + 2 * place]
            terms[place].occurrenceCount = numbers[4 + 2 * place]
        }
    }
}

extension Coordinator {
    /// Over all the shards of a view.
    package func figures(
        of terms: [[UInt8]], in field: String, _ view: SearchView
    ) throws -> TermFigures {
        var sum = TermFigures(termCount: terms.count)
        for part in view.parts { sum.add(try part.view.figures(of: terms, in: field)) }
        return sum
    }
}
