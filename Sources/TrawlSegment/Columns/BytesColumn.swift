package import TrawlBytes

/// Where a bytes column lies in a `.cols` file: a dictionary of its distinct strings, and a
/// number column with their ordinals, ascending and each once within a document.
package struct BytesColumnPlace: Sendable, Equatable {
    package var dictionary = BytesDictionaryPlace()
    package var ordinals = NumberColumnPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        dictionary.encode(into: &writer)
        ordinals.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        dictionary = try BytesDictionaryPlace(decoding: &reader)
        ordinals = try NumberColumnPlace(decoding: &reader)
    }
}

/// Byte strings by document, before they are written.
package struct BytesColumnBuffer: Sendable {
    private var interner = BytesInterner()
    private var ordinals = NumberColumnBuffer()

    package init() {}

    package mutating func append(doc: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) {
        ordinals.append(doc: doc, Int64(unsafe interner.intern(bytes)))
    }

    package var memoryByteCount: Int { interner.memoryByteCount + ordinals.memoryByteCount }

    package func write(
        docCount: Int, into file: SegmentFileWriter
    ) throws -> BytesColumnPlace {
        var place = BytesColumnPlace()
        let order = interner.sortedOrder()
        var dictionary = BytesDictionaryWriter()
        var ordinalOfString = [Int64](repeating: 0, count: order.count)
        for (ordinal, string) in order.enumerated() {
            dictionary.append(interner.bytes(at: Int(string)))
            ordinalOfString[Int(string)] = Int64(ordinal)
        }
        place.dictionary = try dictionary.finish(into: file)
        var arranged = ordinals
        arranged.mapNumbers { ordinalOfString[Int($0)] }
        arranged.arrange(distinct: true)
        place.ordinals = try arranged.write(docCount: docCount, into: file)
        return place
    }
}

/// Byte strings by document. See `BytesColumnPlace`.
package struct BytesColumn: Sendable {
    package let dictionary: BytesDictionary
    package let ordinals: NumberColumn

    package init(
        _ place: BytesColumnPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        dictionary = try BytesDictionary(place.dictionary, in: file)
        ordinals = try NumberColumn(place.ordinals, docCount: docCount, in: file)
    }

    package var documents: DocSetReader { ordinals.documents }
    package var isMultiValued: Bool { ordinals.isMultiValued }

    package func hasValue(_ doc: Int) -> Bool { ordinals.hasValue(doc) }

    /// An ordinal by its place in `ordinals`, always within the dictionary.
    package func ordinal(at place: Int) -> Int {
        max(0, min(Int(clamping: ordinals.numbers.value(at: place)), dictionary.count - 1))
    }

    /// The ordinal of the least string of a document.
    package func firstOrdinal(of doc: Int) -> Int? { ordinals.first(of: doc).map { Int($0) } }
    package func lastOrdinal(of doc: Int) -> Int? { ordinals.last(of: doc).map { Int($0) } }

    package func bytes(at ordinal: Int) -> [UInt8] {
        ordinal >= 0 && ordinal < dictionary.count ? dictionary.bytes(at: ordinal) : []
    }

    package func values(of doc: Int) -> [[UInt8]] {
        ordinals.values(of: doc).map { bytes(at: Int($0)) }
    }

    package func check() throws(CorruptionError) {
        try dictionary.check()
        try ordinals.check()
        guard ordinals.numbers.count == 0 || ordinals.greatest < Int64(dictionary.count),
            ordinals.numbers.count == 0 || ordinals.least >= 0
        else {
            throw CorruptionError(
                file: "columns", byteOffset: ordinals.numbers.place.table,
                reason: "ordinal \(ordinals.greatest) in a dictionary of \(dictionary.count)")
        }
    }
}
