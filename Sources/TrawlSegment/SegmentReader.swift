internal import Synchronization
package import TrawlBytes
package import TrawlFiles
package import TrawlPostings
package import TrawlSchema

/// Answers every question about the documents of one segment. Immutable and shared; which
/// documents live is said by `LiveDocs` beside it.
///
/// Opening reads the description and verifies it, maps the large files and checks their
/// envelopes, nothing more: its cost does not depend on the number of documents.
package final class SegmentReader: Sendable {
    package let info: SegmentInfo
    /// In the order of `info.fields`.
    package let fields: [SegmentField]
    package let identity: IdentityReader
    package let stored: StoredReader
    /// The nested documents, when there are any.
    package let nested: SegmentReader?
    private let lazyBlocks = Mutex<NestedBlocks?>(nil)
    private let byName: [String: Int]
    private let files: [SegmentFormat.Kind: SegmentFile]

    package var id: SegmentID { info.id }
    package var docCount: Int { info.docCount }
    /// The length of all files but `.info` and `.live`, those of nested documents included.
    package var byteCount: Int { info.byteCount + (nested?.byteCount ?? 0) }

    /// - Throws: `FileError` when a file cannot be had, `CorruptionError` when it is not what was
    ///   written.
    package init(_ id: SegmentID, in store: any FileStore) throws {
        let name = SegmentFormat.fileName(id, .info)
        let info = try SegmentInfo(decoding: try store.readAll(name), id: id, file: name)
        var files: [SegmentFormat.Kind: SegmentFile] = [:]
        for (kind, byteCount) in info.files {
            files[kind] = try Self.open(kind, of: id, byteCount: byteCount, in: store)
        }
        let docCount = info.docCount
        let inverted = try Self.openInverted(files, docCount: docCount)
        fields = try info.fields.enumerated().map { index, field in
            try SegmentField(
                field, index: index, docCount: docCount, files: files,
                postings: inverted?.field(field.name))
        }
        byName = Dictionary(fields.map { ($0.name, $0.index) }, uniquingKeysWith: { a, _ in a })
        // Nested documents have neither ids nor sources of their own.
        let ownCount = id.isNested ? 0 : docCount
        identity = try IdentityReader(
            info.identity, docCount: ownCount, in: try Self.need(.iden, files, id))
        stored = try StoredReader(
            info.stored, docCount: ownCount, in: try Self.need(.stor, files, id))
        self.info = info
        self.files = files
        nested = info.hasNested ? try SegmentReader(id.nested, in: store) : nil
    }

    /// Which nested documents belong to which document. Read from the counts the first time it is
    /// asked for, so that opening stays cheap; empty without nested documents.
    package var blocks: NestedBlocks {
        lazyBlocks.withLock { known in
            if let known { return known }
            let made = NestedBlocks(
                field(NestedFormat.countField)?.numbers, docCount: nested?.docCount ?? 0)
            known = made
            return made
        }
    }

    private static func open(
        _ kind: SegmentFormat.Kind, of id: SegmentID, byteCount: Int, in store: any FileStore
    ) throws -> SegmentFile {
        let name = SegmentFormat.fileName(id, kind)
        let file = SegmentFile(name: name, mapping: try store.map(name))
        _ = try unsafe EnvelopeFormat.check(
            file.bytes, file: name, kind: kind.rawValue, versions: SegmentFormat.versions,
            owner: id.number)
        guard file.byteCount == byteCount else {
            throw CorruptionError(
                file: name, byteOffset: file.byteCount,
                reason: "\(file.byteCount) bytes, the segment's description says \(byteCount)")
        }
        return file
    }

    static func need(
        _ kind: SegmentFormat.Kind, _ files: [SegmentFormat.Kind: SegmentFile], _ id: SegmentID
    ) throws(CorruptionError) -> SegmentFile {
        guard let file = files[kind] else {
            throw CorruptionError(
                file: SegmentFormat.fileName(id, .info), byteOffset: 0,
                reason: "no .\(kind.rawValue) file is listed")
        }
        return file
    }

    /// Keeps the three files mapped.
    private final class InvertedFiles: Sendable {
        let files: [SegmentFile]
        init(_ files: [SegmentFile]) { self.files = files }
    }

    private static func openInverted(
        _ files: [SegmentFormat.Kind: SegmentFile], docCount: Int
    ) throws -> InvertedReader? {
        guard let terms = files[.term], let postings = files[.post], let positions = files[.posn]
        else { return nil }
        let owner = InvertedFiles([terms, postings, positions])
        return unsafe try InvertedReader(
            InvertedReader.Files(
                terms: EnvelopeFormat.payload(of: terms.bytes),
                postings: EnvelopeFormat.payload(of: postings.bytes),
                positions: EnvelopeFormat.payload(of: positions.bytes), owner: owner,
                name: terms.name),
            docLimit: docCount)
    }

    package func field(_ name: String) -> SegmentField? { byName[name].map { fields[$0] } }

    /// The source of a document, byte for byte; empty when it was not stored.
    package func source(of doc: Int) throws(CorruptionError) -> [UInt8] {
        try stored.source(of: doc)
    }

    /// Set once an answer was wrong because a file is damaged. Asked before an answer is given.
    package var damage: CorruptionError? {
        for file in files.values { if let damage = file.damage { return damage } }
        return nested?.damage
    }

    /// All files but `.live`, by name.
    package var fileNames: [String] {
        ([.info] + info.files.keys).map { SegmentFormat.fileName(id, $0) }.sorted()
            + (nested?.fileNames ?? [])
    }

    /// The large files, by name.
    package var largeFiles: [SegmentFile] {
        files.values.sorted { $0.name < $1.name } + (nested?.largeFiles ?? [])
    }
}

/// One field of one segment: everything that is kept of it.
package final class SegmentField: Sendable {
    /// In the segment's order.
    package let index: Int
    package let name: String
    package let storage: FieldStorage
    /// Over all documents of the segment, dead ones included; `SegmentView` has the living.
    package let statistics: FieldStatistics
    package let postings: FieldPostings?
    package let norms: NormsReader?
    package let numbers: NumberColumn?
    package let bytes: BytesColumn?
    package let points: PointsReader?

    init(
        _ info: SegmentInfo.Field, index: Int, docCount: Int,
        files: [SegmentFormat.Kind: SegmentFile], postings: FieldPostings?
    ) throws {
        self.index = index
        name = info.name
        storage = info.storage
        statistics = info.statistics
        self.postings = postings
        func file(_ kind: SegmentFormat.Kind) throws(CorruptionError) -> SegmentFile {
            try SegmentReader.need(kind, files, SegmentID(0))
        }
        norms = try info.norms.map {
            try NormsReader($0, docCount: docCount, in: try file(.norm))
        }
        numbers = try info.numbers.map {
            try NumberColumn($0, docCount: docCount, in: try file(.cols))
        }
        bytes = try info.bytes.map {
            try BytesColumn($0, docCount: docCount, in: try file(.cols))
        }
        points = try info.points.map {
            try PointsReader($0, docCount: docCount, in: try file(.pnts))
        }
        guard (postings != nil) == (norms != nil) else {
            throw CorruptionError(
                file: files[.term]?.name ?? "segment", byteOffset: 0,
                reason: "the field \(name) has terms without lengths, or the other way round")
        }
    }

    /// Which documents have the field at all, dead ones included.
    package var documents: FixedBitSet? {
        if let norms { return norms.documents.bits }
        if let numbers { return numbers.documents.bits }
        return bytes?.documents.bits
    }
}
