/* Numbered messages through a room, each complete when every member has got it. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "members.h"

struct rounds;

struct rounds *rounds_new(struct room *room, size_t publishers, size_t body_length);

/* Whether messages were sent; no member may join after that. */
bool rounds_begun(const struct rounds *rounds);

/* `outstanding` (1..64) messages under way at any time, for so many seconds. */
void rounds_closed(struct rounds *rounds, unsigned outstanding, double seconds);

/* A message at each tick of `rate` a second, late or not; times count from the tick. */
void rounds_paced(struct rounds *rounds, double rate, double seconds);

/* One line of JSON about the last run. */
void rounds_report(struct rounds *rounds);

#endif
