#ifndef TRAWL_TERMS_BLOCK_H
#define TRAWL_TERMS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

/// Most terms of a block of the dictionary.
enum { TRAWL_TERMS_BLOCK = 32 };

/// What the dictionary says of a term. See `TermsFormat`.
typedef struct {
  uint64_t occurrence_count;
  uint64_t postings_offset, postings_byte_count;
  uint64_t positions_offset, positions_byte_count;
  uint32_t doc_count;
  uint32_t only_doc;       // when doc_count is 1
  uint32_t only_position;  // when the positions are in the dictionary
  uint32_t positions_inline;
} trawl_term_entry;

/// Asks for the memory at `bytes` before it is read.
static inline void trawl_prefetch(const void *bytes) { __builtin_prefetch(bytes); }

/// Looks `term` up in the block at `block`. Returns 1 and fills `entry`, 0 when it is not there,
/// -1 when the block is damaged.
int trawl_terms_find(const uint8_t *block, const uint8_t *end, const uint8_t *term,
                     size_t term_byte_count, int detail, trawl_term_entry *entry);

/// Compares the block's first term with `term`, as memcmp does.
int trawl_terms_compare_first(const uint8_t *block, const uint8_t *end, const uint8_t *term,
                              size_t term_byte_count);

/// Decodes a whole block: entries, and where each term ends in `bytes`. Returns the count of
/// terms, -1 when the block is damaged, -2 when `byte_capacity` does not suffice.
int trawl_terms_decode(const uint8_t *block, const uint8_t *end, int detail,
                       trawl_term_entry *entries, uint32_t *term_ends, uint8_t *bytes,
                       size_t byte_capacity);

#endif
