"""Whose resource an ARN names: the one door that every identifier goes through (spec 3)."""

from __future__ import annotations

from hubbub.ivschat.errors import access_denied, not_found
from hubbub.wire.service import Call


def arn_of(call: Call, kind: str, identifier: str) -> str:
    """``kind`` is ``room`` or ``logging-configuration``."""
    return f"arn:aws:ivschat:{call.region}:{call.account_id}:{kind}/{identifier}"


def require_own(call: Call, arn: str) -> None:
    """Another account's: AccessDeniedException. Another region's: ResourceNotFoundException.

    The wire has matched the ARN against the model's pattern.
    """
    _, _, _, region, account_id, _ = arn.split(":", 5)
    if account_id != call.account_id:
        raise access_denied(call, arn)
    if region != call.region:
        raise not_found(arn)
