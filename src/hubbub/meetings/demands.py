"""What each call needs to be allowed: its own action on the meeting, or on all to make one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hubbub.meetings.arns import meeting_arn
from hubbub.wire.service import Call, Demand

TagsOf = Callable[[Call, str], Awaitable[Mapping[str, str]]]
"""Reads the tags of an ARN as far as they are the caller's."""


class Demands:
    """`hubbub.wire.service.Demands` of meetings."""

    def __init__(self, tags_of: TagsOf) -> None:
        self._tags_of = tags_of

    def __call__(self, call: Call, params: dict[str, Any]) -> Sequence[Demand]:
        resource = _resource(call, params)
        return (
            Demand(
                action=f"chime:{call.operation}",
                resource=resource,
                conditions=_conditions(params),
                resource_tags=partial(self._tags_of, call, resource),
            ),
        )


def _resource(call: Call, params: Mapping[str, Any]) -> str:
    if "ResourceARN" in params:
        arn: str = params["ResourceARN"]
        return arn
    meeting_id = params["MeetingId"].lower() if "MeetingId" in params else "*"
    return meeting_arn(call.region, call.account_id, meeting_id)


def _conditions(params: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    conditions: dict[str, str | tuple[str, ...]] = {}
    tags = params.get("Tags") or ()
    for tag in tags:
        conditions[f"aws:RequestTag/{tag['Key']}"] = tag["Value"]
    keys = tuple(tag["Key"] for tag in tags) or tuple(params.get("TagKeys") or ())
    if keys:
        conditions["aws:TagKeys"] = keys
    return conditions
