"""Which function is where, and what holds for calling it.

One invariant: *`invoke` ends within its time, whatever the function does*. Each function has its
own `concurrency` places and its own bound on hanging calls, so that none can starve another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hubbub.functions.arn import LATEST, FunctionArn, parse_function_arn, without_qualifier
from hubbub.functions.contract import (
    FunctionError,
    FunctionFailed,
    FunctionMissing,
    Functions,
    FunctionTimeout,
)
from hubbub.functions.event import decode_answer, encode_event
from hubbub.functions.python_target import PythonTarget
from hubbub.functions.target import Target
from hubbub.settings import FunctionSettings, SettingsError

if TYPE_CHECKING:
    from hubbub.functions.lambda_target import LambdaCredentials

_LOG_SECONDS = 10.0
_logger = logging.getLogger("hubbub.functions")


@dataclass(slots=True)
class _Function:
    arn: str
    target: Target
    places: asyncio.Semaphore
    silent_until: float = float("-inf")
    unlogged: int = 0


def open_functions(settings: FunctionSettings) -> Functions:
    """Imports Python callables; connects nowhere yet.

    Raises SettingsError, naming ``functions.targets`` and the ARN, for an ARN or target that
    cannot be used.
    """
    opener = _Opener(settings)
    return RegisteredFunctions(
        {
            key: _Function(arn, opener.open(arn, text), asyncio.Semaphore(settings.concurrency))
            for key, arn, text in opener.entries()
        },
        settings.response_bytes,
        opener.closers,
    )


@dataclass(slots=True)
class _Opener:
    """Makes targets from their text."""

    settings: FunctionSettings
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    credentials: LambdaCredentials | None = None

    def entries(self) -> list[tuple[str, str, str]]:
        return [(_key(arn), arn, text) for arn, text in self.settings.targets.items()]

    def open(self, arn: str, text: str) -> Target:
        parsed = parse_function_arn(arn)
        if parsed is None:
            raise SettingsError(
                f'functions.targets: "{arn}" is not the ARN of a Lambda function'
                " (arn:aws:lambda:region:account:function:name)"
            )
        scheme = text.partition(":")[0]
        try:
            make = {
                "http": self._http,
                "https": self._http,
                "python": self._python,
                "lambda": self._lambda,
            }.get(scheme)
            if make is None:
                raise ValueError("a target starts with http://, https://, python: or lambda:")
            target = make(text, parsed)
        except ValueError as error:
            raise SettingsError(f'functions.targets."{arn}": {error}') from error
        self.closers.append(target.close)
        return target

    def _http(self, text: str, arn: FunctionArn) -> Target:
        # Importing aiohttp takes 0.3 s, and not all need it.
        from hubbub.functions.http_target import HttpTarget  # noqa: PLC0415

        return HttpTarget(text, self.settings.response_bytes)

    def _python(self, text: str, arn: FunctionArn) -> Target:
        return PythonTarget(text.removeprefix("python:"))

    def _lambda(self, text: str, arn: FunctionArn) -> Target:
        # Importing botocore takes 0.1 s, and few need it.
        from hubbub.functions.lambda_target import LambdaCredentials, LambdaTarget  # noqa: PLC0415

        if self.credentials is None:
            self.credentials = LambdaCredentials()
            self.closers.append(self.credentials.close)
        endpoint = text.removeprefix("lambda:")
        return LambdaTarget(endpoint, arn, self.settings.response_bytes, self.credentials)


def _key(arn: str) -> str:
    """Unqualified and $LATEST are the same."""
    return arn.removesuffix(f":{LATEST}")


class RegisteredFunctions:
    """The `Functions` of the contract.

    A function registered without a version or alias answers for all of them; one registered with
    a version or alias only for that one, and before the other.
    """

    def __init__(
        self,
        functions: Mapping[str, _Function],
        answer_limit: int,
        closers: list[Callable[[], Awaitable[None]]],
    ) -> None:
        self._functions = functions
        self._answer_limit = answer_limit
        self._closers = closers

    def knows(self, arn: str) -> bool:
        return self._find(arn) is not None

    def _find(self, arn: str) -> _Function | None:
        return self._functions.get(_key(arn)) or self._functions.get(without_qualifier(arn))

    async def invoke(self, arn: str, event: Mapping[str, Any], timeout: float) -> Any:
        function = self._find(arn)
        if function is None:
            raise FunctionMissing(f"no function is registered for {arn}")
        try:
            return await self._call(function, encode_event(event), timeout)
        except FunctionError as error:
            self._log(function, error)
            raise

    async def _call(self, function: _Function, event: bytes, timeout: float) -> Any:
        try:
            async with asyncio.timeout(timeout), function.places:
                answer = await function.target.call(event)
        except TimeoutError:
            raise FunctionTimeout(f"no answer within {timeout:g} s") from None
        except FunctionError:
            raise
        except Exception as error:
            _logger.exception("calling %s failed in an unforeseen way", function.arn)
            raise FunctionFailed(f"{type(error).__name__}: {error}") from error
        return decode_answer(answer, self._answer_limit)

    def _log(self, function: _Function, error: FunctionError) -> None:
        now = asyncio.get_running_loop().time()
        if now < function.silent_until:
            function.unlogged += 1
            return
        more = f" ({function.unlogged} more since the last report)" if function.unlogged else ""
        cause = error.__cause__  # what a Python callable raised, for its author
        _logger.warning("function %s: %s%s", function.arn, error, more, exc_info=cause)
        function.silent_until = now + _LOG_SECONDS
        function.unlogged = 0

    async def close(self) -> None:
        for close in self._closers:
            await close()
        self._closers.clear()
        await asyncio.sleep(0)  # cancelled calls end in the next turn of the loop
