"""The conformance data of ``../shared/conformance`` (its README files say what a case means)."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hubbub.wire import CodeMessageStyle, FieldListStyle, Model, Service, compile_model
from tests.wire.not_applicable import NOT_APPLICABLE

DATA = Path(__file__).resolve().parents[3] / "shared" / "conformance"


def _value(given: dict[str, Any]) -> Any:
    """What stands for values that JSON does not have."""
    if len(given) == 1:
        ((key, value),) = given.items()
        if key == "$bytes":
            return base64.b64decode(value)
        if key == "$time":
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
        if key == "$float":
            return float(value)
    return given


@cache
def document(name: str) -> Any:
    """One file: "rest-json/requests"."""
    with (DATA / f"{name}.json").open() as file:
        return json.load(file, object_hook=_value)


def cases(name: str, key: str = "cases") -> list[Any]:
    """The cases of a file that apply to this server, each under its own id."""
    return [
        pytest.param(case, id=case["id"])
        for case in document(name)[key]
        if case["id"] not in NOT_APPLICABLE
    ]


@cache
def model(file: str, name: str) -> Model:
    return compile_model(document(file)["models"][name], name=name)


def service(file: str, name: str) -> Service:
    """The service of a conformance model, with the style that suits its errors."""
    made = model(file, name)
    shape = made.error_shape("BadRequestException")
    return Service(model=made, errors=CodeMessageStyle() if shape else FieldListStyle())


def same(left: Any, right: Any) -> bool:
    """Equality in which NaN equals NaN, and 1 equals 1.0 but not True."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[each], right[each]) for each in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)
