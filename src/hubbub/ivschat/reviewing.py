"""Asking review handlers (spec 7)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionError, Functions
from hubbub.ivschat import counts
from hubbub.ivschat.engine.requests import SendMessage
from hubbub.ivschat.engine.review import (
    NOT_INVOKED,
    TIMEOUT_SECONDS,
    Finding,
    Review,
    Verdict,
    examine,
    request_event,
    verdict,
)
from hubbub.ivschat.engine.room import ReviewHandler, Room

log = logging.getLogger(__name__)


class Reviewer:
    """Takes one message through its room's handler; counts what goes wrong on the way."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    async def review(
        self,
        room: Room,
        handler: ReviewHandler,
        message_id: str,
        request: SendMessage,
        sender: Mapping[str, object],
    ) -> Verdict:
        """The message to publish or the refusal for its sender. Never raises."""
        event = request_event(room.arn, message_id, request, sender)
        review = await self._ask(handler.uri, event, room.maximum_message_length)
        return verdict(review, handler.fallback, message_id, request)

    async def _ask(self, uri: str, event: dict[str, object], maximum_length: int) -> Review:
        try:
            answer = await self._functions.invoke(uri, event, TIMEOUT_SECONDS)
        except FunctionAnswerInvalid:
            counts.response_validation_error(uri)
            return Review(Finding.INVALID)
        except FunctionError:
            counts.invocation_error(uri)
            return NOT_INVOKED
        except Exception:
            log.exception("review handler %s could not be invoked", uri)
            counts.invocation_error(uri)
            return NOT_INVOKED
        review = examine(answer, maximum_length)
        if review.finding is Finding.INVALID:
            counts.response_validation_error(uri)
        return review
