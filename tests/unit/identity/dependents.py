"""A service that keeps things below app instances and users, as Messaging does."""

from __future__ import annotations

from collections import defaultdict


class Messages:
    """Notes what it is told; everything takes some pieces to be cleared."""

    def __init__(self, pieces: int = 1) -> None:
        self.pieces = pieces
        self.ended: list[str] = []
        self.calls: dict[tuple[str, str], int] = defaultdict(int)
        self.expired: dict[str, list[int]] = {}
        self.fails = False

    async def gone(self, arn: str) -> None:
        self.ended.append(arn)
        if self.fails:
            raise RuntimeError("told to fail")

    async def remove_app_instance(self, app_instance_arn: str) -> bool:
        return self._piece(app_instance_arn, "")

    async def remove_member(self, arn: str, incarnation: str) -> bool:
        return self._piece(arn, incarnation)

    async def expire_messages(self, app_instance_arn: str, before: int) -> bool:
        calls = self.expired.setdefault(app_instance_arn, [])
        calls.append(before)
        return len(calls) >= self.pieces

    def _piece(self, arn: str, incarnation: str) -> bool:
        if self.fails:
            raise RuntimeError("told to fail")
        self.calls[arn, incarnation] += 1
        return self.calls[arn, incarnation] >= self.pieces
