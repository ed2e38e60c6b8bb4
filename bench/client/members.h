/* The connections of one room: opening them and reading what comes. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "protocol.h"

struct member {
    int fd;
    enum { ABSENT, CONNECTING, WELCOMING, OPEN } state;
    char *rest; /* of a unit that was not all there */
    size_t rest_length;
    uint64_t seen; /* one bit a slot, see rounds.c */
};

struct room {
    const struct protocol *protocol;
    struct sockaddr_in address;
    int epoll;
    struct member *members;
    char **tokens; /* one a member, or NULL */
    size_t count, opened, refused, lost, units, payload_bytes, strange;
    char first_refusal[200], first_strange[200];
    size_t marker_offset;
    /* Called for each numbered message; `context` is the owner's. */
    void (*received)(void *context, struct member *member, uint32_t number);
    void *context;
};

enum { NOT_A_MEMBER = UINT32_MAX };

/* Connects members first..count-1 with at most `window` handshakes under way. */
void room_open(struct room *room, size_t first, size_t window, double seconds);

/* Waits up to `timeout_ns` (-1: for ever) for anything and handles it. True when the descriptor
 * registered with `NOT_A_MEMBER` can be read. */
bool room_poll(struct room *room, int64_t timeout_ns);

#endif
