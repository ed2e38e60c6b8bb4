"""CreateAppInstanceAdmin, DescribeAppInstanceAdmin, DeleteAppInstanceAdmin, ListAppInstanceAdmins
(spec 4.3): a role of users and bots, who keep their ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, bindparam, case, select, update

from hubbub.identity.alive import IS_LIVE, LIVE, hold_live, require_live
from hubbub.identity.arns import APP_INSTANCE, BOT, USER, Place, own
from hubbub.identity.directory import Directory
from hubbub.identity.errors import conflict, forbidden, limit_exceeded, not_admin
from hubbub.identity.pages import Page, after
from hubbub.identity.removal import demote
from hubbub.settings import Limits
from hubbub.store.clock import Clock
from hubbub.store.columns import optional_value
from hubbub.store.contract import Store, Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import (
    app_instance_admins,
    app_instance_bots,
    app_instance_users,
    app_instances,
)
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        CreateAppInstanceAdminRequestTypeDef,
        DeleteAppInstanceAdminRequestTypeDef,
        DescribeAppInstanceAdminRequestTypeDef,
        ListAppInstanceAdminsRequestTypeDef,
    )

_a = app_instances.c
_u = app_instance_users.c
_b = app_instance_bots.c
_m = app_instance_admins.c
_COUNT_ONE_MORE = (
    update(app_instances).where(LIVE, _a.admins < bindparam("most")).values(admins=_a.admins + 1)
)
_INSERT = insert_absent(app_instance_admins)
_OF = (_m.app_instance_id == bindparam("of_id"),)
_IS_ADMIN = select(_m.create_time).where(
    *_OF, _m.kind == bindparam("of_kind"), _m.member_id == bindparam("of_member")
)
_NAMES = {
    USER: select(_u.name).where(
        _u.app_instance_id == bindparam("of_id"), _u.user_id == bindparam("of_member")
    ),
    BOT: select(_b.name).where(
        _b.app_instance_id == bindparam("of_id"), _b.bot_id == bindparam("of_member")
    ),
}
_name: ColumnElement[str] = case((_m.kind == USER, _u.name), else_=_b.name)
_WITH_NAMES = (
    select(_m.kind, _m.member_id, _m.create_time, _name)
    .outerjoin(
        app_instance_users,
        and_(
            _m.kind == USER,
            _u.app_instance_id == _m.app_instance_id,
            _u.user_id == _m.member_id,
        ),
    )
    .outerjoin(
        app_instance_bots,
        and_(
            _m.kind == BOT,
            _b.app_instance_id == _m.app_instance_id,
            _b.bot_id == _m.member_id,
        ),
    )
    .where(*_OF, IS_LIVE)
)
_FIND = _WITH_NAMES.where(_m.kind == bindparam("of_kind"), _m.member_id == bindparam("of_member"))
_LIST = (
    _WITH_NAMES.where(after(_m.create_time, _m.member_id))
    .order_by(_m.create_time, _m.member_id)
    .limit(bindparam("count"))
)


class Admins:
    """Promotion and demotion; the next call of anybody sees them."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: PageTokens,
        directory: Directory,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._limits = limits

    async def create(self, call: Call, request: CreateAppInstanceAdminRequestTypeDef) -> Output:
        own(call, request["AppInstanceArn"], APP_INSTANCE)
        place = own(call, request["AppInstanceAdminArn"], USER, BOT)
        most = self._limits.app_instance_admins
        row = {
            "app_instance_id": place.app_instance_id,
            "kind": place.kind,
            "member_id": place.member_id,
            "create_time": self._clock.microseconds(),
        }

        async def work(transaction: Transaction) -> str:
            counted = await transaction.execute(_COUNT_ONE_MORE, {**place.parameters, "most": most})
            if not counted:
                await require_live(transaction, place)
            found = await transaction.fetch(_NAMES[place.kind], place.parameters)
            if not found:
                raise forbidden(place.kind)
            if not counted and not await transaction.fetch(
                _IS_ADMIN, {**place.parameters, "of_kind": place.kind}
            ):
                raise limit_exceeded("admins of the app instance", most)
            if not await transaction.execute(_INSERT, row):
                raise conflict("The ARN is of an admin of the app instance already")
            name: str = found[0][0]
            return name

        name = await self._store.write(work)
        self._directory.forget(place)
        return {
            "AppInstanceAdmin": _identity(place, name),
            "AppInstanceArn": place.app_instance_arn,
        }

    async def describe(self, call: Call, request: DescribeAppInstanceAdminRequestTypeDef) -> Output:
        place = _admin(call, request["AppInstanceArn"], request["AppInstanceAdminArn"])
        found = await self._store.fetch(_FIND, {**place.parameters, "of_kind": place.kind})
        if not found:
            raise not_admin()
        _, _, create_time, name = found[0]
        return {
            "AppInstanceAdmin": {
                "Admin": _identity(place, name),
                "AppInstanceArn": place.app_instance_arn,
                "CreatedTimestamp": create_time,
            }
        }

    async def list(self, call: Call, request: ListAppInstanceAdminsRequestTypeDef) -> Output:
        page = Page(self._tokens, call, request)
        parent = own(call, request["AppInstanceArn"], APP_INSTANCE)
        found = await self._store.fetch(_LIST, {**parent.parameters, **page.parameters})
        if not found:
            await require_live(self._store, parent)
        rows, more = page.cut(found, time_at=2, key_at=1)
        admins = [
            {"Admin": _identity(parent._replace(kind=kind, member_id=member_id), name)}
            for kind, member_id, _, name in rows
        ]
        return {"AppInstanceArn": parent.arn, "AppInstanceAdmins": admins, "NextToken": more}

    async def delete(self, call: Call, request: DeleteAppInstanceAdminRequestTypeDef) -> None:
        """The user or bot stays, without the role."""
        place = _admin(call, request["AppInstanceArn"], request["AppInstanceAdminArn"])

        async def work(transaction: Transaction) -> None:
            await hold_live(transaction, place)
            if not await demote(transaction, place):
                raise not_admin()

        await self._store.write(work)
        self._directory.forget(place)


def _admin(call: Call, app_instance_arn: str, arn: str) -> Place:
    parent = own(call, app_instance_arn, APP_INSTANCE)
    place = own(call, arn, USER, BOT)
    if place.app_instance_id != parent.app_instance_id:
        raise not_admin()
    return place


def _identity(place: Place, name: str) -> dict[str, str | None]:
    """Arn and current name."""
    return {"Arn": place.arn, "Name": name if place.kind == USER else optional_value(name)}
