package import TrawlBytes

/// How the lengths of one inverted field lie in a `.norm` file.
///
///      +-------------------+----------------------+------------------------------+
///      | documents that    | norms: one byte a    | lengths: packed numbers, one |
///      | have the field    | document             | for each document of the set |
///      +-------------------+----------------------+------------------------------+
///
/// - A norm is Lucene's byte of the length without stacked tokens. When at least one document in
///   four has the field there is a byte for every document of the segment (0 for those without),
///   so that scoring finds it by document number; else a byte for each document of the set.
/// - A length is exact and counts every occurrence: the sum over a segment is what Lucene calls
///   the total term frequency of the field, and a deleted document can be taken out of it again.
///   Of a field without frequencies it counts the distinct terms.
/// - A field without norms has lengths alone.
package enum NormsFormat {
    static let denseFraction = 4
}

/// Where the lengths of a field lie. Kept in `.info`.
package struct NormsPlace: Sendable, Equatable {
    package var documents = DocSetPlace()
    /// Where the norms begin; nil for a field without.
    package var norms: Int?
    package var lengths = PackedNumbersPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        documents.encode(into: &writer)
        writer.writeVarint(norms ?? 0)
        lengths.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        documents = try DocSetPlace(decoding: &reader)
        let place = try reader.readCount()
        norms = place == 0 ? nil : place
        lengths = try PackedNumbersPlace(decoding: &reader)
    }
}

/// The lengths of one field, by ascending document, before they are written.
package struct NormsBuffer: Sendable {
    package private(set) var docs: [UInt32] = []
    package private(set) var lengths: [Int32] = []
    /// As long as `docs`, or empty for a field without norms.
    package private(set) var norms: [UInt8] = []
    let hasNorms: Bool

    package init(hasNorms: Bool) { self.hasNorms = hasNorms }

    package mutating func append(doc: UInt32, length: Int32, norm: UInt8) {
        assert(docs.last.map { $0 < doc } ?? true)
        docs.append(doc)
        lengths.append(length)
        if hasNorms { norms.append(norm) }
    }

    package var memoryByteCount: Int { docs.capacity * 4 + lengths.capacity * 4 + norms.capacity }

    /// The exact length in a document; nil when the document does not have the field.
    package func length(of doc: UInt32) -> Int32? {
        var low = 0
        var high = docs.count
        while low < high {
            let middle = (low + high) / 2
            if docs[middle] < doc { low = middle + 1 } else { high = middle }
        }
        return low < docs.count && docs[low] == doc ? lengths[low] : nil
    }

    /// A norm for every document of the segment, 0 for those without the field.
    package func denseNorms(docCount: Int) -> [UInt8] {
        var dense = [UInt8](repeating: 0, count: docCount)
        for (index, doc) in docs.enumerated() where hasNorms { dense[Int(doc)] = norms[index] }
        return dense
    }

    package func write(
        docCount: Int, into file: SegmentFileWriter
    ) throws -> NormsPlace {
        var place = NormsPlace()
        place.documents = try DocSetPlace.write(docs, docCount: docCount, into: file)
        if hasNorms {
            try file.align()
            place.norms = file.byteOffset
            let isDense = docs.count * NormsFormat.denseFraction >= docCount
            try file.append(isDense ? denseNorms(docCount: docCount) : norms)
        }
        var packed = PackedNumbersWriter()
        for length in lengths { packed.append(Int64(length)) }
        place.lengths = try packed.finish(into: file)
        return place
    }
}
