#ifndef TRAWL_SCORING_H
#define TRAWL_SCORING_H

#include <stddef.h>
#include <stdint.h>

#include "postings_list.h"

/// One term of a query over one segment: its list and what its score is made of.
typedef struct {
  trawl_list *list;
  const uint8_t *norms;   // a byte for each document, 3 readable bytes behind; NULL when all are 1
  const float *inverse;   // 256: what a frequency is multiplied by, for each norm; never rising
  float weight;
} trawl_scorer;

/// Documents with their scores, ascending.
typedef struct {
  uint32_t *docs;
  double *scores;
  uint32_t count;
} trawl_hits;

/// Memory for searches: bits and sums of a window of `TRAWL_WINDOW` documents, all zero, and hits.
typedef struct {
  uint64_t *bits;
  double *sums;
  trawl_hits hits;
} trawl_room;

enum { TRAWL_WINDOW = 65536 };

/// A thread keeps one that is freed for its next search. NULL when memory is out.
trawl_room *trawl_room_new(void);
/// - Precondition: bits and sums are all zero again.
void trawl_room_free(trawl_room *);

/// The score of a frequency `f` in a document of norm `n`: with x = f * inverse[n],
/// weight - weight / (1 + x), each step rounded to float, nothing fused.
void trawl_score(const trawl_scorer *, const uint32_t *docs, const uint32_t *frequencies,
                 uint32_t count, float *scores);

/// No document from `from` to before `to` scores more with this term. 0 when none has it.
float trawl_scorer_bound(const trawl_scorer *, uint32_t from, uint32_t to);
/// No document of the block scores more.
float trawl_scorer_block_bound(const trawl_scorer *, uint32_t block);

/// The first block at or after `block` whose bound exceeds `threshold`; at least the count of
/// blocks when there is none.
uint32_t trawl_scorer_next_block(const trawl_scorer *, uint32_t block, double threshold);

/// Adds the scores of all documents from `base` to before `end` to `sums` (from `base`) and sets
/// their bits. Leaves out blocks whose bound and `others` together do not exceed `threshold`.
void trawl_scorer_accumulate(const trawl_scorer *, uint32_t base, uint32_t end, double others,
                             double threshold, double *sums, uint64_t *bits);
/// Adds the scores of those documents whose bit is set.
void trawl_scorer_add(const trawl_scorer *, uint32_t base, uint32_t end, const uint64_t *bits,
                      double *sums);

/// Moves the documents whose bit is set and whose sum is above `threshold` to `hits`, and leaves
/// `sums` and `bits` all zero.
void trawl_drain(uint32_t base, uint32_t end, double threshold, double *sums, uint64_t *bits,
                 trawl_hits *hits);

/// Appends to `hits` the documents of the current block of the scorer's list, within `from` to
/// before `to`, whose score is above `threshold`. Decodes what it needs.
void trawl_scorer_block_hits(const trawl_scorer *, uint32_t block, uint32_t from, uint32_t to,
                             double threshold, trawl_hits *hits);

/// Drops the hits whose score is not above `threshold`.
void trawl_hits_filter(trawl_hits *, double threshold);
/// Adds the term's score to those hits that have it; drops the others when `required`.
void trawl_hits_probe(trawl_hits *, const trawl_scorer *, int required);
/// Keeps those hits whose documents are in the list, or those that are not.
void trawl_hits_keep(trawl_hits *, trawl_list *, int keep);
/// Keeps those hits whose bit is set in `bits`, whose bit 0 is document 0.
void trawl_hits_live(trawl_hits *, const uint64_t *bits);

/// The documents from `base` to before `end` whose bits are set. Returns how many.
uint32_t trawl_bits_to_docs(uint32_t base, uint32_t end, const uint64_t *bits, uint32_t *docs);
uint64_t trawl_popcount(const uint64_t *words, size_t count);

/// How many documents from `from` to before `to` all lists have, at least two; the first has the
/// fewest.
uint64_t trawl_count_all(trawl_list *const *lists, size_t count, uint32_t from, uint32_t to);
/// How many documents from `from` to before `to` the others have beyond the first list, best the
/// longest. `bits` has room for `window` zero bits, a multiple of 64, and is zero afterwards.
uint64_t trawl_count_beyond(trawl_list *const *lists, size_t count, uint32_t from, uint32_t to,
                            uint64_t *bits, uint32_t window);

/// Frees what the phrase's calls allocated.
void trawl_phrase_close(trawl_phrase *);
/// Appends to `hits` the documents with the phrase among those of one block of the rarest term,
/// when their score is above `threshold`. With `hits` NULL nothing is scored. Returns how many have the
/// phrase, of those that were looked at: of all when `counts`, or when `hits` is NULL.
uint64_t trawl_phrase_block(trawl_phrase *, const trawl_scorer *, uint32_t block,
                            double threshold, int counts, trawl_hits *hits);

#endif
