"""Writes records until it is killed, and says of each when it has been written.

``python -m tests.unit.sinks.writer_process <data-dir> <endpoint> <first number>``
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from hubbub.settings import SinkSettings
from hubbub.sinks import open_sinks
from tests.unit.sinks.stage import LAYOUTS, destination, record


async def main(data_dir: str, endpoint: str, first: str) -> None:
    settings = SinkSettings(firehose=endpoint, interval_seconds=1)
    sinks = open_sinks(settings, Path(data_dir), LAYOUTS)
    for number in itertools.count(int(first)):
        sinks.write(destination("firehose", "chat"), record(number))
        os.write(1, b"%d\n" % number)
        await asyncio.sleep(0)


asyncio.run(main(*sys.argv[1:]))
