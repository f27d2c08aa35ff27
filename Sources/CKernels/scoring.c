#include "scoring.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Every x86-64 processor since 2008 counts bits by an instruction.
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("popcnt"))), apply_to = function)
#endif

// ---- memory ----

static __thread trawl_room *kept_room;

static void destroy_room(trawl_room *room) {
  free(room->bits);
  free(room->sums);
  free(room->hits.docs);
  free(room->hits.scores);
  free(room);
}

trawl_room *trawl_room_new(void) {
  trawl_room *room = kept_room;
  if (room) {
    kept_room = NULL;
    return room;
  }
  room = calloc(1, sizeof *room);
  if (!room) return NULL;
  // Hits of a window, those of a block, and what is written before it is judged.
  const size_t hits = TRAWL_WINDOW + 1024;
  room->bits = calloc(TRAWL_WINDOW / 64, sizeof *room->bits);
  room->sums = calloc(TRAWL_WINDOW, sizeof *room->sums);
  room->hits.docs = malloc(hits * sizeof *room->hits.docs);
  room->hits.scores = malloc(hits * sizeof *room->hits.scores);
  if (room->bits && room->sums && room->hits.docs && room->hits.scores) return room;
  destroy_room(room);
  return NULL;
}

void trawl_room_free(trawl_room *room) {
  room->hits.count = 0;
  if (kept_room) destroy_room(room);
  else kept_room = room;
}

// A fused multiply-add would round once where the definition rounds twice.
#pragma STDC FP_CONTRACT OFF

static inline float score_of(float weight, float x) {
  float sum = 1.0f + x;
  return weight - weight / sum;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))) static void score_avx512(
    const trawl_scorer *s, const uint32_t *docs, const uint32_t *frequencies, uint32_t count,
    float *scores) {
  const __m512 weight = _mm512_set1_ps(s->weight), one = _mm512_set1_ps(1.0f);
  for (uint32_t i = 0; i < count; i += 16) {
    __mmask16 in = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
    __m512i doc = _mm512_maskz_loadu_epi32(in, docs + i);
    __m512i f = _mm512_maskz_loadu_epi32(in, frequencies + i);
    __m512i norm = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), in, doc, s->norms, 1);
    norm = _mm512_and_si512(norm, _mm512_set1_epi32(0xff));
    __m512 inverse = _mm512_i32gather_ps(norm, s->inverse, 4);
    __m512 x = _mm512_mul_ps(_mm512_cvtepu32_ps(f), inverse);
    __m512 sum = _mm512_add_ps(one, x);
    __m512 score = _mm512_sub_ps(weight, _mm512_div_ps(weight, sum));
    _mm512_mask_storeu_ps(scores + i, in, score);
  }
}
#endif

void trawl_score(const trawl_scorer *s, const uint32_t *docs, const uint32_t *frequencies,
                 uint32_t count, float *scores) {
  const float weight = s->weight;
  const float *inverse = s->inverse;
  if (!s->norms) {
    const float same = inverse[1];
    for (uint32_t i = 0; i < count; i++) {
      float x = (float)frequencies[i] * same;
      scores[i] = score_of(weight, x);
    }
    return;
  }
#if defined(__x86_64__)
  if (count >= 8 && __builtin_cpu_supports("avx512dq")) {
    score_avx512(s, docs, frequencies, count, scores);
    return;
  }
#endif
  for (uint32_t i = 0; i < count; i++) {
    float x = (float)frequencies[i] * inverse[s->norms[docs[i]]];
    scores[i] = score_of(weight, x);
  }
}

// ---- bounds ----

#if defined(__x86_64__)
__attribute__((target("avx2"))) static float pairs8_x_avx2(const trawl_scorer *s,
                                                           const uint8_t *pairs) {
  __m128i both = _mm_loadu_si128((const __m128i *)(const void *)pairs);
  __m256i f = _mm256_cvtepu16_epi32(_mm_and_si128(both, _mm_set1_epi16(0xff)));
  __m256i norm = s->norms ? _mm256_cvtepu16_epi32(_mm_srli_epi16(both, 8)) : _mm256_set1_epi32(1);
  __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(f), _mm256_i32gather_ps(s->inverse, norm, 4));
  __m256 any = _mm256_castsi256_ps(_mm256_cmpeq_epi32(f, _mm256_set1_epi32(255)));
  x = _mm256_blendv_ps(x, _mm256_set1_ps(__builtin_inff()), any);
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  m = _mm_max_ss(m, _mm_shuffle_ps(m, m, 1));
  return _mm_cvtss_f32(m);
}
#endif

static inline float pairs_x(const trawl_scorer *s, const uint8_t *pairs) {
  const int count = s->list->pair_count;
#if defined(__x86_64__)
  if (count == 8 && __builtin_cpu_supports("avx2")) return pairs8_x_avx2(s, pairs);
#endif
  float best = 0;
  for (int i = 0; i < 2 * count; i += 2) {
    if (pairs[i] == 255) return __builtin_inff();
    float x = (float)pairs[i] * s->inverse[s->norms ? pairs[i + 1] : 1];
    best = x > best ? x : best;
  }
  return best;
}

static float single_block_x(const trawl_scorer *s, uint32_t from, uint32_t to) {
  trawl_list *l = s->list;
  trawl_list_load_frequencies(l);
  float best = 0;
  for (uint32_t i = 0; i < l->count; i++) {
    uint32_t doc = l->docs[i];
    if (doc < from) continue;
    if (doc >= to) break;
    float x = (float)l->frequencies[i] * s->inverse[s->norms ? s->norms[doc] : 1];
    best = x > best ? x : best;
  }
  return best;
}

static inline float no_impacts_x(const trawl_scorer *s) {
  // The frequency is one; the shortest document bounds.
  return s->list->has_frequencies ? __builtin_inff() : s->inverse[s->norms ? 0 : 1];
}

float trawl_scorer_block_bound(const trawl_scorer *s, uint32_t block) {
  const trawl_list *l = s->list;
  if (block >= l->block_count) return 0;
  if (l->block_count == 1) return score_of(s->weight, single_block_x(s, 0, UINT32_MAX));
  if (!l->impacts) return score_of(s->weight, no_impacts_x(s));
  return score_of(s->weight, pairs_x(s, l->impacts + 2 * (size_t)l->pair_count * block));
}

float trawl_scorer_bound(const trawl_scorer *s, uint32_t from, uint32_t to) {
  const trawl_list *l = s->list;
  uint32_t n = l->block_count;
  if (n == 0) return 0;
  if (n == 1) return score_of(s->weight, single_block_x(s, from, to));
  uint32_t start = 0;
  if (l->block < n && (l->block == 0 || trawl_list_previous(l, l->block) < from)) start = l->block;
  uint32_t block = trawl_list_find_block(l, start, from);
  if (block >= n || trawl_list_previous(l, block) + 1 >= to) return 0;
  if (!l->impacts) return score_of(s->weight, no_impacts_x(s));
  float best = 0;
  while (block < n) {
    if (l->groups && block % 32 == 0 && block + 32 <= n &&
        trawl_list_last_doc(l, block + 31) < to) {
      float x = pairs_x(s, l->groups + 2 * (size_t)l->pair_count * (block / 32));
      best = x > best ? x : best;
      block += 32;
      if (block < n && trawl_list_previous(l, block) + 1 >= to) break;
      continue;
    }
    float x = pairs_x(s, l->impacts + 2 * (size_t)l->pair_count * block);
    best = x > best ? x : best;
    if (trawl_list_last_doc(l, block) + 1 >= to) break;
    block++;
  }
  return score_of(s->weight, best);
}

uint32_t trawl_scorer_next_block(const trawl_scorer *s, uint32_t block, double threshold) {
  const trawl_list *l = s->list;
  const uint32_t n = l->block_count;
  while (block < n) {
    if (l->groups && block % 32 == 0 &&
        (double)score_of(s->weight, pairs_x(s, l->groups + 2 * (size_t)l->pair_count * (block / 32))) <=
            threshold) {
      block += 32;
      continue;
    }
    if ((double)trawl_scorer_block_bound(s, block) > threshold) return block;
    block++;
  }
  return n;
}

// ---- windows ----

static inline uint32_t first_block(const trawl_list *l, uint32_t from) {
  uint32_t start = 0;
  if (l->block < l->block_count && (l->block == 0 || trawl_list_previous(l, l->block) < from))
    start = l->block;
  return trawl_list_find_block(l, start, from);
}

// The places of the block's documents that lie from `from` to before `to`.
static inline void clip(const trawl_list *l, uint32_t from, uint32_t to, uint32_t *start,
                        uint32_t *stop) {
  uint32_t i = 0, n = l->count;
  if (n && l->docs[0] < from) {
    uint32_t high = n;
    while (i < high) {
      uint32_t middle = (i + high) / 2;
      if (l->docs[middle] < from) i = middle + 1;
      else high = middle;
    }
  }
  if (n && l->docs[n - 1] >= to) {
    uint32_t low = i;
    while (low < n) {
      uint32_t middle = (low + n) / 2;
      if (l->docs[middle] < to) low = middle + 1;
      else n = middle;
    }
  }
  *start = i;
  *stop = n;
}

void trawl_scorer_accumulate(const trawl_scorer *s, uint32_t base, uint32_t end, double others,
                             double threshold, double *sums, uint64_t *bits) {
  trawl_list *l = s->list;
  float scores[TRAWL_BLOCK];
  for (uint32_t block = first_block(l, base); block < l->block_count; block++) {
    if (trawl_list_previous(l, block) + 1 >= end) break;
    if (threshold > 0 && l->block_count > 1 &&
        (double)trawl_scorer_block_bound(s, block) + others <= threshold)
      continue;
    trawl_list_load(l, block);
    trawl_list_load_frequencies(l);
    if (l->damaged) return;
    uint32_t i, n;
    clip(l, base, end, &i, &n);
    if (i >= n) continue;
    trawl_score(s, l->docs + i, l->frequencies + i, n - i, scores);
    const uint32_t *docs = l->docs + i;
    for (uint32_t k = 0; k < n - i; k++) {
      uint32_t bit = docs[k] - base;
      sums[bit] += (double)scores[k];
      bits[bit >> 6] |= 1ull << (bit & 63);
    }
  }
}

void trawl_scorer_add(const trawl_scorer *s, uint32_t base, uint32_t end, const uint64_t *bits,
                      double *sums) {
  trawl_list *l = s->list;
  float scores[TRAWL_BLOCK];
  uint32_t docs[TRAWL_BLOCK], found[TRAWL_BLOCK], frequencies[TRAWL_BLOCK];
  for (uint32_t block = first_block(l, base); block < l->block_count; block++) {
    uint32_t first = trawl_list_previous(l, block) + 1;
    if (first >= end) break;
    uint32_t last = trawl_list_last_doc(l, block);
    uint32_t from = first > base ? first - base : 0;
    uint32_t to = (last < end ? last : end - 1) - base;
    // The wanted documents of the block's range, a few at a time.
    uint32_t w = from >> 6;
    uint64_t word = bits[w] & ~0ull << (from & 63);
    while (1) {
      uint32_t n = 0;
      while (n < TRAWL_BLOCK) {
        while (!word && w < to >> 6) word = bits[++w];
        if (!word) break;
        uint32_t bit = w * 64 + (uint32_t)__builtin_ctzll(word);
        if (bit > to) {
          word = 0;
          w = to >> 6;
          break;
        }
        word &= word - 1;
        docs[n++] = base + bit;
      }
      if (n == 0) break;
      uint32_t hits = trawl_list_probe(l, docs, n, found, frequencies);
      if (l->damaged) return;
      for (uint32_t k = 0; k < hits; k++) docs[k] = docs[found[k]];
      trawl_score(s, docs, frequencies, hits, scores);
      for (uint32_t k = 0; k < hits; k++) sums[docs[k] - base] += (double)scores[k];
      if (n < TRAWL_BLOCK) break;
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl"))) static void drain_avx512(
    uint32_t base, uint32_t words, double threshold, double *sums, uint64_t *bits,
    trawl_hits *hits) {
  const __m512d limit = _mm512_set1_pd(threshold);
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  uint32_t n = hits->count;
  for (uint32_t w = 0; w < words; w++) {
    uint64_t word = bits[w];
    if (!word) continue;
    bits[w] = 0;
    do {
      // Eight documents at a time, from the first that has a bit.
      const uint32_t part = (uint32_t)__builtin_ctzll(word) / 8;
      const __mmask8 set = (__mmask8)(word >> (8 * part));
      word &= ~(0xffull << (8 * part));
      double *at = sums + w * 64 + part * 8;
      const __m512d sum = _mm512_loadu_pd(at);
      _mm512_storeu_pd(at, _mm512_setzero_pd());
      const __mmask8 above = _mm512_mask_cmp_pd_mask(set, sum, limit, _CMP_GT_OQ);
      if (!above) continue;
      const __m256i docs =
          _mm256_add_epi32(_mm256_set1_epi32((int)(base + w * 64 + part * 8)), lanes);
      _mm256_mask_compressstoreu_epi32(hits->docs + n, above, docs);
      _mm512_mask_compressstoreu_pd(hits->scores + n, above, sum);
      n += (uint32_t)__builtin_popcount(above);
    } while (word);
  }
  hits->count = n;
}
#endif

void trawl_drain(uint32_t base, uint32_t end, double threshold, double *sums, uint64_t *bits,
                 trawl_hits *hits) {
  const uint32_t words = (end - base + 63) / 64;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vl")) {
    drain_avx512(base, words, threshold, sums, bits, hits);
    return;
  }
#endif
  uint32_t n = hits->count;
  for (uint32_t w = 0; w < words; w++) {
    uint64_t word = bits[w];
    if (!word) continue;
    bits[w] = 0;
    do {
      uint32_t bit = w * 64 + (uint32_t)__builtin_ctzll(word);
      word &= word - 1;
      double sum = sums[bit];
      sums[bit] = 0;
      hits->docs[n] = base + bit;
      hits->scores[n] = sum;
      n += sum > threshold;
    } while (word);
  }
  hits->count = n;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl"))) static uint32_t above_avx512(
    const uint32_t *docs, const float *scores, uint32_t count, double threshold,
    uint32_t *out_docs, double *out_scores) {
  const __m512d limit = _mm512_set1_pd(threshold);
  uint32_t n = 0;
  for (uint32_t i = 0; i < count; i += 8) {
    __mmask8 in = count - i >= 8 ? 0xff : (__mmask8)((1u << (count - i)) - 1);
    __m512d score = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(in, scores + i));
    __mmask8 above = _mm512_mask_cmp_pd_mask(in, score, limit, _CMP_GT_OQ);
    if (!above) continue;
    _mm256_mask_compressstoreu_epi32(out_docs + n, above, _mm256_maskz_loadu_epi32(in, docs + i));
    _mm512_mask_compressstoreu_pd(out_scores + n, above, score);
    n += (uint32_t)__builtin_popcount(above);
  }
  return n;
}
#endif

// Of `count` documents those whose score is above `threshold`.
static uint32_t above(const uint32_t *docs, const float *scores, uint32_t count, double threshold,
                      uint32_t *out_docs, double *out_scores) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vl"))
    return above_avx512(docs, scores, count, threshold, out_docs, out_scores);
#endif
  uint32_t n = 0;
  for (uint32_t i = 0; i < count; i++) {
    out_docs[n] = docs[i];
    out_scores[n] = (double)scores[i];
    n += (double)scores[i] > threshold;
  }
  return n;
}

void trawl_scorer_block_hits(const trawl_scorer *s, uint32_t block, uint32_t from, uint32_t to,
                             double threshold, trawl_hits *hits) {
  trawl_list *l = s->list;
  trawl_list_load(l, block);
  trawl_list_load_frequencies(l);
  if (l->damaged) return;
  uint32_t i, n;
  clip(l, from, to, &i, &n);
  if (i >= n) return;
  float scores[TRAWL_BLOCK];
  trawl_score(s, l->docs + i, l->frequencies + i, n - i, scores);
  hits->count += above(l->docs + i, scores, n - i, threshold, hits->docs + hits->count,
                       hits->scores + hits->count);
}

// ---- hits ----

void trawl_hits_filter(trawl_hits *h, double threshold) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < h->count; i++) {
    double score = h->scores[i];
    h->docs[n] = h->docs[i];
    h->scores[n] = score;
    n += score > threshold;
  }
  h->count = n;
}

void trawl_hits_probe(trawl_hits *h, const trawl_scorer *s, int required) {
  uint32_t found[TRAWL_BLOCK], frequencies[TRAWL_BLOCK], docs[TRAWL_BLOCK];
  float scores[TRAWL_BLOCK];
  uint32_t n = 0;
  for (uint32_t start = 0; start < h->count; start += TRAWL_BLOCK) {
    uint32_t part = h->count - start < TRAWL_BLOCK ? h->count - start : TRAWL_BLOCK;
    uint32_t hits = trawl_list_probe(s->list, h->docs + start, part, found, frequencies);
    for (uint32_t k = 0; k < hits; k++) docs[k] = h->docs[start + found[k]];
    trawl_score(s, docs, frequencies, hits, scores);
    if (required) {
      for (uint32_t k = 0; k < hits; k++) {
        h->docs[n] = docs[k];
        h->scores[n++] = h->scores[start + found[k]] + (double)scores[k];
      }
    } else {
      for (uint32_t k = 0; k < hits; k++) h->scores[start + found[k]] += (double)scores[k];
    }
  }
  if (required) h->count = n;
}

void trawl_hits_keep(trawl_hits *h, trawl_list *l, int keep) {
  uint32_t found[TRAWL_BLOCK];
  uint32_t n = 0;
  for (uint32_t start = 0; start < h->count; start += TRAWL_BLOCK) {
    uint32_t part = h->count - start < TRAWL_BLOCK ? h->count - start : TRAWL_BLOCK;
    uint32_t hits = trawl_list_probe(l, h->docs + start, part, found, NULL);
    uint32_t at = 0;
    for (uint32_t i = 0; i < part; i++) {
      int is_in = at < hits && found[at] == i;
      at += (uint32_t)is_in;
      h->docs[n] = h->docs[start + i];
      h->scores[n] = h->scores[start + i];
      n += is_in == keep;
    }
  }
  h->count = n;
}

void trawl_hits_live(trawl_hits *h, const uint64_t *bits) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < h->count; i++) {
    uint32_t doc = h->docs[i];
    h->docs[n] = doc;
    h->scores[n] = h->scores[i];
    n += bits[doc >> 6] >> (doc & 63) & 1;
  }
  h->count = n;
}

uint32_t trawl_bits_to_docs(uint32_t base, uint32_t end, const uint64_t *bits, uint32_t *docs) {
  uint32_t n = 0;
  const uint32_t words = (end - base + 63) / 64;
  for (uint32_t w = 0; w < words; w++) {
    uint64_t word = bits[w];
    while (word) {
      docs[n++] = base + w * 64 + (uint32_t)__builtin_ctzll(word);
      word &= word - 1;
    }
  }
  return n;
}

uint64_t trawl_popcount(const uint64_t *words, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total += (uint64_t)__builtin_popcountll(words[i]);
  return total;
}

// ---- counting ----

static uint64_t count_all_dense(trawl_list *const *lists, size_t count, uint32_t from,
                                uint32_t to) {
  enum { WINDOW = 8192 };
  uint64_t bits[WINDOW / 64];
  uint64_t total = 0;
  for (uint32_t base = from; base < to; base += WINDOW) {
    uint32_t end = to - base < WINDOW ? to : base + WINDOW;
    memset(bits, 0, sizeof bits);
    trawl_list_set_bits(lists[0], base, end, bits);
    for (size_t i = 1; i + 1 < count; i++) trawl_list_keep_bits(lists[i], base, end, bits, 1);
    total += trawl_list_count_bits(lists[count - 1], base, end, bits);
    if (to - base <= WINDOW) break;
  }
  return total;
}

uint64_t trawl_count_all(trawl_list *const *lists, size_t count, uint32_t from, uint32_t to) {
  trawl_list *lead = lists[0];
  if (lead->doc_count > lead->doc_limit / 32) return count_all_dense(lists, count, from, to);
  uint64_t total = 0;
  uint32_t docs[TRAWL_BLOCK], found[TRAWL_BLOCK];
  for (uint32_t block = first_block(lead, from); block < lead->block_count; block++) {
    if (trawl_list_previous(lead, block) + 1 >= to) break;
    trawl_list_load(lead, block);
    if (lead->damaged) break;
    uint32_t first, n;
    clip(lead, from, to, &first, &n);
    if (first >= n) continue;
    const uint32_t *current = lead->docs + first;
    n -= first;
    for (size_t i = 1; i < count && n > 0; i++) {
      uint32_t hits = trawl_list_probe(lists[i], current, n, found, NULL);
      if (i + 1 < count)
        for (uint32_t k = 0; k < hits; k++) docs[k] = current[found[k]];
      current = docs;
      n = hits;
    }
    total += n;
  }
  return total;
}

uint64_t trawl_count_beyond(trawl_list *const *lists, size_t count, uint32_t from, uint32_t to,
                            uint64_t *bits, uint32_t window) {
  uint64_t total = 0;
  for (uint32_t base = from; base < to; base += window) {
    uint32_t end = to - base < window ? to : base + window;
    const size_t words = (end - base + 63) / 64;
    for (size_t i = 1; i < count; i++) trawl_list_set_bits(lists[i], base, end, bits);
    total += trawl_popcount(bits, words);
    total -= trawl_list_count_bits(lists[0], base, end, bits);
    memset(bits, 0, words * sizeof *bits);
    if (to - base <= window) break;
  }
  return total;
}

// ---- phrases ----

void trawl_phrase_close(trawl_phrase *p) {
  free(p->starts);
  free(p->positions);
  p->starts = p->positions = NULL;
  p->capacity = 0;
}

uint64_t trawl_phrase_block(trawl_phrase *p, const trawl_scorer *scorer, uint32_t block,
                            double threshold, int counts, trawl_hits *hits) {
  trawl_list *lead = p->lists[0], *second = p->lists[1];
  uint32_t found[TRAWL_BLOCK], places[TRAWL_BLOCK];
  uint64_t total = 0;
  trawl_list_load(lead, block);
  if (lead->damaged) return 0;
  const uint32_t *docs = lead->docs;
  const uint32_t n = lead->count;
  uint32_t i = 0;
  uint32_t other = trawl_list_find_block(second, trawl_list_block_before(second, docs[0]), docs[0]);
  while (i < n && other < second->block_count) {
    if (docs[i] > trawl_list_last_doc(second, other)) {
      other = trawl_list_find_block(second, other, docs[i]);
      continue;
    }
    // Positions are looked at while the blocks of the two rarest terms are decoded; the other
    // terms only where these two stand as they should.
    uint32_t matches = trawl_list_probe_block(second, other++, docs, n, &i, found, places);
    if (second->damaged) return total;
    for (uint32_t m = 0; m < matches; m++) {
      const uint32_t doc = docs[found[m]], at[2] = {found[m], places[m]};
      int any = hits == NULL;
      float inverse = 0;
      if (hits) {
        inverse = scorer->inverse[scorer->norms ? scorer->norms[doc] : 1];
        if (threshold > 0) {
          // A phrase cannot occur more often than its terms do.
          trawl_list_load_frequencies(lead);
          trawl_list_load_frequencies(second);
          uint32_t a = lead->frequencies[at[0]], b = second->frequencies[at[1]];
          float x = (float)(a < b ? a : b) * inverse;
          any = (double)score_of(scorer->weight, x) <= threshold;
          if (any && !counts) continue;
        }
      }
      uint32_t frequency = trawl_phrase_frequency_at(p, doc, at, 2, any);
      if (frequency == 0) continue;
      total++;
      if (any) continue;
      float x = (float)frequency * inverse;
      double score = (double)score_of(scorer->weight, x);
      hits->docs[hits->count] = doc;
      hits->scores[hits->count] = score;
      hits->count += score > threshold;
    }
  }
  return total;
}

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
