"""Pages of lists: newest update first, continued after a key (spec 4).

One invariant: *paging goes on behind the last entry seen, whatever was made or deleted since*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, or_

from hubbub.ivschat.errors import invalid
from hubbub.store.contract import Row
from hubbub.wire.pagetokens import PageTokens, UnusablePageToken
from hubbub.wire.service import Call

MAX_RESULTS = 50

Position = tuple[int, str]
"""updateTime and ARN of the last entry of a page."""


def after(table: Table) -> ColumnElement[bool]:
    """Rows behind the position given as ``after_time`` and ``after_arn``."""
    updated, arn = table.c.update_time, table.c.arn
    return or_(
        updated < bindparam("after_time"),
        and_(updated == bindparam("after_time"), arn > bindparam("after_arn")),
    )


class Page:
    """One request for a page. Its token is bound to the caller, the region and the filters."""

    def __init__(self, tokens: PageTokens, call: Call, request: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._query = {
            "operation": call.operation,
            "account": call.account_id,
            "region": call.region,
            **{
                name: value
                for name, value in request.items()
                if name not in {"maxResults", "nextToken"}
            },
        }
        self._size: int = request.get("maxResults") or MAX_RESULTS
        try:
            self.position: Position | None = tokens.open(self._query, request.get("nextToken"))
        except UnusablePageToken:
            raise invalid("nextToken", "must come from a page of the same query") from None

    @property
    def parameters(self) -> dict[str, Any]:
        """For a statement with `after`, if there is a position, and a limit called ``count``."""
        parameters: dict[str, Any] = {"count": self._size + 1}
        if self.position is not None:
            parameters["after_time"], parameters["after_arn"] = self.position
        return parameters

    def cut(self, rows: list[Row], time_at: int, arn_at: int) -> tuple[list[Row], dict[str, str]]:
        """The rows of this page, and ``nextToken`` if there are more."""
        if len(rows) <= self._size:
            return rows, {}
        rows = rows[: self._size]
        position = (rows[-1][time_at], rows[-1][arn_at])
        return rows, {"nextToken": self._tokens.seal(self._query, position)}
