"""What is gone but not yet cleared away: a queue in the database, and word of it to others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from hubbub.identity.arns import APP_INSTANCE, Place
from hubbub.identity.dependents import Dependents
from hubbub.identity.directory import Directory
from hubbub.store.contract import Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import deletions

logger = logging.getLogger(__name__)

_ADD = insert_absent(deletions)


class Deletions:
    """Takes deletions in the transaction that hides the thing; `wake` is set when there are any."""

    def __init__(self, directory: Directory, dependents: Sequence[Dependents]) -> None:
        self._directory = directory
        self._dependents = dependents
        self.wake = asyncio.Event()

    async def add(self, transaction: Transaction, place: Place, row_id: str, now: int) -> None:
        """`row_id`: of the app instance; of a user the id that no other ever has; of a bot its."""
        row = {
            "arn": place.arn,
            "id": row_id,
            "kind": place.kind,
            "app_instance_id": place.app_instance_id,
            "create_time": now,
        }
        await transaction.execute(_ADD, row)

    async def announce(self, place: Place) -> None:
        """After the transaction: end sessions, wake the job."""
        if place.kind == APP_INSTANCE:
            self._directory.forget_all(place)
        else:
            self._directory.forget(place)
        self.wake.set()
        for each in self._dependents:
            try:
                await each.gone(place.arn)
            except Exception:  # hidden it is; its sessions end when they are next looked at
                logger.exception("a deletion could not be announced")
