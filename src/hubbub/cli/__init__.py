"""The command line: ``hubbub <command>``; one module a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hubbub import __version__
from hubbub.cli import admin, app_instance, attendee, ca, dev, env, keys, serve, user
from hubbub.settings import SettingsError

COMMANDS = (dev, serve, env, keys, ca, app_instance, user, admin, attendee)


def command_line() -> argparse.ArgumentParser:
    """The parser of everything after ``hubbub``."""
    parser = argparse.ArgumentParser(
        prog="hubbub", description="A self-hosted server that speaks the AWS APIs of IVS Chat."
    )
    parser.add_argument("--version", action="version", version=f"hubbub {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. 1: it failed, with one line on stderr. 2: wrong usage."""
    given = command_line().parse_args(arguments)
    try:
        status: int = given.run(given)
    except SettingsError as error:
        print(f"hubbub: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    return status
