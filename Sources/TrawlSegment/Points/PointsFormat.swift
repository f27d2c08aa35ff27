package import TrawlBytes

/// How the points of a field lie in a `.pnts` file: all numbers of the field in ascending order,
/// packed, and beside them, packed too, the document of each. Equal numbers are in the order of
/// their documents.
///
/// The packed numbers' blocks have their bounds, so a range is found by two binary searches, and
/// how many points lie in it is known without reading them.
package struct PointsPlace: Sendable, Equatable {
    package var numbers = PackedNumbersPlace()
    package var docs = PackedNumbersPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        numbers.encode(into: &writer)
        docs.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        numbers = try PackedNumbersPlace(decoding: &reader)
        docs = try PackedNumbersPlace(decoding: &reader)
    }

    package static func write(
        numbers: [Int64], docs: [UInt32], into file: SegmentFileWriter
    ) throws -> PointsPlace {
        var place = PointsPlace()
        place.numbers = try PackedNumbersWriter.write(numbers, into: file)
        var packed = PackedNumbersWriter()
        for doc in docs { packed.append(Int64(doc)) }
        place.docs = try packed.finish(into: file)
        return place
    }
}
