internal import CKernels

/// The terms and occurrences of one field of a segment that is still in memory.
///
/// - Not thread-safe: one writer at a time, and no reader beside it.
@safe
package final class InvertedBuffer {
    package let detail: PostingsDetail
    private let inverter: OpaquePointer

    package init(detail: PostingsDetail) {
        self.detail = detail
        guard let made = unsafe trawl_inverter_new(Int32(detail.rawValue)) else {
            preconditionFailure("out of memory")
        }
        unsafe inverter = unsafe made
    }

    deinit { unsafe trawl_inverter_free(inverter) }

    package var memoryByteCount: Int { unsafe trawl_inverter_byte_count(inverter) }
    package var termCount: Int { unsafe trawl_inverter_term_count(inverter) }

    /// Adds what a document has in this field.
    ///
    /// - Parameters:
    ///   - document: Above every document added before.
    ///   - bytes: Where the occurrences' terms lie.
    ///   - occurrences: Five `Int32` each, as `ParsedDocument.Occurrence` has them: start and byte
    ///     count of the term in `bytes`, position, first and last byte offset. In order of
    ///     position; every term within `bytes` and at most `TermsFormat.maxTermByteCount` long.
    package func add(
        document: DocNumber, bytes: UnsafeRawBufferPointer, occurrences: UnsafeRawBufferPointer
    ) {
        let stride = MemoryLayout<trawl_occurrence>.stride
        precondition(occurrences.count % stride == 0, "an occurrence is five numbers")
        guard let first = occurrences.baseAddress, occurrences.count > 0 else { return }
        let failed = unsafe trawl_inverter_add(
            inverter, document, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            first.assumingMemoryBound(to: trawl_occurrence.self), occurrences.count / stride)
        precondition(failed == 0, "out of memory")
    }

    /// Writes everything as a field.
    ///
    /// - Parameters:
    ///   - docCount: How many documents have the field.
    ///   - norms: A byte for each document of the segment; nil when the field has no norms.
    package func write(
        to writer: InvertedWriter, name: String, docCount: Int, norms: [UInt8]?
    ) throws {
        let references = unsafe [UInt32](unsafeUninitializedCapacity: termCount) {
            unsafe trawl_inverter_sorted(inverter, $0.baseAddress)
            $1 = termCount
        }
        try unsafe withBytes(of: norms) { norms in
            try unsafe writer.writeField(name, detail: detail, docCount: docCount, norms: norms) {
                field in
                for reference in references { try write(reference, to: field) }
            }
        }
    }

    private func write(_ reference: UInt32, to field: InvertedWriter.FieldWriter) throws {
        let term = unsafe trawl_inverter_term(inverter, reference)
        var cursor = unsafe trawl_inverted_cursor()
        unsafe trawl_inverted_open(inverter, reference, &cursor)
        let list = field.list
        list.begin()
        while true {
            let room = unsafe list.room
            let count = unsafe trawl_inverted_next(
                &cursor, room.count, room.docs, room.frequencies, &list.occurrences.buffer)
            precondition(count >= 0, "out of memory")
            if count == 0 { break }
            list.commit(count)
        }
        try unsafe field.finishTerm(
            UnsafeBufferPointer(start: term.bytes, count: Int(term.byte_count)))
    }
}

/// Calls `body` with the bytes, or with nil when there are none.
func withBytes<R>(
    of bytes: [UInt8]?, _ body: (UnsafePointer<UInt8>?) throws -> R
) rethrows -> R {
    guard let bytes else { return try body(nil) }
    return try unsafe bytes.withUnsafeBufferPointer { try unsafe body($0.baseAddress) }
}
