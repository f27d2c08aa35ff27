#pragma once
#include <curl/curl.h>
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift does not see.
static inline CURLcode ccurl_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_large(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_text(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode ccurl_pointer(CURL *h, CURLoption o, const void *v) { return curl_easy_setopt(h, o, v); }
typedef size_t (*ccurl_sink)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_callback(CURL *h, CURLoption o, ccurl_sink v) { return curl_easy_setopt(h, o, v); }
static inline long ccurl_status(CURL *h) {
    long v = 0;
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &v);
    return v;
}
