#include "inverter.h"

#include <stdlib.h>
#include <string.h>

// The arena: pages of 1 MB. A reference is a place in the arena in steps of 8 bytes.
enum { PAGE_BITS = 20, PAGE_BYTES = 1 << PAGE_BITS, STEP = 8, FIRST_SLICE = 16 };

typedef struct {
  uint32_t hash;
  uint32_t byte_count;
  uint32_t doc_count;
  uint32_t last_doc;
  uint32_t last_position;
  uint32_t last_start;
  uint64_t occurrence_count;
  uint8_t *next;          // where the list goes on
  uint8_t *end;           // where its slice ends; a link of 8 bytes stands there
  uint8_t *first;         // its first slice
  uint32_t slice_byte_count;
  uint32_t unused;
  uint8_t bytes[];
} term_record;

struct trawl_inverter {
  int detail;
  uint8_t **pages;
  size_t page_count, page_capacity;
  size_t used;  // bytes used of the newest page
  uint64_t *table;  // hash in the high half, reference + 1 in the low half, 0 if empty
  size_t table_mask, term_count;
  size_t large_byte_count;
};

trawl_inverter *trawl_inverter_new(int detail) {
  trawl_inverter *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->detail = detail;
  self->used = PAGE_BYTES;
  self->table_mask = 1023;
  self->table = calloc(self->table_mask + 1, sizeof *self->table);
  if (!self->table) {
    free(self);
    return NULL;
  }
  return self;
}

void trawl_inverter_free(trawl_inverter *self) {
  if (!self) return;
  for (size_t i = 0; i < self->page_count; i++) free(self->pages[i]);
  free(self->pages);
  free(self->table);
  free(self);
}

size_t trawl_inverter_byte_count(const trawl_inverter *self) {
  return self->page_count * PAGE_BYTES + (self->table_mask + 1) * sizeof *self->table;
}

size_t trawl_inverter_term_count(const trawl_inverter *self) { return self->term_count; }

static inline term_record *record_at(const trawl_inverter *self, uint32_t reference) {
  const uint32_t steps = PAGE_BYTES / STEP;
  return (term_record *)(self->pages[reference / steps] + (size_t)(reference % steps) * STEP);
}

// Room of `count` bytes, at most a page, 8-byte aligned. NULL when memory is out.
static uint8_t *take(trawl_inverter *self, size_t count, uint32_t *reference) {
  count = (count + STEP - 1) & ~(size_t)(STEP - 1);
  if (self->used + count > PAGE_BYTES) {
    if (self->page_count == self->page_capacity) {
      size_t capacity = self->page_capacity ? 2 * self->page_capacity : 64;
      uint8_t **pages = realloc(self->pages, capacity * sizeof *pages);
      if (!pages) return NULL;
      self->pages = pages;
      self->page_capacity = capacity;
    }
    if (self->page_count >= ((size_t)1 << 32) / (PAGE_BYTES / STEP) - 1) return NULL;
    uint8_t *page = malloc(PAGE_BYTES);
    if (!page) return NULL;
    self->pages[self->page_count++] = page;
    self->used = 0;
  }
  uint8_t *room = self->pages[self->page_count - 1] + self->used;
  if (reference)
    *reference = (uint32_t)((self->page_count - 1) * (PAGE_BYTES / STEP) + self->used / STEP);
  self->used += count;
  return room;
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
  __uint128_t product = (__uint128_t)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t read_up_to_8(const uint8_t *p, size_t count) {
  if (count >= 4) {
    uint32_t a, b;
    memcpy(&a, p, 4);
    memcpy(&b, p + count - 4, 4);
    return (uint64_t)a << 32 | b;
  }
  if (count == 0) return 0;
  return (uint64_t)p[0] << 16 | (uint64_t)p[count / 2] << 8 | p[count - 1];
}

static inline uint32_t hash_of(const uint8_t *p, size_t count) {
  uint64_t h = 0x9e3779b97f4a7c15ull ^ count;
  size_t rest = count;
  while (rest > 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    h = mix(h ^ word, 0xe7037ed1a0b428dbull);
    p += 8;
    rest -= 8;
  }
  h = mix(h ^ read_up_to_8(p, rest), 0x8ebc6af09c88c6e3ull);
  return (uint32_t)(h ^ h >> 32);
}

static inline int same_bytes(const uint8_t *a, const uint8_t *b, size_t count) {
  while (count >= 8) {
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    if (x != y) return 0;
    a += 8;
    b += 8;
    count -= 8;
  }
  return read_up_to_8(a, count) == read_up_to_8(b, count);
}

static int grow_table(trawl_inverter *self) {
  size_t mask = self->table_mask * 2 + 1;
  uint64_t *table = calloc(mask + 1, sizeof *table);
  if (!table) return -1;
  for (size_t i = 0; i <= self->table_mask; i++) {
    uint64_t entry = self->table[i];
    if (!entry) continue;
    size_t place = (entry >> 32) & mask;
    while (table[place]) place = (place + 1) & mask;
    table[place] = entry;
  }
  free(self->table);
  self->table = table;
  self->table_mask = mask;
  return 0;
}

static term_record *find_or_add(trawl_inverter *self, const uint8_t *bytes, size_t count,
                                uint32_t hash) {
  size_t place = hash & self->table_mask;
  uint64_t entry;
  while ((entry = self->table[place])) {
    if ((uint32_t)(entry >> 32) == hash) {
      term_record *found = record_at(self, (uint32_t)entry - 1);
      if (found->byte_count == count && same_bytes(found->bytes, bytes, count)) return found;
    }
    place = (place + 1) & self->table_mask;
  }
  uint32_t reference;
  // The list's first slice lies right behind the term, so that a rare term is one cache line.
  size_t head = (sizeof(term_record) + count + STEP - 1) & ~(size_t)(STEP - 1);
  uint8_t *room = take(self, head + FIRST_SLICE + STEP, &reference);
  if (!room) return NULL;
  term_record *record = (term_record *)room;
  memset(record, 0, sizeof *record);
  record->hash = hash;
  record->byte_count = (uint32_t)count;
  memcpy(record->bytes, bytes, count);
  record->first = record->next = room + head;
  record->end = record->first + FIRST_SLICE;
  record->slice_byte_count = FIRST_SLICE;
  record->last_doc = 0xffffffffu;
  self->table[place] = (uint64_t)hash << 32 | (reference + 1);
  if (++self->term_count * 2 > self->table_mask && grow_table(self)) return NULL;
  return record;
}

static int next_slice(trawl_inverter *self, term_record *record) {
  uint32_t size = record->slice_byte_count < 16384 ? record->slice_byte_count * 2 : 16384;
  uint8_t *slice = take(self, size + STEP, NULL);
  if (!slice) return -1;
  memcpy(record->end, &slice, sizeof slice);
  record->next = slice;
  record->end = slice + size;
  record->slice_byte_count = size;
  return 0;
}

static inline int put(trawl_inverter *self, term_record *record, uint32_t value) {
  // Most values fit a byte.
  while (1) {
    if (record->next == record->end && next_slice(self, record)) return -1;
    if (value < 0x80) {
      *record->next++ = (uint8_t)value;
      return 0;
    }
    *record->next++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
}

static inline int put_position(trawl_inverter *self, term_record *record, uint32_t delta,
                               uint32_t is_new) {
  // delta * 2 + is_new may need 33 bits.
  if (delta < 0x40) return put(self, record, delta << 1 | is_new);
  if (record->next == record->end && next_slice(self, record)) return -1;
  *record->next++ = (uint8_t)(0x80 | (delta & 0x3f) << 1 | is_new);
  return put(self, record, delta >> 6);
}

static int add_occurrence(trawl_inverter *self, uint32_t doc, const uint8_t *bytes,
                          const trawl_occurrence *o, uint32_t hash) {
  const int detail = self->detail;
  term_record *record = find_or_add(self, bytes + o->term_start, (size_t)o->term_byte_count, hash);
  if (!record) return -1;
  uint32_t is_new = record->last_doc != doc || record->doc_count == 0;
  if (!is_new && detail == 1) return 0;
  if (is_new) {
    record->last_position = 0;
    record->last_start = 0;
  }
  uint32_t delta = detail >= 3 ? (uint32_t)o->position - record->last_position : 0;
  if (put_position(self, record, delta, is_new)) return -1;
  if (is_new) {
    if (put(self, record, doc - record->last_doc - 1)) return -1;
    record->last_doc = doc;
    record->doc_count++;
  }
  record->last_position = (uint32_t)o->position;
  record->occurrence_count++;
  if (detail == 4) {
    int32_t step = o->start_byte_offset - (int32_t)record->last_start;
    uint32_t zigzag = (uint32_t)step << 1 ^ (uint32_t)(step >> 31);
    if (put(self, record, zigzag)) return -1;
    if (put(self, record, (uint32_t)(o->end_byte_offset - o->start_byte_offset))) return -1;
    record->last_start = (uint32_t)o->start_byte_offset;
  }
  return 0;
}

// Finding a term costs three cache misses in a row: the table, the record, the list's end. So the
// occurrences go through in portions, and each step asks for the memory of the next.
enum { PORTION = 32 };

int trawl_inverter_add(trawl_inverter *self, uint32_t doc, const uint8_t *bytes,
                       const trawl_occurrence *occurrences, size_t count) {
  uint32_t hashes[PORTION];
  const term_record *records[PORTION];
  for (size_t start = 0; start < count; start += PORTION) {
    const trawl_occurrence *o = occurrences + start;
    const size_t n = count - start < PORTION ? count - start : PORTION;
    for (size_t i = 0; i < n; i++) {
      hashes[i] = hash_of(bytes + o[i].term_start, (size_t)o[i].term_byte_count);
      __builtin_prefetch(&self->table[hashes[i] & self->table_mask]);
    }
    for (size_t i = 0; i < n; i++) {
      uint64_t entry = self->table[hashes[i] & self->table_mask];
      records[i] = (uint32_t)(entry >> 32) == hashes[i] && entry
                       ? record_at(self, (uint32_t)entry - 1)
                       : NULL;
      if (records[i]) __builtin_prefetch(records[i], 1);
    }
    for (size_t i = 0; i < n; i++)
      if (records[i]) __builtin_prefetch(records[i]->next, 1);
    for (size_t i = 0; i < n; i++)
      if (add_occurrence(self, doc, bytes, &o[i], hashes[i])) return -1;
  }
  return 0;
}

// ---- flush ----

typedef struct {
  uint64_t prefix;  // the first eight bytes, as a number that sorts like them
  uint32_t reference;
} sort_entry;

static int compare_rest(const trawl_inverter *self, const sort_entry *a, const sort_entry *b) {
  const term_record *x = record_at(self, a->reference), *y = record_at(self, b->reference);
  uint32_t least = x->byte_count < y->byte_count ? x->byte_count : y->byte_count;
  int order = memcmp(x->bytes, y->bytes, least);
  if (order) return order;
  return x->byte_count < y->byte_count ? -1 : x->byte_count > y->byte_count;
}

static inline int before(const trawl_inverter *self, const sort_entry *a, const sort_entry *b) {
  if (a->prefix != b->prefix) return a->prefix < b->prefix;
  return compare_rest(self, a, b) < 0;
}

// Merge sort: stable time, no worst case.
static void sort_entries(const trawl_inverter *self, sort_entry *entries, sort_entry *spare,
                         size_t count) {
  if (count <= 12) {
    for (size_t i = 1; i < count; i++) {
      sort_entry e = entries[i];
      size_t j = i;
      for (; j > 0 && before(self, &e, &entries[j - 1]); j--) entries[j] = entries[j - 1];
      entries[j] = e;
    }
    return;
  }
  size_t half = count / 2;
  sort_entries(self, entries, spare, half);
  sort_entries(self, entries + half, spare, count - half);
  if (!before(self, &entries[half], &entries[half - 1])) return;
  memcpy(spare, entries, half * sizeof *spare);
  size_t i = 0, j = half, k = 0;
  while (i < half && j < count)
    entries[k++] = before(self, &entries[j], &spare[i]) ? entries[j++] : spare[i++];
  while (i < half) entries[k++] = spare[i++];
}

void trawl_inverter_sorted(const trawl_inverter *self, uint32_t *references) {
  size_t count = self->term_count, n = 0;
  sort_entry *entries = malloc((count + count / 2 + 1) * sizeof *entries);
  if (!entries) abort();
  for (size_t i = 0; i <= self->table_mask; i++) {
    if (!self->table[i]) continue;
    uint32_t reference = (uint32_t)self->table[i] - 1;
    const term_record *record = record_at(self, reference);
    uint8_t head[8] = {0};
    memcpy(head, record->bytes, record->byte_count < 8 ? record->byte_count : 8);
    uint64_t prefix;
    memcpy(&prefix, head, 8);
    entries[n].prefix = __builtin_bswap64(prefix);
    entries[n++].reference = reference;
  }
  sort_entries(self, entries, entries + count, count);
  for (size_t i = 0; i < count; i++) references[i] = entries[i].reference;
  free(entries);
}

trawl_inverted_term trawl_inverter_term(const trawl_inverter *self, uint32_t reference) {
  const term_record *record = record_at(self, reference);
  return (trawl_inverted_term){record->bytes, record->byte_count, record->doc_count,
                               record->occurrence_count};
}

void trawl_inverted_open(const trawl_inverter *self, uint32_t reference,
                         trawl_inverted_cursor *cursor) {
  const term_record *record = record_at(self, reference);
  cursor->next = record->first;
  cursor->slice_byte_count = FIRST_SLICE;
  cursor->end = record->first + FIRST_SLICE;
  cursor->doc = 0xffffffffu;
  cursor->left = record->occurrence_count;
  cursor->detail = self->detail;
}

static inline void follow_link(trawl_inverted_cursor *c) {
  const uint8_t *slice;
  memcpy(&slice, c->end, sizeof slice);
  c->slice_byte_count = c->slice_byte_count < 16384 ? c->slice_byte_count * 2 : 16384;
  c->next = slice;
  c->end = slice + c->slice_byte_count;
}

static inline uint8_t next_byte(trawl_inverted_cursor *c) {
  if (c->next == c->end) follow_link(c);
  return *c->next++;
}

static inline uint32_t next_value(trawl_inverted_cursor *c) {
  uint32_t value = next_byte(c);
  if (value < 0x80) return value;
  value &= 0x7f;
  for (int shift = 7;; shift += 7) {
    uint32_t byte = next_byte(c);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

static int grow(trawl_occurrence_buffer *b, int offsets) {
  size_t capacity = b->capacity ? 2 * b->capacity : 1024;
  uint32_t *deltas = realloc(b->position_deltas, capacity * sizeof *deltas);
  if (!deltas) return -1;
  b->position_deltas = deltas;
  if (offsets) {
    uint32_t *starts = realloc(b->start_deltas, capacity * sizeof *starts);
    if (!starts) return -1;
    b->start_deltas = starts;
    uint32_t *lengths = realloc(b->lengths, capacity * sizeof *lengths);
    if (!lengths) return -1;
    b->lengths = lengths;
  }
  b->capacity = capacity;
  return 0;
}

int trawl_occurrence_buffer_reserve(trawl_occurrence_buffer *b, size_t count, int offsets) {
  while (b->capacity < count)
    if (grow(b, offsets)) return -1;
  return 0;
}

void trawl_occurrence_buffer_free(trawl_occurrence_buffer *b) {
  free(b->position_deltas);
  free(b->start_deltas);
  free(b->lengths);
  memset(b, 0, sizeof *b);
}

long trawl_inverted_next(trawl_inverted_cursor *c, size_t limit, uint32_t *docs,
                         uint32_t *frequencies, trawl_occurrence_buffer *out) {
  size_t n = 0;
  const int positions = c->detail >= 3, offsets = c->detail == 4;
  while (n < limit && c->left) {
    uint32_t frequency = 0;
    do {
      uint32_t byte = next_byte(c);
      uint32_t delta = byte >> 1 & 0x3f;
      if (byte & 0x80) delta |= next_value(c) << 6;
      if (byte & 1) c->doc += next_value(c) + 1;
      if (positions) {
        if (out->count == out->capacity && grow(out, offsets)) return -1;
        out->position_deltas[out->count] = delta;
        if (offsets) {
          out->start_deltas[out->count] = next_value(c);
          out->lengths[out->count] = next_value(c);
        }
        out->count++;
      }
      frequency++;
      c->left--;
      if (!c->left) break;
      if (c->next == c->end) follow_link(c);
    } while (!(*c->next & 1));
    docs[n] = c->doc;
    frequencies[n] = frequency;
    n++;
  }
  return (long)n;
}
