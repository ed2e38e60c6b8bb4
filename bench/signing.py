"""Requests signed with SigV4 (header form), as bytes that can be sent again and again.

Own code rather than botocore's: ten thousand of them are made while tokens of 60 s wait.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

REGION = "us-west-2"
ACCESS_KEY_ID = "AKIABENCHMARKBENCH00"
SECRET_ACCESS_KEY = "benchmark-secret-benchmark-secret-000000"


class Signer:
    """Signs for one service, one host and this moment; the signatures hold for 15 minutes."""

    def __init__(self, service: str, port: int) -> None:
        now = datetime.now(UTC)
        self._host = f"127.0.0.1:{port}"
        self._date = now.strftime("%Y%m%dT%H%M%SZ")
        self._scope = f"{now:%Y%m%d}/{REGION}/{service}/aws4_request"
        key = f"AWS4{SECRET_ACCESS_KEY}".encode()
        for part in self._scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = key

    def get(self, path: str, query: str = "") -> bytes:
        """A GET; `path` and `query` as they go over the wire, the query in the order of names."""
        return self._without_body("GET", path, query)

    def delete(self, path: str) -> bytes:
        return self._without_body("DELETE", path, "")

    def _without_body(self, method: str, path: str, query: str) -> bytes:
        canonical = (
            f"{method}\n{quote(path, safe='/-_.~')}\n{query}\nhost:{self._host}\n"
            f"x-amz-date:{self._date}\n\nhost;x-amz-date\n{hashlib.sha256(b'').hexdigest()}"
        )
        text = (
            f"AWS4-HMAC-SHA256\n{self._date}\n{self._scope}\n"
            f"{hashlib.sha256(canonical.encode()).hexdigest()}"
        )
        signature = hmac.digest(self._key, text.encode(), "sha256").hex()
        target = f"{path}?{query}" if query else path
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"X-Amz-Date: {self._date}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={ACCESS_KEY_ID}/{self._scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={signature}\r\n\r\n"
        )
        return head.encode()

    def post(self, path: str, body: bytes, query: str = "") -> bytes:
        """A POST of JSON, signed over content-type, host and x-amz-date as boto3 does."""
        canonical = (
            f"POST\n{path}\n{query}\ncontent-type:application/json\nhost:{self._host}\n"
            f"x-amz-date:{self._date}\n\ncontent-type;host;x-amz-date\n"
            f"{hashlib.sha256(body).hexdigest()}"
        )
        text = (
            f"AWS4-HMAC-SHA256\n{self._date}\n{self._scope}\n"
            f"{hashlib.sha256(canonical.encode()).hexdigest()}"
        )
        signature = hmac.digest(self._key, text.encode(), "sha256").hex()
        target = f"{path}?{query}" if query else path
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"X-Amz-Date: {self._date}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={ACCESS_KEY_ID}/{self._scope}, "
            f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
