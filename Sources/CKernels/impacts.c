#include "postings_codec.h"

#include <string.h>

// The pairs that no other pair dominates, from the highest frequency down; then the two
// neighbours whose union loosens the bound least are joined until four are left.
static void reduce(uint8_t least_norm[256], const uint8_t seen[256], int top, uint8_t out[8]) {
  uint8_t frequency[256], norm[256];
  int n = 0, best = 256;
  for (int f = top; f >= 1 && best > 0; f--) {
    if (seen[f] && least_norm[f] < best) {
      best = least_norm[f];
      frequency[n] = (uint8_t)f;
      norm[n++] = (uint8_t)best;
    }
  }
  while (n > 4) {
    int join = 0;
    float least = 1e30f;
    for (int i = 0; i + 1 < n; i++) {
      // Pair i has the higher frequency, pair i + 1 the lower norm. The byte of a norm stands in
      // for the length: this decides how tight a bound is, not whether it is one.
      float joined = (float)frequency[i] / (16.0f + norm[i + 1]);
      float a = (float)frequency[i] / (16.0f + norm[i]);
      float b = (float)frequency[i + 1] / (16.0f + norm[i + 1]);
      float loss = joined / (a > b ? a : b);
      if (loss < least) {
        least = loss;
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
  for (int i = 0; i < 4; i++) {
    int from = i < n ? i : n - 1;
    out[2 * i] = frequency[from];
    out[2 * i + 1] = norm[from];
  }
}

void trawl_impacts_of(const uint32_t *frequencies, const uint8_t *norms, int count,
                      uint8_t out[8]) {
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
    memset(out, 0, 8);
    return;
  }
  reduce(least, seen, top, out);
}

void trawl_impacts_join(const uint8_t *pairs, int pair_count, uint8_t out[8]) {
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
    memset(out, 0, 8);
    return;
  }
  reduce(least, seen, top, out);
}
