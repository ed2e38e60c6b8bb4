#include "ws.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

size_t ws_hello(char *out, size_t room, const char *path, const char *subprotocol) {
    bool with = subprotocol[0] != '\0';
    int size = snprintf(out, room,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
                        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: aHViYnViLWJlbmNoLWtleQ==\r\n%s%s%s\r\n",
                        path, with ? "Sec-WebSocket-Protocol: " : "", subprotocol,
                        with ? "\r\n" : "");
    return size < 0 || (size_t)size >= room ? 0 : (size_t)size;
}

ssize_t ws_welcome(const char *data, size_t length) {
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    return memcmp(data, "HTTP/1.1 101 ", 13) == 0 ? end + 4 - data : -1;
}

static size_t frame(char *out, size_t room, int opcode, const char *payload, size_t length) {
    static const char mask[4] = {0x37, 0x5a, 0x11, 0x6c};
    size_t head = length < 126 ? 2 : 4;
    if (length > 65535 || head + 4 + length > room)
        return 0;
    out[0] = (char)(0x80 | opcode);
    out[1] = (char)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        out[2] = (char)(length >> 8);
        out[3] = (char)length;
    }
    memcpy(out + head, mask, 4);
    for (size_t i = 0; i < length; i++)
        out[head + 4 + i] = (char)(payload[i] ^ mask[i % 4]);
    return head + 4 + length;
}

size_t ws_text(char *out, size_t room, const char *text, size_t length) {
    return frame(out, room, OP_TEXT, text, length);
}

ssize_t ws_next(const char *data, size_t length, struct unit *unit) {
    const unsigned char *bytes = (const unsigned char *)data;
    if (length < 2)
        return 0;
    if (bytes[0] & 0x70 || bytes[1] & 0x80)
        return -1; /* no extension was negotiated, and servers do not mask */
    size_t head = 2, size = bytes[1];
    if (size == 126) {
        head = 4;
        if (length < head)
            return 0;
        size = (size_t)bytes[2] << 8 | bytes[3];
    } else if (size == 127) {
        return -1; /* nothing here is that long */
    }
    if (length < head + size)
        return 0;
    int opcode = bytes[0] & 0x0f;
    unit->payload = data + head;
    unit->length = size;
    unit->kind = opcode == OP_TEXT || opcode == OP_BINARY ? UNIT_MESSAGE
                 : opcode == OP_CLOSE                     ? UNIT_CLOSE
                                                          : UNIT_CONTROL;
    if (opcode == OP_PING)
        unit->reply_length = frame(unit->reply, sizeof unit->reply, OP_PONG, unit->payload, size);
    return (ssize_t)(head + size);
}

static size_t room_hello(char *out, size_t room, const char *token) {
    return ws_hello(out, room, "/room", token);
}

const struct protocol ws_protocol = {"ws", 0, room_hello, ws_welcome, ws_next, ws_text};
