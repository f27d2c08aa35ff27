package import TrawlBytes

/// Writes the three inverted files of a segment: `.term`, `.post` and `.posn`.
///
/// Fields come one after the other, the terms of a field in ascending order of their bytes, the
/// documents of a term in ascending order. What goes into the sinks are the files' payloads:
/// byte offsets count from the first byte appended here.
package final class InvertedWriter {
    private let terms: any ByteSink
    private let postings: any ByteSink
    private let positions: any ByteSink
    private var termsByteCount = 0
    private var postingsByteCount = 0
    private var positionsByteCount = 0
    private var directory = ByteWriter()
    private var fieldCount = 0

    package init(terms: any ByteSink, postings: any ByteSink, positions: any ByteSink) {
        self.terms = terms
        self.postings = postings
        self.positions = positions
    }

    /// Writes a whole field.
    ///
    /// - Parameters:
    ///   - docCount: How many documents have the field.
    ///   - norms: A byte for each document of the segment; nil when the field has no norms.
    func writeField(
        _ name: String, detail: PostingsDetail, docCount: Int, norms: UnsafePointer<UInt8>?,
        _ body: (FieldWriter) throws -> Void
    ) throws {
        let field = unsafe FieldWriter(self, detail: detail, norms: norms)
        let firstBlock = termsByteCount
        try body(field)
        termsByteCount += try field.finishTerms(to: terms)
        fieldCount += 1
        directory.write(name)
        directory.write(detail.rawValue)
        directory.writeVarint(docCount)
        directory.writeVarint(field.terms.termCount)
        directory.writeVarint(field.docCountSum)
        directory.writeVarint(field.occurrenceSum)
        directory.writeVarint(firstBlock)
        directory.writeVarint(field.terms.blocksByteCount)
        directory.writeVarint(field.terms.blockCount)
    }

    /// Takes the terms of one field.
    final class FieldWriter {
        private let owner: InvertedWriter
        let list: ListWriter
        var terms: TermsWriter
        var docCountSum: UInt64 = 0
        var occurrenceSum: UInt64 = 0

        init(_ owner: InvertedWriter, detail: PostingsDetail, norms: UnsafePointer<UInt8>?) {
            self.owner = owner
            list = unsafe ListWriter(detail: detail, norms: norms)
            terms = TermsWriter(detail: detail)
        }

        /// Writes the term whose documents `list` took; one without documents is left out.
        func finishTerm(_ term: UnsafeBufferPointer<UInt8>) throws {
            guard list.docCount > 0 else { return }
            list.finish()
            let details = list.details
            try unsafe terms.append(
                term, details, postingsOffset: owner.postingsByteCount,
                positionsOffset: owner.positionsByteCount, to: owner.terms)
            docCountSum += UInt64(details.docCount)
            occurrenceSum += details.occurrenceCount
            try unsafe list.list.withUnsafeBytes { try unsafe owner.postings.append($0) }
            owner.postingsByteCount += list.list.count
            try unsafe list.positions.withUnsafeBytes { try unsafe owner.positions.append($0) }
            owner.positionsByteCount += list.positions.count
        }

        func finishTerms(to sink: any ByteSink) throws -> Int { try terms.finish(to: sink) }
    }

    /// Writes the directory. Call once, after the last field.
    package func finish() throws {
        var end = ByteWriter()
        end.writeVarint(fieldCount)
        end.write(raw: directory.bytes)
        end.write(UInt64(termsByteCount))
        try unsafe end.bytes.withUnsafeBytes { try unsafe terms.append($0) }
        let padding = [UInt8](repeating: 0, count: PostingsFormat.paddingByteCount)
        try unsafe padding.withUnsafeBytes {
            try unsafe postings.append($0)
            try unsafe positions.append($0)
        }
    }
}
