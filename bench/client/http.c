/* Raw HTTP/1.1 requests over keep-alive connections, one under way on each.
 *
 *     http PORT CONNECTIONS REQUESTS load SECONDS     the requests over and over, for so long
 *     http PORT CONNECTIONS REQUESTS once BODIES      each once; bodies of answers go to a file
 *
 * REQUESTS is a file of records: a decimal length and a newline, then so many bytes. Prints one
 * line of JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum { ANSWER_ROOM = 65536 };

struct request {
    const char *data;
    size_t length;
};

struct client {
    int fd;
    bool connected, idle;
    uint64_t begun;
    size_t filled;
    char answer[ANSWER_ROOM + 1];
};

static struct request *requests;
static size_t request_count, next_request;
static struct client *clients;
static int epoll;
static struct sockaddr_in address;
static bool once;
static uint64_t until;
static FILE *bodies;
static size_t answered, refused, reconnects, unread;
static char first_refusal[200];
static struct durations latencies;

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("%s: %s", path, strerror(errno));
    size_t length, capacity = 0;
    while (fscanf(file, "%zu", &length) == 1 && fgetc(file) == '\n') {
        if (request_count == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            requests = realloc(requests, capacity * sizeof *requests);
        }
        char *data = malloc(length);
        if (!requests || !data || fread(data, 1, length, file) != length)
            fail("%s: cannot be read", path);
        requests[request_count++] = (struct request){data, length};
    }
    if (request_count == 0)
        fail("%s: no requests", path);
    fclose(file);
}

static bool more(void) { return once ? next_request < request_count : now_ns() < until; }

static void start(size_t index) {
    struct client *client = &clients[index];
    client->fd = start_connecting(&address);
    client->connected = false;
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = (uint32_t)index};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event);
}

static void send_next(struct client *client) {
    const struct request *request = &requests[next_request++ % request_count];
    client->filled = 0;
    client->begun = now_ns();
    if (!send_all(client->fd, request->data, request->length))
        fail("a request could not be sent");
}

static const char *header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line < end; line++) {
        if (strncasecmp(line, name, length) == 0)
            return line + length + strspn(line + length, " ");
        line = memchr(line, '\n', (size_t)(end - line));
        if (!line)
            break;
    }
    return NULL;
}

/* Length of the whole answer once its head is there, else 0. */
static size_t answer_length(const char *answer, size_t *head_length, bool *closes) {
    const char *end = strstr(answer, "\r\n\r\n");
    if (!end)
        return 0;
    *head_length = (size_t)(end + 4 - answer);
    const char *size = header(answer, end, "content-length:");
    const char *connection = header(answer, end, "connection:");
    *closes = connection && strncasecmp(connection, "close", 5) == 0;
    return *head_length + (size ? strtoul(size, NULL, 10) : 0);
}

static void take_answer(const char *answer, size_t head, size_t length) {
    if (strncmp(answer + strcspn(answer, " "), " 2", 2) == 0) {
        answered++;
    } else if (refused++ == 0) {
        snprintf(first_refusal, sizeof first_refusal, "%.*s %.*s", (int)strcspn(answer, "\r"),
                 answer, (int)(length - head), answer + head);
    }
    if (bodies)
        fprintf(bodies, "%.*s\n", (int)(length - head), answer + head);
}

/* Closes; connects again when there is more to send. */
static void finish(size_t index) {
    close_at_once(clients[index].fd);
    clients[index].idle = true;
    if (more()) {
        clients[index].idle = false;
        reconnects++;
        start(index);
    }
}

static void serve(size_t index) {
    struct client *client = &clients[index];
    if (!client->connected) {
        client->connected = true;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event);
        send_next(client);
        return;
    }
    ssize_t got = recv(client->fd, client->answer + client->filled, ANSWER_ROOM - client->filled, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        unread++;
        finish(index);
        return;
    }
    client->filled += (size_t)got;
    client->answer[client->filled] = '\0';
    size_t head = 0;
    bool closes = false;
    size_t length = answer_length(client->answer, &head, &closes);
    if (length == 0 || client->filled < length) {
        if (client->filled == ANSWER_ROOM)
            fail("an answer is longer than %d bytes", ANSWER_ROOM);
        return;
    }
    durations_add(&latencies, now_ns() - client->begun);
    take_answer(client->answer, head, length);
    if (closes || !more())
        finish(index);
    else
        send_next(client);
}

static size_t active(size_t count) {
    size_t busy = 0;
    for (size_t i = 0; i < count; i++)
        busy += !clients[i].idle;
    return busy;
}

int main(int argc, char **argv) {
    if (argc != 6)
        fail("http PORT CONNECTIONS REQUESTS load|once SECONDS|BODIES");
    raise_descriptor_limit();
    address = loopback(atoi(argv[1]));
    size_t count = strtoul(argv[2], NULL, 10);
    read_requests(argv[3]);
    once = strcmp(argv[4], "once") == 0;
    if (once && !(bodies = fopen(argv[5], "w")))
        fail("%s: %s", argv[5], strerror(errno));
    if (once && count > request_count)
        count = request_count;
    clients = calloc(count, sizeof *clients);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || epoll < 0)
        fail("no memory or no epoll");

    uint64_t begun = now_ns();
    until = once ? UINT64_MAX : begun + (uint64_t)(atof(argv[5]) * 1e9);
    for (size_t i = 0; i < count; i++)
        start(i);
    while (active(count) > 0) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 10000);
        if (ready == 0)
            fail("no answer for 10 s");
        for (int i = 0; i < ready; i++)
            serve(events[i].data.u32);
    }
    double seconds = (double)(now_ns() - begun) / 1e9;
    if (bodies)
        fclose(bodies);
    printf("{\"seconds\":%.6f,\"answered\":%zu,\"refused\":%zu,\"unread\":%zu,\"reconnects\":%zu,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"first_refusal\":",
           seconds, answered, refused, unread, reconnects, durations_ms(&latencies, 0.5),
           durations_ms(&latencies, 0.99));
    print_json_string(first_refusal, strlen(first_refusal));
    printf("}\n");
    return 0;
}
