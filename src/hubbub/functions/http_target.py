"""``http(s)://…``: the event is POSTed as JSON, the answer is JSON."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote_to_bytes

from hubbub.functions.contract import FunctionFailed
from hubbub.functions.origin import Origin, parse_http_url


class HttpTarget:
    def __init__(self, url: str, answer_limit: int) -> None:
        """Raises ValueError for a URL that cannot be used."""
        parsed = parse_http_url(url)
        self._origin = Origin(parsed, answer_limit)
        path = f"{parsed.path}?{parsed.query}" if parsed.query else parsed.path
        head = (
            f"POST {path} HTTP/1.1\r\n"
            f"Host: {parsed.authority}\r\n"
            "Content-Type: application/json\r\n"
            "Accept: application/json\r\n"
            "User-Agent: hubbub\r\n"
        )
        if parsed.credentials:
            token = b64encode(unquote_to_bytes(parsed.credentials)).decode()
            head += f"Authorization: Basic {token}\r\n"
        self._head = (head + "Content-Length: ").encode()

    async def call(self, event: bytes) -> bytes:
        answer = await self._origin.exchange(b"%b%d\r\n\r\n%b" % (self._head, len(event), event))
        if not 200 <= answer.status < 300:
            raise FunctionFailed(f"answered with status {answer.status}")
        return answer.body

    def close(self) -> None:
        self._origin.close()
