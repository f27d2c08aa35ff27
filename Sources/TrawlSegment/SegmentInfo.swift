package import TrawlBytes
package import TrawlSchema

/// A segment's description: its `.info` file. Read and verified whole at open; says where
/// everything lies in the large files, which have no directories of their own.
///
///      +-----------+--------+-----------+----------+-------------------------+
///      | documents | files: | identity: | sources: | fields: name, storage,  |
///      | varint    | kind,  | a place   | a place  | statistics,             |
///      |           | length |           |          | places                  |
///      +-----------+--------+-----------+----------+-------------------------+
///
/// Counts come before lists; a place that may be missing has a flag before it. The storage of a
/// field is four bytes: postings, norms, column, points.
package struct SegmentInfo: Sendable {
    package struct Field: Sendable {
        package var name: String
        package var storage: FieldStorage
        /// Over all documents of the segment, dead ones included.
        package var statistics = FieldStatistics()
        package var norms: NormsPlace?
        package var numbers: NumberColumnPlace?
        package var bytes: BytesColumnPlace?
        package var points: PointsPlace?

        package init(name: String, storage: FieldStorage) {
            self.name = name
            self.storage = storage
        }
    }

    package var id: SegmentID
    package var docCount: Int
    /// The length of every file but `.info` and `.live`.
    package var files: [SegmentFormat.Kind: Int] = [:]
    package var identity = IdentityPlace()
    package var stored = StoredPlace()
    package var fields: [Field] = []

    /// Whether a segment of nested documents stands beside this one.
    package var hasNested: Bool { fields.contains { $0.name == NestedFormat.countField } }

    package init(id: SegmentID, docCount: Int) {
        self.id = id
        self.docCount = docCount
    }

    /// The length of all large files.
    package var byteCount: Int { files.values.reduce(0, +) }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.writeVarint(docCount)
        writer.writeVarint(files.count)
        for (kind, byteCount) in files.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.write(kind.rawValue)
            writer.writeVarint(byteCount)
        }
        identity.encode(into: &writer)
        stored.encode(into: &writer)
        writer.writeVarint(fields.count)
        for field in fields { encode(field, into: &writer) }
        return EnvelopeFormat.wrap(
            writer.bytes, kind: SegmentFormat.Kind.info.rawValue,
            version: hasNested ? 2 : 1, owner: id.number)
    }

    private func encode(_ field: Field, into writer: inout ByteWriter) {
        writer.write(field.name)
        writer.write(field.storage.postings.rawValue)
        writer.write(field.storage.norms)
        writer.write(field.storage.column.rawValue)
        writer.write(field.storage.points)
        writer.writeVarint(UInt64(field.statistics.docCount))
        writer.writeVarint(UInt64(field.statistics.totalLength))
        writer.write(field.norms != nil)
        field.norms?.encode(into: &writer)
        writer.write(field.numbers != nil)
        field.numbers?.encode(into: &writer)
        writer.write(field.bytes != nil)
        field.bytes?.encode(into: &writer)
        writer.write(field.points != nil)
        field.points?.encode(into: &writer)
    }

    package init(
        decoding bytes: [UInt8], id: SegmentID, file: String
    ) throws(CorruptionError) {
        let (_, payload) = try EnvelopeFormat.unwrap(
            bytes, file: file, kind: SegmentFormat.Kind.info.rawValue,
            versions: SegmentFormat.infoVersions, owner: id.number)
        var reader = ByteReader(payload, file: file)
        self.id = id
        docCount = try reader.readCount()
        guard docCount <= Int(Int32.max) else { throw reader.damaged("too many documents") }
        for _ in 0..<(try reader.readCount()) {
            guard let kind = SegmentFormat.Kind(rawValue: try reader.readString()) else {
                throw reader.damaged("unknown kind of file")
            }
            files[kind] = try reader.readCount()
        }
        identity = try IdentityPlace(decoding: &reader)
        stored = try StoredPlace(decoding: &reader)
        for _ in 0..<(try reader.readCount()) { fields.append(try Self.field(&reader)) }
        guard reader.isAtEnd else { throw reader.damaged("\(reader.remaining) bytes too many") }
    }

    private static func field(_ reader: inout ByteReader) throws(CorruptionError) -> Field {
        let name = try reader.readString()
        guard let postings = FieldStorage.Postings(rawValue: try reader.read()) else {
            throw reader.damaged("unknown kind of postings")
        }
        let norms = try reader.readBool()
        guard let column = FieldStorage.Column(rawValue: try reader.read()) else {
            throw reader.damaged("unknown kind of column")
        }
        let points = try reader.readBool()
        var field = Field(
            name: name,
            storage: FieldStorage(
                postings: postings, norms: norms, column: column, points: points))
        field.statistics.docCount = Int64(try reader.readCount())
        field.statistics.totalLength = Int64(try reader.readCount())
        if try reader.readBool() { field.norms = try NormsPlace(decoding: &reader) }
        if try reader.readBool() { field.numbers = try NumberColumnPlace(decoding: &reader) }
        if try reader.readBool() { field.bytes = try BytesColumnPlace(decoding: &reader) }
        if try reader.readBool() { field.points = try PointsPlace(decoding: &reader) }
        return field
    }
}
