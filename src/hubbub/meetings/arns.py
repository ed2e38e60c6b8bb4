"""The ARNs of meetings.

One invariant: *an ARN of another account or region is not there*.
"""

from __future__ import annotations

import re

from hubbub.wire.service import Call

_GUID = "[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"
GUID = re.compile(_GUID)
_ARN = re.compile(rf"arn:aws:chime:([a-z0-9-]+):([a-z0-9-]+):meeting/({_GUID})")


def meeting_arn(region: str, account_id: str, meeting_id: str) -> str:
    return f"arn:aws:chime:{region}:{account_id}:meeting/{meeting_id}"


def own_meeting_id(call: Call, arn: str) -> str | None:
    """The id, in lower case, of the meeting that this ARN may name; None for another's."""
    found = _ARN.fullmatch(arn)
    if found is None or (found[1], found[2]) != (call.region, call.account_id):
        return None
    return found[3].lower()
