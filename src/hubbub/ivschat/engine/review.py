"""What the answer of a review handler leads to (spec 7).

One invariant: *every review ends in exactly one of: the message as the handler returned it, the
message as it was sent, or one refusal with the message's own id*. `OUTCOMES` is the whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

import msgspec

from hubbub.ivschat.engine.attributes import (
    REVIEW_BYTES,
    is_string_map,
    size,
    well_formed,
    well_formed_map,
)
from hubbub.ivschat.engine.requests import Refusal, SendMessage
from hubbub.ivschat.engine.session import Session

TIMEOUT_SECONDS = 0.2
REJECTED = "Message rejected by review"


class Finding(Enum):
    """How a review ended, before the fallback is looked at."""

    ALLOWED = "the handler allowed the message"
    DENIED = "the handler denied it"
    NOT_INVOKED = "missing, not allowed, late or failed"
    INVALID = "the answer breaks the rules"


class Review(msgspec.Struct, frozen=True):
    """A finding with the parts of the answer that matter to it."""

    finding: Finding
    content: str = ""
    attributes: dict[str, str] | None = None
    reason: str = ""


Verdict = SendMessage | Refusal

_INVALID = Review(Finding.INVALID)
NOT_INVOKED = Review(Finding.NOT_INVOKED)


def sender_of(session: Session, ip: str) -> dict[str, object]:
    return {"Attributes": dict(session.attributes), "UserId": session.user_id, "Ip": ip}


def request_event(
    room_arn: str, message_id: str, request: SendMessage, sender: Mapping[str, object]
) -> dict[str, object]:
    """What the handler gets."""
    return {
        "Content": request.content,
        "MessageId": message_id,
        "RoomArn": room_arn,
        "Attributes": request.attributes,
        "Sender": sender,
    }


def examine(answer: object, maximum_length: int) -> Review:
    """An answer, checked. Content matters to ALLOW only; what matters must be right."""
    if not isinstance(answer, dict):
        return _INVALID
    attributes = answer.get("Attributes")
    if attributes is not None and not (
        is_string_map(attributes) and size(attributes) <= REVIEW_BYTES
    ):
        return _INVALID
    given = None if attributes is None else well_formed_map(attributes)
    result = answer.get("ReviewResult")
    reader = _RESULTS.get(result) if isinstance(result, str) else None
    return _INVALID if reader is None else reader(answer.get("Content"), given, maximum_length)


def _allowed(content: object, attributes: dict[str, str] | None, maximum_length: int) -> Review:
    if not isinstance(content, str) or not 1 <= len(content) <= maximum_length:
        return _INVALID
    return Review(Finding.ALLOWED, content=well_formed(content), attributes=attributes)


def _denied(_content: object, attributes: dict[str, str] | None, _maximum_length: int) -> Review:
    return Review(Finding.DENIED, reason=(attributes or {}).get("Reason", ""))


_RESULTS: Mapping[str, Callable[[object, dict[str, str] | None, int], Review]] = {
    "ALLOW": _allowed,
    "DENY": _denied,
}


def _reviewed(message_id: str, request: SendMessage, review: Review) -> Verdict:
    attributes = request.attributes if review.attributes is None else review.attributes
    return SendMessage(request.request_id, review.content, attributes)


def _original(message_id: str, request: SendMessage, review: Review) -> Verdict:
    return request


def _refused(message_id: str, request: SendMessage, review: Review) -> Verdict:
    return Refusal(406, review.reason or REJECTED, request.request_id, message_id)


OUTCOMES: Mapping[tuple[Finding, str], Callable[[str, SendMessage, Review], Verdict]] = {
    (Finding.ALLOWED, "ALLOW"): _reviewed,
    (Finding.ALLOWED, "DENY"): _reviewed,
    (Finding.DENIED, "ALLOW"): _refused,
    (Finding.DENIED, "DENY"): _refused,
    (Finding.NOT_INVOKED, "ALLOW"): _original,
    (Finding.NOT_INVOKED, "DENY"): _refused,
    (Finding.INVALID, "ALLOW"): _original,
    (Finding.INVALID, "DENY"): _refused,
}
"""(finding, fallbackResult) -> what becomes of the message."""


def verdict(review: Review, fallback: str, message_id: str, request: SendMessage) -> Verdict:
    """The message to publish, or the refusal for its sender alone."""
    return OUTCOMES[review.finding, fallback](message_id, request, review)
