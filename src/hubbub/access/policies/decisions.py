"""The decision of policies about one action on one resource.

| some statement that applies denies | every policy has one that allows | decision      |
|------------------------------------|----------------------------------|---------------|
| yes                                | yes or no                        | EXPLICIT_DENY |
| no                                 | yes                              | ALLOW         |
| no                                 | no                               | IMPLICIT_DENY |
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from hubbub.access.policies.documents import Policy
from hubbub.access.policies.patterns import Context


class Decision(Enum):
    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


def decide(policies: Sequence[Policy], action: str, resource: str, context: Context) -> Decision:
    """`context`: condition keys in lower case. No policies at all allow nothing."""
    action = action.lower()
    allowed = 0
    for policy in policies:
        effects = {
            each.allows for each in policy.statements if each.applies(action, resource, context)
        }
        if False in effects:
            return Decision.EXPLICIT_DENY
        allowed += True in effects
    return Decision.ALLOW if policies and allowed == len(policies) else Decision.IMPLICIT_DENY


def asks_for(policies: Sequence[Policy], prefix: str, action: str) -> bool:
    """May a decision about the action look at a condition key with this prefix (lower case)?"""
    action = action.lower()
    return any(
        key.startswith(prefix)
        for policy in policies
        for statement in policy.statements
        if statement.names(action)
        for key in statement.keys
    )
