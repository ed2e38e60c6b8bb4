"""Retention of messages (spec 4.6).

One invariant: *nothing is removed for good before the grace period that each Put starts is over*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from hubbub.identity.alive import ACTIVE, LIVE
from hubbub.identity.arns import APP_INSTANCE, app_instance_arn, own, placed
from hubbub.identity.days import DAY
from hubbub.identity.dependents import Dependents
from hubbub.identity.errors import forbidden
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import app_instances
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        GetAppInstanceRetentionSettingsRequestTypeDef,
        PutAppInstanceRetentionSettingsRequestTypeDef,
    )

GRACE_DAYS = 30

_a = app_instances.c
_FIND = select(_a.retention_days, _a.retention_time).where(LIVE)
_PUT = (
    update(app_instances)
    .where(LIVE)
    .values(retention_days=bindparam("days"), retention_time=bindparam("at"))
)
_ALL = select(_a.region, _a.account_id, _a.id, _a.retention_days, _a.retention_time).where(
    _a.retention_days > 0, _a.state == ACTIVE
)


@dataclass(frozen=True, slots=True)
class Retention:
    """What holds for the messages of an app instance. Times are epoch microseconds; 0: none."""

    days: int
    put_time: int

    @property
    def initiate_deletion_time(self) -> int:
        return self.put_time + GRACE_DAYS * DAY if self.days else 0

    def hidden_before(self, now: int) -> int:
        """Messages created before it are not shown to users."""
        return max(now - self.days * DAY, 0) if self.days else 0

    def removed_before(self, now: int) -> int:
        """Messages created before it are to be removed for good."""
        return self.hidden_before(now) if now >= self.initiate_deletion_time else 0


class RetentionSettings:
    """The two operations, and the question that Messaging asks."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put(
        self, call: Call, request: PutAppInstanceRetentionSettingsRequestTypeDef
    ) -> Output:
        place = own(call, request["AppInstanceArn"], APP_INSTANCE)
        channels = request["AppInstanceRetentionSettings"].get("ChannelRetentionSettings") or {}
        retention = Retention(channels.get("RetentionDays") or 0, self._clock.microseconds())

        async def work(transaction: Transaction) -> None:
            values = {"days": retention.days, "at": retention.put_time}
            if not await transaction.execute(_PUT, {**place.parameters, **values}):
                raise forbidden(APP_INSTANCE)

        await self._store.write(work)
        return _answer(retention)

    async def get(
        self, call: Call, request: GetAppInstanceRetentionSettingsRequestTypeDef
    ) -> Output:
        place = own(call, request["AppInstanceArn"], APP_INSTANCE)
        found = await self._store.fetch(_FIND, place.parameters)
        if not found:
            raise forbidden(APP_INSTANCE)
        return _answer(Retention(*found[0]))

    async def of(self, app_instance_arn: str) -> Retention | None:
        """What holds now; None if there is no such app instance."""
        place = placed(app_instance_arn)
        if place is None or place.kind != APP_INSTANCE:
            return None
        found = await self._store.fetch(_FIND, place.parameters)
        return Retention(*found[0]) if found else None


def _answer(retention: Retention) -> Output:
    channels = {"RetentionDays": retention.days} if retention.days else {}
    return {
        "AppInstanceRetentionSettings": {"ChannelRetentionSettings": channels},
        "InitiateDeletionTimestamp": retention.initiate_deletion_time or None,
    }


class ExpiredMessages:
    """A piece of the job: has messages removed for good whose time and grace are over."""

    def __init__(self, store: Store, dependents: Sequence[Dependents], clock: Clock) -> None:
        self._store = store
        self._dependents = dependents
        self._clock = clock

    async def __call__(self) -> bool:
        """Remove some of each app instance; True when there are no more."""
        now = self._clock.microseconds()
        done = True
        for region, account_id, app_instance_id, *settings in await self._store.fetch(_ALL):
            before = Retention(*settings).removed_before(now)
            if before:
                arn = app_instance_arn(region, account_id, app_instance_id)
                for each in self._dependents:
                    done = await each.expire_messages(arn, before) and done
        return done
