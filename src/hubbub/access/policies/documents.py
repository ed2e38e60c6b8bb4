"""Policy documents, read once. What is not understood is refused, never passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hubbub.access.policies.conditions import AnyCondition, parse_conditions
from hubbub.access.policies.errors import PolicyError
from hubbub.access.policies.patterns import Context, Pattern

__all__ = [
    "LONGEST_POLICY",
    "LONGEST_SESSION_POLICY",
    "Policy",
    "PolicyError",
    "Statement",
    "parse_policy",
]

LONGEST_POLICY = 10_240  # characters; AWS's bound for a role's policies
LONGEST_SESSION_POLICY = 2_048  # of a session token, as AWS has it

_VERSIONS = {"2012-10-17": True, "2008-10-17": False}
"""Version -> does ``${…}`` stand for a variable?"""
_MEMBERS = frozenset(("Version", "Id", "Statement"))
_STATEMENT_MEMBERS = frozenset(
    ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SID = re.compile(r"[A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `inverted_…`: NotAction, NotResource."""

    allows: bool  # False: denies
    actions: tuple[Pattern, ...]  # of names in lower case
    inverted_actions: bool
    resources: tuple[Pattern, ...]
    inverted_resources: bool
    conditions: tuple[AnyCondition, ...]
    keys: frozenset[str]
    """The condition keys that it looks at, in lower case."""

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """`action` and the context's keys are in lower case."""
        return (
            self.names(action)
            and self.covers(resource, context)
            and all(each.holds(context) for each in self.conditions)
        )

    def names(self, action: str) -> bool:
        return any(each.match(action, {}) for each in self.actions) != self.inverted_actions

    def covers(self, resource: str, context: Context) -> bool:
        if not self.inverted_resources:
            return any(each.match(resource, context) for each in self.resources)
        if not all(each.is_resolved(context) for each in self.resources):
            return not self.allows  # nobody knows what was excepted: nothing is given away
        return not any(each.match(resource, context) for each in self.resources)


@dataclass(frozen=True, slots=True)
class Policy:
    statements: tuple[Statement, ...]


def parse_policy(text: str, *, longest: int = LONGEST_POLICY) -> Policy:
    """The policy of a JSON text of at most `longest` characters. Raise PolicyError."""
    if len(text) > longest:
        raise PolicyError(f"the policy has more than {longest} characters")
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except PolicyError:
        raise
    except (ValueError, RecursionError):
        raise PolicyError("the policy is not valid JSON") from None
    return _policy(document)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise PolicyError("the policy has a member twice in one object")
    return result


def _no_constant(name: str) -> object:
    raise PolicyError(f"the policy is not valid JSON: {name}")


def _policy(document: object) -> Policy:
    if not isinstance(document, dict):
        raise PolicyError("the policy must be a JSON object")
    if unknown := sorted(document.keys() - _MEMBERS):
        raise PolicyError(f"a policy has no member {unknown[0]}")
    version = document.get("Version", "2008-10-17")
    if not isinstance(version, str) or version not in _VERSIONS:
        raise PolicyError("Version must be 2012-10-17 or 2008-10-17")
    if not isinstance(document.get("Id", ""), str):
        raise PolicyError("Id must be a string")
    given = document.get("Statement")
    statements = given if isinstance(given, list) else [given]
    if given is None or not statements:
        raise PolicyError("the policy has no Statement")
    parsed = []
    sids: set[str] = set()
    for number, statement in enumerate(statements, 1):
        sid = statement.get("Sid", "") if isinstance(statement, dict) else ""
        name = f"statement {number}" + (f" ({sid})" if sid and isinstance(sid, str) else "")
        try:
            parsed.append(_statement(statement, sids, _VERSIONS[version]))
        except PolicyError as error:
            raise PolicyError(f"{name}: {error}") from None
    return Policy(tuple(parsed))


def _statement(statement: object, sids: set[str], variables: bool) -> Statement:
    if not isinstance(statement, dict):
        raise PolicyError("must be an object")
    if unknown := sorted(statement.keys() - _STATEMENT_MEMBERS):
        raise PolicyError(f"a statement has no member {unknown[0]}")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or _SID.fullmatch(sid) is None:
        raise PolicyError("Sid must be a string of letters and digits")
    if sid and sid in sids:
        raise PolicyError("another statement has this Sid")
    sids.add(sid)
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError("Effect must be Allow or Deny")
    inverted_actions, actions = _either(statement, "Action", "NotAction")
    for each in actions:
        if _ACTION.fullmatch(each) is None:
            raise PolicyError(f"{each!r} is no action: write * or service:Name")
    inverted_resources, resources = _either(statement, "Resource", "NotResource")
    for each in resources:
        if not each.startswith(("arn:", "*")):
            raise PolicyError(f"{each!r} is no resource: write * or an ARN")
    action_patterns = tuple(Pattern(each.lower()) for each in actions)
    resource_patterns = tuple(Pattern(each, variables=variables) for each in resources)
    conditions = parse_conditions(statement.get("Condition", {}), variables=variables)
    looked_at = (*(each.keys for each in resource_patterns), *(each.keys for each in conditions))
    return Statement(
        allows=effect == "Allow",
        actions=action_patterns,
        inverted_actions=inverted_actions,
        resources=resource_patterns,
        inverted_resources=inverted_resources,
        conditions=conditions,
        keys=frozenset[str]().union(*looked_at),
    )


def _either(statement: dict[str, object], name: str, inverted: str) -> tuple[bool, Sequence[str]]:
    """Of two members the one that is there, and whether it is the second."""
    if (name in statement) == (inverted in statement):
        raise PolicyError(f"needs one of {name} and {inverted}")
    found = name if name in statement else inverted
    given = statement[found]
    values = given if isinstance(given, list) else [given]
    texts = [each for each in values if isinstance(each, str) and each]
    if not texts or len(texts) < len(values):
        raise PolicyError(f"{found} must be a string or a list of strings")
    return found == inverted, texts
