package import TrawlBytes

/// Lengths of one field, by document. See `NormsFormat`.
@safe
package struct NormsReader: @unchecked Sendable {
    // Immutable; `file` keeps what `denseNorms` points to.
    private let file: SegmentFile
    /// Which documents have the field, even without a single token.
    package let documents: DocSetReader
    private let lengths: PackedNumbersReader
    private let norms: Int?
    /// A byte for every document of the segment; nil when the field is rare or has no norms.
    /// Valid while the reader of the segment lives.
    package let denseNorms: UnsafePointer<UInt8>?

    package init(
        _ place: NormsPlace, docCount: Int, in file: SegmentFile
    ) throws(CorruptionError) {
        self.file = file
        documents = try DocSetReader(place.documents, docCount: docCount, in: file)
        lengths = try PackedNumbersReader(place.lengths, in: file)
        norms = place.norms
        let isDense = documents.count * NormsFormat.denseFraction >= docCount
        guard lengths.count == documents.count else {
            throw CorruptionError(
                file: file.name, byteOffset: place.lengths.table,
                reason: "\(lengths.count) lengths for \(documents.count) documents")
        }
        if let norms {
            let count = isDense ? docCount : documents.count
            guard norms <= file.byteCount - count else {
                throw CorruptionError(
                    file: file.name, byteOffset: norms, reason: "norms go past the end")
            }
            unsafe denseNorms =
                isDense
                ? unsafe file.slice(at: norms, byteCount: count).baseAddress?
                    .assumingMemoryBound(to: UInt8.self)
                : nil
        } else {
            unsafe denseNorms = nil
        }
    }

    package var hasNorms: Bool { norms != nil }

    /// Lucene's byte: 0 for a document without the field, 1 everywhere in a field without norms.
    package func norm(of doc: Int) -> UInt8 {
        guard let norms else { return 1 }
        if unsafe denseNorms != nil { return file.load(at: norms + doc) }
        guard let rank = documents.rank(of: doc) else { return 0 }
        return file.load(at: norms + rank)
    }

    /// How many occurrences the document has in the field; 0 without the field.
    package func length(of doc: Int) -> Int {
        guard let rank = documents.rank(of: doc) else { return 0 }
        return lengths.int(at: rank)
    }

    /// Calls back with every document that has the field, ascending.
    package func forEach(_ body: (_ doc: Int, _ length: Int, _ norm: UInt8) -> Void) {
        documents.forEach { doc, rank in
            body(doc, rank < lengths.count ? lengths.int(at: rank) : 0, norm(of: doc))
        }
    }

    package func check() throws(CorruptionError) {
        try documents.check()
        try lengths.check()
        var fault: Int?
        forEach { doc, length, norm in
            // A norm leaves out stacked tokens, so it may stand for less, never for more.
            if hasNorms, Int(NormEncoding.decode(norm)) > length { fault = doc }
        }
        if let fault {
            throw CorruptionError(
                file: file.name, byteOffset: norms ?? 0,
                reason: "the norm of document \(fault) is over its length")
        }
    }
}
