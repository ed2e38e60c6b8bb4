"""Directories and cores the measurements use."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
CACHE = ROOT / ".cache" / "bench"
"""On the same file system as the checkout: a data directory in memory would make fsync free."""
RESULTS = BENCH / "results"
BIN = Path(sys.executable).parent

SERVER_CORE = 0
CLIENT_CORE = 1
