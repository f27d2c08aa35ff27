// What the Glibc module does not show to Swift.
#pragma once
#include <stdint.h>

/// Room on the device up to `length` bytes; the file's length stays. 0, or an error number.
int trawl_reserve(int descriptor, int64_t length);

/// The name of the calling thread in tools of the system; the first 15 bytes of it.
void trawl_name_thread(const char *name);
