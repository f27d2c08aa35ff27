package import TrawlBytes
package import TrawlSegment

/// The `manifest` of an index: which segments it has, as of the last commit. The only file that
/// is ever replaced; read and verified whole at open. What it does not name does not count.
///
///      +----------+------------+---------------+----------------+--------------------+---------+
///      | identity | generation | next segment  | next live      | segments: count,   | payload |
///      | u64      | varint     | number varint | generation     | then for each      | counted |
///      |          |            |               | varint         | five varints       |         |
///      +----------+------------+---------------+----------------+--------------------+---------+
///
/// - Of a segment: number, documents, living documents, generation of its `.live` file (0 for
///   none), length of its large files. They are compared with what the segment says of itself.
/// - Segments stand in the order of their documents, which is the order of ingestion.
/// - The payload is the caller's: the applied offset and its friends. It changes with the
///   segments or not at all.
package enum ManifestFormat {
    package static let fileName = "manifest"
    package static let kind = "mani"
    package static let versions: ClosedRange<UInt16> = 1...1
}

/// What a commit says.
package struct Manifest: Sendable, Equatable {
    package struct Segment: Sendable, Equatable {
        package var id: SegmentID
        package var docCount: Int
        package var liveCount: Int
        /// 0 while all documents live.
        package var liveGeneration: UInt64
        package var byteCount: Int

        package init(
            id: SegmentID, docCount: Int, liveCount: Int, liveGeneration: UInt64, byteCount: Int
        ) {
            self.id = id
            self.docCount = docCount
            self.liveCount = liveCount
            self.liveGeneration = liveGeneration
            self.byteCount = byteCount
        }
    }

    /// Of this copy, by chance.
    package var identity: UInt64
    /// How many commits there were.
    package var generation: UInt64 = 0
    package var nextSegment: UInt64 = 1
    package var nextLiveGeneration: UInt64 = 1
    package var segments: [Segment] = []
    package var payload: [UInt8] = []

    package init(identity: UInt64) { self.identity = identity }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(identity)
        writer.writeVarint(generation)
        writer.writeVarint(nextSegment)
        writer.writeVarint(nextLiveGeneration)
        writer.writeVarint(segments.count)
        for segment in segments {
            writer.writeVarint(segment.id.number)
            writer.writeVarint(segment.docCount)
            writer.writeVarint(segment.liveCount)
            writer.writeVarint(segment.liveGeneration)
            writer.writeVarint(segment.byteCount)
        }
        writer.write(counted: payload)
        return EnvelopeFormat.wrap(
            writer.bytes, kind: ManifestFormat.kind,
            version: ManifestFormat.versions.upperBound, owner: identity)
    }

    package init(decoding bytes: [UInt8], file: String) throws(CorruptionError) {
        let (header, payload) = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: ManifestFormat.kind, versions: ManifestFormat.versions,
            owner: nil)
        var reader = ByteReader(payload, file: file)
        identity = try reader.read()
        guard identity == header.owner else { throw reader.damaged("two identities") }
        generation = try reader.readVarint()
        nextSegment = try reader.readVarint()
        nextLiveGeneration = try reader.readVarint()
        for _ in 0..<(try reader.readCount()) {
            let segment = Segment(
                id: SegmentID(try reader.readVarint()), docCount: try reader.readCount(),
                liveCount: try reader.readCount(), liveGeneration: try reader.readVarint(),
                byteCount: try reader.readCount())
            guard segment.id.number < nextSegment, segment.liveCount <= segment.docCount,
                !segments.contains(where: { $0.id == segment.id })
            else { throw reader.damaged("segment \(segment.id) does not fit the others") }
            segments.append(segment)
        }
        self.payload = Array(try reader.readCounted())
        guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
    }
}
