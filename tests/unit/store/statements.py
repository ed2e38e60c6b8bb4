"""Statements that the tests of stores share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from hubbub.store.contract import Transaction
from hubbub.store.tables import access_keys, logging_configurations, room_logging, rooms

ADD_KEY = insert(access_keys)
KEY = select(access_keys.c.account_id, access_keys.c.create_time).where(
    access_keys.c.access_key_id == bindparam("access_key_id")
)
LOCKED_KEY = KEY.with_for_update()
SET_TIME = (
    update(access_keys)
    .where(access_keys.c.access_key_id == bindparam("of"))
    .values(create_time=bindparam("to"))
)
COUNT_KEYS = select(func.count()).select_from(access_keys)
ADD_CONFIGURATION = insert(logging_configurations)
DELETE_CONFIGURATION = delete(logging_configurations)
ADD_ROOM = insert(rooms)
DELETE_ROOM = delete(rooms)
ATTACH = insert(room_logging)
COUNT_ATTACHED = select(func.count()).select_from(room_logging)


__all__ = ["Transaction"]


def a_key(name: str) -> dict[str, Any]:
    return {
        "access_key_id": name,
        "account_id": "1",
        "sealed_secret": b"\0\xff",
        "create_time": 1,
        "policy": "",
    }


def a_configuration(arn: str) -> dict[str, Any]:
    texts = ("account_id", "region", "id", "name", "destination", "state", "tags")
    return {"arn": arn, "create_time": 1, "update_time": 1} | dict.fromkeys(texts, "")


def a_room(arn: str) -> dict[str, Any]:
    texts = (
        "account_id",
        "region",
        "id",
        "name",
        "handler_uri",
        "fallback_result",
        "logging_configurations",
        "tags",
    )
    numbers = ("create_time", "update_time", "maximum_message_length", "maximum_message_rate")
    return {"arn": arn} | dict.fromkeys(texts, "") | dict.fromkeys(numbers, 1)
