#ifndef TRAWL_COLUMNS_H
#define TRAWL_COLUMNS_H

#include <stdint.h>

/// Numbers of one block of `PackedNumbersFormat`: differences of `width` bits (1 to 56, or 64)
/// times `unit` above `least`, the `first`-th of the block and `count` - 1 behind it. Eight bytes
/// can be read where each of them begins.
void trawl_unpack_numbers(const uint8_t *block, int width, uint64_t least, uint64_t unit, int first,
                          int count, int64_t *out);

/// The most values that one call of `trawl_exact_sums` takes.
enum { TRAWL_SUMS_MAX = 4096 };

/// Sums doubles without rounding. Keys are sortable: their order as integers is that of the
/// doubles. Each value is below two to the power of `top` in magnitude; the exact sum is that of
/// `sums[0]`, `sums[1]` and `sums[2]`. `least` and `greatest` are the extremes, for which zeros
/// of either sign are the same. Returns 0 when the values reach too far down, or one of them is
/// not finite: then nothing else was said.
int trawl_exact_sums(const int64_t *keys, int count, int top, double *sums, double *least,
                     double *greatest);

#endif
