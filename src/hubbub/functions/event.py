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
    return _whole_characters(text).encode()


def decode_answer(answer: bytes, limit: int) -> Any:
    """The decoded answer. Raises FunctionAnswerInvalid beyond `limit` bytes or for no JSON.

    JSON.stringify writes half of a surrogate pair as an escape that orjson refuses. Text cut in the
    middle of an emoji is no reason to ignore a verdict: such halves become U+FFFD here too.
    """
    if len(answer) > limit:
        raise FunctionAnswerInvalid(f"the answer is longer than {limit} bytes")
    try:
        return orjson.loads(answer)
    except ValueError:
        pass
    try:
        value = json.loads(answer.decode(), parse_constant=_no_json)
        return orjson.loads(_whole_characters(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        raise FunctionAnswerInvalid("the answer is no JSON") from None


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _whole_characters(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
