#include "columns.h"

#include <math.h>
#include <string.h>

// Differences of a width that the compiler knows: shifts and masks are constants, and eight of
// them end where a byte does.
static inline __attribute__((always_inline)) void unpack(const uint8_t *in, const int width,
                                                         uint64_t least, int groups,
                                                         int64_t *out) {
  const uint64_t mask = UINT64_MAX >> (64 - width);
  for (int group = 0; group < groups; group++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      uint64_t raw;
      memcpy(&raw, in + ((i * width) >> 3), 8);
      out[i] = (int64_t)(least + ((raw >> ((i * width) & 7)) & mask));
    }
    in += width;
    out += 8;
  }
}

#define WIDTHS(DO)                                                                              \
  DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)       \
  DO(15) DO(16) DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24) DO(25) DO(26) DO(27)     \
  DO(28) DO(29) DO(30) DO(31) DO(32) DO(33) DO(34) DO(35) DO(36) DO(37) DO(38) DO(39) DO(40)     \
  DO(41) DO(42) DO(43) DO(44) DO(45) DO(46) DO(47) DO(48) DO(49) DO(50) DO(51) DO(52) DO(53)     \
  DO(54) DO(55) DO(56) DO(64)

static void unpack_groups(const uint8_t *in, int width, uint64_t least, int groups, int64_t *out) {
  switch (width) {
#define ONE(w)                             \
  case w:                                  \
    unpack(in, w, least, groups, out);     \
    break;
    WIDTHS(ONE)
#undef ONE
  }
}

void trawl_unpack_numbers(const uint8_t *block, int width, uint64_t least, uint64_t unit, int first,
                          int count, int64_t *out) {
  const uint64_t mask = UINT64_MAX >> (64 - width);
  const uint64_t base = unit == 1 ? least : 0;
  int done = 0;
  while (done < count && (first + done) & 7) {
    size_t bit = (size_t)(first + done) * width;
    uint64_t raw;
    memcpy(&raw, block + (bit >> 3), 8);
    out[done++] = (int64_t)(base + ((raw >> (bit & 7)) & mask));
  }
  int groups = (count - done) >> 3;
  if (groups > 0) {
    unpack_groups(block + (size_t)((first + done) >> 3) * width, width, base, groups, out + done);
    done += groups * 8;
  }
  for (; done < count; done++) {
    size_t bit = (size_t)(first + done) * width;
    uint64_t raw;
    memcpy(&raw, block + (bit >> 3), 8);
    out[done] = (int64_t)(base + ((raw >> (bit & 7)) & mask));
  }
  if (unit != 1) {
    for (int i = 0; i < count; i++) out[i] = (int64_t)(least + (uint64_t)out[i] * unit);
  }
}

typedef double doubles __attribute__((ext_vector_type(2)));
typedef int64_t integers __attribute__((ext_vector_type(2)));

// What the sortable keys are keys of: the lower 63 bits of negative numbers are flipped.
static inline __attribute__((always_inline)) doubles values_of(integers keys) {
  integers bits = keys ^ ((keys < 0) & INT64_MAX);
  doubles values;
  memcpy(&values, &bits, sizeof(values));
  return values;
}

// A value is cut into three parts, each a multiple of a power of two 40 bits below the highest
// that it may have: 4,096 of them add up without rounding. Adding a number of 1.5 times two to
// the power of 52 units and taking it away again leaves the multiple of the unit nearest to it.
int trawl_exact_sums(const int64_t *keys, int count, int top, double *sums, double *least,
                     double *greatest) {
  if (count > TRAWL_SUMS_MAX || top > 900 || top < -800) return 0;
  const doubles mark0 = ldexp(1.5, top - 40 + 52);
  const doubles mark1 = ldexp(1.5, top - 81 + 52);
  const doubles mark2 = ldexp(1.5, top - 122 + 52);
  doubles sum0 = 0, sum1 = 0, sum2 = 0, low = INFINITY, high = -INFINITY;
  integers rest = 0;
#define ADD(x)                              \
  {                                         \
    doubles left = x;                       \
    doubles part = (left + mark0) - mark0;  \
    sum0 += part;                           \
    left -= part;                           \
    part = (left + mark1) - mark1;          \
    sum1 += part;                           \
    left -= part;                           \
    part = (left + mark2) - mark2;          \
    sum2 += part;                           \
    left -= part;                           \
    integers bits;                          \
    memcpy(&bits, &left, sizeof(bits));     \
    rest |= bits;                           \
  }
  for (int i = 0; i + 1 < count; i += 2) {
    integers pair;
    memcpy(&pair, keys + i, sizeof(pair));
    doubles x = values_of(pair);
    low = x < low ? x : low;
    high = x > high ? x : high;
    ADD(x)
  }
  if (count & 1) {
    // A zero stands beside the last one.
    integers pair = {keys[count - 1], keys[count - 1]};
    doubles x = values_of(pair);
    low = x < low ? x : low;
    high = x > high ? x : high;
    x.y = 0;
    ADD(x)
  }
#undef ADD
  // The bit of the sign alone is a zero.
  if ((rest.x | rest.y) & INT64_MAX) return 0;
  sums[0] = sum0.x + sum0.y;
  sums[1] = sum1.x + sum1.y;
  sums[2] = sum2.x + sum2.y;
  *least = low.x < low.y ? low.x : low.y;
  *greatest = high.x > high.y ? high.x : high.y;
  return 1;
}
