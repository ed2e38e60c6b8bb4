"""The ARNs of app instances, users and bots, and the one door that every one goes through (spec 3).

One invariant: *an ARN of another account or region is not there*.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from hubbub.identity.errors import forbidden
from hubbub.wire.service import Call

APP_INSTANCE: Final = "app-instance"
USER: Final = "user"
BOT: Final = "bot"
Kind = Literal["app-instance", "user", "bot"]

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ARN = re.compile(
    rf"arn:aws:chime:([a-z0-9-]+):([a-z0-9-]+):app-instance/({_UUID})"
    r"(?:/(user|bot)/([A-Za-z0-9](?:[A-Za-z0-9:_.@-]{0,62}[A-Za-z0-9])?))?"
)


class Place(NamedTuple):
    """Where an ARN points. `member_id` is AppInstanceUserId or the bot's id; "" without one."""

    region: str
    account_id: str
    app_instance_id: str
    kind: Kind
    member_id: str = ""

    @property
    def app_instance_arn(self) -> str:
        return app_instance_arn(self.region, self.account_id, self.app_instance_id)

    @property
    def arn(self) -> str:
        if self.kind == APP_INSTANCE:
            return self.app_instance_arn
        return f"{self.app_instance_arn}/{self.kind}/{self.member_id}"

    @property
    def parameters(self) -> dict[str, str]:
        """For statements with `hubbub.identity.alive.LIVE`."""
        return {
            "of_id": self.app_instance_id,
            "of_account": self.account_id,
            "of_region": self.region,
            "of_member": self.member_id,
        }


def app_instance_arn(region: str, account_id: str, app_instance_id: str) -> str:
    return f"arn:aws:chime:{region}:{account_id}:app-instance/{app_instance_id}"


def placed(arn: str) -> Place | None:
    """Where the ARN points; None if it is none of an app instance, user or bot."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return None
    region, account_id, app_instance_id, kind, member_id = found.groups()
    if member_id is None:
        return Place(region, account_id, app_instance_id, APP_INSTANCE)
    return Place(region, account_id, app_instance_id, USER if kind == USER else BOT, member_id)


def own(call: Call, arn: str, *kinds: Kind) -> Place:
    """Where the ARN points, if that can be the caller's and is of such a kind.

    Raises ForbiddenException, as for what does not exist.
    """
    place = placed(arn)
    if (
        place is None
        or place.kind not in kinds
        or place.account_id != call.account_id
        or place.region != call.region
    ):
        raise forbidden(kinds[0])
    return place
