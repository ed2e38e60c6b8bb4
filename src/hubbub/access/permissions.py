"""What credentials are limited to: policies, and what policies may ask about the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubbub.access.policies import Decision, Policy, decide
from hubbub.access.policies.decisions import asks_for
from hubbub.access.policies.keys import RESOURCE_TAG
from hubbub.wire.service import Call, Demand

NOTHING = Policy(())
"""Allows nothing."""


class PolicyPermissions:
    """The Permissions of credentials with policies, all of which have to allow.

    `principal`: condition keys in lower case -> values that stay the same from call to call.
    """

    __slots__ = ("_principal", "policies")

    def __init__(self, policies: Sequence[Policy], principal: Mapping[str, Sequence[str]]) -> None:
        self.policies = tuple(policies)
        self._principal = principal

    async def allow(self, call: Call, demand: Demand) -> bool:
        context: dict[str, Sequence[str]] = {
            **self._principal,
            "aws:requestedregion": (call.region,),
            "aws:sourceip": (call.source_ip,),
            "aws:securetransport": ("true" if call.secure else "false",),
        }
        for key, value in demand.conditions.items():
            _add(context, key, (value,) if isinstance(value, str) else value)
        if demand.resource_tags and asks_for(self.policies, RESOURCE_TAG, demand.action):
            for name, tag in (await demand.resource_tags()).items():
                _add(context, RESOURCE_TAG + name, (tag,))
        return decide(self.policies, demand.action, demand.resource, context) is Decision.ALLOW


def _add(context: dict[str, Sequence[str]], key: str, values: Sequence[str]) -> None:
    """Names of tags that differ in case only are one condition key with several values."""
    key = key.lower()
    context[key] = (*context.get(key, ()), *values)
