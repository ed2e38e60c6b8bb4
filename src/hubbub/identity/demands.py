"""What each call needs to be allowed (spec 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hubbub.wire.service import Call, Demand
from hubbub.wire.tags import TagsOf, tag_conditions, tag_map

# The first of these members that an input has is the resource.
_RESOURCES = (
    "AppInstanceUserArn",
    "AppInstanceBotArn",
    "AppInstanceArn",
    "ResourceARN",
)
PUT_EXPIRATION = "PutAppInstanceUserExpirationSettings"


class Demands:
    """`hubbub.wire.service.Demands` of identity."""

    def __init__(self, tags_of: TagsOf) -> None:
        self._tags_of = tags_of

    def __call__(self, call: Call, params: dict[str, Any]) -> Sequence[Demand]:
        conditions = tag_conditions(tag_map(params.get("Tags")), params.get("TagKeys"))
        demands = [
            self._demand(call, call.operation, resource, conditions)
            for resource in _resources(call, params)
        ]
        if call.operation == "CreateAppInstanceUser" and params.get("ExpirationSettings"):
            demands.append(self._demand(call, PUT_EXPIRATION, params["AppInstanceArn"], conditions))
        return demands

    def _demand(
        self,
        call: Call,
        operation: str,
        resource: str,
        conditions: Mapping[str, str | tuple[str, ...]],
    ) -> Demand:
        return Demand(
            action=f"chime:{operation}",
            resource=resource,
            conditions=conditions,
            resource_tags=partial(self._tags_of, call, resource),
        )


def _resources(call: Call, params: Mapping[str, Any]) -> list[str]:
    for member in _RESOURCES:
        if member in params:
            # A promotion is about two: the app instance and who is to be its admin.
            return [params[name] for name in (member, "AppInstanceAdminArn") if name in params]
    if call.operation == "CreateAppInstance":
        return [f"arn:aws:chime:{call.region}:{call.account_id}:app-instance/*"]
    return ["*"]
