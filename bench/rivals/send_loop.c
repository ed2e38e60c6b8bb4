/* The physical reference: reads records, calls send() for every socket, checks nothing.
 *
 *     send_loop PORT each|joined
 *
 * `each`: one send() a record and socket. `joined`: all records that a wake-up brought go out in
 * one send() a socket, which is what a server that coalesces its writes does. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORD = 220, EVENTS = 256, MOST_SOCKETS = 65536, JOINED_ROOM = 1 << 20 };

static int sockets[MOST_SOCKETS];
static size_t socket_count;
static char partial[MOST_SOCKETS][RECORD]; /* by descriptor */
static size_t partial_length[MOST_SOCKETS];
static bool joined;
static char pending[JOINED_ROOM];
static size_t pending_length;

static void write_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            length -= (size_t)sent;
            continue;
        }
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (sent < 0 && errno == EAGAIN && poll(&room, 1, 5000) == 1)
            continue;
        return; /* gone; its descriptor will tell */
    }
}

static void send_to_all(const char *data, size_t length) {
    for (size_t i = 0; i < socket_count; i++)
        write_all(sockets[i], data, length);
}

static void record(const char *data) {
    if (!joined) {
        send_to_all(data, RECORD);
        return;
    }
    if (pending_length + RECORD > sizeof pending) {
        send_to_all(pending, pending_length);
        pending_length = 0;
    }
    memcpy(pending + pending_length, data, RECORD);
    pending_length += RECORD;
}

static void forget(int fd) {
    for (size_t i = 0; i < socket_count; i++)
        if (sockets[i] == fd)
            sockets[i] = sockets[--socket_count];
    partial_length[fd] = 0;
    close(fd);
}

static void readable(int fd) {
    char data[65536];
    size_t filled = partial_length[fd];
    memcpy(data, partial[fd], filled);
    ssize_t got = recv(fd, data + filled, sizeof data - filled, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            forget(fd);
        return;
    }
    filled += (size_t)got;
    size_t at = 0;
    for (; filled - at >= RECORD; at += RECORD)
        record(data + at);
    partial_length[fd] = filled - at;
    memcpy(partial[fd], data + at, filled - at);
}

static void welcome(int listener, int epoll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int yes = 1;
        if (fd >= MOST_SOCKETS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        sockets[socket_count++] = fd;
        write_all(fd, "!", 1);
    }
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    joined = strcmp(argv[2], "joined") == 0;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int yes = 1, epoll = epoll_create1(EPOLL_CLOEXEC);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 4096) < 0) {
        perror("listen");
        return 1;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener)
                welcome(listener, epoll);
            else
                readable(events[i].data.fd);
        }
        if (pending_length > 0) {
            send_to_all(pending, pending_length);
            pending_length = 0;
        }
    }
}
