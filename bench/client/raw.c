/* Records of a fixed length and nothing else: the bare loop of send(). */
#include <string.h>

#include "protocol.h"

static size_t hello(char *out, size_t room, const char *token) {
    (void)out, (void)room, (void)token;
    return 0;
}

/* The server greets with one byte once it has accepted. */
static ssize_t welcome(const char *data, size_t length) {
    (void)data;
    return length > 0;
}

static ssize_t next(const char *data, size_t length, struct unit *unit) {
    if (length < RAW_LENGTH)
        return 0;
    unit->kind = UNIT_MESSAGE;
    unit->payload = data;
    unit->length = RAW_LENGTH;
    return RAW_LENGTH;
}

static size_t publish(char *out, size_t room, const char *body, size_t length) {
    if (length > room || length != RAW_LENGTH)
        return 0;
    memcpy(out, body, length);
    return length;
}

const struct protocol raw_protocol = {"raw", 0, hello, welcome, next, publish};
