"""``lambda:https://endpoint``: AWS Lambda's Invoke API (RequestResponse), signed with SigV4.

The function is called by its name, so it is one of the account that the credentials belong to.
Credentials come from botocore's default chain (environment, shared files, container, instance).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from hubbub.functions.arn import FunctionArn
from hubbub.functions.contract import FunctionFailed
from hubbub.functions.endpoint import HttpEndpoint
from hubbub.functions.threads import Threads
from hubbub.functions.url import parse_http_url

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials

_RENEW_SECONDS = 30.0
_logger = logging.getLogger("hubbub.functions")


class LambdaCredentials:
    """Credentials of the default chain, looked up in a thread and looked at again now and then.

    Looking them up can mean a request to somewhere, for which no review has the time.
    """

    def __init__(self) -> None:
        from botocore.session import Session  # noqa: PLC0415 - only those who use it pay for it

        self._session = Session()
        self._source: Credentials | None = None
        self._current: ReadOnlyCredentials | None = None
        self._renewed_at = float("-inf")
        self._renewal: asyncio.Task[None] | None = None
        self._threads = Threads("hubbub-credentials", stuck_limit=1)

    async def current(self) -> ReadOnlyCredentials:
        """Raises FunctionFailed when there are none."""
        now = asyncio.get_running_loop().time()
        if self._renewal is None and now - self._renewed_at > _RENEW_SECONDS:
            self._renewed_at = now
            self._renewal = asyncio.create_task(self._renew())
        if self._current is None and self._renewal is not None:
            await asyncio.wait([self._renewal])
        if self._current is None:
            raise FunctionFailed("there are no AWS credentials in the environment")
        return self._current

    async def _renew(self) -> None:
        try:
            await self._threads.run(self._look_up)
        except Exception as error:
            _logger.warning("AWS credentials cannot be looked up: %s", error)
        finally:
            self._renewal = None

    def _look_up(self) -> bytes:
        if self._source is None:
            self._source = self._session.get_credentials()
        self._current = self._source.get_frozen_credentials() if self._source else None
        return b""

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        self._threads.close()


class LambdaTarget:
    def __init__(
        self, endpoint: str, arn: FunctionArn, answer_limit: int, credentials: LambdaCredentials
    ) -> None:
        """Raises ValueError for an endpoint that cannot be used."""
        url = parse_http_url(endpoint)
        if url.query or url.credentials:
            raise ValueError("a Lambda endpoint has no query and no user")
        from botocore.auth import SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        name = quote(arn.name, safe="")
        invoked = replace(
            url,
            path=f"{url.path.rstrip('/')}/2015-03-31/functions/{name}/invocations",
            query=f"Qualifier={quote(arn.qualifier, safe='')}" if arn.qualifier else "",
        )
        self._credentials = credentials
        self._endpoint = HttpEndpoint(invoked, answer_limit)

        def sign(event: bytes, known: ReadOnlyCredentials) -> AWSRequest:
            request = AWSRequest(
                "POST",
                invoked.address,
                data=event,
                headers={
                    "Content-Type": "application/json",
                    "X-Amz-Invocation-Type": "RequestResponse",
                    "X-Amz-Log-Type": "None",
                    "User-Agent": "hubbub",
                    "Host": url.authority,
                },
            )
            SigV4Auth(known, "lambda", arn.region).add_auth(request)
            return request

        self._sign: Callable[[bytes, ReadOnlyCredentials], AWSRequest] = sign

    async def call(self, event: bytes) -> bytes:
        signed = self._sign(event, await self._credentials.current())
        answer = await self._endpoint.post(dict(signed.headers.items()), event)
        if answer.status != 200:
            kind = answer.headers.get("x-amzn-errortype", "")
            raise FunctionFailed(f"Lambda answered with status {answer.status} {kind}".rstrip())
        if "x-amz-function-error" in answer.headers:
            raise FunctionFailed(f"the function failed: {answer.headers['x-amz-function-error']}")
        return answer.body

    async def close(self) -> None:
        await self._endpoint.close()
