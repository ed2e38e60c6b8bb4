"""Pages of lists: oldest first, continued after a key (spec 7).

One invariant: *paging goes on behind the last entry seen, whatever was made or deleted since*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, tuple_

from hubbub.identity.errors import invalid
from hubbub.store.contract import Row
from hubbub.wire.pagetokens import PageTokens, UnusablePageToken
from hubbub.wire.service import Call

MAX_RESULTS = 50
START = (-1, "")
"""A position before every entry: the first page is one like all others, and its statement too."""


def after(time: ColumnElement[int], key: ColumnElement[str]) -> ColumnElement[bool]:
    """Rows behind the position given as ``after_time`` and ``after_key``."""
    return tuple_(time, key) > tuple_(
        bindparam("after_time", type_=time.type), bindparam("after_key", type_=key.type)
    )


class Page:
    """One request for a page. Its token is bound to the caller, the region and the filter."""

    def __init__(self, tokens: PageTokens, call: Call, request: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._query = {
            "operation": call.operation,
            "account": call.account_id,
            "region": call.region,
            **{
                name: value
                for name, value in request.items()
                if name not in {"MaxResults", "NextToken"}
            },
        }
        self._size: int = request.get("MaxResults") or MAX_RESULTS
        try:
            position = tokens.open(self._query, request.get("NextToken"))
        except UnusablePageToken:
            raise invalid("NextToken", "must come from a page of the same query") from None
        self._after: tuple[int, str] = position or START

    @property
    def parameters(self) -> dict[str, Any]:
        """For a statement with `after` and a limit called ``count``."""
        return {
            "after_time": self._after[0],
            "after_key": self._after[1],
            "count": self._size + 1,
        }

    def cut(
        self, rows: Sequence[Row], time_at: int, key_at: int
    ) -> tuple[Sequence[Row], str | None]:
        """The rows of this page, and ``NextToken`` if there are more."""
        if len(rows) <= self._size:
            return rows, None
        rows = rows[: self._size]
        return rows, self._tokens.seal(self._query, (rows[-1][time_at], rows[-1][key_at]))
