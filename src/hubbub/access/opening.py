"""All of `hubbub.access` for one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hubbub.access.keyring import Keyring, open_keyring
from hubbub.access.keys import AccessKeys
from hubbub.access.roles import Role, read_roles
from hubbub.access.root import RootKey, root_key
from hubbub.access.sessions import Sessions
from hubbub.access.source import StoredCredentials
from hubbub.settings import Settings
from hubbub.store.contract import Store
from hubbub.store.opening import is_postgresql
from hubbub.wire.service import CredentialSource

NETWORK_CACHE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Access:
    root: RootKey
    keyring: Keyring
    keys: AccessKeys
    sessions: Sessions
    roles: Mapping[str, Role]
    credentials: CredentialSource


async def open_access(settings: Settings, store: Store) -> Access:
    """Raises SettingsError (KeyringLocked among them) and StoreUnavailable."""
    keyring = await open_keyring(settings, store)
    root = root_key(settings)
    keys = AccessKeys(store, keyring)
    sessions = Sessions(keyring)
    roles = read_roles(settings.roles)
    network = is_postgresql(settings.database_url)
    credentials = StoredCredentials(
        root,
        keys,
        sessions,
        roles=roles,
        cache_seconds=NETWORK_CACHE_SECONDS if network else 0.0,
    )
    return Access(root, keyring, keys, sessions, roles, credentials)
