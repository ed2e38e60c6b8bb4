"""Asking the bus from an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubbub.bus.asking import outcome_of
from hubbub.bus.contract import Admitted, Bus, Limit, Publication, Refused
from hubbub.ivschat.errors import throttled, unavailable
from hubbub.wire.service import Call

API_CALLS_PER_SECOND: Mapping[str, int] = {
    "CreateRoom": 5,
    "GetRoom": 5,
    "UpdateRoom": 5,
    "DeleteRoom": 5,
    "ListRooms": 5,
    "CreateLoggingConfiguration": 3,
    "GetLoggingConfiguration": 3,
    "UpdateLoggingConfiguration": 3,
    "DeleteLoggingConfiguration": 3,
    "ListLoggingConfigurations": 3,
    "CreateChatToken": 200,
    "SendEvent": 100,
    "DeleteMessage": 100,
    "DisconnectUser": 100,
    "ListTagsForResource": 10,
    "TagResource": 10,
    "UntagResource": 10,
}
"""AWS's rates of an account and region (spec 9); in force only if the settings say so."""


def api_limit(call: Call) -> Limit:
    key = f"ivschat:api:{call.operation}:{call.account_id}:{call.region}"
    return Limit(key, API_CALLS_PER_SECOND[call.operation])


async def submit(
    bus: Bus, limits: Sequence[Limit], publication: Publication | None, resource_id: str
) -> Admitted:
    """Admission, or ThrottlingException for the resource, or ServiceUnavailableException."""
    outcome = await outcome_of(bus, limits, publication)
    if isinstance(outcome, Admitted):
        return outcome
    if isinstance(outcome, Refused):
        raise throttled(resource_id, outcome.limit.per_second)
    raise unavailable()
