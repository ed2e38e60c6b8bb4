"""Fan-out, room admission and presence across nodes: in-process and Valkey."""

from __future__ import annotations

from pathlib import Path

from hubbub.bus.contract import (
    Admitted,
    Bus,
    BusUnavailable,
    Delivery,
    Limit,
    Outcome,
    Publication,
    Refused,
    Unavailable,
)

__all__ = [
    "Admitted",
    "Bus",
    "BusUnavailable",
    "Delivery",
    "Limit",
    "Outcome",
    "Publication",
    "Refused",
    "Unavailable",
    "open_bus",
]


async def open_bus(url: str, data_dir: Path) -> Bus:
    """The bus at a Redis or Valkey URL, or with an empty one the bus of this process alone.

    URLs: ``redis://``, ``rediss://``, ``valkey://``, ``valkeys://``, ``unix://``. Raises
    ValueError for others and BusUnavailable when the server cannot be reached.
    """
    if not url:
        from hubbub.bus.memory import MemoryBus  # noqa: PLC0415

        return MemoryBus(data_dir)
    from hubbub.bus.valkey import ValkeyBus  # noqa: PLC0415 - redis is imported only when used

    return await ValkeyBus.open(url)
