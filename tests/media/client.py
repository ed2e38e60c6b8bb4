"""One attendee: `amazon-chime-sdk-js` in a page of its own, with a tone and a colour of its own.

    ada.camera_on()
    assert ben.hears() == {"ada"} and ben.sees() == {"ada"}

`hears` and `sees` name attendees by their external user ids, shares as ``ada#content``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from tests.media.browser import OpenPage
from tests.media.events import Colour, Event, Level, Present, Started, Tile

AUDIBLE: Level = -32
SILENT: Level = -42  # the noise that a codec puts beside a tone of -14 is at -50


@dataclass(frozen=True)
class Signature:
    """By what an attendee is recognised."""

    tone: int  # Hz
    colour: Colour
    share_tone: int
    share_colour: Colour


class Client:
    """Times are epoch milliseconds of the page's clock, which is this process's, too."""

    def __init__(
        self,
        page: OpenPage,
        name: str,
        attendee: Mapping[str, Any],
        signatures: Mapping[str, Signature],
    ) -> None:
        self.page = page
        self.name = name
        self.attendee = attendee
        self.signature = signatures[name]
        self._signatures = signatures  # of everybody who may be heard and seen

    def __repr__(self) -> str:
        return f"<client {self.name}>"

    @property
    def id(self) -> str:
        """AttendeeId."""
        return str(self.attendee["AttendeeId"])

    def call(self, method: str, *arguments: Any, timeout: float = 60) -> Any:
        """A method of the page's `client`."""
        return self.begin(method, *arguments).result(timeout)

    def begin(self, method: str, *arguments: Any) -> Future[Any]:
        """The same without waiting."""
        script = "([name, given]) => client[name](...given)"
        background = self.page.background
        return background.start(self.page.page.evaluate(script, [method, list(arguments)]))

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    # --- joining and leaving ------------------------------------------------------------------

    def begin_join(
        self, meeting: Mapping[str, Any], *, silent: bool = False, **options: Any
    ) -> Future[Any]:
        """`options` as the page's `join` takes them; `silent` is a client without microphone."""
        tone = {} if silent else {"tone": self.signature.tone}
        return self.begin("join", meeting, dict(self.attendee), {**tone, **options})

    def join(self, meeting: Mapping[str, Any], **options: Any) -> Started:
        return Started(**self.begin_join(meeting, **options).result(150))

    def start(self) -> Started:
        """Join once more after `leave`."""
        return Started(**self.call("start"))

    def leave(self) -> None:
        self.call("leave")

    def close_tab(self) -> None:
        self.page.close()

    # --- what it does -------------------------------------------------------------------------

    def mute(self) -> None:
        self.call("mute")

    def unmute(self) -> None:
        self.call("unmute")

    def camera_on(
        self, width: int = 640, height: int = 360, frames_per_second: float = 15
    ) -> float:
        """When the tile was started."""
        picture = {
            "colour": self.signature.colour,
            "width": width,
            "height": height,
            "framesPerSecond": frames_per_second,
        }
        return float(self.call("cameraOn", picture)["at"])

    def camera_off(self) -> None:
        self.call("cameraOff")

    def share(
        self,
        width: int = 640,
        height: int = 360,
        *,
        frames_per_second: float = 10,
        sound: bool = False,
        **options: Any,
    ) -> float:
        """When the share was started."""
        picture = {
            "colour": self.signature.share_colour,
            "width": width,
            "height": height,
            "framesPerSecond": frames_per_second,
        }
        tone = {"tone": self.signature.share_tone} if sound else {}
        return float(self.call("share", {**picture, **tone, **options})["at"])

    def stop_share(self) -> None:
        self.call("stopShare")

    def send(self, topic: str, text: str, lifetime_ms: int = 0) -> None:
        self.call("send", topic, text, lifetime_ms)

    def prefer(self, wanted: Iterable[tuple[Client, int, str]]) -> None:
        """Priorities (1 is highest) and target sizes of the priority policy."""
        self.call("prefer", [[client.id, priority, size] for client, priority, size in wanted])

    # --- what it experiences ------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        entries: list[dict[str, Any]] = self.evaluate("() => client.journal.entries")
        return [Event(each["kind"], each["value"] or {}, each["at"]) for each in entries]

    def of_kind(self, kind: str, since: int = 0) -> list[Event]:
        return [event for event in self.events[since:] if event.kind == kind]

    def mark(self) -> int:
        """How much has happened; for `until` and `of_kind`."""
        return int(self.evaluate("() => client.journal.entries.length"))

    def until(self, kind: str, *, seconds: float = 10, since: int = 0, **pattern: Any) -> Event:
        """The first event, from number `since` on, whose value has these members."""
        script = """async ([kind, pattern, seconds, since]) =>
            await client.journal.until(kind, pattern, seconds, since)"""
        entry = self.page.evaluate(script, [kind, pattern, seconds, since], seconds + 30)
        return Event(entry["kind"], entry["value"] or {}, entry["at"])

    def levels(self, tones: Sequence[int], seconds: float = 0.5) -> dict[int, Level]:
        """The median level of each tone during `seconds`."""
        script = "async ([tones, seconds]) => (await client.hearing()).listen(tones, seconds)"
        report = self.page.evaluate(script, [list(tones), seconds])
        return dict(report["tones"])

    def hears(self, seconds: float = 0.5) -> set[str]:
        """Who is heard during `seconds`. A tone in between is neither heard nor not."""
        tones = self._tones()
        levels = self.levels(list(tones), seconds)
        unclear = {tones[tone]: level for tone, level in levels.items() if SILENT < level < AUDIBLE}
        if unclear:
            return {f"{name} at {level:.0f} dB" for name, level in unclear.items()}
        return {tones[tone] for tone, level in levels.items() if level >= AUDIBLE}

    def _tones(self) -> dict[int, str]:
        tones = {each.tone: name for name, each in self._signatures.items()}
        shares = {each.share_tone: f"{name}#content" for name, each in self._signatures.items()}
        return tones | shares

    def tiles(self) -> list[Tile]:
        entries: list[dict[str, Any]] = self.evaluate("() => client.tiles.now()")
        return [
            Tile(**{**each, "colour": tuple(each["colour"]) if each["colour"] else None})
            for each in entries
        ]

    def remote_tiles(self) -> dict[str, Tile]:
        """By attendee. The client shows its own share as well, from here and not from afar."""
        return {
            tile.whose: tile
            for tile in self.tiles()
            if not tile.local and tile.attendee_id != f"{self.id}#content"
        }

    def sees(self, seconds: float = 0.7) -> set[str]:
        """Whose pictures move during `seconds`. A wrong colour gets a name of its own."""
        before = self.remote_tiles()
        time.sleep(seconds)
        seen = set()
        for whose, tile in self.remote_tiles().items():
            earlier = before.get(whose)
            if earlier is None or earlier.id != tile.id or tile.shown <= earlier.shown:
                continue
            seen.add(whose if self._is_right(tile) else f"{whose} in {tile.colour}")
        return seen

    def _is_right(self, tile: Tile) -> bool:
        signature = self._signatures.get(str(tile.external_user_id))
        if signature is None or tile.colour is None:
            return False
        wanted = signature.share_colour if tile.content else signature.colour
        return all(abs(a - b) <= 40 for a, b in zip(tile.colour, wanted, strict=True))

    def roster(self) -> dict[str, Present]:
        """By attendee id; shares have entries of their own."""
        entries: dict[str, Any] = self.evaluate("() => client.roster.attendees")
        return {attendee_id: Present(**each) for attendee_id, each in entries.items()}

    def speakers(self) -> list[str]:
        """Ids of active speakers, the most active first."""
        return list(self.evaluate("() => client.speakers"))

    def messages(self, since: int = 0) -> list[str]:
        return [str(event.value["text"]) for event in self.of_kind("message", since)]

    # --- moments ------------------------------------------------------------------------------

    def now(self) -> float:
        return float(self.call("now"))

    def watch(self, tone: int) -> None:
        """Begin to write down the level of a tone; `watched` ends it."""
        self.evaluate("async tone => (await client.hearing()).watch(tone)", tone)

    def watched(self, tone: int) -> list[tuple[float, Level]]:
        return [(at, level) for at, level in self.evaluate("t => client.ears.watched(t)", tone)]

    def frames(self, tile: Tile) -> list[float]:
        """When each frame was presented."""
        return list(self.evaluate("id => client.tiles.frames(id)", tile.id))

    def log(self) -> str:
        return "\n".join(self.evaluate("() => client.log.lines"))
