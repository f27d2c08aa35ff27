package import TrawlBytes

/// How a number column lies in a `.cols` file.
///
///      +----------------+---------------------------------+---------------------------+
///      | documents that | where each document's numbers   | packed numbers, ascending |
///      | have a number  | begin, packed; only when one    | within each document      |
///      |                | document has several            |                           |
///      +----------------+---------------------------------+---------------------------+
///
/// In a column with one number a document, number `i` is that of the `i`-th document of the set.
/// Otherwise the numbers of that document are those from `starts[i]` to before `starts[i + 1]`.
package struct NumberColumnPlace: Sendable, Equatable {
    package var documents = DocSetPlace()
    package var starts: PackedNumbersPlace?
    package var numbers = PackedNumbersPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        documents.encode(into: &writer)
        writer.write(starts != nil)
        starts?.encode(into: &writer)
        numbers.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        documents = try DocSetPlace(decoding: &reader)
        if try reader.readBool() { starts = try PackedNumbersPlace(decoding: &reader) }
        numbers = try PackedNumbersPlace(decoding: &reader)
    }
}

/// Numbers by document, before they are written.
package struct NumberColumnBuffer: Sendable {
    package private(set) var docs: [UInt32] = []
    /// Where each document's numbers begin in `numbers`.
    private var starts: [UInt32] = []
    package private(set) var numbers: [Int64] = []

    package init() {}

    /// Documents come in ascending order, a document's numbers one after the other.
    package mutating func append(doc: UInt32, _ number: Int64) {
        if docs.last != doc {
            assert(docs.last.map { $0 < doc } ?? true)
            docs.append(doc)
            starts.append(UInt32(numbers.count))
        }
        numbers.append(number)
    }

    package var memoryByteCount: Int {
        docs.capacity * 4 + starts.capacity * 4 + numbers.capacity * 8
    }
    package var isMultiValued: Bool { numbers.count != docs.count }

    package func numbers(at rank: Int) -> ArraySlice<Int64> {
        let end = rank + 1 < starts.count ? Int(starts[rank + 1]) : numbers.count
        return numbers[Int(starts[rank])..<end]
    }

    /// Every document's numbers in ascending order, each once when `distinct`.
    package mutating func arrange(distinct: Bool) {
        guard isMultiValued else { return }
        var arranged: [Int64] = []
        arranged.reserveCapacity(numbers.count)
        var newStarts: [UInt32] = []
        newStarts.reserveCapacity(starts.count)
        for rank in docs.indices {
            newStarts.append(UInt32(arranged.count))
            var last: Int64?
            for number in numbers(at: rank).sorted() where !distinct || number != last {
                arranged.append(number)
                last = number
            }
        }
        numbers = arranged
        starts = newStarts
    }

    package mutating func mapNumbers(_ body: (Int64) -> Int64) {
        for index in numbers.indices { numbers[index] = body(numbers[index]) }
    }

    package func write(
        docCount: Int, into file: SegmentFileWriter
    ) throws -> NumberColumnPlace {
        var place = NumberColumnPlace()
        place.documents = try DocSetPlace.write(docs, docCount: docCount, into: file)
        if isMultiValued {
            var packed = PackedNumbersWriter()
            for start in starts { packed.append(Int64(start)) }
            packed.append(numbers.count)
            place.starts = try packed.finish(into: file)
        }
        place.numbers = try PackedNumbersWriter.write(numbers, into: file)
        return place
    }

    /// The numbers with their documents, sorted by number, then document.
    package func sortedPoints() -> (numbers: [Int64], docs: [UInt32]) {
        var points = PointsSorter()
        for (rank, doc) in docs.enumerated() {
            for number in numbers(at: rank) { points.append(number, doc: doc) }
        }
        return points.sorted()
    }
}

/// Numbers by document. See `NumberColumnPlace`.
package struct NumberColumn: Sendable {
    /// Which documents have a number.
    package let documents: DocSetReader
    private let starts: PackedNumbersReader?
    /// All numbers: by rank of the document, or by `range(of:)` in a multi-valued column.
    package let numbers: PackedNumbersReader

    package init(
        _ place: NumberColumnPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        documents = try DocSetReader(place.documents, docCount: docCount, in: file)
        if let startsPlace = place.starts {
            let reader = try PackedNumbersReader(startsPlace, in: file)
            guard reader.count == documents.count + 1 else {
                throw CorruptionError(
                    file: file.name, byteOffset: startsPlace.table,
                    reason: "\(reader.count) starts for \(documents.count) documents")
            }
            starts = reader
        } else {
            starts = nil
        }
        numbers = try PackedNumbersReader(place.numbers, in: file)
        guard starts != nil || numbers.count == documents.count else {
            throw CorruptionError(
                file: file.name, byteOffset: place.numbers.table,
                reason: "\(numbers.count) numbers for \(documents.count) documents")
        }
    }

    package var isMultiValued: Bool { starts != nil }
    /// Every document has just one number, so that its number is at its place in `numbers`.
    package var isDense: Bool { starts == nil && documents.isAll }
    /// Bounds of all numbers; meaningless when there are none.
    package var least: Int64 { numbers.least }
    package var greatest: Int64 { numbers.greatest }

    package func hasValue(_ doc: Int) -> Bool { documents.contains(doc) }

    /// The document's numbers in `numbers`; empty when it has none.
    package func range(of doc: Int) -> Range<Int> {
        guard let rank = documents.rank(of: doc) else { return 0..<0 }
        return range(atRank: rank)
    }

    package func range(atRank rank: Int) -> Range<Int> {
        guard let starts else { return rank..<rank + 1 }
        let start = Swift.max(0, Swift.min(starts.int(at: rank), numbers.count))
        let end = Swift.min(starts.int(at: rank + 1), numbers.count)
        return start..<Swift.max(start, end)
    }

    /// The least number of a document.
    package func first(of doc: Int) -> Int64? {
        if isDense { return numbers.value(at: doc) }
        let range = range(of: doc)
        return range.isEmpty ? nil : numbers.value(at: range.lowerBound)
    }

    /// The greatest number of a document.
    package func last(of doc: Int) -> Int64? {
        let range = range(of: doc)
        return range.isEmpty ? nil : numbers.value(at: range.upperBound - 1)
    }

    package func values(of doc: Int) -> [Int64] { range(of: doc).map { numbers.value(at: $0) } }

    /// Calls back with each document that has numbers and where they are, ascending.
    package func forEach(_ body: (_ doc: Int, _ range: Range<Int>) throws -> Void) rethrows {
        try documents.forEach { doc, rank in try body(doc, range(atRank: rank)) }
    }

    package func check() throws(CorruptionError) {
        try documents.check()
        try starts?.check()
        try numbers.check()
        var place = 0
        var isSorted = true
        forEach { _, range in
            if range.lowerBound != place || range.isEmpty { isSorted = false }
            place = range.upperBound
            for index in range.dropFirst()
            where numbers.value(at: index - 1) > numbers.value(at: index) {
                isSorted = false
            }
        }
        guard isSorted, place == numbers.count else {
            throw CorruptionError(
                file: "columns", byteOffset: numbers.place.table,
                reason: "the numbers of documents overlap or are out of order")
        }
    }
}
