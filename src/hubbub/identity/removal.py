"""A user or bot goes: by its Delete operation, or because it has expired."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, update

from hubbub.identity.alive import LIVE, hold_live
from hubbub.identity.arns import BOT, USER, Place
from hubbub.identity.deletions import Deletions
from hubbub.identity.errors import forbidden
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import (
    app_instance_admins,
    app_instance_bots,
    app_instance_users,
    app_instances,
)

_a = app_instances.c
_u = app_instance_users.c
_b = app_instance_bots.c
_m = app_instance_admins.c
_USER = (_u.app_instance_id == bindparam("of_id"), _u.user_id == bindparam("of_member"))
_BOT = (_b.app_instance_id == bindparam("of_id"), _b.bot_id == bindparam("of_member"))
_ONE_USER_LESS = update(app_instances).where(LIVE).values(users=_a.users - 1)
_ONE_ADMIN_LESS = update(app_instances).where(LIVE).values(admins=_a.admins - 1)
_FIND_USER = select(_u.id, _u.expire_time).where(*_USER).with_for_update()
_DELETE_USER = delete(app_instance_users).where(*_USER)  # its endpoints with it
_DELETE_BOT = delete(app_instance_bots).where(*_BOT)
_DEMOTE = delete(app_instance_admins).where(
    _m.app_instance_id == bindparam("of_id"),
    _m.kind == bindparam("of_kind"),
    _m.member_id == bindparam("of_member"),
)


async def demote(transaction: Transaction, place: Place) -> bool:
    """Take the admin role from a user or bot, in a transaction that holds the app instance."""
    demoted = await transaction.execute(_DEMOTE, {**place.parameters, "of_kind": place.kind})
    if demoted:
        await transaction.execute(_ONE_ADMIN_LESS, place.parameters)
    return bool(demoted)


class Removal:
    """Removes what is identity's own at once, and leaves the rest to the job."""

    def __init__(self, store: Store, deletions: Deletions, clock: Clock) -> None:
        self._store = store
        self._deletions = deletions
        self._clock = clock

    async def remove(self, place: Place) -> None:
        """Raises ForbiddenException if there is no such user or bot."""
        if not await self._remove(place, expired_by=None):
            raise forbidden(place.kind)

    async def expire(self, place: Place) -> bool:
        """Remove the user if it has expired; False if it has not, or is gone."""
        return await self._remove(place, expired_by=self._clock.microseconds())

    async def _remove(self, place: Place, *, expired_by: int | None) -> bool:
        now = self._clock.microseconds()

        async def work(transaction: Transaction) -> bool:
            # The app instance first, as everywhere: two works cannot wait for each other.
            await hold_live(transaction, place)
            row_id = await _delete(transaction, place, expired_by)
            if row_id is None:
                return False
            if place.kind == USER:
                await transaction.execute(_ONE_USER_LESS, place.parameters)
            await demote(transaction, place)
            await self._deletions.add(transaction, place, row_id, now)
            return True

        removed = await self._store.write(work)
        if removed:
            await self._deletions.announce(place)
        return removed


async def _delete(transaction: Transaction, place: Place, expired_by: int | None) -> str | None:
    """The id that no other user or bot has; None if there is nothing to delete."""
    if place.kind == BOT:
        return place.member_id if await transaction.execute(_DELETE_BOT, place.parameters) else None
    found = await transaction.fetch(_FIND_USER, place.parameters)
    if not found:
        return None
    row_id, expires = found[0]
    if expired_by is not None and not 0 < expires <= expired_by:
        return None
    await transaction.execute(_DELETE_USER, place.parameters)
    return str(row_id)
