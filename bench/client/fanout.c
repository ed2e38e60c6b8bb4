/* A room full of members, driven by lines on standard input, each answered by a line of JSON.
 *
 *     fanout PROTOCOL PORT BYTES PUBLISHERS
 *
 *     open COUNT WINDOW [TOKENS]   connect COUNT more members, WINDOW at a time; TOKENS is a file
 *                                  with one token a line
 *     closed OUTSTANDING SECONDS   messages, OUTSTANDING of them under way at any time
 *     paced RATE SECONDS           messages, RATE a second
 *     quit
 *
 * The first PUBLISHERS members send, all members receive; BYTES is what a member gets of a message,
 * everything around it included. Between commands it stays connected and answers pings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "rounds.h"

enum { MOST_TOKEN = 8192 };

/* Appends the file's lines to the room's tokens. */
static void read_tokens(struct room *room, size_t count, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        fail("%s: %s", path, strerror(errno));
    room->tokens = realloc(room->tokens, (room->count + count) * sizeof *room->tokens);
    char line[MOST_TOKEN];
    for (size_t i = 0; i < count; i++) {
        if (!room->tokens || !fgets(line, sizeof line, file))
            fail("%s: fewer than %zu tokens", path, count);
        line[strcspn(line, "\n")] = '\0';
        room->tokens[room->count + i] = strdup(line);
    }
    fclose(file);
}

static void open_members(struct room *room, const char *arguments) {
    size_t count, window;
    char path[1024];
    int given = sscanf(arguments, "%zu %zu %1023s", &count, &window, path);
    if (given < 2)
        fail("open COUNT WINDOW [TOKENS]");
    if (given == 3)
        read_tokens(room, count, path);
    size_t first = room->count, before = room->opened;
    room->members = realloc(room->members, (first + count) * sizeof *room->members);
    if (!room->members)
        fail("out of memory");
    memset(room->members + first, 0, count * sizeof *room->members);
    room->count += count;
    uint64_t start = now_ns();
    room_open(room, first, window, 120);
    printf("{\"seconds\":%.6f,\"opened\":%zu,\"refused\":%zu,\"first_refusal\":",
           (double)(now_ns() - start) / 1e9, room->opened - before, room->refused);
    print_json_string(room->first_refusal, strlen(room->first_refusal));
    printf("}\n");
    fflush(stdout);
}

/* One line, while the room is served. False at the end. */
static bool read_command(struct room *room, char *line, size_t size) {
    size_t length = 0;
    while (length + 1 < size) {
        while (!room_poll(room, -1))
            ;
        ssize_t got = read(STDIN_FILENO, line + length, 1);
        if (got <= 0)
            return false;
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
    return true;
}

int main(int argc, char **argv) {
    if (argc != 5)
        fail("fanout PROTOCOL PORT BYTES PUBLISHERS");
    raise_descriptor_limit();
    struct room room = {.protocol = find_protocol(argv[1]), .address = loopback(atoi(argv[2]))};
    if (!room.protocol)
        fail("no protocol %s", argv[1]);
    size_t bytes = strtoul(argv[3], NULL, 10), publishers = strtoul(argv[4], NULL, 10);
    if (bytes < room.protocol->overhead + MARKER_LENGTH || bytes > MAX_BODY || publishers == 0)
        fail("BYTES or PUBLISHERS out of range");
    room.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = NOT_A_MEMBER};
    if (epoll_ctl(room.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
        fail("standard input must be a pipe");
    struct rounds *rounds = rounds_new(&room, publishers, bytes - room.protocol->overhead);

    char line[2048];
    while (read_command(&room, line, sizeof line) && strcmp(line, "quit") != 0) {
        unsigned outstanding;
        double rate, seconds;
        if (strncmp(line, "open ", 5) == 0 && !rounds_begun(rounds)) {
            open_members(&room, line + 5);
        } else if (sscanf(line, "closed %u %lf", &outstanding, &seconds) == 2) {
            rounds_closed(rounds, outstanding, seconds);
            rounds_report(rounds);
        } else if (sscanf(line, "paced %lf %lf", &rate, &seconds) == 2) {
            rounds_paced(rounds, rate, seconds);
            rounds_report(rounds);
        } else {
            fail("what is \"%s\"?", line);
        }
    }
    for (size_t i = 0; i < room.count; i++)
        if (room.members[i].state != ABSENT)
            close_at_once(room.members[i].fd);
    return 0;
}
