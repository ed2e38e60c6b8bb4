"""Reads the setting roles: the table ``[roles]``, or ``HUBBUB_ROLES`` as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hubbub.settings import RoleSettings, SettingsError

SECONDS = (3_600, 43_200)  # AWS's bounds of a role's maximum session duration

_ARN = re.compile(r"arn:aws:iam::[0-9]{12}:role/(?:[!-~]+/)?[\w+=,.@-]{1,64}", re.ASCII)
_LONGEST_ARN = 512
_MEMBERS = ("policy", "trust", "max-session-duration")


def roles_from_json(text: str) -> dict[str, RoleSettings]:
    """Raise SettingsError. Relative paths start at the working directory."""
    try:
        content = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SettingsError(f"setting roles (HUBBUB_ROLES) is no JSON: {error}") from None
    return roles_of(content, "HUBBUB_ROLES", Path())


def roles_of(content: object, source: str, directory: Path) -> dict[str, RoleSettings]:
    """Raise SettingsError."""
    if not isinstance(content, dict):
        raise SettingsError(f"setting roles ({source}) must be a table of role ARNs")
    return {arn: _role(arn, given, source, directory) for arn, given in content.items()}


def _role(arn: str, given: object, source: str, directory: Path) -> RoleSettings:
    where = f"setting roles ({source})"
    if len(arn) > _LONGEST_ARN or not _ARN.fullmatch(arn):
        raise SettingsError(f"{where}: {arn!r} is no ARN of a role")
    if not isinstance(given, Mapping):
        raise SettingsError(f"{where}: {arn} must be a table")
    members = {name.replace("_", "-"): value for name, value in given.items()}
    if unknown := sorted(members.keys() - set(_MEMBERS)):
        raise SettingsError(
            f"{where}: {arn} has no {unknown[0]}; it may have {', '.join(_MEMBERS)}"
        )
    return RoleSettings(
        policy=_policy(members.get("policy"), f"{where}: the policy of {arn}", directory),
        trust=_trust(members.get("trust", ()), f"{where}: the trust of {arn}"),
        max_session_duration=_seconds(
            members.get("max-session-duration", SECONDS[0]),
            f"{where}: the max-session-duration of {arn}",
        ),
    )


def _policy(given: object, where: str, directory: Path) -> str:
    if not isinstance(given, str) or not given or "\0" in given:
        raise SettingsError(f"{where} must be the path of a JSON file, or JSON")
    if given.lstrip().startswith("{"):
        return given
    path = directory / Path(given).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{where}: {path}: {reason}") from None


def _trust(given: object, where: str) -> tuple[str, ...]:
    names = [given] if given == "*" else given
    if not isinstance(names, list | tuple):
        raise SettingsError(f'{where} must be a list of access key ids and role ARNs, or "*"')
    texts = tuple(each for each in names if isinstance(each, str) and each)
    if len(texts) < len(names):
        raise SettingsError(f'{where} must be a list of access key ids and role ARNs, or "*"')
    return texts


def _seconds(given: object, where: str) -> int:
    low, high = SECONDS
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        raise SettingsError(f"{where} must be a whole number from {low} to {high}")
    return given
