#ifndef TRAWL_CHECKSUM_H
#define TRAWL_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `count` bytes, continuing from `crc` (0 to start).
/// Uses the processor's instruction where there is one.
uint32_t trawl_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same, always by table. The reference of the tests.
uint32_t trawl_crc32c_table(uint32_t crc, const void *bytes, size_t count);

#endif
