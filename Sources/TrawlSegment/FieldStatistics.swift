/// What BM25 needs of a field, over some documents. Sums of integers, so that documents can be
/// taken out again and segments and shards can be added up without rounding.
package struct FieldStatistics: Sendable, Hashable, Codable {
    /// How many documents have at least one term in the field.
    package var docCount: Int64
    /// How many occurrences they have together (distinct terms, in a field without frequencies).
    package var totalLength: Int64

    package init(docCount: Int64 = 0, totalLength: Int64 = 0) {
        self.docCount = docCount
        self.totalLength = totalLength
    }

    package mutating func add(length: Int) {
        if length > 0 { docCount += 1 }
        totalLength += Int64(length)
    }

    package mutating func subtract(length: Int) {
        if length > 0 { docCount -= 1 }
        totalLength -= Int64(length)
        assert(docCount >= 0 && totalLength >= 0)
    }

    package static func + (left: Self, right: Self) -> Self {
        FieldStatistics(
            docCount: left.docCount + right.docCount,
            totalLength: left.totalLength + right.totalLength)
    }
}
