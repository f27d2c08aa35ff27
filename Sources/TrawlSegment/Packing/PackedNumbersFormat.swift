package import TrawlBytes

/// How a list of 64-bit numbers lies in a file: blocks of 256, each with its least and greatest
/// number and the differences from the least in as few bits as the block needs. Number `i` is
/// found without reading the ones before it, and a block can be skipped by its bounds.
///
/// The data of all blocks, then at a multiple of eight a table with one entry a block:
///
///      0        8        16                  23      24
///      +--------+--------+-------------------+-------+
///      | least  | great- | where in the data | width |
///      | i64    | est i64| 56 bits           | 8 bits|
///      +--------+--------+-------------------+-------+
///
/// - A difference is `(number - least) / unit`, wrapping; `unit` is the greatest common divisor
///   of all differences in the list (whole days, multiples of 1,000), kept in `.info`.
/// - Differences are packed from the lowest bit of the lowest byte upwards; a width over 56 is
///   rounded up to 64, so that eight bytes always hold a difference.
/// - A block of equal numbers has width 0 and no data.
/// - A reader may load eight bytes at the last difference: the file's footer is longer.
///
/// Numbers 10, 14 and 30 have the unit 4, differences 0, 1 and 5, the width 3 and the bytes
/// `0x48 0x01`.
package enum PackedNumbersFormat {
    package static let blockLength = 256
    package static let blockShift = 8
    package static let entryByteCount = 24
}

/// Where a list of packed numbers lies.
package struct PackedNumbersPlace: Sendable, Equatable {
    package var count = 0
    package var unit: UInt64 = 1
    package var data = 0
    package var table = 0
    /// Bounds over all blocks; zero for an empty list.
    package var least: Int64 = 0
    package var greatest: Int64 = 0

    package init() {}

    var blockCount: Int {
        (count + PackedNumbersFormat.blockLength - 1) >> PackedNumbersFormat.blockShift
    }

    package func encode(into writer: inout ByteWriter) {
        writer.writeVarint(count)
        writer.writeVarint(unit)
        writer.writeVarint(data)
        writer.writeVarint(table)
        writer.writeZigzag(least)
        writer.writeZigzag(greatest)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        count = try reader.readCount()
        unit = try reader.readVarint()
        data = try reader.readCount()
        table = try reader.readCount()
        least = try reader.readZigzag()
        greatest = try reader.readZigzag()
        guard unit > 0 else { throw reader.damaged("the unit of a list of numbers is zero") }
    }
}
