"""Review functions as users write them: a small HTTP server that rewrites and refuses.

What the message's text asks for decides; every event it was given is kept in `events`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Event = dict[str, Any]
Answer = Mapping[str, Any] | list[Any] | bytes | int
"""JSON, bytes that are sent as they are, or an error status."""


def allow(event: Event, **changes: Any) -> dict[str, Any]:
    return {"ReviewResult": "ALLOW", "Content": event["Content"], **changes}


def _slow(event: Event) -> Answer:
    time.sleep(1)
    return allow(event, Content="too late")


ANSWERS: Mapping[str, Callable[[Event], Answer]] = {
    "fine": allow,
    "rewrite": lambda event: allow(event, Content="rewritten 🦀" + event["Content"][7:]),
    "recolour": lambda event: allow(event, Attributes={"color": "blue"}),
    "keep null": lambda event: allow(event, Attributes=None),
    "surrogate": lambda _: (
        b'{"ReviewResult":"ALLOW","Content":"\\ud83d","Attributes":{"\\ud800":"x"}}'
    ),
    "deny": lambda event: {
        "ReviewResult": "DENY",
        "Content": "x",
        "Attributes": {"Reason": "denied for moderation"},
    },
    "deny bare": lambda _: {"ReviewResult": "DENY"},
    # Answers that are not valid, or none.
    "slow": _slow,
    "error 500": lambda _: 500,
    "not JSON": lambda _: b"<html>",
    "a list": lambda event: [allow(event)],
    "unknown result": lambda event: allow(event, ReviewResult="MAYBE"),
    "no result": lambda event: {"Content": event["Content"]},
    "no content": lambda _: {"ReviewResult": "ALLOW"},
    "empty content": lambda event: allow(event, Content=""),
    "long content": lambda event: allow(event, Content="x" * 501),
    "content a number": lambda event: allow(event, Content=5),
    "large attributes": lambda event: allow(event, Attributes={"a": "x" * 1024}),
    "attributes no strings": lambda event: allow(event, Attributes={"a": 1}),
    "deep": lambda _: b"[" * 50_000,
    "NaN": lambda _: b'{"ReviewResult":"ALLOW","Content":NaN}',
    "huge answer": lambda _: b" " * 2_000_000,
}

FAILING = list(ANSWERS)[list(ANSWERS).index("slow") :]


class Reviewer:
    """A context manager: the function runs at `url` within it."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __enter__(self) -> Reviewer:
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)
                events.append(event)
                content = event["Content"]
                name = max((n for n in ANSWERS if content.startswith(n)), key=len, default="fine")
                answer = ANSWERS[name](event)
                status = answer if isinstance(answer, int) else 200
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """The caller has gone: it waits no longer than it must."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/review"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
