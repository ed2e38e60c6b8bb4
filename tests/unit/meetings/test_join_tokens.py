"""Join tokens (chime-meetings A.6)."""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64decode

from hypothesis import given
from hypothesis import strategies as st

from hubbub.meetings.join_tokens import JoinTokens
from hubbub.store.tables import metadata
from tests.unit.meetings.desk import Desk

TOKENS = JoinTokens(b"k" * 32)
IDS = st.uuids().map(str)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MEETING, ATTENDEE = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@given(IDS, IDS)
def test_a_token_tells_whose_it_is(meeting_id: str, attendee_id: str) -> None:
    token = TOKENS.seal(meeting_id, attendee_id)
    assert TOKENS.open(token) == (meeting_id, attendee_id)
    assert TOKENS.seal(meeting_id, attendee_id) == token
    # RFC 7230 token characters, with #content behind it, too.
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", token)
    raw = urlsafe_b64decode(token)
    assert uuid.UUID(meeting_id).bytes not in raw
    assert uuid.UUID(attendee_id).bytes not in raw


@given(st.integers(0, 63), st.sampled_from(ALPHABET))
def test_no_character_can_be_changed(at: int, character: str) -> None:
    token = TOKENS.seal(MEETING, ATTENDEE)
    changed = token[:at] + character + token[at + 1 :]
    assert (TOKENS.open(changed) is None) == (changed != token)


@given(st.one_of(st.text(), st.text(ALPHABET, min_size=64, max_size=64)))
def test_other_texts_are_nobody_s(text: str) -> None:
    assert TOKENS.open(text) is None


def test_nearly_right_texts() -> None:
    token = TOKENS.seal(MEETING, ATTENDEE)
    for text in (f"{token}#content", f"{token}=", f" {token}", f"{token}\n", token[:-1], ""):
        assert TOKENS.open(text) is None
    assert JoinTokens(b"x" * 32).open(token) is None
    assert TOKENS.seal(ATTENDEE, MEETING) != token


def test_nothing_of_a_token_is_stored(desk: Desk) -> None:
    token: str = desk.make_attendee(desk.make_meeting())["JoinToken"]
    secret = urlsafe_b64decode(token)[:16]

    async def stored() -> str:
        found = [await desk.store.fetch(table.select()) for table in metadata.sorted_tables]
        return repr([tuple(row) for rows in found for row in rows])

    content = desk.run(stored())
    assert "standup" in content
    for part in (token, token[:20], secret.hex(), repr(secret)[2:-1]):
        assert part not in content
