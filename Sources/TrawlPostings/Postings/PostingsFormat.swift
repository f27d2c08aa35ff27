/// How the documents of one term lie in a `.post` file, and its occurrences in a `.posn` file.
///
/// A list is cut into blocks of 128 documents; the last may be shorter. A list of one document
/// is in the dictionary (see `TermsFormat`). A list of one block is the block alone. A longer one
/// begins with tables, one entry for each of its `n` blocks:
///
///      +--------------+---------------+--------------+----------------+---------------+--------+
///      | last document| byte offset   | impacts      | byte offset in | impacts of 32 | blocks |
///      | u32          | from the first| 4 or 8 pairs | its .posn list | blocks each   |        |
///      |              | block, u32    | 2 bytes each | u32            | 8 pairs       |        |
///      +--------------+---------------+--------------+----------------+---------------+--------+
///
/// - Impacts are there when frequencies are kept: 4 pairs a block up to 32 blocks; in longer
///   lists 8, and those of groups (frequent words have many pairs that none dominates). A pair is a frequency and a norm, a byte each: for every posting of the block there is a pair
///   with at least its frequency and at most its norm, so the best score of the pairs bounds the
///   block's, whatever k1, b and the average length. Frequency 255 means any.
/// - Byte offsets in `.posn` are there when positions are kept.
///
/// A block:
///
///      +--------+-----------------------+--------+------------------------------------------+
///      | header | documents             | header | frequencies less one                     |
///      +--------+-----------------------+--------+------------------------------------------+
///
/// - Documents of a full block, header up to 32: the width of 128 gaps in the 4-lane vertical
///   layout (`16 * width` bytes). A gap is the document less the one before, less one; before
///   the first document of a list stands -1.
/// - Header 64 and more: a bit set of `header - 64` words of 64 bits. Bit 0 is the document after
///   the last one of the block before. Chosen when it costs at most one bit a document more.
/// - A shorter block has its gaps one after the other, lowest bits first: `count * width` bits.
/// - Frequencies: a row of *small numbers*. They are missing when a list of one block has a
///   frequency of one everywhere, which the dictionary tells, or when they are not kept.
///
/// A row of up to 128 small numbers: a header, whose low five bits are a width and whose high
/// three the count of outliers; the numbers' low bits (vertical when there are 128, else one after
/// the other); for each outlier its place and its bits above the width, a byte each. Header 255:
/// the numbers whole, 4 bytes each.
///
/// The occurrences of a block in `.posn`: all positions, then where offsets are kept all starts,
/// then all lengths, each as rows of 128 small numbers and a shorter last one. A position is the
/// distance from the one before in the same document, the first from 0; a start likewise, zigzag.
package enum PostingsFormat {
    package static let blockLength = 128
    /// Blocks that share an entry of the groups' table.
    package static let groupLength = 32
    /// Pairs of a block, in lists of up to `groupLength` blocks and in longer ones.
    package static let pairCount = 4
    package static let longPairCount = 8
    /// Zeros after the last list of `.post` and `.posn`, for readers in wide steps.
    package static let paddingByteCount = 64
}
