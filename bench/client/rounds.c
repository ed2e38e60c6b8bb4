/* A message occupies one of 64 slots while it is under way. Its number tells the slot
 * (number % 64); each member has a bit a slot that turns over with each message through it, so a
 * message that comes twice, or after its time, is noticed. */
#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64, STALL_SECONDS = 10 };

struct slot {
    uint32_t number;
    size_t missing; /* members that have not got it; 0: the slot is free */
    uint64_t begun;
    bool turned; /* what the members' bits become */
};

struct rounds {
    struct room *room;
    size_t publishers, body_length;
    struct slot slots[SLOTS];
    uint32_t laps[SLOTS];
    unsigned free_slots[SLOTS], free_count;
    size_t under_way, sent, complete, deliveries, unexpected, unsendable, next_publisher;
    bool stalled;
    struct durations fan_outs;
    double seconds;
    uint64_t last_receipt;
    size_t payload_before, units_before;
};

static void received(void *context, struct member *member, uint32_t number) {
    struct rounds *rounds = context;
    struct slot *slot = &rounds->slots[number % SLOTS];
    uint64_t bit = 1ull << (number % SLOTS);
    if (slot->missing == 0 || slot->number != number || !(member->seen & bit) != slot->turned) {
        rounds->unexpected++;
        return;
    }
    member->seen ^= bit;
    rounds->deliveries++;
    if (--slot->missing > 0)
        return;
    rounds->last_receipt = now_ns();
    durations_add(&rounds->fan_outs, rounds->last_receipt - slot->begun);
    rounds->complete++;
    rounds->under_way--;
    rounds->free_slots[rounds->free_count++] = number % SLOTS;
}

struct rounds *rounds_new(struct room *room, size_t publishers, size_t body_length) {
    struct rounds *rounds = calloc(1, sizeof *rounds);
    if (!rounds)
        fail("out of memory");
    rounds->room = room;
    rounds->publishers = publishers;
    rounds->body_length = body_length;
    for (unsigned i = 0; i < SLOTS; i++)
        rounds->free_slots[rounds->free_count++] = SLOTS - 1 - i;
    room->received = received;
    room->context = rounds;
    return rounds;
}

bool rounds_begun(const struct rounds *rounds) { return rounds->next_publisher > 0; }

static void send_one(struct rounds *rounds, uint64_t begun) {
    struct room *room = rounds->room;
    unsigned index = rounds->free_slots[--rounds->free_count];
    struct slot *slot = &rounds->slots[index];
    slot->number = rounds->laps[index]++ * SLOTS + index;
    slot->missing = room->opened - room->lost;
    slot->begun = begun;
    slot->turned = !slot->turned;
    char body[MAX_BODY], request[MAX_REQUEST];
    write_body(body, rounds->body_length, slot->number);
    size_t length = room->protocol->publish(request, sizeof request, body, rounds->body_length);
    if (length == 0)
        fail("the message does not fit");
    struct member *publisher = &room->members[rounds->next_publisher++ % rounds->publishers];
    if (publisher->state != OPEN || !send_all(publisher->fd, request, length))
        rounds->unsendable++;
    rounds->under_way++;
    rounds->sent++;
}

static void begin(struct rounds *rounds) {
    rounds->sent = rounds->complete = rounds->deliveries = 0;
    rounds->unexpected = rounds->unsendable = 0;
    rounds->payload_before = rounds->room->payload_bytes;
    rounds->units_before = rounds->room->units;
    durations_clear(&rounds->fan_outs);
}

/* Reads until nothing is under way; gives up, for good, when nothing completes for long. */
static void drain(struct rounds *rounds) {
    size_t deliveries = rounds->deliveries;
    uint64_t since = now_ns();
    while (rounds->under_way > 0 && !rounds->stalled) {
        room_poll(rounds->room, 100000000);
        if (rounds->deliveries != deliveries) {
            deliveries = rounds->deliveries;
            since = now_ns();
        } else if (now_ns() - since > STALL_SECONDS * 1000000000ull) {
            rounds->stalled = true;
        }
    }
}

void rounds_closed(struct rounds *rounds, unsigned outstanding, double seconds) {
    begin(rounds);
    uint64_t start = now_ns(), until = start + (uint64_t)(seconds * 1e9);
    uint64_t give_up = until + STALL_SECONDS * 1000000000ull;
    for (uint64_t now = start; now < until && !rounds->stalled; now = now_ns()) {
        while (rounds->under_way < outstanding)
            send_one(rounds, now_ns());
        room_poll(rounds->room, 100000000);
        rounds->stalled = now > give_up;
    }
    drain(rounds);
    rounds->seconds = (double)(rounds->last_receipt - start) / 1e9;
}

void rounds_paced(struct rounds *rounds, double rate, double seconds) {
    begin(rounds);
    uint64_t start = now_ns(), step = (uint64_t)(1e9 / rate);
    uint64_t due = start, until = start + (uint64_t)(seconds * 1e9);
    for (uint64_t now = start; now < until; now = now_ns()) {
        while (due <= now && due < until && rounds->free_count > 0) {
            send_one(rounds, due);
            due += step;
        }
        room_poll(rounds->room, due > now ? (int64_t)(due - now) : 100000000);
    }
    drain(rounds);
    rounds->seconds = (double)(rounds->last_receipt - start) / 1e9;
}

void rounds_report(struct rounds *rounds) {
    const struct room *room = rounds->room;
    size_t units = room->units - rounds->units_before;
    size_t bytes = room->payload_bytes - rounds->payload_before;
    printf("{\"seconds\":%.6f,\"messages\":%zu,\"complete\":%zu,\"deliveries\":%zu,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"payload_bytes\":%zu,\"unexpected\":%zu,"
           "\"unsendable\":%zu,\"lost\":%zu,\"stalled\":%s,\"strange\":%zu,\"first_strange\":",
           rounds->seconds, rounds->sent, rounds->complete, rounds->deliveries,
           durations_ms(&rounds->fan_outs, 0.5), durations_ms(&rounds->fan_outs, 0.99),
           units ? bytes / units : 0, rounds->unexpected, rounds->unsendable, room->lost,
           rounds->stalled ? "true" : "false", room->strange);
    print_json_string(room->first_strange, strlen(room->first_strange));
    printf("}\n");
    fflush(stdout);
}
