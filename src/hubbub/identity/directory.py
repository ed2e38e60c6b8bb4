"""Who is this ARN: identity's answer to other services.

One invariant: *an answer holds at the time of the call, on every node*. Where several nodes share
the database every question is read there. A node that has it to itself keeps the answers, and
forgets one after each change of it has been committed, before the change is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, exists, select

from hubbub.identity.alive import LIVE
from hubbub.identity.arns import APP_INSTANCE, BOT, USER, Kind, Place, placed
from hubbub.store.columns import optional_value
from hubbub.store.contract import Store
from hubbub.store.tables import (
    app_instance_admins,
    app_instance_bots,
    app_instance_users,
    app_instances,
)

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or bot that is there now.

    `incarnation` is the same as long as it lives: a user who is made again with the same id has the
    same ARN and another incarnation.
    """

    arn: str
    app_instance_arn: str
    kind: Kind
    incarnation: str
    name: str  # "" for a bot without one
    is_admin: bool


_a = app_instances.c
_u = app_instance_users.c
_b = app_instance_bots.c
_m = app_instance_admins.c


def _is_admin(kind: str) -> Any:
    return exists().where(
        _m.app_instance_id == bindparam("of_id"),
        _m.kind == kind,
        _m.member_id == bindparam("of_member"),
    )


_FIND: dict[str, Select[Any]] = {
    USER: select(_u.id, _u.name, _is_admin(USER))
    .select_from(app_instance_users)
    .join(app_instances, _u.app_instance_id == _a.id)
    .where(LIVE, _u.user_id == bindparam("of_member")),
    BOT: select(_b.bot_id, _b.name, _is_admin(BOT))
    .select_from(app_instance_bots)
    .join(app_instances, _b.app_instance_id == _a.id)
    .where(LIVE, _b.bot_id == bindparam("of_member")),
    APP_INSTANCE: select(_a.id, _a.name).where(LIVE),
}


class Directory:
    """Answers questions about ARNs. `is_shared`: other nodes change the same database."""

    def __init__(self, store: Store, *, is_shared: bool) -> None:
        self._store = store
        self._is_shared = is_shared
        self._kept: dict[Place, Identity] = {}

    async def find(self, arn: str) -> Identity | None:
        """The user or bot with this ARN; None if there is none, or its app instance is gone."""
        place = placed(arn)
        if place is None or place.kind == APP_INSTANCE:
            return None
        return await self.at(place)

    async def at(self, place: Place) -> Identity | None:
        kept = self._kept.get(place)
        if kept is not None:
            return kept
        found = await self._store.fetch(_FIND[place.kind], place.parameters)
        if not found:
            return None
        row_id, name, is_admin = found[0]
        answer = Identity(
            place.arn,
            place.app_instance_arn,
            place.kind,
            row_id,
            name if place.kind == USER else optional_value(name) or "",
            bool(is_admin),
        )
        if not self._is_shared:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[place] = answer
        return answer

    async def is_alive(self, app_instance_arn: str) -> bool:
        """Is there this app instance, and is it not being deleted?"""
        place = placed(app_instance_arn)
        if place is None or place.kind != APP_INSTANCE:
            return False
        return bool(await self._store.fetch(_FIND[APP_INSTANCE], place.parameters))

    def forget(self, place: Place) -> None:
        """It was changed or deleted, and that is committed."""
        self._kept.pop(place, None)

    def forget_all(self, place: Place) -> None:
        """The app instance was deleted."""
        of = place.app_instance_id
        for each in [kept for kept in self._kept if kept.app_instance_id == of]:
            del self._kept[each]
