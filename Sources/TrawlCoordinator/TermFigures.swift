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

extension ShardView {
    /// A shard that cannot be asked has nothing to add.
    package func figures(of terms: [[UInt8]], in field: String) throws -> TermFigures {
        TermFigures(termCount: terms.count)
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
