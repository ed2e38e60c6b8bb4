"""Who is calling: the signature check behind one small interface, with a trusting alternative."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hubbub.wire.service import Credentials, CredentialSource
from hubbub.wire.sigv4 import Claim, SignedRequest, Verifier, read_claim


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request, and the scope it was signed for."""

    credentials: Credentials
    region: str
    signing_name: str  # "chime"


class Authenticator(Protocol):
    """Finds out who is calling."""

    async def authenticate(self, request: SignedRequest) -> Caller:
        """Raise `hubbub.wire.sigv4.SignatureRefused` (403) unless the caller is known."""
        ...


class SignatureAuthenticator:
    """Verifies every signature against the keys of a CredentialSource."""

    def __init__(
        self, credentials: CredentialSource, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._verifier = Verifier()

    async def authenticate(self, request: SignedRequest) -> Caller:
        claim = read_claim(request)
        credentials = await self._credentials.find(claim.access_key_id, claim.session_token)
        self._verifier.verify(request, claim, credentials, self._clock())
        return Caller(credentials, claim.scope.region, claim.scope.service)  # type: ignore[arg-type]


class TrustingAuthenticator:
    """Believes every claim, for a development server that only the loopback interface reaches.

    A request has to carry a well-formed claim all the same, since region and service come from it.
    `accept` says whose call it then is.
    """

    def __init__(self, accept: Callable[[Claim], Credentials]) -> None:
        self._accept = accept

    async def authenticate(self, request: SignedRequest) -> Caller:
        claim = read_claim(request)
        return Caller(self._accept(claim), claim.scope.region, claim.scope.service)
