"""Pages of a meeting's attendees: oldest first, continued after a position (A.6).

One invariant: *paging goes on behind the last attendee seen, whoever came or went since*.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.meetings.errors import invalid
from hubbub.store.contract import Row
from hubbub.wire.pagetokens import PageTokens, UnusablePageToken
from hubbub.wire.service import Call

DEFAULT_SIZE = 50
_BEFORE_ALL = -1


class Page:
    """One request for a page. Its token is bound to the caller, the region and the meeting."""

    def __init__(
        self, tokens: PageTokens, call: Call, meeting_id: str, size: int | None, token: str | None
    ) -> None:
        """Raises ValidationFailure for a token that is of no page of this list."""
        self._tokens = tokens
        self._query = {
            "operation": call.operation,
            "account": call.account_id,
            "region": call.region,
            "meeting": meeting_id.lower(),
        }
        self._size = size or DEFAULT_SIZE
        try:
            position: int | None = tokens.open(self._query, token)
        except UnusablePageToken:
            raise invalid("NextToken", "must come from a page of the same list") from None
        self._after = _BEFORE_ALL if position is None else position

    @property
    def parameters(self) -> dict[str, int]:
        return {"after": self._after, "count": self._size + 1}

    def cut(self, rows: Sequence[Row], position_at: int) -> tuple[Sequence[Row], str | None]:
        """The rows of this page, and ``NextToken`` if there are more."""
        if len(rows) <= self._size:
            return rows, None
        rows = rows[: self._size]
        return rows, self._tokens.seal(self._query, rows[-1][position_at])
