#include "terms_block.h"

#include <string.h>

typedef struct {
  const uint8_t *p, *end;
  int damaged;
} reader;

typedef struct {
  uint64_t value;
  const uint8_t *next;  // NULL when damaged
} long_varint;

static __attribute__((noinline)) long_varint read_long(const uint8_t *p, const uint8_t *end) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (p >= end) break;
    uint8_t byte = *p++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return (long_varint){value, p};
  }
  return (long_varint){0, NULL};
}

// Most numbers are one byte or two. The reader's address goes nowhere, so it stays in registers.
static inline __attribute__((always_inline)) uint64_t varint(reader *r) {
  if (r->end - r->p >= 2) {
    uint8_t first = r->p[0], second = r->p[1];
    if (first < 0x80) {
      r->p += 1;
      return first;
    }
    if (second < 0x80) {
      r->p += 2;
      return (uint64_t)(first & 0x7f) | (uint64_t)second << 7;
    }
  }
  long_varint number = read_long(r->p, r->end);
  if (!number.next) {
    r->damaged = 1;
    return 0;
  }
  r->p = number.next;
  return number.value;
}

typedef struct {
  int count;
  const uint8_t *text, *details;
} head;

static inline int open_block(const uint8_t *block, const uint8_t *end, head *h) {
  reader r = {block, end, 0};
  if (block >= end) return -1;
  h->count = *r.p++;
  uint64_t text_byte_count = varint(&r);
  if (r.damaged || h->count == 0 || h->count > TRAWL_TERMS_BLOCK ||
      text_byte_count > (uint64_t)(end - r.p))
    return -1;
  h->text = r.p;
  h->details = r.p + text_byte_count;
  return 0;
}

// The lengths of the shared prefix and of the rest: a nibble each when both are below 15.
static inline __attribute__((always_inline)) void lengths(reader *r, uint64_t *prefix, uint64_t *suffix) {
  if (r->p >= r->end) {
    r->damaged = 1;
    *prefix = *suffix = 0;
    return;
  }
  uint8_t byte = *r->p++;
  *prefix = byte >> 4;
  *suffix = byte & 15;
  if (*prefix == 15) *prefix += varint(r);
  if (*suffix == 15) *suffix += varint(r);
  if (*suffix > (uint64_t)(r->end - r->p)) {
    r->damaged = 1;
    *suffix = 0;
  }
}

static inline __attribute__((always_inline)) void details(reader *r, int detail, uint64_t *postings, uint64_t *positions,
                           trawl_term_entry *e) {
  uint64_t code = varint(r);
  uint64_t doc_count = (code >> 1) + 1;
  uint64_t more = (code & 1) ? varint(r) : 0;
  e->doc_count = (uint32_t)doc_count;
  e->occurrence_count = doc_count + more;
  e->postings_offset = *postings;
  e->positions_offset = *positions;
  e->postings_byte_count = e->positions_byte_count = 0;
  e->only_doc = e->only_position = e->positions_inline = 0;
  if (doc_count == 1) {
    e->only_doc = (uint32_t)varint(r);
  } else {
    e->postings_byte_count = varint(r);
    *postings += e->postings_byte_count;
  }
  if (detail == 3 && e->occurrence_count == 1) {
    e->positions_inline = 1;
    e->only_position = (uint32_t)varint(r);
  } else if (detail >= 3) {
    e->positions_byte_count = varint(r);
    *positions += e->positions_byte_count;
  }
}

static int entry_at(const head *h, const uint8_t *end, int index, int detail,
                    trawl_term_entry *entry) {
  reader r = {h->details, end, 0};
  uint64_t postings = varint(&r), positions = varint(&r);
  for (int i = 0; i <= index; i++) details(&r, detail, &postings, &positions, entry);
  return r.damaged ? -1 : 1;
}

int trawl_terms_find(const uint8_t *block, const uint8_t *end, const uint8_t *term,
                     size_t term_byte_count, int detail, trawl_term_entry *entry) {
  head h;
  if (open_block(block, end, &h)) return -1;
  reader r = {h.text, h.details, 0};
  // How many bytes the term shares with the term before the one looked at.
  size_t shared = 0;
  for (int i = 0; i < h.count; i++) {
    uint64_t prefix, suffix;
    lengths(&r, &prefix, &suffix);
    if (r.damaged) return -1;
    const uint8_t *rest = r.p;
    r.p += suffix;
    if (prefix > shared) continue;  // differs where the one before did: still too low
    if (prefix < shared) return 0;  // above the term
    size_t j = 0;
    while (j < suffix && shared + j < term_byte_count && rest[j] == term[shared + j]) j++;
    if (j == suffix) {
      if (shared + j == term_byte_count) return entry_at(&h, end, i, detail, entry);
    } else if (shared + j == term_byte_count || rest[j] > term[shared + j]) {
      return 0;
    }
    shared += j;
  }
  return 0;
}

int trawl_terms_compare_first(const uint8_t *block, const uint8_t *end, const uint8_t *term,
                              size_t term_byte_count) {
  head h;
  if (open_block(block, end, &h)) return 0;
  reader r = {h.text, h.details, 0};
  uint64_t prefix, suffix;
  lengths(&r, &prefix, &suffix);
  size_t least = suffix < term_byte_count ? suffix : term_byte_count;
  int order = memcmp(r.p, term, least);
  if (order) return order;
  return suffix < term_byte_count ? -1 : suffix > term_byte_count;
}

int trawl_terms_decode(const uint8_t *block, const uint8_t *end, int detail,
                       trawl_term_entry *entries, uint32_t *term_ends, uint8_t *bytes,
                       size_t byte_capacity) {
  head h;
  if (open_block(block, end, &h)) return -1;
  reader r = {h.text, h.details, 0};
  size_t start = 0, used = 0, length = 0;
  for (int i = 0; i < h.count; i++) {
    uint64_t prefix, suffix;
    lengths(&r, &prefix, &suffix);
    if (r.damaged || prefix > length) return -1;
    if (prefix + suffix > byte_capacity - used) return -2;
    memmove(bytes + used, bytes + start, prefix);
    memcpy(bytes + used + prefix, r.p, suffix);
    r.p += suffix;
    start = used;
    length = prefix + suffix;
    used += length;
    term_ends[i] = (uint32_t)used;
  }
  reader d = {h.details, end, 0};
  uint64_t postings = varint(&d), positions = varint(&d);
  for (int i = 0; i < h.count; i++) details(&d, detail, &postings, &positions, &entries[i]);
  return d.damaged ? -1 : h.count;
}
