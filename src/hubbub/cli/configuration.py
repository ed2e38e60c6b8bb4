"""Reads settings: defaults < hubbub.toml < ``HUBBUB_*`` < flags.

The file is ``--config`` (``HUBBUB_CONFIG``), else ``hubbub.toml`` in the data directory, else
``hubbub.toml`` in the working directory. Relative paths in it start at its own directory. Empty
environment variables count as absent.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hubbub.cli.roles import roles_from_json, roles_of
from hubbub.settings import TABLES, Setting, Settings, SettingsError, described

_ARN = re.compile(r"arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+")
_TARGET = re.compile(r"https?://\S+|python:[\w.]+:[\w.]+|lambda:https?://\S+")
_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
Values = dict[tuple[str, str], Any]
"""(table, field name) -> value; the table of top-level settings is ``""``."""


def add_flags(parser: argparse.ArgumentParser, *, only: frozenset[str] | None = None) -> None:
    """A flag for every setting, or for those named (``data-dir``); values stay text here."""
    groups: dict[str, Any] = {"": parser}
    for setting in described():
        if setting.flag is None or (only is not None and setting.name not in only):
            continue
        if setting.table not in groups:
            groups[setting.table] = parser.add_argument_group(f"[{setting.table}]")
        default = "" if setting.default in (None, "") else f" (default: {setting.default})"
        groups[setting.table].add_argument(
            setting.flag,
            dest=_destination(setting),
            metavar="ON|OFF" if setting.type is bool else setting.type.__name__.upper(),
            help=f"{setting.about.help}{default}".replace("%", "%%"),
        )
    parser.add_argument("--config", metavar="PATH", help="settings file (default: hubbub.toml)")


def read_settings(
    flags: argparse.Namespace, environment: Mapping[str, str], working_directory: Path = Path()
) -> Settings:
    """The settings that hold. Raises SettingsError naming the setting at fault."""
    above: Values = {}
    for setting in described():
        place = (setting.table, setting.field_name)
        if text := environment.get(setting.environment):
            above[place] = _checked(setting, text, setting.environment)
        flag = getattr(flags, _destination(setting), None)
        if setting.flag is not None and flag is not None:
            above[place] = _checked(setting, flag, setting.flag)
    if text := environment.get("HUBBUB_FUNCTIONS"):
        above["functions", "targets"] = _functions_from_json(text)
    if text := environment.get("HUBBUB_ROLES"):
        above["", "roles"] = roles_from_json(text)

    file = _file(flags, environment, above, working_directory)
    values = (_from_file(file) if file else {}) | above
    own = {name: value for (table, name), value in values.items() if not table}
    for name, table in TABLES.items():
        of_table = {key: value for (where, key), value in values.items() if where == name}
        if of_table:
            own[name] = table(**of_table)
    settings = Settings(**own)
    _check_together(settings)
    return settings


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """Environment names that look like settings but are none."""
    known = {setting.environment for setting in described()}
    known |= {"HUBBUB_FUNCTIONS", "HUBBUB_ROLES", "HUBBUB_CONFIG"}
    return sorted(name for name in environment if name.startswith("HUBBUB_") and name not in known)


def _destination(setting: Setting) -> str:
    return "setting_" + setting.name


def _file(
    flags: argparse.Namespace, environment: Mapping[str, str], above: Values, directory: Path
) -> Path | None:
    if named := getattr(flags, "config", None) or environment.get("HUBBUB_CONFIG"):
        return Path(named)
    data_dir: Path = above.get(("", "data_dir"), Settings().data_dir)
    for place in (data_dir, directory):
        if (place / "hubbub.toml").is_file():
            return place / "hubbub.toml"
    return None


def _from_file(file: Path) -> Values:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"settings file {file}: {reason}") from None
    known = {setting.name: setting for setting in described()}
    values: Values = {}
    if "roles" in content:
        values["", "roles"] = roles_of(content.pop("roles"), str(file), file.parent)
    for name, value in _flattened(content, file):
        if name.startswith("functions.arn:"):
            targets = values.setdefault(("functions", "targets"), {})
            arn = name.removeprefix("functions.")
            targets[arn] = _function(arn, value, str(file))
        elif setting := known.get(name):
            checked = _checked(setting, value, str(file))
            if isinstance(checked, Path):
                checked = file.parent / checked
            values[setting.table, setting.field_name] = checked
        else:
            raise SettingsError(f"{file}: there is no setting {name}")
    return values


def _flattened(content: Mapping[str, Any], file: Path) -> list[tuple[str, Any]]:
    flat = []
    for key, value in content.items():
        name = key.replace("_", "-")
        if name in TABLES:
            if not isinstance(value, dict):
                raise SettingsError(f"{file}: {name} must be a table")
            for inner, inner_value in value.items():
                is_arn = inner.startswith("arn:")
                inner_name = inner if is_arn else inner.replace("_", "-")
                flat.append((f"{name}.{inner_name}", inner_value))
        else:
            flat.append((name, value))
    return flat


def _checked(setting: Setting, value: object, source: str) -> bool | int | str | Path:
    """The value in the setting's type, from text or from TOML."""
    about = setting.about
    result: object = None
    wanted = {bool: "on or off", int: "a whole number", str: "text", Path: "a path"}[setting.type]
    if setting.type is bool:
        result = value if isinstance(value, bool) else _WORDS.get(str(value).lower())
    elif setting.type is int:
        result = _whole_number(value)
        if about.bounds:
            low, high = about.bounds
            wanted = f"a whole number from {low} to {high}"
            if isinstance(result, int) and not low <= result <= high:
                result = None
    elif setting.type is Path:
        result = Path(value).expanduser() if isinstance(value, str) and value else None
    elif isinstance(value, str) and "\0" not in value:
        fits = value == setting.default or re.fullmatch(about.pattern or ".*", value, re.DOTALL)
        result = value if fits else None
        wanted = about.form or wanted
    if result is None:
        shown = "" if about.secret or about.masked else f", not {value!r}"
        raise SettingsError(f"setting {setting.name} ({source}) must be {wanted}{shown}")
    assert isinstance(result, bool | int | str | Path)
    return result


def _whole_number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9][0-9_]{0,18}", value):
        return int(value)
    return None


def _functions_from_json(text: str) -> dict[str, str]:
    try:
        content = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SettingsError(f"setting functions (HUBBUB_FUNCTIONS) is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise SettingsError("setting functions (HUBBUB_FUNCTIONS) must be a JSON object")
    return {arn: _function(arn, target, "HUBBUB_FUNCTIONS") for arn, target in content.items()}


def _function(arn: str, target: object, source: str) -> str:
    if not _ARN.fullmatch(arn):
        raise SettingsError(f"setting functions ({source}): {arn!r} is no ARN of a Lambda function")
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise SettingsError(
            f"setting functions ({source}): the target of {arn} must be http(s)://…,"
            " python:package.module:callable or lambda:http(s)://…"
        )
    return target


def _check_together(settings: Settings) -> None:
    """Refuse combinations that cannot work."""
    if settings.workers > 1:
        is_postgresql = settings.database_url.startswith("postgres")
        if not (settings.bus_url and is_postgresql):
            raise SettingsError(
                f"setting workers: {settings.workers} processes need setting bus-url (Valkey or"
                " Redis) and a PostgreSQL database-url; one process needs neither"
            )
    for first, second in (
        ("root_access_key_id", "root_secret_access_key"),
        ("tls_certificate", "tls_key"),
    ):
        if bool(getattr(settings, first)) != bool(getattr(settings, second)):
            names = f"{first} and {second}".replace("_", "-")
            raise SettingsError(f"settings {names} belong together: set both or neither")
