"""Condition keys: which there are, and what a policy may name."""

from __future__ import annotations

import re

from hubbub.access.policies.errors import PolicyError

GLOBAL_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceip",
        "aws:tagkeys",
        "aws:userid",
        "aws:username",
    }
)
"""Those of AWS's global condition keys that calls have, in lower case."""
TAG_KEYS = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")
"""What keys that name a tag start with."""
RESOURCE_TAG = "aws:resourcetag/"

_KEY = re.compile(r"[A-Za-z0-9-]+:\S.*")


def known_key(key: str) -> str:
    """The key in lower case. Raise PolicyError.

    A global key that no call has would only look like protection, so it is refused; the keys of
    services are theirs to give.
    """
    lower = key.lower()
    if _KEY.fullmatch(key) is None:
        raise PolicyError(f"{key!r} is no condition key")
    if lower.startswith("aws:") and lower not in GLOBAL_KEYS:
        names_a_tag = lower.startswith(TAG_KEYS) and lower not in TAG_KEYS
        if not names_a_tag:
            raise PolicyError(f"there is no condition key {key}")
    return lower
