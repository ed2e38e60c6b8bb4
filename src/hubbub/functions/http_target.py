"""``http(s)://…``: the event is POSTed as JSON, the answer is JSON."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote_to_bytes

from hubbub.functions.contract import FunctionFailed
from hubbub.functions.endpoint import HttpEndpoint
from hubbub.functions.url import parse_http_url


class HttpTarget:
    def __init__(self, url: str, answer_limit: int) -> None:
        """Raises ValueError for a URL that cannot be used."""
        parsed = parse_http_url(url)
        self._endpoint = HttpEndpoint(parsed, answer_limit)
        self._headers = {
            "Host": parsed.authority,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "hubbub",
        }
        if parsed.credentials:
            token = b64encode(unquote_to_bytes(parsed.credentials)).decode()
            self._headers["Authorization"] = f"Basic {token}"

    async def call(self, event: bytes) -> bytes:
        answer = await self._endpoint.post(self._headers, event)
        if not 200 <= answer.status < 300:
            raise FunctionFailed(f"answered with status {answer.status}")
        return answer.body

    async def close(self) -> None:
        await self._endpoint.close()
