"""Session policies and session tags of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hubbub.access.policies import PolicyError, parse_policy
from hubbub.access.policies.documents import LONGEST_SESSION_POLICY
from hubbub.access.sessions import SessionLimits
from hubbub.sts.errors import invalid, malformed_policy
from hubbub.wire.tags import is_reserved, tag_map


def limits_of(params: Mapping[str, Any]) -> SessionLimits:
    """Raise ServiceError (MalformedPolicyDocument, ValidationError)."""
    policy: str = params.get("Policy") or ""
    if policy:
        try:
            parse_policy(policy, longest=LONGEST_SESSION_POLICY)
        except PolicyError as error:
            raise malformed_policy(str(error)) from None
    return SessionLimits(policy, _tags(params.get("Tags") or ()))


def _tags(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    tags = tag_map(given)
    if len({key.lower() for key in tags}) < len(given):
        raise invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(is_reserved(key) for key in tags):
        raise invalid("Tag keys must not start with aws:")
    return tags
