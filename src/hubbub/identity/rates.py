"""AWS's rates of API calls (spec 8); in force only if the settings say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hubbub.bus.asking import outcome_of
from hubbub.bus.contract import Admitted, Bus, Limit, Refused
from hubbub.identity.errors import throttled, unavailable
from hubbub.wire.service import Call, Handler


class Rate(NamedTuple):
    """So many calls a second, counted by the ARN in a member; "": by account and region."""

    kind: str
    per_second: int
    member: str = ""


ALL_CALLS = Rate("all", 50)
_APP_INSTANCES = Rate("app-instance", 5)
RATES: Mapping[str, Rate] = {
    "CreateAppInstance": _APP_INSTANCES,
    "UpdateAppInstance": _APP_INSTANCES,
    "DeleteAppInstance": _APP_INSTANCES,
    "CreateAppInstanceUser": Rate("user", 10, "AppInstanceArn"),
    "UpdateAppInstanceUser": Rate("user", 10, "AppInstanceUserArn"),
    "DeleteAppInstanceUser": Rate("user", 10, "AppInstanceUserArn"),
    "DescribeAppInstance": Rate("describe-app-instance", 20, "AppInstanceArn"),
    "DescribeAppInstanceUser": Rate("describe-user", 20, "AppInstanceUserArn"),
    "ListAppInstances": Rate("list-app-instances", 10),
    "ListAppInstanceUsers": Rate("list-users", 10, "AppInstanceArn"),
}
"""Operation -> its rate beside that of all calls."""


def limits_of(call: Call, request: Mapping[str, Any]) -> list[Limit]:
    """What the call has to keep within."""
    rates = [ALL_CALLS]
    if call.operation in RATES:
        rates.append(RATES[call.operation])
    return [Limit(_key(call, rate, request), rate.per_second) for rate in rates]


def _key(call: Call, rate: Rate, request: Mapping[str, Any]) -> str:
    key = f"chime-identity:api:{rate.kind}:{call.account_id}:{call.region}"
    if not rate.member:
        return key
    arn: str = request[rate.member]
    # Changes of users count together for their app instance.
    return f"{key}:{arn.partition('/user/')[0] if rate.kind == 'user' else arn}"


def limited(handler: Handler, bus: Bus) -> Handler:
    """The operation, refused with ThrottledClientException beyond its rates."""

    async def within_rates(call: Call, request: dict[str, Any]) -> Mapping[str, Any] | None:
        outcome = await outcome_of(bus, limits_of(call, request))
        if isinstance(outcome, Admitted):
            return await handler(call, request)
        raise throttled() if isinstance(outcome, Refused) else unavailable()

    return within_rates
