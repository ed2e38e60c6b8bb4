"""The official JavaScript clients in a Node process, as Python objects.

    with JavaScript("built-in") as node:
        room = node.chat_room(server, token_request, url=server.websocket)
        room.connect()
        room.wait("connect")
        assert room.send("hi") ["resolved"]["content"] == "hi"

`built-in` is Node's own WebSocket, `ws` the package of that name.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.server import ROOT_KEY, Server

NODE = Path(__file__).parent / "node"
WEBSOCKETS = ("built-in", "ws")


class JavaScriptError(Exception):
    """A call failed within Node; the text is the JavaScript error with its stack."""


class JavaScript:
    """One Node process. Calls may overlap; each waits for its own answer."""

    def __init__(self, websocket: str) -> None:
        self.websocket = websocket
        self.unhandled: list[str] = []
        self._calls = itertools.count()
        self._rooms = itertools.count()
        self._answers: dict[int, Future[Any]] = {}
        self._ready: Future[None] = Future()
        self._writing = threading.Lock()

    def __enter__(self) -> JavaScript:
        flags = ["--experimental-websocket"] if self.websocket == "built-in" else []
        self._process = subprocess.Popen(
            ["node", "--no-warnings", *flags, "driver.mjs", self.websocket],
            cwd=NODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ready.result(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._reader.join(10)
        self._process.stdout.close()

    def start(self, method: str, **arguments: Any) -> Future[Any]:
        """Call without waiting."""
        answer: Future[Any] = Future()
        call = next(self._calls)
        self._answers[call] = answer
        line = json.dumps({"call": call, "method": method, "arguments": arguments})
        with self._writing:
            assert self._process.stdin
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return answer

    def call(self, method: str, timeout: float = 60, **arguments: Any) -> Any:
        return self.start(method, **arguments).result(timeout)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            answer = json.loads(line)
            if "ready" in answer:
                self._ready.set_result(None)
            elif "unhandled" in answer:
                self.unhandled.append(answer["unhandled"])
            elif "error" in answer:
                self._answers.pop(answer["call"]).set_exception(JavaScriptError(answer["error"]))
            else:
                self._answers.pop(answer["call"]).set_result(answer["value"])
        ended = JavaScriptError("node has ended")
        with contextlib.suppress(Exception):
            self._ready.set_exception(ended)
        for waiting in self._answers.values():
            waiting.set_exception(ended)

    # --- the AWS SDK --------------------------------------------------------------------------

    def aws(
        self,
        server: Server,
        operation: str,
        *,
        service: str = "ivschat",
        region: str = "us-east-1",
        key: Sequence[str] = ROOT_KEY,
        **members: Any,
    ) -> dict[str, Any]:
        """``{"output", "status", "requestId"}``, or ``{"error": {…}}`` if the SDK threw one."""
        client = {"service": service, "endpoint": server.http, "region": region, "key": key}
        answer: dict[str, Any] = self.call(
            "aws.send", client=client, operation=operation, input=members
        )
        return answer

    def room_pages(
        self, server: Server, *, region: str, page_size: int, **members: Any
    ) -> list[list[str]]:
        """ARNs of all rooms, page by page, through the SDK's paginator."""
        client = {"endpoint": server.http, "region": region, "key": ROOT_KEY}
        pages: list[list[str]] = self.call(
            "aws.paginateRooms", client=client, pageSize=page_size, input=members
        )
        return pages

    # --- the chat client ----------------------------------------------------------------------

    def chat_room(
        self,
        server: Server,
        token_request: Mapping[str, Any],
        *,
        url: str = "",
        region: str = "us-east-1",
        expires_in: Sequence[int | None] = (),
        fixed_tokens: Sequence[str] = (),
        patience: float = 0,
        max_reconnect_attempts: int | None = None,
    ) -> JavaScriptRoom:
        """A ChatRoom whose token provider calls CreateChatToken with `token_request`.

        `expires_in`: what the provider says of each token's end, in milliseconds from now; None
        says nothing, and beyond the list it tells the truth. `fixed_tokens` are used before any.
        While the server is away the provider asks again for `patience` seconds.
        """
        name = f"room-{next(self._rooms)}"
        options: dict[str, Any] = {
            "name": name,
            "url": url or server.websocket,
            "tokens": {
                "client": {"endpoint": server.http, "region": region, "key": ROOT_KEY},
                "input": dict(token_request),
                "expiresIn": list(expires_in),
                "fixed": list(fixed_tokens),
                "patience": patience,
            },
        }
        if max_reconnect_attempts is not None:
            options["maxReconnectAttempts"] = max_reconnect_attempts
        self.call("room.open", **options)
        return JavaScriptRoom(self, name)


class JavaScriptRoom:
    """One ChatRoom. Requests give ``{"resolved": …}``, ``{"rejected": …}`` or ``{"hangs": True}``.

    Journal entries are ``{"kind", "value", "at"}``; `at` in milliseconds of Node's clock.
    """

    def __init__(self, node: JavaScript, name: str) -> None:
        self._node = node
        self._name = name

    def _call(self, method: str, timeout: float = 60, **arguments: Any) -> Any:
        given = {key: value for key, value in arguments.items() if value is not None}
        return self._node.call(f"room.{method}", timeout, name=self._name, **given)

    def connect(self) -> JavaScriptRoom:
        self._call("connect")
        return self

    def connected(self) -> JavaScriptRoom:
        """Connect and wait for it."""
        self.connect().wait("connect")
        return self

    def disconnect(self) -> None:
        self._call("disconnect")

    @property
    def state(self) -> str:
        return str(self._call("state"))

    def send(
        self,
        content: str,
        attributes: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        outcome: dict[str, Any] = self._call(
            "send", content=content, attributes=attributes, requestId=request_id
        )
        return outcome

    def send_many(self, contents: Sequence[str]) -> list[dict[str, Any]]:
        """All at once, without waiting for one another."""
        outcomes: list[dict[str, Any]] = self._call("sendMany", contents=list(contents))
        return outcomes

    def delete_message(self, message_id: str, reason: str | None = None) -> dict[str, Any]:
        outcome: dict[str, Any] = self._call("deleteMessage", id=message_id, reason=reason)
        return outcome

    def disconnect_user(self, user_id: str, reason: str | None = None) -> dict[str, Any]:
        outcome: dict[str, Any] = self._call("disconnectUser", userId=user_id, reason=reason)
        return outcome

    def journal(self, kind: str = "") -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._call("journal")
        return [entry for entry in entries if not kind or entry["kind"] == kind]

    def wait(self, kind: str, count: int = 1, seconds: float = 10) -> list[Any]:
        """Values of the journal entries of this kind, once there are `count`."""
        values: list[Any] = self._call(
            "wait", seconds + 10, kind=kind, count=count, seconds=seconds
        )
        return values

    def forget(self) -> None:
        self._call("forget")
