#ifndef TRAWL_INVERTER_H
#define TRAWL_INVERTER_H

#include <stddef.h>
#include <stdint.h>

/// The inverted buffer of one field: terms in a hash table, and for each a list of its
/// occurrences, in slices of an arena.
///
/// A list is a row of varints. Each occurrence is `positionDelta * 2 + isNewDocument`; a new
/// document is followed by its distance from the one before; when offsets are kept, the
/// occurrence ends with its start's distance from the one before (zigzag) and its length.
typedef struct trawl_inverter trawl_inverter;

/// One occurrence of a term in a document, as `ParsedDocument.Occurrence` lies in memory.
typedef struct {
  int32_t term_start, term_byte_count, position, start_byte_offset, end_byte_offset;
} trawl_occurrence;

/// What is known of a term beside its list.
typedef struct {
  const uint8_t *bytes;
  uint32_t byte_count;
  uint32_t doc_count;
  uint64_t occurrence_count;
} trawl_inverted_term;

/// Reads one term's list.
typedef struct {
  const uint8_t *next, *end;
  uint64_t left;  // occurrences
  uint32_t slice_byte_count, doc;
  int detail;
} trawl_inverted_cursor;

/// Occurrences as differences: a position from the one before in its document (the first from 0),
/// a start likewise (zigzag), a length. The last two only when offsets are kept.
typedef struct {
  uint32_t *position_deltas, *start_deltas, *lengths;
  size_t count, capacity;
} trawl_occurrence_buffer;

int trawl_occurrence_buffer_reserve(trawl_occurrence_buffer *, size_t count, int offsets);
void trawl_occurrence_buffer_free(trawl_occurrence_buffer *);

/// - detail: 1 documents, 2 frequencies, 3 positions, 4 offsets.
trawl_inverter *trawl_inverter_new(int detail);
void trawl_inverter_free(trawl_inverter *);

/// Adds the occurrences of one document, in order of position. Documents come in ascending order.
/// Returns 0, or -1 when memory is out or the arena's 32 GB are.
int trawl_inverter_add(trawl_inverter *, uint32_t doc, const uint8_t *bytes,
                       const trawl_occurrence *occurrences, size_t count);

/// Bytes of memory held.
size_t trawl_inverter_byte_count(const trawl_inverter *);
size_t trawl_inverter_term_count(const trawl_inverter *);

/// All terms in ascending order of their bytes: `term_count` references to pass below.
void trawl_inverter_sorted(const trawl_inverter *, uint32_t *references);
trawl_inverted_term trawl_inverter_term(const trawl_inverter *, uint32_t reference);

void trawl_inverted_open(const trawl_inverter *, uint32_t reference, trawl_inverted_cursor *);
/// Decodes up to `limit` documents into `docs` and `frequencies` and appends their occurrences.
/// Returns how many documents, 0 at the end, or -1 when memory is out.
long trawl_inverted_next(trawl_inverted_cursor *, size_t limit, uint32_t *docs,
                         uint32_t *frequencies, trawl_occurrence_buffer *);

#endif
