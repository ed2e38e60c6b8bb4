"""What STS has to know of a caller besides its credentials."""

from __future__ import annotations

from dataclasses import dataclass

from hubbub.access.sessions import Kind, Sessions
from hubbub.wire.service import Call


@dataclass(frozen=True, slots=True)
class Caller:
    access_key_id: str  # of the long-term key that it all goes back to
    kind: Kind | None  # None: it uses that key itself
    role_arn: str  # of ``assumed-role``
    is_root: bool


def caller_of(call: Call, sessions: Sessions) -> Caller:
    credentials = call.credentials
    is_root = credentials.arn.endswith(":root")
    if credentials.session_token is None:
        return Caller(credentials.access_key_id, None, "", is_root)
    claims = sessions.open(credentials.session_token)
    if claims is None:  # `hubbub dev` takes tokens that nobody issued
        return Caller(credentials.access_key_id, "session", "", is_root)
    return Caller(claims.parent_access_key_id, claims.kind, claims.role_arn, is_root)
