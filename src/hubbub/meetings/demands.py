"""What each call needs to be allowed: its own action on the meeting, or on all to make one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hubbub.meetings.arns import meeting_arn
from hubbub.wire.service import Call, Demand
from hubbub.wire.tags import TagsOf, tag_conditions, tag_map


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
                conditions=tag_conditions(tag_map(params.get("Tags")), params.get("TagKeys")),
                resource_tags=partial(self._tags_of, call, resource),
            ),
        )


def _resource(call: Call, params: Mapping[str, Any]) -> str:
    if "ResourceARN" in params:
        arn: str = params["ResourceARN"]
        return arn
    meeting_id = params["MeetingId"].lower() if "MeetingId" in params else "*"
    return meeting_arn(call.region, call.account_id, meeting_id)
