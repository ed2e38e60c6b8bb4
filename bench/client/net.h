/* Sockets, time and figures: what both load clients need of the system. */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

uint64_t now_ns(void); /* monotonic */

/* Prints the reason and exits with status 2. */
noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As many file descriptors as the hard limit allows. */
void raise_descriptor_limit(void);

struct sockaddr_in loopback(int port);

/* A non-blocking socket that is connecting to a loopback port. */
int start_connecting(const struct sockaddr_in *address);

/* Sends all of it, waiting up to a second for room; false when the peer is gone or stuck. */
bool send_all(int fd, const char *data, size_t length);

/* Closes without leaving the port in TIME_WAIT. */
void close_at_once(int fd);

/* Durations in nanoseconds, for percentiles. */
struct durations {
    uint64_t *values;
    size_t count, capacity;
};
void durations_add(struct durations *durations, uint64_t ns);
void durations_clear(struct durations *durations);
/* Sorts; the value below which `share` of them lie, in milliseconds; 0 when there are none. */
double durations_ms(struct durations *durations, double share);

/* Writes text as a JSON string, other bytes than printable ASCII as '?'. */
void print_json_string(const char *text, size_t length);

#endif
