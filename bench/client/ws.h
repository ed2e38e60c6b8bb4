/* The client's side of RFC 6455. */
#ifndef WS_H
#define WS_H

#include "protocol.h"

size_t ws_hello(char *out, size_t room, const char *path, const char *subprotocol);
ssize_t ws_welcome(const char *data, size_t length);
ssize_t ws_next(const char *data, size_t length, struct unit *unit);

/* One masked text frame; 0 when it does not fit. */
size_t ws_text(char *out, size_t room, const char *text, size_t length);

#endif
