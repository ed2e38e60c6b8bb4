"""``hubbub attendee join …``: an attendee without a browser, for load and for automation.

The media engine's package brings it; all arguments are its own.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "attendee",
        help="join a meeting without a browser; play and record media",
        description="Join a meeting without a browser. `hubbub attendee join --help` says how.",
    )
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="join …", help="see join --help"
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from hubbub.meetings.unstaged import NO_ENGINE  # noqa: PLC0415

    try:
        module = importlib.import_module("hubbub_media")
    except ImportError:
        print(f"hubbub: {NO_ENGINE}", file=sys.stderr)
        return 1
    # The attendee leaves on SIGINT by itself; Python's handler would interrupt after that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status: int = module.attend(given.arguments)
    return status
