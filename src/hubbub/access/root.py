"""The root key of a data directory."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from hubbub.access.secret_file import read_or_create
from hubbub.access.texts import new_access_key_id, new_secret
from hubbub.settings import Settings, SettingsError
from hubbub.wire.service import Credentials

ROOT_KEY_FILE = "root-key.json"


@dataclass(frozen=True, slots=True)
class RootKey:
    """The key that exists from the first start on. It may do everything."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str

    @property
    def credentials(self) -> Credentials:
        return Credentials(
            self.access_key_id,
            self.secret_access_key,
            self.account_id,
            f"arn:aws:iam::{self.account_id}:root",
            user_id=self.account_id,
        )


class _Stored(msgspec.Struct):
    access_key_id: str
    secret_access_key: str


def has_explicit_root(settings: Settings) -> bool:
    """Do the settings name the root key, as those of cluster nodes do?"""
    return bool(settings.root_access_key_id and settings.root_secret_access_key)


def root_key(settings: Settings) -> RootKey:
    """The root key of the settings; else that of the data directory, made at first use.

    Raises SettingsError.
    """
    if has_explicit_root(settings):
        return RootKey(
            settings.root_access_key_id, settings.root_secret_access_key, settings.account_id
        )
    path = settings.data_dir / ROOT_KEY_FILE
    try:
        stored = msgspec.json.decode(read_or_create(path, _new), type=_Stored)
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{path} is no root key: {error}") from None
    return RootKey(stored.access_key_id, stored.secret_access_key, settings.account_id)


def _new() -> bytes:
    return msgspec.json.encode(_Stored(new_access_key_id("AKIA"), new_secret())) + b"\n"
