#define _GNU_SOURCE
#include "include/cposix.h"
#include <errno.h>
#include <fcntl.h>

int trawl_reserve(int descriptor, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length) == 0 ? 0 : errno;
}
