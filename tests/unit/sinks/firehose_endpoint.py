"""Firehose's PutRecordBatch on a free port, with refusals as the tests want them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Judge = Callable[[bytes], str]
"""The error code for a record, or ``""`` to take it."""


@dataclass(slots=True)
class FirehoseEndpoint:
    judge: Judge
    url: str = ""
    taken: list[bytes] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)  # records in each
    status: int = 200
    error: str = ""
    hold: threading.Event = field(default_factory=threading.Event)  # answers only when set
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def taken_lines(self) -> list[bytes]:
        return [record.rstrip(b"\n") for record in self.taken]

    def answer(self, body: bytes) -> tuple[int, bytes]:
        self.arrived.set()
        self.hold.wait(30)
        if self.status != 200:
            return self.status, json.dumps({"__type": self.error}).encode()
        records = [base64.b64decode(one["Data"]) for one in json.loads(body)["Records"]]
        self.calls.append(len(records))
        answers = []
        for record in records:
            code = self.judge(record)
            if code:
                answers.append({"ErrorCode": code, "ErrorMessage": "not now"})
            else:
                self.taken.append(record)
                answers.append({"RecordId": str(len(self.taken))})
        failed = sum("ErrorCode" in one for one in answers)
        return 200, json.dumps({"FailedPutCount": failed, "RequestResponses": answers}).encode()


@contextmanager
def firehose_endpoint(judge: Judge = lambda record: "") -> Iterator[FirehoseEndpoint]:
    endpoint = FirehoseEndpoint(judge)
    endpoint.hold.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = endpoint.answer(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.hold.set()
            server.shutdown()
            thread.join()
