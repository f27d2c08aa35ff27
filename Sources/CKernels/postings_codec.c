#include "postings_codec.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint32_t u4 __attribute__((ext_vector_type(4)));
typedef u4 u4_unaligned __attribute__((aligned(1)));

static inline u4 load4(const uint8_t *p) { return *(const u4_unaligned *)p; }
static inline void store4(void *p, u4 v) { *(u4_unaligned *)p = v; }
static inline uint64_t load64(const uint8_t *p) {
  uint64_t word;
  memcpy(&word, p, 8);
  return word;
}
static inline uint32_t mask_of(int width) {
  return width >= 32 ? 0xffffffffu : (1u << width) - 1;
}
static inline int width_of(uint32_t value) { return value ? 32 - __builtin_clz(value) : 0; }

// ---- vertical rows of 128 ----
//
// Value i lies in lane i % 4 as the (i / 4)-th number of that lane's bit stream. One function for
// each width, so that shifts and masks are constants.

#define WIDTHS(F)                                                                            \
  F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16)     \
  F(17) F(18) F(19) F(20) F(21) F(22) F(23) F(24) F(25) F(26) F(27) F(28) F(29) F(30) F(31)  \
  F(32)

static inline __attribute__((always_inline)) void pack_width(const uint32_t *values, uint8_t *out,
                                                             const int width) {
  u4 word = 0;
  int filled = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i < 32; i++) {
    u4 v = load4((const uint8_t *)(values + 4 * i));
    word |= v << (uint32_t)filled;
    if (filled + width >= 32) {
      store4(out, word);
      out += 16;
      int used = 32 - filled;
      word = used < width ? v >> (uint32_t)(used & 31) : (u4)0;
      if (used == 32) word = 0;
      filled = filled + width - 32;
    } else {
      filled += width;
    }
  }
}

static inline __attribute__((always_inline)) u4 row_value(const uint8_t *in, const int width,
                                                          const int i) {
  const int bit = i * width, word = bit >> 5, shift = bit & 31;
  u4 v = load4(in + 16 * word) >> (uint32_t)shift;
  if (shift + width > 32) v |= load4(in + 16 * (word + 1)) << (uint32_t)(32 - shift);
  return v & (u4)mask_of(width);
}

static inline __attribute__((always_inline)) void unpack_width(const uint8_t *in, uint32_t *out,
                                                               const int width) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 32; i++) store4(out + 4 * i, row_value(in, width, i));
}

// Each value is a gap less one, so that a document is the one before plus the value plus one.
static inline __attribute__((always_inline)) void unpack_docs_width(const uint8_t *in,
                                                                    uint32_t previous,
                                                                    uint32_t *out,
                                                                    const int width) {
  u4 base = (u4)previous;
#pragma clang loop unroll(full)
  for (int i = 0; i < 32; i++) {
    u4 v = row_value(in, width, i) + (u4)1;
    u4 zero = 0;
    v += __builtin_shufflevector(zero, v, 0, 4, 5, 6);
    v += __builtin_shufflevector(zero, v, 0, 1, 4, 5);
    v += base;
    base = __builtin_shufflevector(v, v, 3, 3, 3, 3);
    store4(out + 4 * i, v);
  }
}

#define DEFINE(B)                                                                             \
  static __attribute__((noinline)) void pack_##B(const uint32_t *v, uint8_t *o) {             \
    pack_width(v, o, B);                                                                      \
  }                                                                                           \
  static __attribute__((noinline)) void unpack_##B(const uint8_t *i, uint32_t *o) {           \
    unpack_width(i, o, B);                                                                    \
  }                                                                                           \
  static __attribute__((noinline)) void unpack_docs_##B(const uint8_t *i, uint32_t p,         \
                                                        uint32_t *o) {                        \
    unpack_docs_width(i, p, o, B);                                                            \
  }
WIDTHS(DEFINE)

static void pack_0(const uint32_t *v, uint8_t *o) { (void)v, (void)o; }
static void unpack_0(const uint8_t *i, uint32_t *o) {
  (void)i;
  memset(o, 0, 4 * TRAWL_BLOCK);
}
static void unpack_docs_0(const uint8_t *in, uint32_t previous, uint32_t *o) {
  (void)in;
  for (int i = 0; i < TRAWL_BLOCK; i++) o[i] = previous + 1 + (uint32_t)i;
}

#define PACK_ENTRY(B) , pack_##B
#define UNPACK_ENTRY(B) , unpack_##B
#define UNPACK_DOCS_ENTRY(B) , unpack_docs_##B
static void (*const pack_table[33])(const uint32_t *, uint8_t *) = {pack_0 WIDTHS(PACK_ENTRY)};
static void (*const unpack_table[33])(const uint8_t *,
                                      uint32_t *) = {unpack_0 WIDTHS(UNPACK_ENTRY)};
static void (*const unpack_docs_table[33])(const uint8_t *, uint32_t, uint32_t *) = {
    unpack_docs_0 WIDTHS(UNPACK_DOCS_ENTRY)};

size_t trawl_pack128(const uint32_t *values, int width, uint8_t *out) {
  pack_table[width & 63](values, out);
  return 16 * (size_t)width;
}

void trawl_unpack128(const uint8_t *in, int width, uint32_t *out) { unpack_table[width](in, out); }

// ---- fewer than 128, one after the other from the lowest bit ----

static size_t pack_tail(const uint32_t *values, int count, int width, uint8_t *out) {
  size_t bytes = ((size_t)count * (size_t)width + 7) / 8;
  uint64_t word = 0;
  int filled = 0;
  uint8_t *p = out;
  for (int i = 0; i < count; i++) {
    word |= (uint64_t)values[i] << filled;
    filled += width;
    while (filled >= 8) {
      *p++ = (uint8_t)word;
      word >>= 8;
      filled -= 8;
    }
  }
  if (filled > 0) *p++ = (uint8_t)word;
  return bytes;
}

static void unpack_tail(const uint8_t *in, int count, int width, uint32_t *out) {
  uint32_t mask = mask_of(width);
  size_t bit = 0;
  for (int i = 0; i < count; i++, bit += (size_t)width)
    out[i] = (uint32_t)(load64(in + (bit >> 3)) >> (bit & 7)) & mask;
}

// ---- documents ----

size_t trawl_encode_docs(const uint32_t *docs, int count, uint32_t previous, uint8_t *out) {
  uint32_t gaps[TRAWL_BLOCK];
  uint32_t all = 0, last = previous;
  for (int i = 0; i < count; i++) {
    gaps[i] = docs[i] - last - 1;
    all |= gaps[i];
    last = docs[i];
  }
  int width = width_of(all);
  if (count < TRAWL_BLOCK) {
    out[0] = (uint8_t)width;
    return 1 + pack_tail(gaps, count, width, out + 1);
  }
  uint32_t words = (last - previous + 63) / 64;
  // A bit set may cost one bit a document more: it is read word by word.
  if (width > 0 && words < 128 && 64 * words <= (uint32_t)TRAWL_BLOCK * ((uint32_t)width + 1)) {
    out[0] = (uint8_t)(64 + words);
    memset(out + 1, 0, 8 * words);
    for (int i = 0; i < count; i++) {
      uint32_t bit = docs[i] - previous - 1;
      out[1 + (bit >> 3)] |= (uint8_t)(1u << (bit & 7));
    }
    return 1 + 8 * words;
  }
  out[0] = (uint8_t)width;
  return 1 + trawl_pack128(gaps, width, out + 1);
}

// May store up to 80 numbers past the last document, also when the bytes are damaged.
static void bitset_docs(const uint8_t *in, int words, uint32_t base, uint32_t *docs) {
  const uint32_t *full = docs + TRAWL_BLOCK;
  for (int w = 0; w < words && docs < full; w++, base += 64) {
    uint64_t word = load64(in + 8 * w);
    while (word) {
      *docs++ = base + (uint32_t)__builtin_ctzll(word);
      word &= word - 1;
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,popcnt"))) static void bitset_docs_avx512(
    const uint8_t *in, int words, uint32_t base, uint32_t *docs) {
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const uint32_t *full = docs + TRAWL_BLOCK;
  for (int w = 0; w < words && docs < full; w++) {
    uint64_t word = load64(in + 8 * w);
    for (int part = 0; part < 4; part++, base += 16, word >>= 16) {
      __mmask16 mask = (__mmask16)word;
      __m512i v = _mm512_add_epi32(_mm512_set1_epi32((int)base), lanes);
      _mm512_storeu_si512(docs, _mm512_maskz_compress_epi32(mask, v));
      docs += __builtin_popcount(mask);
    }
  }
}
#endif

const uint8_t *trawl_decode_docs(const uint8_t *in, int count, uint32_t previous, uint32_t *docs) {
  uint8_t header = *in++;
  if (count < TRAWL_BLOCK) {
    int width = header & 63;
    uint32_t mask = mask_of(width);
    size_t bit = 0;
    for (int i = 0; i < count; i++, bit += (size_t)width) {
      previous += ((uint32_t)(load64(in + (bit >> 3)) >> (bit & 7)) & mask) + 1;
      docs[i] = previous;
    }
    return in + ((size_t)count * (size_t)width + 7) / 8;
  }
  if (header >= 64) {
    int words = header - 64;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vl")) {
      bitset_docs_avx512(in, words, previous + 1, docs);
      return in + 8 * words;
    }
#endif
    bitset_docs(in, words, previous + 1, docs);
    return in + 8 * words;
  }
  int width = header <= 32 ? header : 32;
  unpack_docs_table[width](in, previous, docs);
  return in + 16 * width;
}

const uint8_t *trawl_skip_docs(const uint8_t *in, int count) {
  uint8_t header = *in++;
  if (count < TRAWL_BLOCK) return in + ((size_t)count * (header & 63u) + 7) / 8;
  if (header >= 64) return in + 8 * (header - 64);
  return in + 16 * header;
}

// ---- small numbers ----
//
// The header's low five bits are the width, the high three the count of outliers. An outlier is
// two bytes after the packed numbers: its place, and its bits above the width.

size_t trawl_encode_small(const uint32_t *values, int count, uint8_t *out) {
  int histogram[33] = {0};
  for (int i = 0; i < count; i++) histogram[width_of(values[i])]++;
  int top = 32;
  while (top > 0 && histogram[top] == 0) top--;
  // The cheapest width whose outliers are few and fit a byte each.
  int best = top;
  size_t best_bits = (size_t)count * (size_t)top;
  int outliers = 0;
  for (int width = top - 1; width >= 0 && top - width <= 8; width--) {
    outliers += histogram[width + 1];
    if (outliers > 7) break;
    size_t bits = (size_t)count * (size_t)width + 16 * (size_t)outliers;
    if (bits < best_bits) {
      best_bits = bits;
      best = width;
    }
  }
  if (best > 30) {
    // Such widths do not fit the header's field, so 0xff says that the numbers are stored whole.
    out[0] = 0xff;
    memcpy(out + 1, values, 4 * (size_t)count);
    return 1 + 4 * (size_t)count;
  }
  uint32_t low[TRAWL_BLOCK];
  uint32_t mask = mask_of(best);
  uint8_t patches[16];
  int patched = 0;
  for (int i = 0; i < count; i++) {
    low[i] = values[i] & mask;
    if (values[i] > mask) {
      patches[2 * patched] = (uint8_t)i;
      patches[2 * patched + 1] = (uint8_t)(values[i] >> best);
      patched++;
    }
  }
  out[0] = (uint8_t)(best | patched << 5);
  size_t bytes = count == TRAWL_BLOCK ? trawl_pack128(low, best, out + 1)
                                      : pack_tail(low, count, best, out + 1);
  memcpy(out + 1 + bytes, patches, 2 * (size_t)patched);
  return 1 + bytes + 2 * (size_t)patched;
}

const uint8_t *trawl_decode_small(const uint8_t *in, int count, uint32_t *values) {
  uint8_t header = *in++;
  if (header == 0xff) {
    memcpy(values, in, 4 * (size_t)count);
    return in + 4 * (size_t)count;
  }
  int width = header & 31, patched = header >> 5;
  if (count == TRAWL_BLOCK) {
    unpack_table[width](in, values);
    in += 16 * width;
  } else {
    unpack_tail(in, count, width, values);
    in += ((size_t)count * (size_t)width + 7) / 8;
  }
  for (int i = 0; i < patched; i++, in += 2) {
    if (in[0] < count) values[in[0]] |= (uint32_t)in[1] << width;
  }
  return in;
}

const uint8_t *trawl_skip_small(const uint8_t *in, int count) {
  uint8_t header = *in++;
  if (header == 0xff) return in + 4 * (size_t)count;
  size_t width = header & 31;
  return in + ((size_t)count * width + 7) / 8 + 2 * (size_t)(header >> 5);
}
