#include "checksum.h"

#include <pthread.h>
#include <string.h>

// Reflected polynomial of CRC-32C.
static const uint32_t polynomial = 0x82f63b78u;

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (polynomial & (0u - (crc & 1u)));
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int k = 1; k < 8; k++)
      table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
}

uint32_t trawl_crc32c_table(uint32_t crc, const void *bytes, size_t count) {
  pthread_once(&table_once, make_table);
  const uint8_t *p = bytes;
  crc = ~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    word ^= crc;
    crc = table[7][word & 0xff] ^ table[6][(word >> 8) & 0xff] ^ table[5][(word >> 16) & 0xff] ^
          table[4][(word >> 24) & 0xff] ^ table[3][(word >> 32) & 0xff] ^
          table[2][(word >> 40) & 0xff] ^ table[1][(word >> 48) & 0xff] ^ table[0][word >> 56];
    p += 8;
    count -= 8;
  }
  while (count--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p,
                                                               size_t count) {
  uint64_t state = ~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    state = __builtin_ia32_crc32di(state, word);
    p += 8;
    count -= 8;
  }
  uint32_t tail = (uint32_t)state;
  while (count--) tail = __builtin_ia32_crc32qi(tail, *p++);
  return ~tail;
}

uint32_t trawl_crc32c(uint32_t crc, const void *bytes, size_t count) {
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42(crc, bytes, count);
  return trawl_crc32c_table(crc, bytes, count);
}
#else
uint32_t trawl_crc32c(uint32_t crc, const void *bytes, size_t count) {
  return trawl_crc32c_table(crc, bytes, count);
}
#endif
