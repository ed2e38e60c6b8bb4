/* Amazon IVS Chat messaging: the token is the subprotocol, requests are JSON. */
#include <stdio.h>

#include "ws.h"

static size_t hello(char *out, size_t room, const char *token) {
    return ws_hello(out, room, "/ivschat", token);
}

static size_t publish(char *out, size_t room, const char *body, size_t length) {
    char request[MAX_BODY + 64];
    int size = snprintf(request, sizeof request,
                        "{\"Action\":\"SEND_MESSAGE\",\"RequestId\":\"%.8s\",\"Content\":\"%.*s\"}",
                        body + 2, (int)length, body);
    return size < 0 || (size_t)size >= sizeof request ? 0
                                                      : ws_text(out, room, request, (size_t)size);
}

/* {"Type":"MESSAGE","Id":"…12","RequestId":"…8","Attributes":null,"Content":"","SendTime":"…27",
 *  "Sender":{"UserId":"u-00001","Attributes":{}}} */
enum { OVERHEAD = 179 };

const struct protocol ivschat_protocol = {
    "ivschat", OVERHEAD, hello, ws_welcome, ws_next, publish,
};
