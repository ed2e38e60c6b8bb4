"""May the caller do this? Asks the permissions that came with the caller's credentials."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from hubbub.wire.errors import NotAuthorized
from hubbub.wire.service import Call, Permissions, Service


def check_permissions(
    service: Service, call: Call, params: dict[str, Any]
) -> Awaitable[None] | None:
    """The front door's `authorize`. None, and no cost, for callers without limits."""
    permissions = call.credentials.permissions
    return None if permissions is None else _check(permissions, service, call, params)


async def _check(
    permissions: Permissions, service: Service, call: Call, params: dict[str, Any]
) -> None:
    for demand in service.demanded(call, params):
        if not await permissions.allow(call, demand):
            raise NotAuthorized(call.credentials.arn, demand.action, demand.resource)
