"""The credentials of ``hubbub dev``, which takes any."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from hubbub.access import principals
from hubbub.access.roles import Role
from hubbub.access.sessions import Sessions
from hubbub.wire.service import Credentials
from hubbub.wire.sigv4 import Claim, SignatureRefused, unrecognized


class AnyCredentials:
    """Everybody is the root of one account.

    Except who comes with temporary credentials made here: these are limited and end as under
    ``hubbub serve``, so that what works in development works in production.
    """

    def __init__(
        self,
        account_id: str,
        sessions: Sessions,
        roles: Mapping[str, Role],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account_id = account_id
        self._sessions = sessions
        self._roles = roles
        self._clock = clock

    def accept(self, claim: Claim) -> Credentials:
        """Raise SignatureRefused (ExpiredTokenException, UnrecognizedClientException)."""
        token = claim.session_token
        anybody = Credentials(
            claim.access_key_id,
            "",
            self._account_id,
            f"arn:aws:iam::{self._account_id}:root",
            token,
            user_id=self._account_id,
        )
        claims = self._sessions.open(token.strip()) if token is not None else None
        if token is None or claims is None or claims.access_key_id != claim.access_key_id:
            return anybody
        if self._clock() >= claims.expires_at:
            raise SignatureRefused(
                "ExpiredTokenException", "The security token included in the request is expired"
            )
        role = self._roles.get(claims.role_arn)
        if role is None and claims.kind == "assumed-role":
            raise unrecognized()
        limits = claims.limits
        return principals.of_session(
            claims,
            token,
            anybody,
            role=role,
            policy=principals.readable(limits.policy, "a session") if limits.policy else None,
            tags=limits.tags,
        )
