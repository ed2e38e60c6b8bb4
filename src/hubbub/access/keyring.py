"""The data key, from which all other keys derive, and who may open it.

One invariant: *a database has one data key for its life, and it is never stored in the clear*. The
table `keyring` holds it wrapped for each secret that opens it: the ``secret.key`` of a data
directory, the setting secret-key, and root credentials where settings name them. Nodes with
different data directories share a database by sharing one of the latter two.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import bindparam, delete, insert, select

from hubbub.access import secret_file
from hubbub.access.root import has_explicit_root
from hubbub.access.sealing import KEY_BYTES, SealBroken, Sealer, subkey
from hubbub.settings import Settings, SettingsError
from hubbub.store.contract import DuplicateKey, Store, Transaction
from hubbub.store.tables import keyring

SECRET_KEY_FILE = "secret.key"  # noqa: S105 -- a file name

_DATA_KEY = "data-key"  # the row that makes the data key the only one
_SALT_BYTES = 16
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1, "maxmem": 64 << 20}  # 16 MiB, some 40 ms

_ROWS = select(
    keyring.c.wrap, keyring.c.data_key_id, keyring.c.salt, keyring.c.sealed, keyring.c.witness
)
_ADD = insert(keyring)
_REMOVE = delete(keyring).where(keyring.c.wrap == bindparam("of"))


class KeyringLocked(SettingsError):
    """No secret of this node opens the data key."""


class Keyring:
    """The open data key."""

    def __init__(self, data_key: bytes) -> None:
        self._data_key = data_key

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same on every node and after every start.

        Purposes in use: "access-keys", "sessions", "page-tokens", "chat-tokens", "join-tokens".
        """
        return subkey(self._data_key, purpose)

    def sealer(self, purpose: str) -> Sealer:
        return Sealer(self.subkey(purpose))


@dataclass(frozen=True, slots=True)
class _Row:
    """A wrap as it is stored."""

    wrap: str
    data_key_id: str
    salt: bytes
    sealed: bytes
    witness: bytes


@dataclass(frozen=True, slots=True)
class _Secret:
    """Something that opens a wrap."""

    wrap: str
    value: bytes = field(repr=False)
    stretched: bool  # chosen by people: guessing has to be slow

    def seal(self, data_key: bytes) -> _Row:
        salt = os.urandom(_SALT_BYTES)
        box = self._sealer(salt).seal(data_key, self.wrap.encode())
        return _Row(self.wrap, _id_of(data_key), salt, box, self.witness(data_key))

    def open(self, row: _Row) -> bytes | None:
        try:
            return self._sealer(row.salt).open(row.sealed, self.wrap.encode())
        except SealBroken:
            return None

    def witness(self, data_key: bytes) -> bytes:
        """Tells, with the data key at hand and at once, whether a wrap is for this very value."""
        return hmac.digest(subkey(data_key, "keyring " + self.wrap), self.value, "sha256")

    def _sealer(self, salt: bytes) -> Sealer:
        if self.stretched:
            return Sealer(hashlib.scrypt(self.value, salt=salt, dklen=KEY_BYTES, **_SCRYPT))
        return Sealer(hmac.digest(self.value, salt, "sha256"))


async def open_keyring(settings: Settings, store: Store) -> Keyring:
    """The keyring of this database; made when it has none. Raises KeyringLocked, SettingsError."""
    path = settings.data_dir / SECRET_KEY_FILE
    rows = await _rows(store)
    if not rows:
        data_key = os.urandom(KEY_BYTES)
        secrets = _secrets(settings, _directory_key(path, create=not settings.secret_key))
        if await _create(store, data_key, secrets):
            return Keyring(data_key)
        rows = await _rows(store)  # another node was faster
    secrets = _secrets(settings, _directory_key(path, create=False))
    opened = _opened(rows, secrets)
    if opened is None:
        raise KeyringLocked(
            "the secrets in the database were sealed elsewhere, and nothing here opens them: put"
            f" the {SECRET_KEY_FILE} of the data directory that made the database into"
            f" {settings.data_dir}, or give this node the same secret-key or the same"
            " HUBBUB_ROOT_ACCESS_KEY_ID and HUBBUB_ROOT_SECRET_ACCESS_KEY as the node that made it"
        )
    await _add_missing(store, opened, rows, secrets)
    return Keyring(opened)


def _secrets(settings: Settings, directory_key: bytes | None) -> list[_Secret]:
    """What this node has, the quickest first."""
    secrets = []
    if directory_key is not None:
        name = hmac.digest(directory_key, b"hubbub wrap", "sha256")[:8].hex()
        secrets.append(_Secret(f"directory {name}", directory_key, stretched=False))
    if settings.secret_key:
        secrets.append(_Secret("setting", settings.secret_key.encode(), stretched=True))
    if has_explicit_root(settings):
        name = settings.root_access_key_id
        value = settings.root_secret_access_key.encode()
        secrets.append(_Secret(f"root {name}", value, stretched=True))
    return secrets


def _directory_key(path: Path, *, create: bool) -> bytes | None:
    if create:
        content = secret_file.read_or_create(path, _new_directory_key)
    else:
        found = secret_file.read(path)
        if found is None:
            return None
        content = found
    try:
        key = b64decode(content.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is damaged: put it back from a backup")
    return key


def _new_directory_key() -> bytes:
    return b64encode(os.urandom(KEY_BYTES)) + b"\n"


def _id_of(data_key: bytes) -> str:
    return subkey(data_key, "keyring id")[:8].hex()


async def _rows(store: Store) -> dict[str, _Row]:
    return {row[0]: _Row(*row) for row in await store.fetch(_ROWS)}


def _opened(rows: dict[str, _Row], secrets: list[_Secret]) -> bytes | None:
    for secret in secrets:
        row = rows.get(secret.wrap)
        data_key = secret.open(row) if row is not None else None
        if data_key is not None and _id_of(data_key) == rows[_DATA_KEY].data_key_id:
            return data_key
    return None


async def _create(store: Store, data_key: bytes, secrets: list[_Secret]) -> bool:
    """False: the database has a data key by now."""
    wraps = [secret.seal(data_key) for secret in secrets]
    only = _Row(_DATA_KEY, _id_of(data_key), b"", b"", b"")

    async def work(tx: Transaction) -> None:
        for row in (only, *wraps):
            await tx.execute(_ADD, _parameters(row))

    try:
        await store.write(work)
    except DuplicateKey:
        return False
    return True


async def _add_missing(
    store: Store, data_key: bytes, rows: dict[str, _Row], secrets: list[_Secret]
) -> None:
    """Wrap the data key for every secret of this node, so that each alone will do next time."""
    missing = []
    for secret in secrets:
        row = rows.get(secret.wrap)
        if row is None or not hmac.compare_digest(row.witness, secret.witness(data_key)):
            missing.append(secret.seal(data_key))
    if not missing:
        return

    async def work(tx: Transaction) -> None:
        for row in missing:
            await tx.execute(_REMOVE, {"of": row.wrap})
            await tx.execute(_ADD, _parameters(row))

    try:
        await store.write(work)
    except DuplicateKey:
        return  # another node with the same secrets has just done it


def _parameters(row: _Row) -> dict[str, str | bytes | int]:
    return {
        "wrap": row.wrap,
        "data_key_id": row.data_key_id,
        "salt": row.salt,
        "sealed": row.sealed,
        "witness": row.witness,
        "create_time": time.time_ns() // 1000,
    }
