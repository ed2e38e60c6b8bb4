#include "protocol.h"

#include <stdio.h>
#include <string.h>

static const struct protocol *const protocols[] = {
    &raw_protocol,
    &nats_protocol,
    &ws_protocol,
    &ivschat_protocol,
};

const struct protocol *find_protocol(const char *name) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    return NULL;
}

/* "~#00000042" */
void write_body(char *out, size_t length, uint32_t number) {
    char marker[16];
    snprintf(marker, sizeof marker, "~#%08u", number % 100000000u);
    memcpy(out, marker, MARKER_LENGTH);
    memset(out + MARKER_LENGTH, 'x', length - MARKER_LENGTH);
}

int64_t read_number(const char *payload, size_t length, size_t *offset) {
    size_t at = *offset;
    if (at + MARKER_LENGTH > length || payload[at] != '~' || payload[at + 1] != '#') {
        const char *found = memmem(payload, length, "~#", 2);
        if (!found || found + MARKER_LENGTH > payload + length)
            return -1;
        *offset = at = (size_t)(found - payload);
    }
    int64_t number = 0;
    for (size_t i = at + 2; i < at + MARKER_LENGTH; i++) {
        if (payload[i] < '0' || payload[i] > '9')
            return -1;
        number = number * 10 + (payload[i] - '0');
    }
    return number;
}
