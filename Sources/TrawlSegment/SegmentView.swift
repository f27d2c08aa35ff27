package import TrawlBytes
package import TrawlPostings

/// A segment as one search sees it: its files, and which of its documents live.
package struct SegmentView: Sendable {
    package let reader: SegmentReader
    /// Nil while all live.
    package let live: LiveDocs?

    package init(_ reader: SegmentReader, live: LiveDocs?) {
        self.reader = reader
        self.live = live
    }

    /// The objects of nested fields, as documents of their own: in the order of the documents
    /// that they belong to, which `reader.blocks` tells.
    package var nested: SegmentView? {
        reader.nested.map { SegmentView($0, live: live?.nested) }
    }

    package var id: SegmentID { reader.id }
    /// Dead documents included: document numbers are below this.
    package var docCount: Int { reader.docCount }
    package var liveCount: Int { live?.liveCount ?? reader.docCount }
    package var liveBits: FixedBitSet? { live?.bits }

    package func isLive(_ doc: Int) -> Bool { live?.bits.contains(doc) ?? true }

    package func field(_ name: String) -> SegmentField? { reader.field(name) }

    /// Over the living documents, exactly.
    package func statistics(of field: SegmentField) -> FieldStatistics {
        live?.statistics[field.index] ?? field.statistics
    }

    /// How many living documents have a term, exactly. The first time after a delete it reads the
    /// term's list; then it is remembered until the next delete.
    package func docFrequency(
        of term: [UInt8], in field: SegmentField
    ) throws(CorruptionError) -> Int {
        guard let postings = field.postings, let entry = try postings.find(term) else { return 0 }
        return try docFrequency(of: term, entry, in: field)
    }

    /// The same of a term that was looked up.
    package func docFrequency(
        of term: [UInt8], _ entry: TermEntry, in field: SegmentField
    ) throws(CorruptionError) -> Int {
        guard let postings = field.postings else { return 0 }
        guard let live else { return entry.docCount }
        return try live.docFrequency(field: field.index, term: term) {
            () throws(CorruptionError) -> Int in
            let list = try postings.open(entry)
            var count = 0
            let bits = live.bits
            let walked: Result<Void, any Error> = Result {
                try unsafe list.forEachBlock { docs, _ in
                    for index in docs.indices where unsafe bits.contains(Int(docs[index])) {
                        count += 1
                    }
                }
            }
            if case .failure(let error) = walked {
                throw error as? CorruptionError
                    ?? CorruptionError(
                        file: reader.id.description, byteOffset: 0, reason: "\(error)")
            }
            return count
        }
    }

    /// The living document with an id.
    ///
    /// - Parameter hash: `StableHash.hash64` of the id.
    package func doc(id: String, hash: UInt64) -> Int? {
        guard let doc = reader.identity.doc(id: id, hash: hash), isLive(doc) else { return nil }
        return doc
    }
}
