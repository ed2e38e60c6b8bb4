"""Forms to the input of an operation.

Names are paths: ``Tags.member.2.Key=team`` is the member Key of the second item of the list Tags.
A form becomes a tree of such paths, and a reader per shape takes from it what the model knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubbub.wire.constraints import NOT_NULL, check_of
from hubbub.wire.errors import Failure, SerializationFailure, ValidationFailure
from hubbub.wire.readers import Reader, text_reader
from hubbub.wire.requests import MOST_FAILURES, Parts, RequestParser, decoded
from hubbub.wire.shapes import Member, Shape

FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 2_000
DEEPEST = 16

Pairs = Sequence[tuple[str, str]]


def is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == FORM


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """Names and values of a form, decoded. Raise SerializationFailure."""
    pairs = body.decode("latin-1").split("&") if body else []
    if len(pairs) > MOST_PARAMETERS:
        raise SerializationFailure(f"the form has more than {MOST_PARAMETERS} parameters")
    return [
        (decoded(name.replace("+", " ")), decoded(value.replace("+", " ")))
        for name, _, value in (each.partition("=") for each in pairs if each)
    ]


def parameter(pairs: Pairs, wanted: str) -> str | None:
    """The value of a parameter; of several the last."""
    return next((value for name, value in reversed(pairs) if name == wanted), None)


@dataclass(slots=True)
class Node:
    """A path of names: its value, and the paths that go on from it."""

    value: str | None = None
    children: dict[str, Node] = field(default_factory=dict)

    def numbered(self) -> list[Node]:
        """The children with numbers for names, in the order of these."""
        numbers = [
            name for name in self.children if name.isascii() and name.isdigit() and len(name) < 7
        ]
        return [self.children[name] for name in sorted(numbers, key=int)]


def tree_of(pairs: Pairs) -> Node:
    root = Node()
    for name, value in pairs:
        steps = name.split(".", DEEPEST)
        if len(steps) > DEEPEST:
            continue  # no model goes there
        node = root
        for step in steps:
            node = node.children.setdefault(step, Node())
        node.value = value
    return root


def compile_request(shape: Shape | None) -> RequestParser:
    """The parser for an operation's input; the form stands in the query of the parts.

    It raises SerializationFailure or ValidationFailure.
    """
    if shape is None:
        return lambda parts: {}
    read = _Readers().structure(shape)

    def parse(parts: Parts) -> dict[str, Any]:
        failures: list[Failure] = []
        params: dict[str, Any] = read(tree_of(parts.query), "", failures)
        if failures:
            raise ValidationFailure(failures[:MOST_FAILURES])
        return params

    return parse


class _Readers:
    """Readers of nodes, one a shape; a recursive shape finds its own under way."""

    def __init__(self) -> None:
        self._made: dict[str, Reader] = {}

    def of(self, member: Member) -> Reader:
        make = _MAKERS.get(member.shape.type)
        if make is None:
            return _scalar(text_reader(member, "querystring"))
        name = member.shape.name
        made = self._made.get(name)
        if made is None:

            def later(node: Any, path: str, failures: list[Failure]) -> Any:
                return self._made[name](node, path, failures)

            self._made[name] = later
            made = self._made[name] = make(self, member.shape)
        return made

    def structure(self, shape: Shape) -> Reader:
        table = [(each.wire_name, each.name, self.of(each)) for each in shape.members()]
        required = shape.required

        def read(node: Node, path: str, failures: list[Failure]) -> dict[str, Any]:
            start = path + "." if path else ""
            result = {}
            for wire_name, name, read_member in table:
                child = node.children.get(wire_name)
                if child is not None:
                    result[name] = read_member(child, start + name, failures)
            for name in required:
                if name not in result:
                    failures.append(Failure(start + name, NOT_NULL))
            return result

        return read

    def list(self, shape: Shape) -> Reader:
        item = shape.item
        read_item = self.of(item)
        between = None if shape.get("flattened") else item.reference.get("locationName", "member")
        check = check_of(shape)

        def read(node: Node, path: str, failures: list[Failure]) -> list[Any]:
            items = _items(node, between)
            _checked(items, path, failures, check)
            return [
                read_item(each, f"{path}.{index}", failures) for index, each in enumerate(items, 1)
            ]

        return read

    def map(self, shape: Shape) -> Reader:
        between = None if shape.get("flattened") else "entry"
        key, value = shape.key, shape.value
        key_name = key.reference.get("locationName", "key")
        value_name = value.reference.get("locationName", "value")
        read_key, read_value = self.of(key), self.of(value)
        check = check_of(shape)

        def read(node: Node, path: str, failures: list[Failure]) -> dict[str, Any]:
            items = _items(node, between)
            _checked(items, path, failures, check)
            return {
                read_key(
                    each.children.get(key_name, Node("")), f"{path}.key", failures
                ): read_value(each.children.get(value_name, Node("")), f"{path}.value", failures)
                for each in items
            }

        return read


def _items(node: Node, between: str | None) -> list[Node]:
    if between is None:
        return node.numbered()
    inner = node.children.get(between)
    return [] if inner is None else inner.numbered()


def _checked(items: list[Node], path: str, failures: list[Failure], check: Any) -> None:
    if check is not None and (broken := check(items)) is not None:
        failures.append(Failure(path, broken))


def _scalar(read_text: Reader) -> Reader:
    def read(node: Node, path: str, failures: list[Failure]) -> Any:
        if node.value is None:
            raise SerializationFailure(f"{path} must be a single value")
        return read_text(node.value, path, failures)

    return read


_MAKERS: dict[str, Callable[[_Readers, Shape], Reader]] = {
    "structure": _Readers.structure,
    "list": _Readers.list,
    "map": _Readers.map,
}
