package import TrawlBytes

/// Which documents of a segment live: a `.live` file. Read and verified whole at open.
///
///      +-----------+---------+-------------------------+--------------------------------+
///      | documents | living  | fields: count, then for | a bit a document, in words of  |
///      | varint    | varint  | each documents, length  | 64, set while it lives         |
///      +-----------+---------+-------------------------+--------------------------------+
///
/// Version 2 is written when nested documents of the segment died: the same four parts follow once
/// more, of those.
///
/// The statistics are those of the living documents, so that opening need not compute them. The
/// generation is in the file's name and in the manifest, which says which one counts.
package enum LiveDocsFormat {
    package static let versions: ClosedRange<UInt16> = 1...2

    package static func encode(_ live: LiveDocs, owner: SegmentID) -> [UInt8] {
        var writer = ByteWriter(reserving: live.bits.words.count * 8 + 64)
        encode(live, into: &writer)
        if let nested = live.nested { encode(nested, into: &writer) }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: SegmentFormat.Kind.live.rawValue,
            version: live.nested == nil ? 1 : 2, owner: owner.number)
    }

    private static func encode(_ live: LiveDocs, into writer: inout ByteWriter) {
        writer.writeVarint(live.bits.bitCount)
        writer.writeVarint(live.liveCount)
        writer.writeVarint(live.statistics.count)
        for statistics in live.statistics {
            writer.writeVarint(UInt64(statistics.docCount))
            writer.writeVarint(UInt64(statistics.totalLength))
        }
        for word in live.bits.words { writer.write(word) }
    }

    package static func decode(
        _ bytes: [UInt8], of segment: SegmentReader, file: String
    ) throws(CorruptionError) -> LiveDocs {
        let info = segment.info
        let (header, payload) = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: SegmentFormat.Kind.live.rawValue, versions: versions,
            owner: info.id.number)
        var reader = ByteReader(payload, file: file)
        let live = try decode(&reader, of: info)
        guard header.version > 1 else {
            guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
            return live
        }
        guard let nested = segment.nested else {
            throw reader.damaged("the segment has no nested documents that could have died")
        }
        let living = try decode(&reader, of: nested.info)
        guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
        return LiveDocs(bits: live.bits, statistics: live.statistics, nested: living)
    }

    private static func decode(
        _ reader: inout ByteReader, of info: SegmentInfo
    ) throws(CorruptionError) -> LiveDocs {
        let docCount = try reader.readCount()
        let liveCount = try reader.readCount()
        let fieldCount = try reader.readCount()
        guard docCount == info.docCount, fieldCount == info.fields.count else {
            throw reader.damaged(
                "\(docCount) documents and \(fieldCount) fields, the segment has "
                    + "\(info.docCount) and \(info.fields.count)")
        }
        var statistics: [FieldStatistics] = []
        for _ in 0..<fieldCount {
            let docs = try reader.readCount()
            let length = try reader.readCount()
            statistics.append(FieldStatistics(docCount: Int64(docs), totalLength: Int64(length)))
        }
        var words: [UInt64] = []
        for _ in 0..<(docCount + 63) / 64 { words.append(try reader.read()) }
        let live = LiveDocs(
            bits: FixedBitSet(bitCount: docCount, words: words), statistics: statistics)
        guard live.liveCount == liveCount else {
            throw reader.damaged("\(live.liveCount) bits are set, \(liveCount) expected")
        }
        return live
    }
}
