"""ListRooms (spec 4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from hubbub.ivschat.ownership import require_own
from hubbub.ivschat.pages import Page, after
from hubbub.ivschat.rooms import ROOM_COLUMNS, room_summary
from hubbub.store.contract import Store
from hubbub.store.tables import room_logging, rooms
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import ListRoomsRequestTypeDef

_room = rooms.c
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "name": _room.name == bindparam("by_name"),
    "messageReviewHandlerUri": _room.handler_uri == bindparam("by_messageReviewHandlerUri"),
    "loggingConfigurationIdentifier": _room.arn.in_(
        select(room_logging.c.room_arn).where(
            room_logging.c.logging_configuration_arn
            == bindparam("by_loggingConfigurationIdentifier")
        )
    ),
}
"""Member of the request -> condition. All that are given must hold."""


@lru_cache(maxsize=16)
def _statement(filters: tuple[str, ...], *, continued: bool) -> Select[Any]:
    """One of the eight sets of filters, for a first or a later page."""
    statement = select(*ROOM_COLUMNS).where(
        _room.account_id == bindparam("account"),
        _room.region == bindparam("in_region"),
        *(_FILTERS[name] for name in filters),
    )
    if continued:
        statement = statement.where(after(rooms))
    return statement.order_by(_room.update_time.desc(), _room.arn).limit(bindparam("count"))


class RoomList:
    def __init__(self, store: Store, tokens: PageTokens) -> None:
        self._store = store
        self._tokens = tokens

    async def list(self, call: Call, request: ListRoomsRequestTypeDef) -> dict[str, Any]:
        page = Page(self._tokens, call, request)
        if attached := request.get("loggingConfigurationIdentifier"):
            require_own(call, attached)
        given = {name: value for name, value in request.items() if name in _FILTERS}
        filters = tuple(name for name in _FILTERS if name in given)
        found = await self._store.fetch(
            _statement(filters, continued=page.position is not None),
            {
                "account": call.account_id,
                "in_region": call.region,
                **{f"by_{name}": value for name, value in given.items()},
                **page.parameters,
            },
        )
        rows, more = page.cut(list(found), time_at=4, arn_at=0)
        return {"rooms": [room_summary(row) for row in rows], **more}
