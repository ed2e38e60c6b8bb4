"""JSON text of events and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionFailed


def encode_event(event: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON that every parser takes: halves of surrogate pairs become U+FFFD."""
    try:
        return orjson.dumps(event if isinstance(event, dict) else dict(event))
    except TypeError:
        pass
    try:
        text = json.dumps(dict(event), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise FunctionFailed(f"the event is no JSON: {error}") from None
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def decode_answer(answer: bytes, limit: int) -> Any:
    """The decoded answer. Raises FunctionAnswerInvalid beyond `limit` bytes or for no JSON."""
    if len(answer) > limit:
        raise FunctionAnswerInvalid(f"the answer is longer than {limit} bytes")
    try:
        return orjson.loads(answer)
    except ValueError:
        raise FunctionAnswerInvalid("the answer is no JSON") from None
