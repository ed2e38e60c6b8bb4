"""``hubbub admin``: admins of an app instance of a running server."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hubbub.cli.own_server import add_server_flags, print_answer

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("admin", help="promote users of an app instance to its admins")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add", help="make a user or bot an admin and print its ARN (CreateAppInstanceAdmin)"
    )
    add.add_argument("app_instance_arn", metavar="APP_INSTANCE_ARN")
    add.add_argument("user_arn", metavar="USER_ARN", help="ARN of the user or bot")
    add_server_flags(add)
    add.set_defaults(run=_add)


def _add(given: argparse.Namespace) -> int:
    def call(client: Any) -> str:
        arn: str = client.create_app_instance_admin(
            AppInstanceArn=given.app_instance_arn, AppInstanceAdminArn=given.user_arn
        )["AppInstanceAdmin"]["Arn"]
        return arn

    return print_answer(given, "chime-sdk-identity", call)
