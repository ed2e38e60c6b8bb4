"""Credentials of ``hubbub dev``: whoever calls is somebody."""

from __future__ import annotations

from hubbub.wire.service import Credentials


class AnyCredentials:
    """A CredentialSource that knows every key. Only of use with a signature check that is off."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._arn = f"arn:aws:iam::{account_id}:root"

    async def find(self, access_key_id: str, session_token: str | None) -> Credentials:
        return Credentials(access_key_id, "", self._account_id, self._arn, session_token)
