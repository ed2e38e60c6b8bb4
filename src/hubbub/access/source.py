"""Looks up credentials for the signature check."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from hubbub.access import principals
from hubbub.access.keys import AccessKeys, StoredKey
from hubbub.access.policies import Policy
from hubbub.access.roles import Role
from hubbub.access.root import RootKey
from hubbub.access.sessions import PREFIX, SessionClaims, Sessions
from hubbub.access.texts import is_key_id
from hubbub.wire.service import Credentials

CACHE_SIZE = 10_000
SESSION_CACHE_SIZE = 2_000

K = TypeVar("K")
V = TypeVar("V")


class _OpenSession(NamedTuple):
    claims: SessionClaims
    policy: Policy | None
    tags: Mapping[str, str]


class StoredCredentials:
    """The CredentialSource of ``hubbub serve``.

    A key is read from the store for every call, so that its revocation holds from the next one on,
    by whichever process. ``cache_seconds`` > 0, for stores over a network: within that time.
    """

    def __init__(
        self,
        root: RootKey,
        keys: AccessKeys,
        sessions: Sessions,
        *,
        roles: Mapping[str, Role] | None = None,
        cache_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root.credentials
        self._keys = keys
        self._sessions = sessions
        self._roles = roles or {}
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._read: dict[str, tuple[float, StoredKey]] = {}
        self._unsealed: dict[tuple[str, StoredKey], Credentials] = {}
        self._open: dict[str, _OpenSession] = {}

    async def find(self, access_key_id: str, session_token: str | None) -> Credentials | None:
        if access_key_id == self._root.access_key_id:
            return self._root
        if session_token is not None and access_key_id.startswith(PREFIX):
            return await self._find_session(access_key_id, session_token)
        return await self._find_key(access_key_id)

    async def _find_key(self, access_key_id: str) -> Credentials | None:
        if access_key_id == self._root.access_key_id:
            return self._root
        if not is_key_id(access_key_id):
            return None
        stored = await self._stored(access_key_id)
        if stored is None:
            return None
        known = self._unsealed.get((access_key_id, stored))
        return known or self._unseal(access_key_id, stored)

    async def _stored(self, access_key_id: str) -> StoredKey | None:
        if not self._cache_seconds:
            return await self._keys.find(access_key_id)
        now = self._clock()
        ends, stored = self._read.get(access_key_id, (now, None))
        if stored is None or ends <= now:
            stored = await self._keys.find(access_key_id)
            if stored is not None:
                _keep(self._read, access_key_id, (now + self._cache_seconds, stored), CACHE_SIZE)
        return stored

    def _unseal(self, access_key_id: str, stored: StoredKey) -> Credentials | None:
        secret = self._keys.secret_of(access_key_id, stored.sealed_secret)
        if secret is None:
            return None
        credentials = principals.of_key(access_key_id, secret, stored.account_id, stored.policy)
        _keep(self._unsealed, (access_key_id, stored), credentials, CACHE_SIZE)
        return credentials

    async def _find_session(self, access_key_id: str, session_token: str) -> Credentials | None:
        session = self._open.get(session_token) or self._open_session(session_token)
        if session is None or session.claims.access_key_id != access_key_id:
            return None
        claims = session.claims
        parent = await self._find_key(claims.parent_access_key_id)
        if parent is None:
            return None
        role = self._roles.get(claims.role_arn)
        if role is None and claims.kind == "assumed-role":
            return None
        return principals.of_session(
            claims,
            session_token,
            parent,
            role=role,
            policy=session.policy,
            tags=session.tags,
        )

    def _open_session(self, session_token: str) -> _OpenSession | None:
        claims = self._sessions.open(session_token)
        if claims is None:
            return None
        limits = claims.limits
        policy = None
        if limits.policy:
            policy = principals.readable(limits.policy, f"session {claims.access_key_id}")
        session = _OpenSession(claims, policy, limits.tags)
        _keep(self._open, session_token, session, SESSION_CACHE_SIZE)
        return session


def _keep(cache: dict[K, V], key: K, value: V, size: int) -> None:
    """Keep it, and let the oldest go when there are too many."""
    cache.pop(key, None)
    if len(cache) >= size:
        del cache[next(iter(cache))]
    cache[key] = value
