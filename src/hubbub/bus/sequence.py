"""The order of one topic as a subscriber sees it.

Invariant: *publications are delivered in their order, each at most once; and either all of them
are, or the gap is reported*.

The server numbers the publications of a topic from 1. An `epoch` names one such numbering; a new
one begins when the server has lost or forgotten the topic.

| phase | a publication arrives                         | the server's record arrives         |
|-------|-----------------------------------------------|-------------------------------------|
| FRESH | dropped, it is older than the subscription    | LIVE from the record's place        |
| LIVE  | known: dropped; next: delivered; later: LATE  | as in LATE                          |
| LATE  | held back                                     | missed and held are delivered; LIVE |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Entry:
    """One publication as the server keeps and sends it."""

    epoch: int
    number: int
    payload: bytes
    label: str


class Phase(Enum):
    FRESH = 0
    LIVE = 1
    LATE = 2


class TopicSequence:
    """What has been delivered of a topic."""

    __slots__ = ("_held", "epoch", "number", "phase")

    def __init__(self) -> None:
        self.phase = Phase.FRESH
        self.epoch = 0  # 0: none known
        self.number = 0  # of the last one delivered
        self._held: list[Entry] = []

    def lose(self) -> None:
        """The connection is lost: what comes next must be compared with the server's record."""
        if self.phase is Phase.LIVE:
            self.phase = Phase.LATE
        self._held = []

    def arrive(self, entry: Entry) -> bool:
        """Whether to deliver it now. False and LATE thereafter: ask the server for its record."""
        if self.phase is Phase.FRESH:
            return False
        if self.phase is Phase.LATE:
            self._held.append(entry)
            return False
        if entry.epoch == self.epoch and entry.number <= self.number:
            return False
        expected = self.number + 1 if entry.epoch == self.epoch else 1
        if entry.number != expected:
            self.phase = Phase.LATE
            self._held.append(entry)
            return False
        self._advance(entry)
        return True

    def record(self, epoch: int, number: int, kept: Sequence[Entry]) -> tuple[list[Entry], bool]:
        """The server's place in the topic, and the publications it keeps.

        Returns those to deliver now, and whether others were missed for good; then nothing is
        delivered and the topic goes on behind the gap.
        """
        fresh, self.phase = self.phase is Phase.FRESH, Phase.LIVE
        held, self._held = self._held, []
        if fresh:
            self.epoch, self.number = epoch, number
            return [], False
        deliver = []
        # A numbering that began after ours was lost: all of it is news.
        last = self.number if epoch == self.epoch else 0
        for entry in sorted([*kept, *held], key=lambda entry: (entry.epoch, entry.number)):
            if entry.epoch == epoch and entry.number == last + 1:
                deliver.append(entry)
                last = entry.number
        newest = max([number, *(entry.number for entry in held if entry.epoch == epoch)])
        if epoch:
            self.epoch, self.number = epoch, newest
        else:
            self.epoch, self.number = 0, 0
        if last < newest:
            return [], True
        return deliver, False

    def _advance(self, entry: Entry) -> None:
        self.epoch, self.number = entry.epoch, entry.number
