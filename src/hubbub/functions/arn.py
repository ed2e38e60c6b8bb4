"""ARNs of Lambda functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

LATEST = "$LATEST"

_ARN = re.compile(
    r"(?P<function>arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}"
    r":function:(?P<name>[A-Za-z0-9_-]{1,140}))"
    r"(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


@dataclass(frozen=True, slots=True)
class FunctionArn:
    function: str
    """The ARN without version or alias."""
    region: str
    name: str
    qualifier: str | None


def parse_function_arn(arn: str) -> FunctionArn | None:
    found = _ARN.fullmatch(arn)
    return FunctionArn(**found.groupdict()) if found else None


def without_qualifier(arn: str) -> str:
    """``arn:…:function:review:live`` -> ``arn:…:function:review``; other ARNs as they are."""
    parts = arn.split(":", 7)
    return ":".join(parts[:7])
