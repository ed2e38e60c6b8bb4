"""What IAM has to allow for each operation (spec 11).

Each operation demands ``ivschat:`` and its name on one resource: the one that a member of its input
names, or for Create and List all of a kind (``…:room/*``). Creating with tags demands
``ivschat:TagResource`` as well, on the same resource.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubbub.ivschat.ownership import arn_of
from hubbub.wire.service import Call, Demand, Demands
from hubbub.wire.tags import tag_conditions

ReadTags = Callable[[str], Awaitable[Mapping[str, str]]]
"""ARN -> tags; none for what is not there."""


@dataclass(frozen=True, slots=True)
class Needs:
    """One row: where the resource is found, and whose tags are conditions of the request."""

    member: str = ""  # the input's member that names the resource
    kind: str = ""  # no member: all resources of this kind
    creates: bool = False


_ROOM = "room"
_LOGGING = "logging-configuration"
NEEDS: Mapping[str, Needs] = {
    "CreateChatToken": Needs("roomIdentifier"),
    "CreateLoggingConfiguration": Needs(kind=_LOGGING, creates=True),
    "CreateRoom": Needs(kind=_ROOM, creates=True),
    "DeleteLoggingConfiguration": Needs("identifier"),
    "DeleteMessage": Needs("roomIdentifier"),
    "DeleteRoom": Needs("identifier"),
    "DisconnectUser": Needs("roomIdentifier"),
    "GetLoggingConfiguration": Needs("identifier"),
    "GetRoom": Needs("identifier"),
    "ListLoggingConfigurations": Needs(kind=_LOGGING),
    "ListRooms": Needs(kind=_ROOM),
    "ListTagsForResource": Needs("resourceArn"),
    "SendEvent": Needs("roomIdentifier"),
    "TagResource": Needs("resourceArn"),
    "UntagResource": Needs("resourceArn"),
    "UpdateLoggingConfiguration": Needs("identifier"),
    "UpdateRoom": Needs("identifier"),
}


def demands(read_tags: ReadTags) -> Demands:
    """The service's demands. `read_tags` is asked only where a policy looks at tags."""

    def demanded(call: Call, params: dict[str, Any]) -> Sequence[Demand]:
        needs = NEEDS[call.operation]
        tags: Mapping[str, str] = params.get("tags") or {}
        conditions = tag_conditions(tags, params.get("tagKeys"))
        if not needs.member:
            everything = arn_of(call, needs.kind, "*")
            own = Demand(f"ivschat:{call.operation}", everything, conditions)
            if needs.creates and tags:
                return own, Demand("ivschat:TagResource", everything, conditions)
            return (own,)
        arn: str = params[needs.member]

        async def resource_tags() -> Mapping[str, str]:
            is_own = arn.startswith(f"arn:aws:ivschat:{call.region}:{call.account_id}:")
            return await read_tags(arn) if is_own else {}

        return (Demand(f"ivschat:{call.operation}", arn, conditions, resource_tags),)

    return demanded
