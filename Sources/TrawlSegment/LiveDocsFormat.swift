package import TrawlBytes

/// Which documents of a segment live: a `.live` file. Read and verified whole at open.
///
///      +-----------+---------+-------------------------+--------------------------------+
///      | documents | living  | fields: count, then for | a bit a document, in words of  |
///      | varint    | varint  | each documents, length  | 64, set while it lives         |
///      +-----------+---------+-------------------------+--------------------------------+
///
/// The statistics are those of the living documents, so that opening need not compute them. The
/// generation is in the file's name and in the manifest, which says which one counts.
package enum LiveDocsFormat {
    package static let versions: ClosedRange<UInt16> = 1...1

    package static func encode(_ live: LiveDocs, owner: SegmentID) -> [UInt8] {
        var writer = ByteWriter(reserving: live.bits.words.count * 8 + 64)
        writer.writeVarint(live.bits.bitCount)
        writer.writeVarint(live.liveCount)
        writer.writeVarint(live.statistics.count)
        for statistics in live.statistics {
            writer.writeVarint(UInt64(statistics.docCount))
            writer.writeVarint(UInt64(statistics.totalLength))
        }
        for word in live.bits.words { writer.write(word) }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: SegmentFormat.Kind.live.rawValue, version: versions.upperBound,
            owner: owner.number)
    }

    package static func decode(
        _ bytes: [UInt8], of info: SegmentInfo, file: String
    ) throws(CorruptionError) -> LiveDocs {
        let (_, payload) = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: SegmentFormat.Kind.live.rawValue, versions: versions,
            owner: info.id.number)
        var reader = ByteReader(payload, file: file)
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
        guard reader.isAtEnd, live.liveCount == liveCount else {
            throw reader.damaged("\(live.liveCount) bits are set, \(liveCount) expected")
        }
        return live
    }
}
