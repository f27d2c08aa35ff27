#define _GNU_SOURCE
#include "cmicrohttpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void be_silent(void *context, const char *format, va_list arguments) {
    (void)context, (void)format, (void)arguments;
}

struct MHD_Daemon *cmhd_start(
    cmhd_options options, cmhd_access access, cmhd_target target, cmhd_completed completed,
    void *context) {
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC
        | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, options.thread_count, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access, context,
        MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL,
        MHD_OPTION_LISTEN_SOCKET, options.listen_socket,
        MHD_OPTION_CONNECTION_LIMIT, options.connection_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, options.idle_timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.connection_memory,
        MHD_OPTION_URI_LOG_CALLBACK, target, context,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_ARRAY, options.thread_count > 1 ? pool : none,
        MHD_OPTION_END);
}

int cmhd_listen(const char *host, const char *port, int backlog, uint16_t *bound_port) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host && *host ? host : NULL, port, &hints, &found);
    if (code != 0) return code - 10000;
    int result = -EADDRNOTAVAIL;
    for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        int s = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
        if (s < 0) { result = -errno; continue; }
        int on = 1;
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        // Accepted sockets inherit it: answers leave at once.
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (bind(s, at->ai_addr, at->ai_addrlen) == 0 && listen(s, backlog) == 0) {
            struct sockaddr_storage bound;
            socklen_t size = sizeof bound;
            getsockname(s, (struct sockaddr *)&bound, &size);
            *bound_port = ntohs(
                bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                            : ((struct sockaddr_in *)&bound)->sin_port);
            result = s;
            break;
        }
        result = -errno;
        close(s);
    }
    freeaddrinfo(found);
    return result;
}

int cmhd_socket_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

int cmhd_peer(struct MHD_Connection *connection, char *text, size_t size) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr) return 0;
    const struct sockaddr *a = info->client_addr;
    const void *raw = a->sa_family == AF_INET6
        ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
        : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
    return inet_ntop(a->sa_family, raw, text, (socklen_t)size) != NULL;
}

int cmhd_peer_is_gone(int socket) {
    char byte;
    ssize_t n = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
