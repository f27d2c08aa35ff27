package import TrawlBytes

/// How the sources of documents lie in a `.stor` file: blocks of about 16 KB of sources, each
/// block compressed by itself with zstd level 1.
///
///      +--------------------+----------------------------------------------------+
///      | length of the      | zstd frame, with its checksum, of:                 |
///      | unpacked block     | lengths of the block's sources, varints;           |
///      | u32                | the sources, end to end                            |
///      +--------------------+----------------------------------------------------+
///
/// Packed numbers say which document each block begins with (one more for the end) and where it
/// lies. A block is closed by the source that reaches 16 KB, or by its 512th document. A document
/// without a source has length 0. Nothing in a block depends on document numbers, so a merge
/// copies blocks whose documents all live.
package enum StoredFormat {
    package static let blockByteCount = 16 << 10
    /// Where sources are tiny or disabled, a block ends with this many.
    package static let maxBlockDocCount = 512
    package static let compressionLevel: Int32 = 1
    /// A length over this in a block is damage.
    static let maxBlockByteCount = 1 << 31
}

/// Where the sources lie. Kept in `.info`.
package struct StoredPlace: Sendable, Equatable {
    /// The first document of each block; the last is the number of documents.
    package var firstDocs = PackedNumbersPlace()
    /// Where each block begins; the last is where the last one ends.
    package var blocks = PackedNumbersPlace()

    package init() {}

    package func encode(into writer: inout ByteWriter) {
        firstDocs.encode(into: &writer)
        blocks.encode(into: &writer)
    }

    package init(decoding reader: inout ByteReader) throws(CorruptionError) {
        firstDocs = try PackedNumbersPlace(decoding: &reader)
        blocks = try PackedNumbersPlace(decoding: &reader)
    }
}
