#include "postings_codec.h"

#include <string.h>

// The length that a norm stands for, as `NormEncoding` has it.
static float length_of(int norm) {
  if (norm < 24) return (float)norm;
  int rest = norm - 24, shift = (rest >> 3) - 1;
  return (float)(24 + (shift < 0 ? rest & 7 : ((rest & 7) | 8) << (shift < 24 ? shift : 24)));
}

// The pairs that no other pair dominates, from the highest frequency down; then, until `limit` are
// left, the two neighbours are joined whose join bounds lowest. What matters is the block's best
// pair, and that stays as it is while the joins lie below it. (Joining where the bound loosens
// least in proportion was tried: blocks of very frequent words were hardly ever left out.)
static void reduce(const uint8_t least_norm[256], const uint8_t seen[256], int top, int limit,
                   uint8_t *out) {
  uint8_t frequency[256], norm[256];
  int n = 0, best = 256;
  for (int f = top; f >= 1 && best > 0; f--) {
    if (seen[f] && least_norm[f] < best) {
      best = least_norm[f];
      frequency[n] = (uint8_t)f;
      norm[n++] = (uint8_t)best;
    }
  }
  while (n > limit) {
    int join = 0;
    float least = 1e30f;
    for (int i = 0; i + 1 < n; i++) {
      // Pair i has the higher frequency, pair i + 1 the lower norm. With k1 and b as usual and
      // about a hundred words a document; this decides how tight a bound is, not whether it is one.
      float joined = (float)frequency[i] / (30.0f + length_of(norm[i + 1]));
      if (joined < least) {
        least = joined;
        join = i;
      }
    }
    norm[join] = norm[join + 1];
    for (int i = join + 1; i + 1 < n; i++) {
      frequency[i] = frequency[i + 1];
      norm[i] = norm[i + 1];
    }
    n--;
  }
  for (int i = 0; i < limit; i++) {
    int from = i < n ? i : n - 1;
    out[2 * i] = frequency[from];
    out[2 * i + 1] = norm[from];
  }
}

void trawl_impacts_of(const uint32_t *frequencies, const uint8_t *norms, int count, int limit,
                      uint8_t *out) {
  uint8_t least[256], seen[256];
  memset(seen, 0, sizeof seen);
  int top = 0;
  for (int i = 0; i < count; i++) {
    int f = frequencies[i] < 255 ? (int)frequencies[i] : 255;
    uint8_t norm = norms ? norms[i] : 1;
    if (!seen[f]) {
      seen[f] = 1;
      least[f] = norm;
      if (f > top) top = f;
    } else if (norm < least[f]) {
      least[f] = norm;
    }
  }
  if (top == 0) {
    memset(out, 0, 2 * (size_t)limit);
    return;
  }
  reduce(least, seen, top, limit, out);
}

void trawl_impacts_join(const uint8_t *pairs, int pair_count, int limit, uint8_t *out) {
  uint8_t least[256], seen[256];
  memset(seen, 0, sizeof seen);
  int top = 0;
  for (int i = 0; i < pair_count; i++) {
    int f = pairs[2 * i];
    uint8_t norm = pairs[2 * i + 1];
    if (!seen[f] || norm < least[f]) least[f] = norm;
    seen[f] = 1;
    if (f > top) top = f;
  }
  if (top == 0) {
    memset(out, 0, 2 * (size_t)limit);
    return;
  }
  reduce(least, seen, top, limit, out);
}
