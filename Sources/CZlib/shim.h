#pragma once
#include <zlib.h>
// The initialisers are macros, which Swift does not see. 31 = gzip; 47 = gzip or zlib, as it comes.
static inline int czlib_deflate_gzip(z_stream *s, int level) {
    return deflateInit2(s, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}
static inline int czlib_inflate_any(z_stream *s) { return inflateInit2(s, 47); }
