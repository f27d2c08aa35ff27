#define _GNU_SOURCE
#include "include/cposix.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

int trawl_reserve(int descriptor, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length) == 0 ? 0 : errno;
}

void trawl_name_thread(const char *name) {
    char text[16] = {0};
    strncpy(text, name, sizeof text - 1);
    pthread_setname_np(pthread_self(), text);
}
