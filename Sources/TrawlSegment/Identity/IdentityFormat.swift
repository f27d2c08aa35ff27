package import TrawlBytes

/// How the identities of documents lie in an `.iden` file.
///
///      +-----+--------+---------+-------+-------------------------------+---------+---------+
///      | ids | starts | digests | facts | routing: set of documents,    | tags    | slots   |
///      |     | packed | 16 b    | 4 x   | starts, bytes; only when some | 1 b a   | 4 b a   |
///      |     |        | each    | packed| document has one              | slot    | slot    |
///      +-----+--------+---------+-------+-------------------------------+---------+---------+
///
/// - Ids are UTF-8, end to end in the order of documents.
/// - The facts are sequence, epoch, version and stamp.
/// - Tags and slots are one open hash table from ids to documents, a third larger than the
///   number of documents that lived when the segment was written; the others are not in it. With
///   `h` the 64-bit hash of an id, the search begins at slot `h * slotCount / 2^64` and goes on
///   to the next until a tag is 0 (free). A tag is the lowest byte of `h`, or 1 instead of 0. A
///   slot holds a document number. So an id that is not there costs one or two reads.
package struct IdentityPlace: Sendable, Equatable {
    package var docCount = 0
    package var ids = 0
    package var starts = PackedNumbersPlace()
    package var digests = 0
    package var sequences = PackedNumbersPlace()
    package var epochs = PackedNumbersPlace()
    package var versions = PackedNumbersPlace()
    package var stamps = PackedNumbersPlace()
    package var routed = DocSetPlace()
    package var routings = 0
    package var routingStarts = PackedNumbersPlace()
    package var slotCount = 0
    package var tags = 0
    package var slots = 0

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        writer.writeVarint(docCount)
        writer.writeVarint(ids)
        starts.encode(into: &writer)
        writer.writeVarint(digests)
        sequences.encode(into: &writer)
        epochs.encode(into: &writer)
        versions.encode(into: &writer)
        stamps.encode(into: &writer)
        routed.encode(into: &writer)
        writer.writeVarint(routings)
        routingStarts.encode(into: &writer)
        writer.writeVarint(slotCount)
        writer.writeVarint(tags)
        writer.writeVarint(slots)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        docCount = try reader.readCount()
        ids = try reader.readCount()
        starts = try PackedNumbersPlace(decoding: &reader)
        digests = try reader.readCount()
        sequences = try PackedNumbersPlace(decoding: &reader)
        epochs = try PackedNumbersPlace(decoding: &reader)
        versions = try PackedNumbersPlace(decoding: &reader)
        stamps = try PackedNumbersPlace(decoding: &reader)
        routed = try DocSetPlace(decoding: &reader)
        routings = try reader.readCount()
        routingStarts = try PackedNumbersPlace(decoding: &reader)
        slotCount = try reader.readCount()
        tags = try reader.readCount()
        slots = try reader.readCount()
    }

    static func firstSlot(_ hash: UInt64, slotCount: Int) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(slotCount)).high)
    }

    static func tag(_ hash: UInt64) -> UInt8 { max(1, UInt8(truncatingIfNeeded: hash)) }
}
