#ifndef TRAWL_POSTINGS_CODEC_H
#define TRAWL_POSTINGS_CODEC_H

#include <stddef.h>
#include <stdint.h>

/// Numbers of a block in one packed row. See `PostingsFormat` for the drawings of the bytes.
enum { TRAWL_BLOCK = 128 };

/// Bytes that a reader of packed data may touch past its end without using them.
enum { TRAWL_PADDING = 64 };

/// Room that a decoder of documents needs: it stores in wide steps.
enum { TRAWL_DOCS_ROOM = 128 + 96 };

/// Room that any encoder below needs for one block.
enum { TRAWL_ENCODED_MAX = 2048 };

/// Packs 128 values of at most `width` bits in the 4-lane vertical layout. Returns 16 * width.
size_t trawl_pack128(const uint32_t *values, int width, uint8_t *out);
/// The opposite of `trawl_pack128`; `out` holds 128.
void trawl_unpack128(const uint8_t *in, int width, uint32_t *out);

/// Documents in ascending order, each above `previous` (which is -1 before the first): writes one
/// header byte and the data. 128 documents become a vertical row or a bit set, fewer are packed
/// one after the other. Returns the byte count.
size_t trawl_encode_docs(const uint32_t *docs, int count, uint32_t previous, uint8_t *out);
/// Returns the first byte after the documents. `docs` has room for `TRAWL_DOCS_ROOM`.
const uint8_t *trawl_decode_docs(const uint8_t *in, int count, uint32_t previous, uint32_t *docs);
/// The first byte after the documents, without decoding them.
const uint8_t *trawl_skip_docs(const uint8_t *in, int count);

/// Small numbers with up to seven outliers patched in (PFOR). `count` is at most 128.
size_t trawl_encode_small(const uint32_t *values, int count, uint8_t *out);
const uint8_t *trawl_decode_small(const uint8_t *in, int count, uint32_t *values);
const uint8_t *trawl_skip_small(const uint8_t *in, int count);

/// Numbers of words of the bit set that a block's header byte announces; 0 if it is packed.
static inline int trawl_docs_bitset_words(uint8_t header) { return header >= 64 ? header - 64 : 0; }

/// `limit` pairs (frequency, norm), a byte each, that bound every posting of a block: for each
/// posting there is a pair with at least its frequency and at most its norm. A frequency of 255
/// stands for any above. `norms` are those of the postings, or NULL when all are 1.
void trawl_impacts_of(const uint32_t *frequencies, const uint8_t *norms, int count, int limit,
                      uint8_t *out);
/// The same over several blocks' pairs.
void trawl_impacts_join(const uint8_t *pairs, int pair_count, int limit, uint8_t *out);

#endif
