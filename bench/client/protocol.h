/* What the fan-out client knows of a server: how to get in, how to publish, how to find messages.
 *
 * A body is what is published: a marker with the message's number, then padding. Whatever a server
 * wraps around it, a delivery is recognised by the marker. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MARKER_LENGTH = 10, MAX_BODY = 4096, MAX_REQUEST = 16384 };

/* One unit of what a server sends. `reply` (a pong) goes back when `reply_length` is not 0. */
struct unit {
    enum { UNIT_MESSAGE, UNIT_CONTROL, UNIT_CLOSE } kind;
    const char *payload;
    size_t length;
    char reply[160];
    size_t reply_length;
};

struct protocol {
    const char *name;
    size_t overhead; /* bytes that the server adds to a body in what a subscriber gets */

    /* Writes what opens a connection; `token` is "" when there are none. */
    size_t (*hello)(char *out, size_t room, const char *token);

    /* Reads the answer: bytes used once in, 0 while incomplete, -1 when refused. */
    ssize_t (*welcome)(const char *data, size_t length);

    /* Reads the next unit: bytes used, 0 while incomplete, -1 when it makes no sense. */
    ssize_t (*next)(const char *data, size_t length, struct unit *unit);

    /* Writes what publishes the body. */
    size_t (*publish)(char *out, size_t room, const char *body, size_t length);
};

/* NULL when there is none of that name. */
const struct protocol *find_protocol(const char *name);

/* Fills a body of `length` bytes for message `number`. */
void write_body(char *out, size_t length, uint32_t number);

/* The number in a payload, or -1. `*offset` is where the last one was found. */
int64_t read_number(const char *payload, size_t length, size_t *offset);

extern const struct protocol raw_protocol;      /* fixed-length records of RAW_LENGTH bytes */
extern const struct protocol nats_protocol;     /* NATS text protocol, subject "room" */
extern const struct protocol ws_protocol;       /* WebSocket at /room, body sent as text */
extern const struct protocol ivschat_protocol;  /* IVS Chat messaging at /ivschat */

enum { RAW_LENGTH = 220 };

#endif
