"""``hubbub user``: users of an app instance of a running server."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hubbub.cli.own_server import add_server_flags, print_answer

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("user", help="create users of an app instance on a running server")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create", help="make an app instance user and print its ARN (CreateAppInstanceUser)"
    )
    create.add_argument("app_instance_arn", metavar="APP_INSTANCE_ARN")
    create.add_argument(
        "user_id", metavar="USER_ID", help="the end of its ARN: letters, digits and : - _ . @"
    )
    create.add_argument("name", metavar="NAME", help="1 to 100 characters")
    add_server_flags(create)
    create.set_defaults(run=_create)


def _create(given: argparse.Namespace) -> int:
    def call(client: Any) -> str:
        arn: str = client.create_app_instance_user(
            AppInstanceArn=given.app_instance_arn,
            AppInstanceUserId=given.user_id,
            Name=given.name,
        )["AppInstanceUserArn"]
        return arn

    return print_answer(given, "chime-sdk-identity", call)
