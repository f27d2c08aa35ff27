package import TrawlBytes

/// Which documents have a number in a range. See `PointsPlace`.
package struct PointsReader: Sendable {
    private let numbers: PackedNumbersReader
    private let docs: PackedNumbersReader
    private let docCount: Int

    package init(
        _ place: PointsPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        numbers = try PackedNumbersReader(place.numbers, in: file)
        docs = try PackedNumbersReader(place.docs, in: file)
        self.docCount = docCount
        guard numbers.count == docs.count else {
            throw CorruptionError(
                file: file.name, byteOffset: place.docs.table,
                reason: "\(numbers.count) points with \(docs.count) documents")
        }
    }

    package var count: Int { numbers.count }

    /// The places of the points in a closed range. How many documents that is at most costs two
    /// binary searches.
    package func places(from lower: Int64, through upper: Int64) -> Range<Int> {
        guard lower <= upper else { return 0..<0 }
        let start = numbers.firstIndex(notBelow: lower)
        let end = upper == .max ? count : numbers.firstIndex(notBelow: upper + 1)
        return start..<Swift.max(start, end)
    }

    /// The document of each point of `places`, in order of number; a document with several
    /// numbers in the range comes several times.
    package func forEachDoc(in places: Range<Int>, _ body: (Int) -> Void) {
        for place in places {
            let doc = docs.int(at: place)
            if doc >= 0, doc < docCount { body(doc) }
        }
    }

    /// Every point, in order.
    package func forEach(_ body: (_ number: Int64, _ doc: Int) -> Void) {
        for place in 0..<count {
            let doc = docs.int(at: place)
            if doc >= 0, doc < docCount { body(numbers.value(at: place), doc) }
        }
    }

    package func docs(from lower: Int64, through upper: Int64) -> FixedBitSet {
        var bits = FixedBitSet(bitCount: docCount)
        forEachDoc(in: places(from: lower, through: upper)) { bits.insert($0) }
        return bits
    }

    package func check() throws(CorruptionError) {
        try numbers.check()
        try docs.check()
        for index in 1..<Swift.max(1, count) {
            let before = (numbers.value(at: index - 1), docs.value(at: index - 1))
            guard before <= (numbers.value(at: index), docs.value(at: index)) else {
                throw CorruptionError(
                    file: "points", byteOffset: numbers.place.table,
                    reason: "point \(index) is out of order")
            }
        }
        guard count == 0 || (docs.least >= 0 && docs.greatest < Int64(docCount)) else {
            throw CorruptionError(
                file: "points", byteOffset: docs.place.table,
                reason: "a point is of document \(docs.greatest) of \(docCount)")
        }
    }
}
