internal import TrawlBytes
internal import TrawlPostings
package import TrawlSchema

/// The documents of a segment while it grows in memory. Not searchable; becomes a segment by
/// `SegmentWriter`.
///
/// Documents are numbered in the order they come in. A document that is replaced or deleted while
/// it is here keeps its number and counts no longer.
///
/// - Not thread-safe.
package final class SegmentBuffer {
    package private(set) var identity = IdentityBuffer()
    private(set) var stored = StoredWriter()
    /// By field number; nil while no document had the field.
    private(set) var fields: [FieldBuffer?] = []
    private var isDead: [Bool] = []
    package private(set) var deletedCount = 0
    /// Objects of nested fields, once there are any.
    private(set) var nested: NestedBuffer?
    /// Fields that no mapping has.
    private(set) var ownFields: [FieldBuffer] = []

    package init() {}

    package var docCount: Int { isDead.count }
    package var isEmpty: Bool { docCount == 0 }

    /// About how much memory is held.
    package var memoryByteCount: Int {
        fields.reduce(
            identity.memoryByteCount + stored.memoryByteCount + isDead.capacity
                + (nested?.memoryByteCount ?? 0)
        ) {
            $0 + ($1?.memoryByteCount ?? 0)
        }
    }

    /// Adds a document. One before it with the same id is the caller's to delete.
    package func add(_ document: ParsedDocument, _ facts: DocumentFacts, fields table: FieldTable) {
        let doc = UInt32(docCount)
        identity.append(id: document.id, routing: document.routing, facts: facts)
        stored.append(document.source)
        addFields(of: document, as: doc, table)
        if !document.nested.isEmpty { addNested(of: document, as: doc, table) }
    }

    private func addNested(of document: ParsedDocument, as doc: UInt32, _ table: FieldTable) {
        let nested = nested ?? NestedBuffer()
        self.nested = nested
        if ownFields.isEmpty { ownFields = [nested.counts] }
        nested.add(document.nested, of: doc, table)
    }

    /// A nested document: fields, and nothing else.
    func addFields(of document: ParsedDocument, _ own: [FieldBuffer], _ table: FieldTable) {
        ownFields = own
        addFields(of: document, as: UInt32(docCount), table)
    }

    private func addFields(of document: ParsedDocument, as doc: UInt32, _ table: FieldTable) {
        isDead.append(false)
        unsafe document.bytes.withUnsafeBufferPointer { bytes in
            unsafe document.occurrences.withUnsafeBufferPointer { occurrences in
                for terms in document.terms {
                    let part = unsafe UnsafeBufferPointer(rebasing: occurrences[terms.occurrences])
                    let field = buffer(of: terms.field, table)
                    unsafe field.add(doc, terms, part, bytes: UnsafeRawBufferPointer(bytes))
                }
            }
            for value in document.values {
                let start = Int(value.start)
                let part = unsafe UnsafeBufferPointer(
                    rebasing: bytes[start..<start + Int(value.byteCount)])
                unsafe buffer(of: value.field, table).bytes.append(doc: doc, part)
            }
        }
        for number in document.numbers {
            buffer(of: number.field, table).numbers.append(doc: doc, number.value)
        }
    }

    private func buffer(of field: FieldNumber, _ table: FieldTable) -> FieldBuffer {
        let index = Int(field.value)
        if index < fields.count, let known = fields[index] { return known }
        while fields.count <= index { fields.append(nil) }
        let entry = table[field]
        let made = FieldBuffer(name: entry.name, storage: entry.storage)
        fields[index] = made
        return made
    }

    /// The living document with an id.
    package func doc(id: String, hash: UInt64) -> Int? {
        guard let doc = identity.doc(id: id, hash: hash), !isDead[doc] else { return nil }
        return doc
    }

    package func source(of doc: Int) -> [UInt8] { stored.source(of: doc) }

    /// The document counts no longer: its lengths are taken out of the statistics.
    package func delete(_ doc: Int) {
        precondition(!isDead[doc], "a document dies once")
        isDead[doc] = true
        deletedCount += 1
        for case let field? in fields { Self.takeOut(doc, of: field) }
        for field in ownFields { Self.takeOut(doc, of: field) }
        nested?.delete(of: UInt32(doc))
    }

    private static func takeOut(_ doc: Int, of field: FieldBuffer) {
        if let length = field.norms.length(of: UInt32(doc)) {
            field.liveStatistics.subtract(length: Int(length))
        }
    }

    /// All fields that are written, in the order of the segment.
    var keptFields: [FieldBuffer] { fields.compactMap { $0 } + ownFields }

    package func isLive(_ doc: Int) -> Bool { !isDead[doc] }

    /// Nil while all documents live.
    func liveDocs() -> LiveDocs? {
        guard deletedCount > 0 else { return nil }
        var bits = FixedBitSet(bitCount: docCount, filled: true)
        for doc in isDead.indices where isDead[doc] { bits.remove(doc) }
        return LiveDocs(
            bits: bits, statistics: keptFields.map(\.liveStatistics),
            nested: nested?.docs.liveDocs())
    }
}

/// One field of a segment that is still in memory.
final class FieldBuffer {
    let name: String
    let storage: FieldStorage
    var norms: NormsBuffer
    var numbers = NumberColumnBuffer()
    var bytes = BytesColumnBuffer()
    let inverted: InvertedBuffer?
    /// Over all documents, and over those that were not deleted since.
    var statistics = FieldStatistics()
    var liveStatistics = FieldStatistics()

    init(name: String, storage: FieldStorage) {
        self.name = name
        self.storage = storage
        norms = NormsBuffer(hasNorms: storage.norms)
        inverted = PostingsDetail(storage.postings).map { InvertedBuffer(detail: $0) }
    }

    var memoryByteCount: Int {
        norms.memoryByteCount + numbers.memoryByteCount + bytes.memoryByteCount
            + (inverted?.memoryByteCount ?? 0)
    }

    func add(
        _ doc: UInt32, _ terms: ParsedDocument.Terms,
        _ occurrences: UnsafeBufferPointer<ParsedDocument.Occurrence>,
        bytes: UnsafeRawBufferPointer
    ) {
        guard let inverted else { return }
        // `InvertedBuffer` reads an occurrence as the five numbers that it is.
        assert(MemoryLayout<ParsedDocument.Occurrence>.stride == 20)
        unsafe inverted.add(
            document: doc, bytes: bytes, occurrences: UnsafeRawBufferPointer(occurrences))
        let length =
            inverted.detail == .documents
            ? unsafe Self.distinctCount(occurrences, bytes) : occurrences.count
        norms.append(
            doc: doc, length: Int32(length), norm: NormEncoding.encode(terms.length))
        statistics.add(length: length)
        liveStatistics.add(length: length)
    }

    /// How many different terms there are: the length of a field without frequencies.
    private static func distinctCount(
        _ occurrences: UnsafeBufferPointer<ParsedDocument.Occurrence>,
        _ bytes: UnsafeRawBufferPointer
    ) -> Int {
        if occurrences.count < 2 { return occurrences.count }
        var seen = Set<ArraySlice<UInt8>>()
        let all = unsafe Array(bytes)
        for index in occurrences.indices {
            let start = unsafe Int(occurrences[index].termStart)
            let byteCount = unsafe Int(occurrences[index].termByteCount)
            seen.insert(all[start..<start + byteCount])
        }
        return seen.count
    }
}

extension PostingsDetail {
    init?(_ postings: FieldStorage.Postings) {
        switch postings {
        case .none: return nil
        case .documents: self = .documents
        case .frequencies: self = .frequencies
        case .positions: self = .positions
        case .offsets: self = .offsets
        }
    }
}
