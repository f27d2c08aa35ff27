#include "postings_list.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Every x86-64 processor since 2008 counts bits by an instruction.
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("popcnt"))), apply_to = function)
#endif

static inline uint64_t load64(const uint8_t *p) {
  uint64_t word;
  memcpy(&word, p, 8);
  return word;
}

// A list is larger than what malloc keeps at hand, and a query over many segments opens many.
enum { KEPT_LISTS = 64 };
typedef struct {
  uint32_t count;
  trawl_list *lists[KEPT_LISTS];
} kept_lists;
static __thread kept_lists kept;

trawl_list *trawl_list_new(void) {
  if (kept.count > 0) return kept.lists[--kept.count];
  return malloc(sizeof(trawl_list));
}

void trawl_list_free(trawl_list *l) {
  if (kept.count < KEPT_LISTS) kept.lists[kept.count++] = l;
  else free(l);
}

static void damage(trawl_list *l) {
  l->damaged = 1;
  l->block_count = 0;
  l->count = 0;
}

static void reset(trawl_list *l, uint32_t doc_limit, int detail) {
  memset(l, 0, offsetof(trawl_list, docs));
  l->doc_limit = doc_limit;
  l->detail = (uint8_t)detail;
  l->has_frequencies = detail >= 2;
  l->block = UINT32_MAX;
  l->positions_block = UINT32_MAX;
  l->deltas_chunk = UINT32_MAX;
}

void trawl_list_open_single(trawl_list *l, uint32_t doc, uint64_t frequency, uint32_t doc_limit,
                            int detail) {
  reset(l, doc_limit, detail);
  l->doc_count = l->block_count = l->count = 1;
  l->occurrence_count = frequency;
  l->docs[0] = l->own_last = doc;
  l->frequencies[0] = frequency > UINT32_MAX ? UINT32_MAX : (uint32_t)frequency;
  l->last_docs = (const uint8_t *)&l->own_last;
  l->previous = UINT32_MAX;
  l->block = 0;
  l->state = 3;
  if (doc >= doc_limit) damage(l);
}

static void load_own_block(trawl_list *l) {
  const uint8_t *next = trawl_decode_docs(l->blocks, (int)l->count, UINT32_MAX, l->docs);
  if (next > l->end) {
    damage(l);
    return;
  }
  l->frequency_bytes = next;
  l->state = 1;
  if (!l->has_frequencies || l->occurrence_count == l->doc_count) {
    for (uint32_t i = 0; i < l->count; i++) l->frequencies[i] = 1;
    l->state = 3;
  }
}

void trawl_list_open(trawl_list *l, const uint8_t *bytes, size_t byte_count, uint32_t doc_count,
                     uint64_t occurrence_count, uint32_t doc_limit, int detail) {
  reset(l, doc_limit, detail);
  l->doc_count = doc_count;
  l->occurrence_count = occurrence_count;
  l->end = bytes + byte_count;
  if (doc_count > doc_limit || byte_count == 0) {
    damage(l);
    return;
  }
  l->block_count = (doc_count + TRAWL_BLOCK - 1) / TRAWL_BLOCK;
  if (l->block_count == 1) {
    l->blocks = bytes;
    l->count = doc_count;
    l->block = 0;
    l->previous = UINT32_MAX;
    int header = *bytes;
    // A bit set's words are counted by the header; a row's or tail's bytes by its width.
    if (trawl_skip_docs(bytes, (int)doc_count) > l->end) {
      damage(l);
      return;
    }
    l->words = doc_count == TRAWL_BLOCK ? (uint32_t)trawl_docs_bitset_words((uint8_t)header) : 0;
    l->bits = bytes + 1;
    load_own_block(l);
    if (l->damaged) return;
    l->own_last = l->docs[doc_count - 1];
    l->last_docs = (const uint8_t *)&l->own_last;
    if (l->own_last >= doc_limit || l->own_last < doc_count - 1) damage(l);
    return;
  }
  size_t n = l->block_count;
  size_t need = 8 * n;
  const uint8_t *p = bytes;
  l->last_docs = p;
  l->offsets = p + 4 * n;
  l->pair_count = n > 32 ? 8 : 4;
  const size_t impact_bytes = 2 * (size_t)l->pair_count;
  if (l->has_frequencies) {
    l->impacts = bytes + need;
    need += impact_bytes * n;
  }
  if (detail >= 3) {
    l->position_offsets = bytes + need;
    need += 4 * n;
  }
  if (l->has_frequencies && n > 32) {
    l->groups = bytes + need;
    need += impact_bytes * ((n + 31) / 32);
  }
  if (need >= byte_count || trawl_load32(l->last_docs, n - 1) >= doc_limit) {
    damage(l);
    return;
  }
  l->blocks = bytes + need;
}

uint32_t trawl_list_find_block(const trawl_list *l, uint32_t block, uint32_t doc) {
  uint32_t count = l->block_count;
  if (block >= count || trawl_load32(l->last_docs, block) >= doc) return block < count ? block : count;
  // Doubling steps, then halving: near is found fast, far is found.
  uint32_t low = block, step = 1;
  while (low + step < count && trawl_load32(l->last_docs, low + step) < doc) {
    low += step;
    step *= 2;
  }
  uint32_t high = low + step < count ? low + step : count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (trawl_load32(l->last_docs, middle) < doc) low = middle;
    else high = middle;
  }
  return high;
}

void trawl_list_enter(trawl_list *l, uint32_t block) {
  if (l->block == block) return;
  uint32_t offset = trawl_load32(l->offsets, block);
  uint32_t start = block * TRAWL_BLOCK;
  l->block = block;
  l->state = 0;
  l->count = l->doc_count - start < TRAWL_BLOCK ? l->doc_count - start : TRAWL_BLOCK;
  l->previous = trawl_list_previous(l, block);
  l->words = 0;
  if (offset >= (uint64_t)(l->end - l->blocks)) {
    damage(l);
    return;
  }
  const uint8_t *bytes = l->blocks + offset;
  if (l->count == TRAWL_BLOCK) l->words = (uint32_t)trawl_docs_bitset_words(*bytes);
  l->bits = bytes + 1;
  l->frequency_bytes = trawl_skip_docs(bytes, (int)l->count);
  if (l->frequency_bytes > l->end) damage(l);
}

void trawl_list_load(trawl_list *l, uint32_t block) {
  trawl_list_enter(l, block);
  if ((l->state & 1) || l->damaged) return;
  trawl_decode_docs(l->bits - 1, (int)l->count, l->previous, l->docs);
  l->state |= 1;
  // Gaps are never negative, so a block that ends where the table says stays in bounds.
  if (l->docs[l->count - 1] != trawl_load32(l->last_docs, block) || l->docs[0] > l->docs[l->count - 1])
    damage(l);
}

void trawl_list_load_frequencies(trawl_list *l) {
  if ((l->state & 2) || l->damaged) return;
  l->state |= 2;
  if (!l->has_frequencies) {
    for (uint32_t i = 0; i < l->count; i++) l->frequencies[i] = 1;
    return;
  }
  if (l->frequency_bytes >= l->end || trawl_skip_small(l->frequency_bytes, (int)l->count) > l->end) {
    damage(l);
    return;
  }
  if (*l->frequency_bytes == 0) {
    for (uint32_t i = 0; i < TRAWL_BLOCK; i++) l->frequencies[i] = 1;
    return;
  }
  trawl_decode_small(l->frequency_bytes, (int)l->count, l->frequencies);
  for (uint32_t i = 0; i < TRAWL_BLOCK; i++) l->frequencies[i] += 1;
}

// The first place in the block's documents that is not below `doc`. Some document is not.
static inline uint32_t place_of(const trawl_list *l, uint32_t doc) {
  const uint32_t *docs = l->docs;
  uint32_t low = 0, left = l->count;
  while (left > 1) {
    uint32_t half = left / 2;
    low += docs[low + half - 1] < doc ? half : 0;
    left -= half;
  }
  return low;
}

uint32_t trawl_list_seek(trawl_list *l, uint32_t doc) {
  uint32_t from = l->block != UINT32_MAX && l->block < l->block_count &&
                          (l->block == 0 || trawl_list_previous(l, l->block) < doc)
                      ? l->block
                      : 0;
  uint32_t block = trawl_list_find_block(l, from, doc);
  if (block >= l->block_count) return UINT32_MAX;
  trawl_list_load(l, block);
  if (l->damaged) return UINT32_MAX;
  return l->docs[place_of(l, doc)];
}

uint32_t trawl_list_place(trawl_list *l, uint32_t doc) {
  if (trawl_list_seek(l, doc) != doc) return UINT32_MAX;
  return place_of(l, doc);
}

// ---- bit sets ----

// The 64 bits of the block's set that lie over the documents from `doc` on.
static inline uint64_t set_word(const trawl_list *l, int64_t bit) {
  int64_t total = (int64_t)l->words * 64;
  if (bit >= total || bit <= -64) return 0;
  if (bit < 0) return load64(l->bits) << -bit;
  int shift = (int)(bit & 63);
  uint64_t word = load64(l->bits + 8 * (bit >> 6)) >> shift;
  if (shift && (bit >> 6) + 1 < (int64_t)l->words)
    word |= load64(l->bits + 8 * ((bit >> 6) + 1)) << (64 - shift);
  return word;
}

static inline uint32_t start_block(const trawl_list *l, uint32_t base) {
  uint32_t from = 0;
  if (l->block != UINT32_MAX && l->block < l->block_count &&
      (l->block == 0 || trawl_list_previous(l, l->block) < base))
    from = l->block;
  return trawl_list_find_block(l, from, base);
}

// Words of the window that the block touches, and the window's bits that are in range.
static inline uint64_t in_range(uint32_t base, uint32_t end, uint32_t word) {
  uint32_t left = end - base - word * 64;
  return left >= 64 ? ~0ull : (1ull << left) - 1;
}

void trawl_list_set_bits(trawl_list *l, uint32_t base, uint32_t end, uint64_t *bits) {
  for (uint32_t block = start_block(l, base); block < l->block_count; block++) {
    uint32_t first = trawl_list_previous(l, block) + 1;
    if (first >= end) break;
    trawl_list_enter(l, block);
    if (l->damaged) return;
    uint32_t last = trawl_list_last_doc(l, block);
    if (l->words) {
      uint32_t from = first > base ? (first - base) / 64 : 0;
      uint32_t to = ((last < end ? last : end - 1) - base) / 64;
      for (uint32_t w = from; w <= to; w++)
        bits[w] |= set_word(l, (int64_t)base + 64 * (int64_t)w - (int64_t)first) &
                   in_range(base, end, w);
      continue;
    }
    trawl_list_load(l, block);
    if (l->damaged) return;
    const uint32_t *docs = l->docs;
    uint32_t i = 0, n = l->count;
    if (first < base)
      while (i < n && docs[i] < base) i++;
    if (last >= end)
      while (n > i && docs[n - 1] >= end) n--;
    for (; i < n; i++) {
      uint32_t bit = docs[i] - base;
      bits[bit >> 6] |= 1ull << (bit & 63);
    }
  }
}

void trawl_list_keep_bits(trawl_list *l, uint32_t base, uint32_t end, uint64_t *bits, int keep) {
  // For `keep`, everything between the blocks' documents is cleared as we go.
  uint32_t cleared = 0;  // words below this are done
  const uint32_t word_count = (end - base + 63) / 64;
  uint64_t pending = 0;  // bits of the word at `cleared` that the list has so far
  for (uint32_t block = start_block(l, base); block < l->block_count; block++) {
    uint32_t first = trawl_list_previous(l, block) + 1;
    if (first >= end) break;
    uint32_t last = trawl_list_last_doc(l, block);
    uint32_t from = first > base ? (first - base) / 64 : 0;
    uint32_t to = ((last < end ? last : end - 1) - base) / 64;
    if (keep) {
      // Words before the block.
      while (cleared < from) {
        bits[cleared++] &= pending;
        pending = 0;
      }
    }
    uint64_t any = 0;
    for (uint32_t w = from; w <= to; w++) any |= bits[w];
    if (!any) {
      if (keep && to > cleared) {
        // Nothing to keep or clear in these words; the last one may go on in the next block.
        bits[cleared] &= pending;
        cleared = to;
        pending = 0;
      }
      continue;
    }
    trawl_list_enter(l, block);
    if (l->damaged) return;
    if (l->words) {
      for (uint32_t w = from; w <= to; w++) {
        uint64_t word = set_word(l, (int64_t)base + 64 * (int64_t)w - (int64_t)first);
        if (!keep) {
          bits[w] &= ~word;
        } else {
          while (cleared < w) {
            bits[cleared++] &= pending;
            pending = 0;
          }
          pending |= word;
        }
      }
      continue;
    }
    trawl_list_load(l, block);
    if (l->damaged) return;
    const uint32_t *docs = l->docs;
    for (uint32_t i = 0; i < l->count; i++) {
      if (docs[i] < base) continue;
      if (docs[i] >= end) break;
      uint32_t bit = docs[i] - base, w = bit >> 6;
      if (!keep) {
        bits[w] &= ~(1ull << (bit & 63));
        continue;
      }
      while (cleared < w) {
        bits[cleared++] &= pending;
        pending = 0;
      }
      pending |= 1ull << (bit & 63);
    }
  }
  if (keep) {
    while (cleared < word_count) {
      bits[cleared++] &= pending;
      pending = 0;
    }
  }
}

uint32_t trawl_list_count_bits(trawl_list *l, uint32_t base, uint32_t end, const uint64_t *bits) {
  uint32_t total = 0;
  for (uint32_t block = start_block(l, base); block < l->block_count; block++) {
    uint32_t first = trawl_list_previous(l, block) + 1;
    if (first >= end) break;
    uint32_t last = trawl_list_last_doc(l, block);
    uint32_t from = first > base ? (first - base) / 64 : 0;
    uint32_t to = ((last < end ? last : end - 1) - base) / 64;
    uint64_t any = 0;
    for (uint32_t w = from; w <= to; w++) any |= bits[w];
    if (!any) continue;
    trawl_list_enter(l, block);
    if (l->damaged) return total;
    if (l->words) {
      for (uint32_t w = from; w <= to; w++)
        total += (uint32_t)__builtin_popcountll(
            bits[w] & set_word(l, (int64_t)base + 64 * (int64_t)w - (int64_t)first) &
            in_range(base, end, w));
      continue;
    }
    trawl_list_load(l, block);
    if (l->damaged) return total;
    const uint32_t *docs = l->docs;
    uint32_t i = 0, n = l->count;
    if (first < base)
      while (i < n && docs[i] < base) i++;
    if (last >= end)
      while (n > i && docs[n - 1] >= end) n--;
    for (; i < n; i++) {
      uint32_t bit = docs[i] - base;
      total += (uint32_t)(bits[bit >> 6] >> (bit & 63)) & 1;
    }
  }
  return total;
}

// ---- probing ----

// How many of 16 ascending numbers are below `doc`.
static inline uint32_t below_16(const uint32_t *numbers, uint32_t doc) {
#if defined(__x86_64__)
  const __m128i bias = _mm_set1_epi32((int)0x80000000u);
  const __m128i want = _mm_xor_si128(_mm_set1_epi32((int)doc), bias);
  __m128i sum = _mm_setzero_si128();
  for (int k = 0; k < 4; k++) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(numbers + 4 * k));
    sum = _mm_sub_epi32(sum, _mm_cmplt_epi32(_mm_xor_si128(v, bias), want));
  }
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
  return (uint32_t)_mm_cvtsi128_si32(sum);
#else
  uint32_t below = 0;
  for (int k = 0; k < 16; k++) below += numbers[k] < doc;
  return below;
#endif
}

uint32_t trawl_list_probe_block(trawl_list *l, uint32_t block, const uint32_t *docs,
                                uint32_t count, uint32_t *next, uint32_t *found,
                                uint32_t *places) {
  const uint32_t last = trawl_list_last_doc(l, block);
  const uint32_t first = trawl_list_previous(l, block) + 1;
  uint32_t n = 0, i = *next;
  trawl_list_enter(l, block);
  if (l->damaged) return 0;
  if (l->words && !(l->state & 1)) {
    const uint8_t *set = l->bits;
    if (!places) {
      for (; i < count && docs[i] <= last; i++) {
        uint32_t bit = docs[i] - first;
        found[n] = i;
        n += set[bit >> 3] >> (bit & 7) & 1;
      }
    } else {
      // The place in the block is the count of bits below.
      uint32_t rank = 0, word_done = 0;
      for (; i < count && docs[i] <= last; i++) {
        uint32_t bit = docs[i] - first, w = bit >> 6;
        uint64_t word = load64(set + 8 * w);
        if (!(word >> (bit & 63) & 1)) continue;
        while (word_done < w) rank += (uint32_t)__builtin_popcountll(load64(set + 8 * word_done++));
        uint32_t place = rank + (uint32_t)__builtin_popcountll(word & ((1ull << (bit & 63)) - 1));
        found[n] = i;
        places[n++] = place < TRAWL_BLOCK ? place : 0;
      }
    }
  } else {
    trawl_list_load(l, block);
    if (l->damaged) return 0;
    const uint32_t *list = l->docs;
    const uint32_t size = l->count;
    uint32_t place = 0;
    for (; i < count && docs[i] <= last; i++) {
      const uint32_t doc = docs[i];
      // Steps of 16, then one comparison of 16.
      while (place + 16 < size && list[place + 15] < doc) place += 16;
      uint32_t at = place;
      if (place + 16 <= size) {
        at += below_16(list + place, doc);
      } else {
        while (at < size && list[at] < doc) at++;
      }
      if (at < size && list[at] == doc) {
        found[n] = i;
        if (places) places[n] = at;
        n++;
      }
    }
  }
  *next = i;
  return n;
}

uint32_t trawl_list_probe(trawl_list *l, const uint32_t *docs, uint32_t count, uint32_t *found,
                          uint32_t *frequencies) {
  uint32_t n = 0, i = 0;
  if (count == 0 || l->block_count == 0) return 0;
  uint32_t block = start_block(l, docs[0]);
  while (i < count && block < l->block_count) {
    if (docs[i] > trawl_list_last_doc(l, block)) {
      block = trawl_list_find_block(l, block, docs[i]);
      continue;
    }
    uint32_t hits = trawl_list_probe_block(l, block, docs, count, &i, found + n,
                                           frequencies ? frequencies + n : NULL);
    if (l->damaged) return n;
    if (frequencies && hits > 0) {
      trawl_list_load_frequencies(l);
      if (l->damaged) return n;
      for (uint32_t k = n; k < n + hits; k++) frequencies[k] = l->frequencies[frequencies[k]];
    }
    n += hits;
    block++;
  }
  return n;
}

// ---- positions ----

void trawl_list_open_positions(trawl_list *l, const uint8_t *bytes, size_t byte_count) {
  l->positions = bytes;
  l->positions_end = bytes + byte_count;
}

uint32_t trawl_list_positions_offset(const trawl_list *l, uint32_t block) {
  return l->position_offsets ? trawl_load32(l->position_offsets, block) : 0;
}

const uint8_t *trawl_decode_stream(const uint8_t *in, const uint8_t *end, uint32_t count,
                                   uint32_t *out) {
  while (count > 0) {
    uint32_t part = count < TRAWL_BLOCK ? count : TRAWL_BLOCK;
    if (in >= end) return NULL;
    if (out) {
      if (trawl_skip_small(in, (int)part) > end) return NULL;
      in = trawl_decode_small(in, (int)part, out);
      out += part;
    } else {
      in = trawl_skip_small(in, (int)part);
    }
    if (in > end) return NULL;
    count -= part;
  }
  return in;
}

// Makes chunk `index` of the current block's positions (128 of them) the decoded one.
static int load_chunk(trawl_list *l, uint32_t index, uint32_t total) {
  if (l->deltas_chunk == index) return 1;
  if (l->chunk_bytes == NULL || l->chunk_index > index) {
    l->chunk_bytes = l->positions + trawl_list_positions_offset(l, l->block);
    l->chunk_index = 0;
  }
  const uint8_t *in = l->chunk_bytes;
  for (uint32_t k = l->chunk_index; k <= index; k++) {
    uint32_t part = total - k * TRAWL_BLOCK < TRAWL_BLOCK ? total - k * TRAWL_BLOCK : TRAWL_BLOCK;
    if (in >= l->positions_end) return 0;
    const uint8_t *next = trawl_skip_small(in, (int)part);
    if (next > l->positions_end) return 0;
    if (k == index) {
      trawl_decode_small(in, (int)part, l->deltas);
      l->deltas_chunk = index;
      l->chunk_bytes = in;
      l->chunk_index = k;
      return 1;
    }
    in = next;
  }
  return 0;
}

static inline uint32_t sum_of(const uint32_t *numbers, uint32_t from, uint32_t to) {
  uint32_t sum = 0;
  for (uint32_t i = from; i < to; i++) sum += numbers[i];
  return sum;
}

uint32_t trawl_list_positions(trawl_list *l, uint32_t place, uint32_t *positions,
                              uint32_t capacity) {
  if (l->positions_inline) {
    positions[0] = l->only_position;
    return 1;
  }
  if (l->positions_block != l->block) {
    trawl_list_load_frequencies(l);
    if (l->damaged) return 0;
    l->positions_total = sum_of(l->frequencies, 0, l->count);
    l->positions_place = l->positions_start = 0;
    l->positions_block = l->block;
    l->deltas_chunk = UINT32_MAX;
    l->chunk_bytes = NULL;
  }
  if (place < l->positions_place) l->positions_place = l->positions_start = 0;
  l->positions_start += sum_of(l->frequencies, l->positions_place, place);
  l->positions_place = place;
  const uint32_t start = l->positions_start, total = l->positions_total;
  const uint32_t frequency = l->frequencies[place];
  const uint32_t n = frequency < capacity ? frequency : capacity;
  uint32_t position = 0, done = 0;
  while (done < n) {
    const uint32_t at = start + done, offset = at % TRAWL_BLOCK;
    if (l->deltas_chunk != at / TRAWL_BLOCK && !load_chunk(l, at / TRAWL_BLOCK, total)) {
      damage(l);
      return 0;
    }
    const uint32_t part = n - done < TRAWL_BLOCK - offset ? n - done : TRAWL_BLOCK - offset;
    for (uint32_t k = 0; k < part; k++) {
      position += l->deltas[offset + k];
      positions[done + k] = position;
    }
    done += part;
  }
  return n;
}

// ---- phrases ----

static int phrase_room(trawl_phrase *p, uint32_t count) {
  if (count <= p->capacity) return 1;
  uint32_t capacity = count < 256 ? 256 : count * 2;
  uint32_t *starts = realloc(p->starts, capacity * sizeof *starts);
  if (!starts) return 0;
  p->starts = starts;
  uint32_t *positions = realloc(p->positions, capacity * sizeof *positions);
  if (!positions) return 0;
  p->positions = positions;
  p->capacity = capacity;
  return 1;
}

static uint32_t read_starts(trawl_phrase *p, uint32_t place) {
  trawl_list *l = p->lists[0];
  trawl_list_load_frequencies(l);
  if (l->damaged || !phrase_room(p, l->frequencies[place])) return 0;
  const uint32_t distance = p->distances[0];
  uint32_t count = trawl_list_positions(l, place, p->starts, p->capacity), n = 0;
  if (distance == 0) return count;
  for (uint32_t i = 0; i < count; i++)
    if (p->starts[i] >= distance) p->starts[n++] = p->starts[i] - distance;
  return n;
}

// Keeps those of the `n` starts where term `t` stands as it should; with `any`, up to the first.
static uint32_t keep_starts(trawl_phrase *p, uint32_t t, uint32_t place, uint32_t n, int any) {
  trawl_list *l = p->lists[t];
  trawl_list_load_frequencies(l);
  if (l->damaged || !phrase_room(p, l->frequencies[place])) return 0;
  const uint32_t distance = p->distances[t];
  const uint32_t count = trawl_list_positions(l, place, p->positions, p->capacity);
  uint32_t i = 0, kept = 0;
  for (uint32_t k = 0; k < n; k++) {
    const uint32_t want = p->starts[k] + distance;
    while (i < count && p->positions[i] < want) i++;
    if (i == count) break;
    if (p->positions[i] == want) {
      p->starts[kept++] = p->starts[k];
      if (any) break;
    }
  }
  return kept;
}

uint32_t trawl_phrase_frequency_at(trawl_phrase *p, uint32_t doc, const uint32_t *places,
                                   uint32_t known, int any) {
  uint32_t n = 0;
  for (uint32_t t = 0; t < p->count; t++) {
    uint32_t place = t < known ? places[t] : trawl_list_place(p->lists[t], doc);
    if (place == UINT32_MAX) return 0;
    n = t == 0 ? read_starts(p, place) : keep_starts(p, t, place, n, any && t + 1 == p->count);
    if (n == 0) return 0;
  }
  if (any) return 1;
  // A position that stands twice (stacked tokens) counts once.
  uint32_t distinct = 1;
  for (uint32_t k = 1; k < n; k++) distinct += p->starts[k] != p->starts[k - 1];
  return distinct;
}

uint32_t trawl_phrase_frequency(trawl_phrase *p, uint32_t doc, int any) {
  return trawl_phrase_frequency_at(p, doc, NULL, 0, any);
}

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
