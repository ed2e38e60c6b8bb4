"""``hubbub keys``: access keys, kept in the database, whether the server runs or not."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.access.policies import parse_policy
from hubbub.access.policies.documents import LONGEST_POLICY, LONGEST_SESSION_POLICY
from hubbub.cli.configuration import add_flags, read_settings
from hubbub.cli.data_directory import prepare
from hubbub.cli.env import export_lines
from hubbub.settings import Settings, SettingsError

if TYPE_CHECKING:
    from hubbub.access.opening import Access
    from hubbub.cli.commands import Commands

LONGEST_SECONDS = 129_600  # 36 hours, as AWS has it
_FLAGS = frozenset({"data-dir", "database-url"})


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("keys", help="create, list and delete access keys")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make an access key and print it as export lines")
    add_flags(create, only=_FLAGS)
    create.add_argument(
        "--account-id",
        metavar="ID",
        type=_account_id,
        help="account the key belongs to (default: the root key's)",
    )
    create.add_argument(
        "--expires-in",
        metavar="SECONDS",
        type=_seconds,
        help="make temporary credentials that end after so many seconds",
    )
    create.add_argument(
        "--policy",
        metavar="PATH",
        type=Path,
        help="file with the IAM policy that limits the key or credentials (default: no limits)",
    )
    create.set_defaults(run=lambda given: _run(given, _create))
    listing = actions.add_parser(
        "list", help="list the access keys that were made; policy: one with a policy"
    )
    add_flags(listing, only=_FLAGS)
    listing.set_defaults(run=lambda given: _run(given, _list))
    delete = actions.add_parser("delete", help="revoke an access key")
    add_flags(delete, only=_FLAGS)
    delete.add_argument("access_key_id", metavar="ACCESS_KEY_ID")
    delete.set_defaults(run=lambda given: _run(given, _delete))


def _account_id(text: str) -> str:
    if not re.fullmatch("[0-9]{12}", text):
        raise argparse.ArgumentTypeError("must be 12 digits")
    return text


def _seconds(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {LONGEST_SECONDS}")
    return int(text)


Action = Callable[[argparse.Namespace, Settings, "Access"], Awaitable[int]]


def _run(given: argparse.Namespace, action: Action) -> int:
    settings = prepare(read_settings(given, os.environ))
    return asyncio.run(_with_access(given, settings, action))


async def _with_access(given: argparse.Namespace, settings: Settings, action: Action) -> int:
    from hubbub.access.opening import open_access  # noqa: PLC0415 -- slow to import
    from hubbub.store.contract import StoreUnavailable  # noqa: PLC0415
    from hubbub.store.opening import open_store  # noqa: PLC0415

    try:
        store = await open_store(settings.database_url, settings.data_dir)
        try:
            return await action(given, settings, await open_access(settings, store))
        finally:
            await store.close()
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from error


def _policy(path: Path | None, *, is_session: bool) -> str:
    """The document in a file, checked; "": none."""
    if path is None:
        return ""
    longest = LONGEST_SESSION_POLICY if is_session else LONGEST_POLICY
    try:
        text = path.read_text(encoding="utf-8")
        parse_policy(text, longest=longest)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"--policy {path}: {reason}") from None
    return text


async def _create(given: argparse.Namespace, settings: Settings, access: Access) -> int:
    from hubbub.access.sessions import SessionLimits  # noqa: PLC0415

    account_id = given.account_id or settings.account_id
    policy = _policy(given.policy, is_session=given.expires_in is not None)
    values: dict[str, str]
    if given.expires_in is None:
        key = await access.keys.create(account_id, policy)
        values = {
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        }
    else:
        parent = await _parent(account_id, access)
        limits = SessionLimits(policy)
        session = access.sessions.issue(parent, time.time() + given.expires_in, limits=limits)
        values = {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
        }
    print(export_lines(values))
    return 0


async def _parent(account_id: str, access: Access) -> str:
    """The key that temporary credentials are made from, and with which they are revoked."""
    if account_id == access.root.account_id:
        return access.root.access_key_id
    own = [key for key in await access.keys.list() if key.account_id == account_id]
    for key in sorted(own, key=lambda key: key.has_policy):  # its policy would be theirs as well
        return key.access_key_id
    raise SettingsError(
        f"account {account_id} has no access key to make temporary credentials from;"
        f" make one first: hubbub keys create --account-id {account_id}"
    )


async def _list(given: argparse.Namespace, settings: Settings, access: Access) -> int:
    for key in await access.keys.list():
        made = datetime.fromtimestamp(key.create_time // 1_000_000, UTC)
        policy = "  policy" if key.has_policy else ""
        print(f"{key.access_key_id}  {key.account_id}  {made:%Y-%m-%dT%H:%M:%SZ}{policy}")
    return 0


async def _delete(given: argparse.Namespace, settings: Settings, access: Access) -> int:
    if await access.keys.delete(given.access_key_id):
        return 0
    print(f"hubbub: there is no access key {given.access_key_id}", file=sys.stderr)
    return 1
