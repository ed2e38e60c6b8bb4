"""Signature Version 4 by hand, so that tests can get any part of it wrong."""

from __future__ import annotations

import hashlib
import hmac
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from tests.server import ROOT_KEY

ROOT = ROOT_KEY


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def exchange(
    port: int, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """One request on a connection of its own; the target goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(
            method, target, skip_host="Host" in headers, skip_accept_encoding=True
        )
        for name, value in headers.items():
            connection.putheader(name, value.encode())
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Signer:
    """Signs requests to one server for one region."""

    port: int
    region: str
    key: tuple[str, str] = ROOT
    service: str = "ivschat"
    now: datetime | None = None
    session_token: str = ""

    def post(self, path: str, body: bytes) -> Answer:
        return self.request("POST", path, body)

    def request(self, method: str, path: str, body: bytes, query: str = "") -> Answer:
        headers = self.headers(method, path, body, query=query)
        target = f"{path}?{query}" if query else path
        return exchange(self.port, method, target, headers, body)

    @property
    def _moment(self) -> str:
        return (self.now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")

    @property
    def _scope(self) -> str:
        return f"{self._moment[:8]}/{self.region}/{self.service}/aws4_request"

    def headers(
        self,
        method: str,
        path: str,
        body: bytes,
        extra: Mapping[str, str] | None = None,
        *,
        query: str = "",
    ) -> dict[str, str]:
        """All headers of the signed request; `query` in canonical order already."""
        moment = self._moment
        headers = {"Host": f"127.0.0.1:{self.port}", "X-Amz-Date": moment, **(extra or {})}
        if body:
            headers["Content-Type"] = "application/json"
        if self.session_token:
            headers["X-Amz-Security-Token"] = self.session_token
        names = ";".join(sorted(name.lower() for name in headers))
        signature = self._signature(method, (path, query), headers, names, body)
        return headers | {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key[0]}/{self._scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        }

    def presigned(self, method: str, path: str, expires: int) -> str:
        """Target of a request whose signature is in its query."""
        moment = self._moment
        query = "&".join(
            (
                "X-Amz-Algorithm=AWS4-HMAC-SHA256",
                f"X-Amz-Credential={quote(f'{self.key[0]}/{self._scope}', safe='')}",
                f"X-Amz-Date={moment}",
                f"X-Amz-Expires={expires}",
                "X-Amz-SignedHeaders=host",
            )
        )
        headers = {"Host": f"127.0.0.1:{self.port}", "X-Amz-Date": moment}
        signature = self._signature(method, (path, query), headers, "host", b"")
        return f"{path}?{query}&X-Amz-Signature={signature}"

    def _signature(
        self,
        method: str,
        target: tuple[str, str],  # path and query
        headers: Mapping[str, str],
        names: str,
        body: bytes,
    ) -> str:
        (path, query), moment = target, headers["X-Amz-Date"]
        lower = {name.lower(): value.strip() for name, value in headers.items()}
        canonical = "\n".join(
            (
                method,
                quote(path, safe="/-_.~"),
                query,
                *(f"{name}:{lower[name]}" for name in names.split(";")),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        to_sign = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                moment,
                self._scope,
                hashlib.sha256(canonical.encode()).hexdigest(),
            )
        )
        key = f"AWS4{self.key[1]}".encode()
        for part in (moment[:8], self.region, self.service, "aws4_request", to_sign):
            key = hmac.digest(key, part.encode(), "sha256")
        return key.hex()
