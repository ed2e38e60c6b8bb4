"""Is an app instance there? One condition, part of every statement below it.

One invariant: *what is being deleted, another account's or another region's is not there*.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, exists, select

from hubbub.identity.arns import APP_INSTANCE, Place
from hubbub.identity.errors import forbidden
from hubbub.store.contract import Reader
from hubbub.store.tables import app_instances

ACTIVE = "ACTIVE"
DELETING = "DELETING"

_a = app_instances.c
LIVE = and_(
    _a.id == bindparam("of_id"),
    _a.account_id == bindparam("of_account"),
    _a.region == bindparam("of_region"),
    _a.state == ACTIVE,
)
"""Of a row of `app_instances`. Its parameters are `Place.parameters`."""
IS_LIVE = exists().where(LIVE)
"""The same as a condition of statements about other tables."""

_FIND = select(_a.id).where(LIVE)
_HOLD = _FIND.with_for_update()


async def require_live(reader: Reader, place: Place) -> None:
    """Raises ForbiddenException."""
    if not await reader.fetch(_FIND, place.parameters):
        raise forbidden(APP_INSTANCE)


async def hold_live(reader: Reader, place: Place) -> None:
    """The same in a transaction, whose end its deletion then waits for."""
    if not await reader.fetch(_HOLD, place.parameters):
        raise forbidden(APP_INSTANCE)
