#include "text_scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const uint64_t ones = 0x0101010101010101u;
static const uint64_t tops = 0x8080808080808080u;

static uint64_t special_bytes(uint64_t word) {
  uint64_t quote = word ^ (ones * 0x22), slash = word ^ (ones * 0x5c);
  return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word)) &
         tops;
}

size_t trawl_json_plain_run(const uint8_t *bytes, size_t count, int *beyond_ascii) {
  size_t i = 0;
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8(0x22), slash = _mm_set1_epi8(0x5c),
                control = _mm_set1_epi8(0x1f);
  for (; i + 16 <= count; i += 16) {
    __m128i part = _mm_loadu_si128((const __m128i *)(bytes + i));
    __m128i found = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(part, quote), _mm_cmpeq_epi8(part, slash)),
        _mm_cmpeq_epi8(_mm_min_epu8(part, control), part));
    unsigned stop = (unsigned)_mm_movemask_epi8(found), high = (unsigned)_mm_movemask_epi8(part);
    if (stop) {
      if (high & (stop - 1) & ~stop) *beyond_ascii = 1;
      return i + (size_t)__builtin_ctz(stop);
    }
    if (high) *beyond_ascii = 1;
  }
#endif
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    // Exact for the lowest byte found, which is the one that counts.
    uint64_t stop = special_bytes(word);
    if (stop) {
      if (word & tops & (stop - 1) & ~stop) *beyond_ascii = 1;
      return i + (size_t)(__builtin_ctzll(stop) >> 3);
    }
    if (word & tops) *beyond_ascii = 1;
  }
  for (; i < count; i++) {
    uint8_t byte = bytes[i];
    if (byte < 0x20 || byte == 0x22 || byte == 0x5c) return i;
    if (byte >= 0x80) *beyond_ascii = 1;
  }
  return count;
}

/// How long the sequence at `p` is; 0 when it is none.
static size_t sequence_length(const uint8_t *p, size_t left) {
  uint8_t first = p[0];
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
  if (first < 0xf0) {
    if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80) return 0;
    if ((first == 0xe0 && p[1] < 0xa0) || (first == 0xed && p[1] >= 0xa0)) return 0;
    return 3;
  }
  if (first >= 0xf5 || left < 4) return 0;
  if ((p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80) return 0;
  if ((first == 0xf0 && p[1] < 0x90) || (first == 0xf4 && p[1] >= 0x90)) return 0;
  return 4;
}

int trawl_utf8_is_valid_plain(const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count;) {
    size_t length = sequence_length(bytes + i, count - i);
    if (!length) return 0;
    i += length;
  }
  return 1;
}

#if defined(__x86_64__)
// What can be wrong with a pair of neighbours (the method of Keiser and Lemire, 2020): each table
// gives the mistakes that a half byte allows, and a mistake that all three allow is one.
enum {
  TOO_SHORT = 1 << 0,       // a leader, and no continuation after it
  TOO_LONG = 1 << 1,        // ASCII, and a continuation after it
  OVERLONG_3 = 1 << 2,      // e0, below a0
  TOO_LARGE = 1 << 3,       // f4, 90 or above; f5 or above
  SURROGATE = 1 << 4,       // ed, a0 or above
  OVERLONG_2 = 1 << 5,      // c0 or c1
  TOO_LARGE_1000 = 1 << 6,  // f5 or above, below 90
  OVERLONG_4 = 1 << 6,      // f0, below 90
  TWO_MORE = 1 << 7,        // two continuations: right only within a longer character
  CARRY = TOO_SHORT | TOO_LONG | TWO_MORE,
};

#define TARGET __attribute__((target("ssse3")))

TARGET static __m128i pair_mistakes(__m128i part, __m128i before) {
  const __m128i low = _mm_set1_epi8(0x0f);
  const __m128i first_high = _mm_setr_epi8(
      TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
      (char)TWO_MORE, (char)TWO_MORE, (char)TWO_MORE, (char)TWO_MORE, TOO_SHORT | OVERLONG_2,
      TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
      TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
  const __m128i first_low = _mm_setr_epi8(
      (char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), (char)(CARRY | OVERLONG_2),
      (char)CARRY, (char)CARRY, (char)(CARRY | TOO_LARGE),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000), (char)(CARRY | TOO_LARGE | TOO_LARGE_1000),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000), (char)(CARRY | TOO_LARGE | TOO_LARGE_1000),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000), (char)(CARRY | TOO_LARGE | TOO_LARGE_1000),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000), (char)(CARRY | TOO_LARGE | TOO_LARGE_1000),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE),
      (char)(CARRY | TOO_LARGE | TOO_LARGE_1000), (char)(CARRY | TOO_LARGE | TOO_LARGE_1000));
  const __m128i second_high = _mm_setr_epi8(
      TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
      (char)(TOO_LONG | OVERLONG_2 | TWO_MORE | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4),
      (char)(TOO_LONG | OVERLONG_2 | TWO_MORE | OVERLONG_3 | TOO_LARGE),
      (char)(TOO_LONG | OVERLONG_2 | TWO_MORE | SURROGATE | TOO_LARGE),
      (char)(TOO_LONG | OVERLONG_2 | TWO_MORE | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT,
      TOO_SHORT, TOO_SHORT);
  __m128i previous = _mm_alignr_epi8(part, before, 15);
  __m128i mistakes = _mm_and_si128(
      _mm_shuffle_epi8(first_high, _mm_and_si128(_mm_srli_epi16(previous, 4), low)),
      _mm_shuffle_epi8(first_low, _mm_and_si128(previous, low)));
  mistakes = _mm_and_si128(
      mistakes, _mm_shuffle_epi8(second_high, _mm_and_si128(_mm_srli_epi16(part, 4), low)));
  // Third and fourth bytes are where two continuations in a row must be, and nowhere else.
  __m128i third = _mm_subs_epu8(_mm_alignr_epi8(part, before, 14), _mm_set1_epi8(0xe0 - 0x80));
  __m128i fourth = _mm_subs_epu8(_mm_alignr_epi8(part, before, 13), _mm_set1_epi8(0xf0 - 0x80));
  __m128i must = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)0x80));
  return _mm_xor_si128(must, mistakes);
}

TARGET static int is_valid_ssse3(const uint8_t *bytes, size_t count) {
  // A leader in the last three places wants more than the text has.
  const __m128i end_limit = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                          (char)0xef, (char)0xdf, (char)0xbf);
  __m128i before = _mm_setzero_si128(), mistakes = _mm_setzero_si128(),
          unfinished = _mm_setzero_si128();
  for (size_t i = 0; i < count; i += 16) {
    __m128i part;
    if (i + 16 <= count) {
      part = _mm_loadu_si128((const __m128i *)(bytes + i));
    } else {
      uint8_t rest[16] = {0};  // as if ASCII followed: a character that is cut is too short
      memcpy(rest, bytes + i, count - i);
      part = _mm_loadu_si128((const __m128i *)rest);
    }
    if (_mm_movemask_epi8(part) == 0) {
      mistakes = _mm_or_si128(mistakes, unfinished);
      unfinished = _mm_setzero_si128();
    } else {
      mistakes = _mm_or_si128(mistakes, pair_mistakes(part, before));
      unfinished = _mm_subs_epu8(part, end_limit);
    }
    before = part;
  }
  mistakes = _mm_or_si128(mistakes, unfinished);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(mistakes, _mm_setzero_si128())) == 0xffff;
}
#endif

int trawl_utf8_is_valid(const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) return is_valid_ssse3(bytes, count);
#endif
  return trawl_utf8_is_valid_plain(bytes, count);
}
