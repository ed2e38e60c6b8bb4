"""Who may publish one more camera or share (chime-meetings A.13, B.9, B.12).

A share has its place from its first SUBSCRIBE on, before it is announced and before its picture:
its client takes it for started once it is on the roster. It may be of nothing but sound, too.
"""

from __future__ import annotations

from hubbub.meetings.media.commands import Gates
from hubbub.meetings.signalling.session import Media, Session
from hubbub.meetings.signalling.state import State


def may_send(gates: Gates, *, content: bool) -> bool:
    return gates.content_send if content else gates.video_send


def may_receive(gates: Gates, *, content: bool) -> bool:
    return gates.content_receive if content else gates.video_receive


class Capacity:
    """Publishers at one moment, by half. Who is permitted to send nothing takes nobody's place."""

    def __init__(self, state: State) -> None:
        self._most = {False: state.rules.cameras, True: state.rules.shares}
        self._publishers: dict[bool, set[int]] = {False: set(), True: set()}
        for session in state.sessions.values():
            person, content = session.person, session.content
            publishes = session.publication is not None
            if content:
                publishes = session.media in (Media.OPENING, Media.CONNECTED)
            if publishes and may_send(person.gates, content=content):
                self._publishers[content].add(person.number)

    def has_place(self, session: Session) -> bool:
        """For what this session would publish, or publishes already."""
        publishers = self._publishers[session.content]
        return session.person.number in publishers or len(publishers) < self._most[session.content]
