"""``hubbub app-instance``: app instances of a running server."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hubbub.cli.own_server import add_server_flags, print_answer

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("app-instance", help="create app instances on a running server")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create", help="make an app instance and print its ARN (CreateAppInstance)"
    )
    create.add_argument("name", metavar="NAME", help="1 to 256 characters")
    add_server_flags(create)
    create.set_defaults(run=_create)


def _create(given: argparse.Namespace) -> int:
    def call(client: Any) -> str:
        arn: str = client.create_app_instance(Name=given.name)["AppInstanceArn"]
        return arn

    return print_answer(given, "chime-sdk-identity", call)
