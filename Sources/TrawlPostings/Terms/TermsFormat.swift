/// How the terms of all inverted fields lie in a `.term` file.
///
///     blocks of the first field · its index · blocks of the second field · its index · …
///     · directory · byte offset of the directory (u64)
///
/// A block holds up to 16 terms in ascending order of their bytes:
///
///      +-------+------------------+---------------------------+------------------------------+
///      | count | byte count of    | for each term: lengths,   | details: first byte offset   |
///      | u8    | the texts, varint| the bytes after the shared| in .post and .posn, varints; |
///      |       |                  | prefix                    | then for each term its own   |
///      +-------+------------------+---------------------------+------------------------------+
///
/// - Lengths are one byte: how many bytes are shared with the term before (high four bits) and
///   how many follow (low four). 15 means that a varint with the rest comes next, prefix first.
///   The first term of a block shares nothing.
/// - Details of a term: `(docCount - 1) * 2 + more`; when `more` is 1, the occurrences beyond one
///   a document; then the document if it is the only one, else the bytes of its list in `.post`;
///   then, where positions are kept, the position if the term occurs once (and offsets are not
///   kept), else the bytes of its positions in `.posn`. All varints. So more than half of all
///   terms of a text, which occur once, need nothing but their entry here.
///
/// The index of a field is one row of 8-byte numbers, the first eight bytes of each block's first
/// term (big-endian, so that they sort like terms, padded with zeros), then one row of the
/// blocks' byte offsets from the first block (u32).
///
/// The directory: count of fields, then for each its name, detail (u8), document count, term
/// count, sum of document counts, sum of occurrences, byte offset of its first block, byte count
/// of its blocks, count of blocks.
package enum TermsFormat {
    package static let blockLength = 16
    /// Terms longer than this are refused, as Lucene refuses them.
    package static let maxTermByteCount = 32_766
}
