package import TrawlBytes
package import TrawlSegment

/// The documents of an index as one search sees them: immutable, cheap to keep, and keeping the
/// files it reads from being removed.
///
/// Documents are in the order of ingestion: by segment, then by number in the segment.
package final class Snapshot: Sendable {
    /// Grows with every refresh that changed something: caches of answers go by it.
    package let generation: UInt64
    package let segments: [SegmentView]
    /// How many documents the segments before each have, dead ones included.
    package let bases: [Int]
    package let liveCount: Int
    /// The nested documents of those segments that have any.
    package let nested: [(segment: Int, view: SegmentView)]
    private let ledger: FileLedger?
    private let files: [String]

    package init(
        generation: UInt64, segments: [SegmentView], ledger: FileLedger? = nil
    ) {
        self.generation = generation
        self.segments = segments
        self.ledger = ledger
        var bases: [Int] = []
        var docCount = 0
        for segment in segments {
            bases.append(docCount)
            docCount += segment.docCount
        }
        self.bases = bases
        liveCount = segments.reduce(0) { $0 + $1.liveCount }
        nested = segments.enumerated().compactMap { index, segment in
            segment.nested.map { (index, $0) }
        }
        files = ledger == nil ? [] : segments.flatMap { $0.reader.fileNames }
        ledger?.hold(files)
    }

    deinit { ledger?.release(files) }

    /// The segments, then the nested documents of those that have any.
    package var everything: [SegmentView] { segments + nested.map(\.view) }

    /// Dead documents included.
    package var docCount: Int { (bases.last ?? 0) + (segments.last?.docCount ?? 0) }

    /// A document's place: which segment of the snapshot, which number there.
    package struct Place: Sendable, Hashable {
        package var segment: Int
        package var doc: Int

        package init(segment: Int, doc: Int) {
            self.segment = segment
            self.doc = doc
        }
    }

    /// The living document with an id.
    package func document(forID id: String) -> Place? {
        let hash = StableHash.hash64(id)
        for index in segments.indices.reversed() {
            if let doc = segments[index].doc(id: id, hash: hash) {
                return Place(segment: index, doc: doc)
            }
        }
        return nil
    }

    package subscript(place: Place) -> SegmentView { segments[place.segment] }

    /// Of a field over all living documents, exactly: what BM25 takes for N and for the average
    /// length. A pure function of the living documents: the same however they are spread. Objects
    /// of nested fields count as documents of their own, as in Lucene.
    package func statistics(of field: String) -> FieldStatistics {
        var sum = FieldStatistics()
        for segment in everything {
            if let found = segment.field(field) { sum = sum + segment.statistics(of: found) }
        }
        return sum
    }

    /// How many living documents have a term, exactly; nested ones count, too.
    package func docFrequency(
        of term: [UInt8], in field: String
    ) throws(CorruptionError) -> Int {
        var sum = 0
        for segment in everything {
            if let found = segment.field(field) {
                sum += try segment.docFrequency(of: term, in: found)
            }
        }
        return sum
    }

    /// Set once an answer from this snapshot was wrong because a file is damaged: asked before an
    /// answer is given.
    package var damage: CorruptionError? {
        for segment in segments { if let damage = segment.reader.damage { return damage } }
        return nil
    }
}
