"""``hubbub ca path``: where the certificate of the local CA is."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from hubbub.cli.configuration import add_flags, read_settings
from hubbub.cli.data_directory import prepare

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("ca", help="the local CA that HTTPS certificates come from")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    path = actions.add_parser("path", help="print the path of the CA's certificate (PEM)")
    add_flags(path, only=frozenset({"data-dir"}))
    path.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from hubbub.serve.tls import ensure_local_ca  # noqa: PLC0415

    settings = prepare(read_settings(given, os.environ))
    print(ensure_local_ca(settings).absolute())
    return 0
