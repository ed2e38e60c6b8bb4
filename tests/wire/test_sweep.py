"""Every operation of all four services, with every kind of good and bad input its model has.

None of them has a handler here, so what is accepted answers 501 and names the operation.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hubbub.wire import Service
from hubbub.wire.models import Operation
from hubbub.wire.shapes import Shape
from tests.wire.examples import PATTERNS, example, text_of_length
from tests.wire.in_process import Request, Response, door, exchange
from tests.wire.operations import Input, complete, request_for
from tests.wire.services import INVALID, OWNED_ARNS, SERVICES, UNREADABLE

DOOR = door(*SERVICES)
OPERATIONS = [
    pytest.param(service, operation, id=f"{service.name}/{operation.name}")
    for service in SERVICES
    for operation in service.model.operations.values()
]
Path = tuple[str | int, ...]
ACCEPTED, INVALID_INPUT, UNREADABLE_INPUT = "accepted", "invalid", "unreadable"
OF_OTHER_TYPES = (True, 7, 1.5, "text", ["x"], {"x": "y"})
FITTING_TYPES = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


@dataclass
class Case:
    name: str
    request: Request
    expected: str
    field: str = ""  # the member that the error has to name


def test_there_are_114_operations() -> None:
    assert len(OPERATIONS) == 114


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_operation(service: Service, operation: Operation) -> None:
    wrong = asyncio.run(_wrong_answers(service, operation))

    assert not wrong, "\n".join(wrong)


async def _wrong_answers(service: Service, operation: Operation) -> list[str]:
    wrong = []
    for case in _cases(service, operation):
        signed = case.request.signed(service.signing_name)
        body = {"type": "http.request", "body": signed.body}
        response = await exchange(DOOR, signed.scope(), [body])
        if problem := _problem(service, operation, case, response):
            wrong.append(f"{case.name}: {problem} -- {response.status} {response.body!r}")
    return wrong


def _problem(service: Service, operation: Operation, case: Case, response: Response) -> str | None:
    if case.expected == ACCEPTED:
        expected_status, expected_type = 501, "NotImplementedException"
    else:
        expected_status = 400
        names = INVALID if case.expected == INVALID_INPUT else UNREADABLE
        expected_type = names[service.name]
    if (response.status, response.error_type) != (expected_status, expected_type):
        return f"not {expected_status} {expected_type}"
    message = response.json.get("message") or response.json["Message"]
    if case.expected == ACCEPTED and f"{operation.name} of {service.name} " not in message:
        return "another operation"
    if case.field and case.field not in message:
        return f"does not name {case.field}"
    if case.expected == INVALID_INPUT and service.name == "ivschat":
        listed = [each["name"] for each in response.json["fieldList"]]
        named = any(each == case.field or each.startswith(f"{case.field}.") for each in listed)
        if not named or response.json["reason"] != "FIELD_VALIDATION_FAILED":
            return f"{case.field} is not in the fieldList"
    return None


def _cases(service: Service, operation: Operation) -> Iterator[Case]:
    shape = operation.input_shape
    least = _owned(service, operation, complete(operation, full=False))
    full = _owned(service, operation, complete(operation))

    def case(name: str, given: Input, expected: str, field: str = "") -> Case:
        refused_field = "" if expected == ACCEPTED else field
        return Case(name, request_for(operation, given), expected, refused_field)

    yield case("minimal", least, ACCEPTED)
    yield case("full", full, ACCEPTED)
    large = _owned(service, operation, complete(operation, large=True))
    yield case("maximal", large, ACCEPTED)
    if shape is None:
        return
    in_body = {each.name for each in shape.members() if not each.location}
    for name in shape.required:
        absent = {key: value for key, value in full.items() if key != name}
        if name in in_body:
            yield case(f"{name} absent", absent, INVALID_INPUT, name)
            yield case(f"{name} null", {**full, name: None}, INVALID_INPUT, name)
    for name in in_body - set(shape.required):
        yield case(f"{name} null", {**full, name: None}, ACCEPTED)
    for member in shape.members():
        if member.name in shape.required and member.location in ("querystring", "header"):
            absent = {key: value for key, value in full.items() if key != member.name}
            yield case(f"{member.name} absent", absent, INVALID_INPUT, member.name)
    yield from _body_cases(operation, full, bool(in_body))
    for member in shape.members():
        if _is_resource_arn(operation, member.name):
            continue
        location = member.location
        for path, field, inner in _inside(member.shape, (member.name,), member.name, ()):
            for name, value, expected in _variations(inner, location):
                changed = _with(full, path, value)
                yield case(f"{'.'.join(map(str, path))} {name}", changed, expected, field)


def _owned(service: Service, operation: Operation, given: Input) -> Input:
    """Put an ARN of the service itself where that decides which service is called."""
    for name in given:
        if _is_resource_arn(operation, name) and service.name in OWNED_ARNS:
            given[name] = OWNED_ARNS[service.name]
    return given


def _is_resource_arn(operation: Operation, member: str) -> bool:
    return operation.uri.partition("?")[0] == "/tags" and member == "ResourceARN"


def _body_cases(operation: Operation, full: Input, has_body: bool) -> Iterator[Case]:
    good = request_for(operation, full)
    refused = UNREADABLE_INPUT if has_body else ACCEPTED
    for text in (
        *(b"{", b'{"a":}', b"[]", b'"x"', b"1", b"null", b"nul", b'{"a":NaN}', b"{'a':1}"),
        *(b'{"a":"\xff"}', b'{"a":"\\ud83d"}', b"\xef\xbb\xbf{}", b'{"a":1e999}', b" "),
        *(b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, good.body + b"x"),
    ):
        if text == b"x":  # there was no body to spoil
            continue
        request = Request(good.method, good.target, good.headers, text)
        yield Case(f"body {text[:20]!r}", request, refused)
    if has_body:
        unknown = b'{"Unknown-Member":{"deep":[1,null,{}]},' + good.body[1:]
        unknown = unknown.replace(b",}", b"}")
        yield Case(
            "unknown member", Request(good.method, good.target, good.headers, unknown), ACCEPTED
        )
    joint = "&" if "?" in good.target else "?"
    target = f"{good.target}{joint}unknown-parameter=1&%20=%F0%9F%98%80"
    yield Case("unknown parameter", Request(good.method, target, good.headers, good.body), ACCEPTED)
    refused_target = f"{good.target}{joint}unknown-parameter=%FF"
    request = Request(good.method, refused_target, good.headers, good.body)
    yield Case("parameter not UTF-8", request, UNREADABLE_INPUT)


def _inside(
    shape: Shape, path: Path, field: str, outer: tuple[str, ...]
) -> Iterator[tuple[Path, str, Shape]]:
    """All values within a full example of `shape`: path, name in errors, shape."""
    yield path, field, shape
    if shape.name in outer:
        return
    outer = (*outer, shape.name)
    if shape.type == "list":
        yield from _inside(shape.item.shape, (*path, 0), f"{field}.0", outer)
    elif shape.type == "map":
        yield from _inside(shape.value.shape, (*path, "*"), f"{field}.value", outer)
    elif shape.type == "structure":
        members = list(shape.members())
        for member in members[:1] if shape.get("union") else members:
            yield from _inside(
                member.shape, (*path, member.wire_name), f"{field}.{member.name}", outer
            )


def _with(given: Input, path: Path, value: Any) -> Input:
    changed = copy.deepcopy(given)
    place: Any = changed
    for step in path[:-1]:
        place = place[next(iter(place)) if step == "*" else step]
    last = next(iter(place)) if path[-1] == "*" else path[-1]
    place[last] = value
    return changed


def _variations(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    """Values for the place of `shape`: what they are, the value, what becomes of it."""
    if not location:
        for other in OF_OTHER_TYPES:
            if type(other) not in FITTING_TYPES[shape.type] and not (
                shape.type == "timestamp" and type(other) in (int, float)
            ):
                yield f"of type {type(other).__name__}", other, UNREADABLE_INPUT
    elif shape.type in ("integer", "long", "timestamp"):
        for text in ("abc", "1.5", "", "٣", "1e3", "true", "9" * 400):
            yield f"{text[:5]!r}", text, UNREADABLE_INPUT
    yield from _VARIATIONS.get(shape.type, _none)(shape, location)


def _none(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    return iter(())


def _of_string(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    low, high = shape.get("min") or 0, shape.get("max")
    if shape.get("enum"):
        yield "not in the enum", shape.get("enum")[0].lower() + "x", INVALID_INPUT
        return
    _, _, _, misfit = PATTERNS[shape.get("pattern") or ".*"]
    if misfit is not None and not (location == "header" and not misfit.isascii()):
        yield "misses the pattern", misfit, INVALID_INPUT
    most = low + 1 if high is None else high
    for length in {low, min(low + 1, most), max(most - 1, low), most}:
        fitting = text_of_length(shape, length)
        if fitting and len(fitting) <= 1000:
            yield f"of length {length}", fitting, ACCEPTED
    if low and location != "header":
        yield "too short", "a" * (low - 1), INVALID_INPUT
    if high is not None:
        yield "too long", "a" * (high + 1), INVALID_INPUT
    if high is not None and location != "header":
        yield "far too long", "😀" * (high + 1), INVALID_INPUT


def _of_integer(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    low, high = shape.get("min"), shape.get("max")
    if low is not None:
        yield "at the minimum", low, ACCEPTED
        yield "below the minimum", low - 1, INVALID_INPUT
    if high is not None:
        yield "at the maximum", high, ACCEPTED
        yield "above the maximum", high + 1, INVALID_INPUT
    yield "beyond 64 bits", 1 << 70, UNREADABLE_INPUT


def _of_list(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    low, high = shape.get("min") or 0, shape.get("max")
    item = next(iter(example(shape)))
    if location:
        if high is not None:
            yield "too many", [item] * (high + 1), INVALID_INPUT
        return
    if low:
        yield "too few", [item] * (low - 1), INVALID_INPUT
    yield "null item", [None], UNREADABLE_INPUT
    if high is not None:
        yield "the most", [item] * high, ACCEPTED
        yield "too many", [item] * (high + 1), INVALID_INPUT


def _of_map(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    ((key, value),) = example(shape).items()
    yield "null value", {key: None}, UNREADABLE_INPUT
    high = shape.get("max")
    if high is not None:
        yield "the most", {f"k{each}": value for each in range(high)}, ACCEPTED
        yield "too many", {f"k{each}": value for each in range(high + 1)}, INVALID_INPUT


def _of_structure(shape: Shape, location: str | None) -> Iterator[tuple[str, Any, str]]:
    given = example(shape)
    if shape.get("union"):
        yield "no member", {}, INVALID_INPUT
        yield "unknown member", {"unknown": {}}, INVALID_INPUT
        every = {each.wire_name: example(each.shape) for each in shape.members()}
        for name, value in every.items():
            yield f"only {name}", {name: value}, ACCEPTED
        for pair in itertools.combinations(every, 2):
            yield f"both {pair}", {name: every[name] for name in pair}, INVALID_INPUT
        return
    yield "unknown member", {**given, "Unknown-Member": [None]}, ACCEPTED
    for name in shape.required:
        yield f"without {name}", {k: v for k, v in given.items() if k != name}, INVALID_INPUT


_VARIATIONS = {
    "string": _of_string,
    "integer": _of_integer,
    "long": _of_integer,
    "list": _of_list,
    "map": _of_map,
    "structure": _of_structure,
}
