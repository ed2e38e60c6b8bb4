#include "members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_ROOM = 262144, EVENTS = 1024 };

static void watch(struct room *room, int operation, size_t index, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)index};
    if (epoll_ctl(room->epoll, operation, room->members[index].fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));
}

static void drop(struct room *room, struct member *member, const char *why, size_t length) {
    if (member->state == OPEN)
        room->lost++;
    else
        room->refused++;
    if (room->first_refusal[0] == '\0')
        snprintf(room->first_refusal, sizeof room->first_refusal, "%.*s",
                 (int)(length < 199 ? length : 199), why);
    close_at_once(member->fd);
    free(member->rest);
    *member = (struct member){.fd = -1, .state = ABSENT, .seen = member->seen};
}

static void begin(struct room *room, size_t index) {
    struct member *member = &room->members[index];
    member->fd = start_connecting(&room->address);
    member->state = CONNECTING;
    watch(room, EPOLL_CTL_ADD, index, EPOLLOUT);
}

static void connected(struct room *room, size_t index) {
    struct member *member = &room->members[index];
    char hello[MAX_REQUEST];
    const char *token = room->tokens ? room->tokens[index] : "";
    size_t length = room->protocol->hello(hello, sizeof hello, token);
    if (!send_all(member->fd, hello, length)) {
        drop(room, member, "no connection", 13);
        return;
    }
    member->state = WELCOMING;
    watch(room, EPOLL_CTL_MOD, index, EPOLLIN);
}

static void strange(struct room *room, const char *payload, size_t length) {
    if (room->strange++ == 0)
        snprintf(room->first_strange, sizeof room->first_strange, "%.*s",
                 (int)(length < 199 ? length : 199), payload);
}

/* Handles all units in the data; the bytes used, or -1 when the member was dropped. */
static ssize_t take(struct room *room, struct member *member, const char *data, size_t length) {
    size_t used = 0;
    if (member->state == WELCOMING) {
        ssize_t answer = room->protocol->welcome(data, length);
        if (answer < 0)
            drop(room, member, data, length);
        if (answer <= 0)
            return answer;
        member->state = OPEN;
        room->opened++;
        used = (size_t)answer;
    }
    while (used < length) {
        struct unit unit = {.reply_length = 0};
        ssize_t size = room->protocol->next(data + used, length - used, &unit);
        if (size == 0)
            break;
        if (size < 0 || unit.kind == UNIT_CLOSE) {
            drop(room, member, data + used, length - used);
            return -1;
        }
        used += (size_t)size;
        if (unit.reply_length > 0)
            send_all(member->fd, unit.reply, unit.reply_length);
        if (unit.kind != UNIT_MESSAGE)
            continue;
        int64_t number = read_number(unit.payload, unit.length, &room->marker_offset);
        if (number < 0) {
            strange(room, unit.payload, unit.length);
            continue;
        }
        room->units++;
        room->payload_bytes += unit.length;
        if (room->received)
            room->received(room->context, member, (uint32_t)number);
    }
    return (ssize_t)used;
}

static void readable(struct room *room, size_t index) {
    static char data[READ_ROOM];
    struct member *member = &room->members[index];
    size_t rest = member->rest_length;
    if (rest > 0)
        memcpy(data, member->rest, rest);
    ssize_t got = recv(member->fd, data + rest, sizeof data - rest, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        drop(room, member, "connection lost", 15);
        return;
    }
    size_t length = rest + (size_t)got;
    ssize_t used = take(room, member, data, length);
    if (used < 0)
        return;
    rest = length - (size_t)used;
    if (rest == sizeof data)
        fail("a unit is longer than %d bytes", READ_ROOM);
    if (rest > 0) {
        member->rest = realloc(member->rest, rest);
        if (!member->rest)
            fail("out of memory");
        memcpy(member->rest, data + used, rest);
    }
    member->rest_length = rest;
}

bool room_poll(struct room *room, int64_t timeout_ns) {
    struct epoll_event events[EVENTS];
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int ready = epoll_pwait2(room->epoll, events, EVENTS, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (ready < 0 && errno != EINTR)
        fail("epoll_pwait2: %s", strerror(errno));
    bool other = false;
    for (int i = 0; i < ready; i++) {
        size_t index = events[i].data.u32;
        if (index == NOT_A_MEMBER)
            other = true;
        else if (room->members[index].state == CONNECTING)
            connected(room, index);
        else if (room->members[index].state != ABSENT)
            readable(room, index);
    }
    return other;
}

void room_open(struct room *room, size_t first, size_t window, double seconds) {
    size_t settled = room->opened + room->refused, begun = first;
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    while (room->opened + room->refused - settled < room->count - first) {
        while (begun < room->count &&
               begun - first - (room->opened + room->refused - settled) < window)
            begin(room, begun++);
        room_poll(room, 100000000);
        if (now_ns() > until)
            return;
    }
}
