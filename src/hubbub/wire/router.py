"""The router: method, raw path and fixed query parameters to the operations that may be meant.

Paths are split on "/" as they came and decoded afterwards, since labels hold whole ARNs with their
slashes percent-encoded. Literal segments win over labels, labels over greedy labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hubbub.wire.errors import SerializationFailure
from hubbub.wire.models import Operation
from hubbub.wire.requests import decoded, parse_query
from hubbub.wire.service import Service


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of one service at one path."""

    service: Service
    operation: Operation
    labels: tuple[str, ...]  # names, in the order of the path
    fixed: tuple[tuple[str, str], ...]  # query parameters that must be there


@dataclass(frozen=True, slots=True)
class Match:
    """A route that fits, and what stands where its labels are (still percent-encoded)."""

    route: Route
    labels: dict[str, str]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    routes: dict[str, list[Route]] = field(default_factory=dict)  # method -> routes


Found = tuple[_Node, tuple[str, ...]]


class Router:
    """All operations of some services."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._root = _Node()
        # Paths without labels are most of the traffic and need no walk.
        self._plain: dict[str, _Node] = {}
        for service in services:
            for operation in service.model.operations.values():
                self._add(service, operation)

    def _add(self, service: Service, operation: Operation) -> None:
        path, _, query = operation.uri.partition("?")
        node = self._root
        labels = []
        for segment in path.strip("/").split("/") if path.strip("/") else []:
            if segment.startswith("{"):
                labels.append(segment.strip("{+}"))
                if segment.endswith("+}"):
                    node.greedy = node = node.greedy or _Node()
                else:
                    node.label = node = node.label or _Node()
            else:
                node = node.literals.setdefault(segment, _Node())
        route = Route(service, operation, tuple(labels), tuple(parse_query(query)))
        for method in operation.methods:
            same = node.routes.setdefault(method, [])
            same.append(route)
            same.sort(key=lambda each: -len(each.fixed))  # the most specific first; stable
        if not labels:
            self._plain["/" + path.strip("/")] = node

    def knows(self, path: str) -> list[Service]:
        """The services that have this path, whatever the method."""
        return [
            route.service
            for node, _ in self._nodes(path)
            for routes in node.routes.values()
            for route in routes
        ]

    def match(self, method: str, path: str, query: list[tuple[str, str]]) -> list[Match]:
        """The operations that fit best; several only where services share a path.

        Other query parameters than the fixed ones do not count.
        """
        for node, values in self._nodes(path):
            fitting = [
                route
                for route in node.routes.get(method, ())
                if all(each in query for each in route.fixed)
            ]
            if fitting:
                most = len(fitting[0].fixed)
                return [
                    Match(route, dict(zip(route.labels, values, strict=True)))
                    for route in fitting
                    if len(route.fixed) == most
                ]
        return []

    def _nodes(self, path: str) -> Iterator[Found]:
        plain = self._plain.get(path)
        if plain is not None:
            yield plain, ()
        if not path.startswith("/"):
            return
        yield from _walk(self._root, path[1:].split("/") if path != "/" else [], 0, ())


def _walk(
    node: _Node, segments: list[str], position: int, values: tuple[str, ...]
) -> Iterator[Found]:
    if position == len(segments):
        if node.routes:
            yield node, values
        return
    segment = segments[position]
    literal = node.literals.get(segment)
    if literal is None and node.literals and "%" in segment:
        literal = node.literals.get(_decoded_or_raw(segment))
    if literal is not None:
        yield from _walk(literal, segments, position + 1, values)
    if node.label is not None:
        yield from _walk(node.label, segments, position + 1, (*values, segment))
    if node.greedy is not None:
        for end in range(position + 1, len(segments) + 1):
            taken = "/".join(segments[position:end])
            yield from _walk(node.greedy, segments, end, (*values, taken))


def _decoded_or_raw(segment: str) -> str:
    try:
        return decoded(segment)
    except SerializationFailure:
        return segment  # the name of no operation
