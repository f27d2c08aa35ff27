#pragma once
// libmicrohttpd without its variadic functions and closed enums, which Swift does not see.
#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int listen_socket;
    unsigned thread_count;
    unsigned connection_limit;
    unsigned idle_timeout_seconds;
    // Request line and headers of one connection must fit into it.
    size_t connection_memory;
} cmhd_options;

typedef enum MHD_Result (*cmhd_access)(
    void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *body, size_t *body_size, void **request);
// Called with the raw request target, before libmicrohttpd decodes it. Its answer is the request.
typedef void *(*cmhd_target)(void *context, const char *target, struct MHD_Connection *connection);
typedef void (*cmhd_completed)(
    void *context, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode reason);

struct MHD_Daemon *cmhd_start(
    cmhd_options options, cmhd_access access, cmhd_target target, cmhd_completed completed,
    void *context);

// A listening socket, or a negative errno (or getaddrinfo's code minus 10000).
int cmhd_listen(const char *host, const char *port, int backlog, uint16_t *bound_port);

int cmhd_socket_of(struct MHD_Connection *connection);
// The address of the other side as text; 0 when there is none.
int cmhd_peer(struct MHD_Connection *connection, char *text, size_t size);
// 1 when the other side has closed its end and nothing is left to read.
int cmhd_peer_is_gone(int socket);

static inline enum MHD_Result cmhd_yes(void) { return MHD_YES; }
static inline enum MHD_Result cmhd_no(void) { return MHD_NO; }
static inline struct MHD_Response *cmhd_response(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}
static inline void cmhd_each_header(
    struct MHD_Connection *connection, MHD_KeyValueIteratorN visit, void *context) {
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, visit, context);
}
