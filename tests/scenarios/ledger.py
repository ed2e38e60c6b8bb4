"""What a client was promised, and whether a server that was killed keeps it.

Invariant: *the state is that after the last acknowledged operation, or that after the one under
way when the server died, and nothing in between*.

Each `Bookkeeper` works in a region of its own, so that the whole state of it can be compared.
"""

from __future__ import annotations

import copy
import http.client
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from tests.clients.signing import Signer
from tests.server import Server

Document = dict[str, Any]
T = TypeVar("T")
STAMPS = ("createTime", "updateTime")


class Dead(Exception):
    """The server did not answer; whether it did the work is open."""


class Unexpected(AssertionError):
    """An answer that the operation must not have had."""


class ControlPlane:
    """Raw signed calls over one connection that is kept."""

    def __init__(self, server: Server, region: str) -> None:
        self._server = server
        self.region = region
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, **members: Any) -> Document:
        """A POST operation. Raises Dead without an answer, Unexpected for an error."""
        return self.send("POST", f"/{operation}", members)

    def tag(self, arn: str, tags: dict[str, str]) -> Document:
        return self.send("POST", f"/tags/{quote(arn, safe='')}", {"tags": tags})

    def untag(self, arn: str, key: str) -> Document:
        return self.send("DELETE", f"/tags/{quote(arn, safe='')}", None, f"tagKeys={key}")

    def send(self, method: str, path: str, members: Document | None, query: str = "") -> Document:
        status, answer = self.try_send(method, path, members, query)
        if status not in (200, 204):
            raise Unexpected(f"{method} {path}: {status} {answer}")
        return answer

    def try_send(
        self, method: str, path: str, members: Document | None, query: str = ""
    ) -> tuple[int, Document]:
        """Status and body, whatever they are."""
        body = b"" if members is None else json.dumps(members).encode()
        signer = Signer(self._server.port, self.region)
        headers = signer.headers(method, path, body, query=query)
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._server.port, timeout=30
                )
            self._connection.request(method, f"{path}?{query}" if query else path, body, headers)
            response = self._connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Dead(str(error)) from error
        return response.status, json.loads(data) if data else {}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class State:
    """Rooms and logging configurations by ARN, as Get gives them."""

    rooms: dict[str, Document] = field(default_factory=dict)
    logs: dict[str, Document] = field(default_factory=dict)


class Bookkeeper:
    """Does random operations and knows what must be there afterwards."""

    def __init__(self, server: Server, region: str, seed: int) -> None:
        self.plane = ControlPlane(server, region)
        self.promised = State()
        self.open: Callable[[State, State], bool] | None = None
        """Given what was promised and what is there: is that the work that was under way?"""
        self.acknowledged = 0
        self._random = random.Random(seed)
        self._numbers = itertools.count()

    def work(self) -> None:
        """Operations, one after the other, until the server dies."""
        try:
            while True:
                self.step()
        except Dead:
            return

    def step(self) -> None:
        rooms, logs = list(self.promised.rooms), list(self.promised.logs)
        choices: list[Callable[[], None]] = [self._create_room] * 4
        if len(logs) < 8:
            choices += [self._create_log]
        if rooms:
            choices += [self._update_room] * 4 + [self._tag_room] * 2 + [self._untag_room]
        if logs:
            choices += [self._update_log]
        if len(rooms) > 12:
            choices = [self._delete_room]
        if len(logs) > 4:
            choices += [self._delete_log]
        self._random.choice(choices)()
        self.acknowledged += 1

    def _run(self, is_it: Callable[[State, State], bool], call: Callable[[], T]) -> T:
        self.open = is_it
        answer = call()
        self.open = None
        return answer

    # --- operations -----------------------------------------------------------------------------

    def _members(self) -> Document:
        members: Document = {"name": f"n{next(self._numbers)}"}
        if self._random.random() < 0.5:
            members["maximumMessageLength"] = self._random.randint(1, 500)
        if self._random.random() < 0.5:
            members["maximumMessageRatePerSecond"] = self._random.randint(1, 100)
        logs = list(self.promised.logs)
        if self._random.random() < 0.4:
            chosen = self._random.sample(logs, min(len(logs), self._random.randint(0, 3)))
            members["loggingConfigurationIdentifiers"] = chosen
        return members

    def _create_room(self) -> None:
        members = self._members() | {"tags": {f"t{n}": "x" * n for n in range(5)}}

        def is_it(promised: State, there: State) -> bool:
            new = set(there.rooms) - set(promised.rooms)
            return len(new) == 1 and members.items() <= there.rooms[new.pop()].items()

        room = self._run(is_it, lambda: self.plane.call("CreateRoom", **members))
        self.promised.rooms[room["arn"]] = room

    def _update_room(self) -> None:
        arn = self._random.choice(list(self.promised.rooms))
        members = self._members()
        room = self._run(
            changed("rooms", arn, members),
            lambda: self.plane.call("UpdateRoom", identifier=arn, **members),
        )
        self.promised.rooms[arn] = room

    def _delete_room(self) -> None:
        arn = self._random.choice(list(self.promised.rooms))
        self._run(gone("rooms", arn), lambda: self.plane.call("DeleteRoom", identifier=arn))
        del self.promised.rooms[arn]

    def _tag_room(self) -> None:
        arn = self._random.choice(list(self.promised.rooms))
        tags = {f"t{self._random.randint(0, 9)}": f"v{next(self._numbers)}" for _ in range(3)}
        merged = self.promised.rooms[arn]["tags"] | tags
        self._run(
            changed("rooms", arn, {"tags": merged}, stamped=False),
            lambda: self.plane.tag(arn, tags),
        )
        self.promised.rooms[arn]["tags"] = merged

    def _untag_room(self) -> None:
        arn = self._random.choice(list(self.promised.rooms))
        tags = dict(self.promised.rooms[arn]["tags"])
        key = self._random.choice([*tags, "t0"])
        tags.pop(key, None)
        self._run(
            changed("rooms", arn, {"tags": tags}, stamped=False),
            lambda: self.plane.untag(arn, key),
        )
        self.promised.rooms[arn]["tags"] = tags

    def _create_log(self) -> None:
        members = {
            "name": f"l{next(self._numbers)}",
            "destinationConfiguration": {"s3": {"bucketName": "a-bucket"}},
            "tags": {"a": "b"},
        }

        def is_it(promised: State, there: State) -> bool:
            new = set(there.logs) - set(promised.logs)
            return len(new) == 1 and members.items() <= there.logs[new.pop()].items()

        log = self._run(is_it, lambda: self.plane.call("CreateLoggingConfiguration", **members))
        self.promised.logs[log["arn"]] = log

    def _update_log(self) -> None:
        arn = self._random.choice(list(self.promised.logs))
        members = {"name": f"l{next(self._numbers)}"}
        log = self._run(
            changed("logs", arn, members),
            lambda: self.plane.call("UpdateLoggingConfiguration", identifier=arn, **members),
        )
        # The answer of an update has no tags (spec 4: the model decides); Get has.
        self.promised.logs[arn] |= log

    def _delete_log(self) -> None:
        used = {
            arn
            for room in self.promised.rooms.values()
            for arn in room["loggingConfigurationIdentifiers"]
        }
        free = [arn for arn in self.promised.logs if arn not in used]
        if not free:
            return
        arn = self._random.choice(free)
        self._run(
            gone("logs", arn),
            lambda: self.plane.call("DeleteLoggingConfiguration", identifier=arn),
        )
        del self.promised.logs[arn]

    # --- the audit ------------------------------------------------------------------------------

    def audit(self) -> None:
        """Compare what is there with what was promised, and adopt it."""
        there = self._read()
        if there == self.promised:
            self.open = None
            return
        assert self.open is not None, f"{self.promised}\nbut there is\n{there}"
        assert self.open(self.promised, there), f"{self.promised}\nbut there is\n{there}"
        before, after = copy.deepcopy(self.promised), copy.deepcopy(there)
        for kind in ("rooms", "logs"):
            for arn in set(getattr(before, kind)) & set(getattr(after, kind)):
                if getattr(before, kind)[arn] == getattr(after, kind)[arn]:
                    del getattr(before, kind)[arn], getattr(after, kind)[arn]
        # The work under way concerned one resource; all the others are as promised.
        assert len({*before.rooms, *before.logs, *after.rooms, *after.logs}) == 1
        self.promised = there
        self.open = None

    def _read(self) -> State:
        state = State()
        for arn in self._list("ListRooms", "rooms"):
            state.rooms[arn] = self.plane.call("GetRoom", identifier=arn)
        for arn in self._list("ListLoggingConfigurations", "loggingConfigurations"):
            state.logs[arn] = self.plane.call("GetLoggingConfiguration", identifier=arn)
        return state

    def _list(self, operation: str, member: str) -> list[str]:
        page = self.plane.call(operation)
        assert "nextToken" not in page
        return [entry["arn"] for entry in page[member]]


def changed(
    kind: str, arn: str, members: Document, *, stamped: bool = True
) -> Callable[[State, State], bool]:
    """The resource has exactly these members changed; its updateTime moves if it is `stamped`."""

    def is_it(promised: State, there: State) -> bool:
        before: Document = getattr(promised, kind)[arn]
        after: Document = getattr(there, kind)[arn]
        if stamped:
            before = before | {"updateTime": after["updateTime"]}
        return after == before | members

    return is_it


def gone(kind: str, arn: str) -> Callable[[State, State], bool]:
    def is_it(promised: State, there: State) -> bool:
        return set(getattr(promised, kind)) - set(getattr(there, kind)) == {arn}

    return is_it
