#ifndef TRAWL_POSTINGS_LIST_H
#define TRAWL_POSTINGS_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "postings_codec.h"

/// One term's list of documents, opened for reading, and the block of it that is decoded.
/// Goes forward and backward by block. See `PostingsFormat` for the bytes.
typedef struct {
  const uint8_t *last_docs, *offsets, *impacts, *position_offsets, *groups;
  const uint8_t *blocks, *end;
  const uint8_t *positions, *positions_end;
  uint64_t occurrence_count;
  uint32_t doc_count, block_count;
  uint32_t doc_limit;  // documents of the segment: no document may reach it
  uint32_t only_position;
  uint8_t detail, has_frequencies, positions_inline;
  uint8_t pair_count;  // of the impacts of a block
  uint8_t damaged;  // set when bytes are not what was written; the list then reads as empty

  uint32_t block;        // the decoded one, or UINT32_MAX
  uint32_t count;        // its documents
  uint32_t words;        // of its bit set, 0 when packed
  uint32_t previous;     // the last document before the block
  uint8_t state;         // bit 0: docs decoded, bit 1: frequencies decoded
  const uint8_t *bits;   // the bit set
  const uint8_t *frequency_bytes;
  uint32_t own_last;     // of a list that is one block
  // The document whose occurrences were read last: its block and place, the occurrences of the
  // block before it, and of the whole block.
  uint32_t positions_block, positions_place, positions_start, positions_total;
  uint32_t docs[TRAWL_DOCS_ROOM];
  uint32_t frequencies[TRAWL_BLOCK + 16];
  // The part of the block's occurrences that is decoded.
  uint32_t deltas_chunk;
  const uint8_t *chunk_bytes;
  uint32_t chunk_index;
  uint32_t deltas[TRAWL_BLOCK];
} trawl_list;

static inline uint32_t trawl_load32(const uint8_t *p, size_t index) {
  uint32_t value;
  __builtin_memcpy(&value, p + 4 * index, 4);
  return value;
}

/// Memory for a list; kept by the thread for the next one when it is freed. NULL when out.
trawl_list *trawl_list_new(void);
void trawl_list_free(trawl_list *);

/// Opens a list that is in the dictionary: one document.
void trawl_list_open_single(trawl_list *, uint32_t doc, uint64_t frequency, uint32_t doc_limit,
                            int detail);
/// Opens a list of at least two documents. Sets `damaged` when the bytes cannot hold it.
void trawl_list_open(trawl_list *, const uint8_t *bytes, size_t byte_count, uint32_t doc_count,
                     uint64_t occurrence_count, uint32_t doc_limit, int detail);

static inline uint32_t trawl_list_last_doc(const trawl_list *l, uint32_t block) {
  return trawl_load32(l->last_docs, block);
}
static inline uint32_t trawl_list_previous(const trawl_list *l, uint32_t block) {
  return block == 0 ? UINT32_MAX : trawl_load32(l->last_docs, block - 1);
}

/// A block from which a search for documents from `doc` on may start.
static inline uint32_t trawl_list_block_before(const trawl_list *l, uint32_t doc) {
  return l->block < l->block_count && (l->block == 0 || trawl_list_previous(l, l->block) < doc)
             ? l->block
             : 0;
}

/// The first block at or after `block` whose last document is not below `doc`; `block_count` when
/// there is none.
uint32_t trawl_list_find_block(const trawl_list *, uint32_t block, uint32_t doc);

/// Makes `block` the current one without decoding it.
void trawl_list_enter(trawl_list *, uint32_t block);
/// Decodes the documents of `block` into `docs`.
void trawl_list_load(trawl_list *, uint32_t block);
/// Decodes the frequencies of the current block into `frequencies`.
void trawl_list_load_frequencies(trawl_list *);

/// The first document at or after `doc`, or `UINT32_MAX`.
uint32_t trawl_list_seek(trawl_list *, uint32_t doc);

// ---- bit sets over the documents from `base` to before `end`; bit 0 is `base` ----

/// Sets the bit of every document of the list.
void trawl_list_set_bits(trawl_list *, uint32_t base, uint32_t end, uint64_t *bits);
/// Clears the bits of documents that are not in the list (`keep`), or of those that are.
void trawl_list_keep_bits(trawl_list *, uint32_t base, uint32_t end, uint64_t *bits, int keep);
/// How many documents of the list have their bit set.
uint32_t trawl_list_count_bits(trawl_list *, uint32_t base, uint32_t end, const uint64_t *bits);

/// Of the ascending `docs`, those in the list, in order, into `found` as places in `docs`, and
/// when `frequencies` is not NULL how often. Returns how many.
uint32_t trawl_list_probe(trawl_list *, const uint32_t *docs, uint32_t count, uint32_t *found,
                          uint32_t *frequencies);

/// The same within one block, for `docs` from `*next` on, none of them before the block; moves
/// `*next` behind the block. `places` (may be NULL) are those in the block.
uint32_t trawl_list_probe_block(trawl_list *, uint32_t block, const uint32_t *docs,
                                uint32_t count, uint32_t *next, uint32_t *found,
                                uint32_t *places);

// ---- positions ----

/// Opens the positions of a term whose documents are in this list.
void trawl_list_open_positions(trawl_list *, const uint8_t *bytes, size_t byte_count);
/// The positions in the document at `place` of the current block (whose documents are decoded),
/// ascending. Returns how many (the frequency), at most `capacity`.
uint32_t trawl_list_positions(trawl_list *, uint32_t place, uint32_t *positions,
                              uint32_t capacity);
/// The place of `doc` in its block, which becomes the current one with its documents decoded;
/// `UINT32_MAX` when the list does not have it.
uint32_t trawl_list_place(trawl_list *, uint32_t doc);
/// Skips `count` numbers in `streams` of occurrences and gives the next byte; for readers of
/// whole blocks. NULL when damaged.
const uint8_t *trawl_decode_stream(const uint8_t *in, const uint8_t *end, uint32_t count,
                                   uint32_t *out);
/// The byte offset of the current block's occurrences in the term's positions.
uint32_t trawl_list_positions_offset(const trawl_list *, uint32_t block);

// ---- phrases ----

/// Terms that have to stand at fixed distances.
typedef struct {
  trawl_list **lists;          // the rarest first
  const uint32_t *distances;   // of each term from the phrase's start
  uint32_t count;
  uint32_t *starts, *positions;  // room for `capacity` each
  uint32_t capacity;
} trawl_phrase;

/// How often the phrase occurs in `doc`, which all lists have. Stops at one when `any`.
uint32_t trawl_phrase_frequency(trawl_phrase *, uint32_t doc, int any);
/// The same when the places of the document in the current blocks of the first `known` lists
/// are known.
uint32_t trawl_phrase_frequency_at(trawl_phrase *, uint32_t doc, const uint32_t *places,
                                   uint32_t known, int any);

#endif
