"""When users expire (spec 4.7): CreatedTimestamp plus so many days."""

from __future__ import annotations

import logging

from sqlalchemy import bindparam, select

from hubbub.identity.alive import ACTIVE
from hubbub.identity.arns import USER, Place
from hubbub.identity.days import DAY
from hubbub.identity.removal import Removal
from hubbub.store.clock import Clock
from hubbub.store.contract import Store
from hubbub.store.tables import app_instance_users, app_instances
from hubbub.wire.errors import ServiceError

logger = logging.getLogger(__name__)

CRITERION = "CREATED_TIMESTAMP"
REASON = "AppInstanceUser deleted due to expiration settings."
USERS_AT_ONCE = 50

_a = app_instances.c
_u = app_instance_users.c
_EXPIRED = (
    select(_a.region, _a.account_id, _u.app_instance_id, _u.user_id)
    .join(app_instances, _u.app_instance_id == _a.id)
    .where(_u.expire_time > 0, _u.expire_time <= bindparam("now"), _a.state == ACTIVE)
    .order_by(_u.expire_time)
    .limit(bindparam("count"))
)


def expire_time(create_time: int, days: int) -> int:
    """Epoch microseconds; 0 for never."""
    return create_time + days * DAY if days else 0


def settings_of(days: int) -> dict[str, str | int] | None:
    """ExpirationSettings as on the wire; None for none."""
    return {"ExpirationDays": days, "ExpirationCriterion": CRITERION} if days else None


class ExpiredUsers:
    """A piece of the job: deletes users whose time has come, as DeleteAppInstanceUser does."""

    def __init__(self, store: Store, removal: Removal, clock: Clock) -> None:
        self._store = store
        self._removal = removal
        self._clock = clock

    async def __call__(self) -> bool:
        """Expire some; True when there are no more."""
        now = self._clock.microseconds()
        found = await self._store.fetch(_EXPIRED, {"now": now, "count": USERS_AT_ONCE})
        for region, account_id, app_instance_id, user_id in found:
            place = Place(region, account_id, app_instance_id, USER, user_id)
            try:
                if await self._removal.expire(place):
                    logger.info("ExpireAppInstanceUser %s: %s", place.arn, REASON)
            except ServiceError:
                continue  # its app instance was deleted just now
        return len(found) < USERS_AT_ONCE
