"""What people in a meeting wait for, measured with the real client in Chromium on loopback.

    python -m bench.media.clients [--rounds 10] [--json]

Each round is a meeting of its own with two clients. Times are milliseconds between moments that the
pages and this process write down by the same clock; audio is sampled every 10 ms, video by frame.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.media.browser import Chromium
from tests.media.client import AUDIBLE, SILENT
from tests.media.party import Party, eventually
from tests.media.site import page_site
from tests.server import Server, running_server

Sample = tuple[str, float]
Levels = list[tuple[float, float]]

REST = 1.0  # seconds between the choice of devices and start(): a page just loaded is still busy
SETTLED = 0.6  # seconds: longer than what is measured should take; it may come back once it went


def joining(party: Party) -> Iterator[Sample]:
    """Each start() to started, and when the second hears the first."""
    ada, ben = party.client("ada"), party.client("ben")
    started = ada.join(party.meeting, rest=REST)
    yield "start() to started", started.started - started.called
    started = ben.join(party.meeting, hear=ada.signature.tone, rest=REST)
    yield "start() to started", started.started - started.called
    eventually(ben.hears, {"ada"})
    heard = first(ben.watched(ada.signature.tone), lambda level: level > AUDIBLE)
    yield "first remote audio after both joined", max(heard - started.started, 0)


def camera(party: Party) -> Iterator[Sample]:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    on = ada.camera_on(640, 360)
    eventually(ben.sees, {"ada"}, seconds=15)
    yield "camera on to first frame at the other", ben.frames(ben.remote_tiles()["ada"])[0] - on
    late = party.join("cem", silent=True)
    joined = late.of_kind("started")[0].at
    eventually(late.sees, {"ada"}, seconds=15)
    shown = late.frames(late.remote_tiles()["ada"])[0]
    yield "late joiner: started to first frame", shown - joined


def share(party: Party) -> Iterator[Sample]:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    on = ada.share(1280, 720)
    eventually(ben.sees, {"ada#content"}, seconds=15)
    shown = ben.frames(ben.remote_tiles()["ada#content"])[0]
    yield "share on to first frame at the other", shown - on


def reconnecting(party: Party) -> Iterator[Sample]:
    cable = party.cable()
    party.join("ben")
    ada = party.join_through(cable, "ada")
    eventually(ada.hears, {"ben"})
    mark, cut = ada.mark(), time.time() * 1000
    cable.cut()
    yield "cut socket to started again", ada.until("started", since=mark, seconds=30).at - cut


def presence(party: Party) -> Iterator[Sample]:
    ada, ben = party.join_all(["ada", "ben"])
    eventually(ben.hears, {"ada"})
    mark, at = ben.mark(), ada.now()
    ada.mute()
    muted = ben.until("indicator", attendee_id=ada.id, muted=True, since=mark)
    yield "mute to indicator at the other", muted.at - at
    at = time.time() * 1000
    ada.close_tab()
    left = ben.until("presence", attendee_id=ada.id, present=False, seconds=30)
    yield "closed tab to absence at the other", left.at - at


def audio_capability(party: Party) -> Iterator[Sample]:
    ada, ben = party.join_all(["ada", "ben"])
    eventually(ben.hears, {"ada"})
    eventually(ada.hears, {"ben"})
    # Taken from the sender, then from the receiver.
    for what, listener, speaker in (("Receive", ben, ada), ("Send", ada, ben)):
        tone = speaker.signature.tone
        listener.watch(tone)
        at = party.allow(ada, audio=what)
        time.sleep(SETTLED)
        eventually(listener.hears, set())
        levels = listener.watched(tone)
        yield "capability lost to silence", max(last_loud(levels) - at, 0)
        listener.watch(tone)
        at = party.allow(ada)
        time.sleep(SETTLED)
        eventually(listener.hears, {speaker.name})
        levels = [level for level in listener.watched(tone) if level[0] >= at]
        yield "capability back to sound", first(levels, lambda level: level > AUDIBLE) - at


def video_capability(party: Party) -> Iterator[Sample]:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.camera_on(640, 360)
    eventually(ben.sees, {"ada"}, seconds=15)
    tile, mark = ben.remote_tiles()["ada"], ben.mark()
    at = party.allow(ada, video="Receive")
    removed = ben.until("tile removed", id=tile.id, since=mark)
    yield "capability lost to tile removed", max(removed.at - at, 0)
    at = party.allow(ada)
    eventually(ben.sees, {"ada"})
    shown = ben.frames(ben.remote_tiles()["ada"])[0]
    yield "capability back to first frame", shown - at


ROUNDS: tuple[Callable[[Party], Iterator[Sample]], ...] = (
    joining,
    camera,
    share,
    reconnecting,
    presence,
    audio_capability,
    video_capability,
)


def first(levels: Levels, wanted: Callable[[float], bool]) -> float:
    return next(at for at, level in levels if wanted(level))


def last_loud(levels: Levels) -> float:
    return max((at for at, level in levels if level > SILENT), default=0)


@contextlib.contextmanager
def stage() -> Iterator[tuple[Server, Chromium, str]]:
    with (
        tempfile.TemporaryDirectory() as directory,
        page_site(Path(directory) / "page") as url,
        running_server(Path(directory) / "data") as server,
        Chromium() as chromium,
    ):
        yield server, chromium, f"{url}/index.html"


def measure(rounds: int) -> dict[str, list[float]]:
    """Samples by what was measured."""
    samples: dict[str, list[float]] = defaultdict(list)
    with stage() as (server, chromium, url):
        for number in range(rounds + 1):
            for run in ROUNDS:
                with Party(server, chromium, url) as party:
                    found = list(run(party))
                if number:  # the first of each is for warming up
                    for name, value in found:
                        samples[name].append(value)
    return samples


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(round(part * (len(ordered) - 1)), len(ordered) - 1)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print the samples")
    given = parser.parse_args()
    samples = measure(given.rounds)
    if given.json:
        print(json.dumps(samples))
        return 0
    for name, values in samples.items():
        print(
            f"{name:42} median {median(values):6.0f} ms  p99 {percentile(values, 0.99):6.0f} ms"
            f"  ({len(values)} samples)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
