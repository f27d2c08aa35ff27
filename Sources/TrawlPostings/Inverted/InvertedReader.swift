package import TrawlBytes

/// The inverted files of a segment, opened for reading: which fields they hold.
@safe
package final class InvertedReader: Sendable {
    /// Payloads of the files, and what keeps them mapped.
    @safe
    package struct Files: @unchecked Sendable {
        // Immutable memory, alive as long as `owner`.
        package var terms: UnsafeRawBufferPointer
        package var postings: UnsafeRawBufferPointer
        package var positions: UnsafeRawBufferPointer
        package var owner: (any AnyObject & Sendable)?
        /// The name of the `.term` file, for errors; the others' differ in the extension.
        package var name: String

        package init(
            terms: UnsafeRawBufferPointer, postings: UnsafeRawBufferPointer,
            positions: UnsafeRawBufferPointer, owner: (any AnyObject & Sendable)?, name: String
        ) {
            unsafe self.terms = unsafe terms
            unsafe self.postings = unsafe postings
            unsafe self.positions = unsafe positions
            self.owner = owner
            self.name = name
        }
    }

    /// In the order they were written.
    package let fields: [FieldPostings]
    private let byName: [String: FieldPostings]

    /// - Parameter docLimit: How many documents the segment has.
    package init(_ files: Files, docLimit: Int) throws(CorruptionError) {
        let count = unsafe files.terms.count
        guard count >= 8 else {
            throw CorruptionError(file: files.name, byteOffset: count, reason: "no directory")
        }
        let place = unsafe files.terms.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        guard place <= UInt64(count - 8) else {
            throw CorruptionError(
                file: files.name, byteOffset: count - 8, reason: "the directory is past the end")
        }
        let bytes = unsafe Array(files.terms[Int(place)..<count - 8])
        var reader = ByteReader(bytes, file: files.name)
        var fields: [FieldPostings] = []
        var byName: [String: FieldPostings] = [:]
        for _ in 0..<(try reader.readCount()) {
            let field = try FieldPostings(
                decoding: &reader, files: files, docLimit: docLimit, termsEnd: Int(place))
            guard byName.updateValue(field, forKey: field.name) == nil else {
                throw reader.damaged("the field \(field.name) stands twice")
            }
            fields.append(field)
        }
        self.fields = fields
        self.byName = byName
    }

    package func field(_ name: String) -> FieldPostings? { byName[name] }
}
