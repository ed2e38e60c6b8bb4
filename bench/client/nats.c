/* https://docs.nats.io/reference/reference-protocols/nats-protocol */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

static size_t hello(char *out, size_t room, const char *token) {
    (void)token;
    return (size_t)snprintf(out, room,
                            "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"
                            "SUB room 1\r\nPING\r\n");
}

/* "INFO {…}", then the PONG that tells that SUB was taken. */
static ssize_t welcome(const char *data, size_t length) {
    const char *pong = memmem(data, length, "PONG\r\n", 6);
    if (pong)
        return pong + 6 - data;
    return memmem(data, length, "-ERR", 4) ? -1 : 0;
}

static ssize_t next(const char *data, size_t length, struct unit *unit) {
    const char *end = memchr(data, '\n', length);
    if (!end)
        return 0;
    size_t line = (size_t)(end + 1 - data);
    if (memcmp(data, "MSG ", 4) == 0) {
        /* MSG <subject> <sid> <length>\r\n<payload>\r\n */
        const char *size = memrchr(data, ' ', line);
        size_t payload = strtoul(size + 1, NULL, 10);
        if (length < line + payload + 2)
            return 0;
        unit->kind = UNIT_MESSAGE;
        unit->payload = data + line;
        unit->length = payload;
        return (ssize_t)(line + payload + 2);
    }
    unit->kind = memcmp(data, "-ERR", 4) == 0 ? UNIT_CLOSE : UNIT_CONTROL;
    unit->payload = data;
    unit->length = line;
    if (memcmp(data, "PING", 4) == 0) {
        memcpy(unit->reply, "PONG\r\n", 6);
        unit->reply_length = 6;
    }
    return (ssize_t)line;
}

static size_t publish(char *out, size_t room, const char *body, size_t length) {
    int size = snprintf(out, room, "PUB room %zu\r\n%.*s\r\n", length, (int)length, body);
    return size < 0 || (size_t)size >= room ? 0 : (size_t)size;
}

const struct protocol nats_protocol = {"nats", 0, hello, welcome, next, publish};
