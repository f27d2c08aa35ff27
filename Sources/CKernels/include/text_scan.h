#ifndef TRAWL_TEXT_SCAN_H
#define TRAWL_TEXT_SCAN_H

#include <stddef.h>
#include <stdint.h>

/// How many bytes come before the first that JSON does not have plainly in a string: a quote, a
/// backslash or a control character. `count` when there is none. Sets `beyond_ascii` to 1 when one
/// of them is above 0x7f, and leaves it else.
size_t trawl_json_plain_run(const uint8_t *bytes, size_t count, int *beyond_ascii);

/// Whether the bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing
/// beyond U+10FFFF. Sixteen bytes at a time where the processor can.
int trawl_utf8_is_valid(const uint8_t *bytes, size_t count);

/// The same, a character at a time. The reference of the tests.
int trawl_utf8_is_valid_plain(const uint8_t *bytes, size_t count);

#endif
