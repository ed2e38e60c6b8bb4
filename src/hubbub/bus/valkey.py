"""The bus of several nodes, over a Valkey or Redis server (version 6 or later).

Everything that has to be atomic is one script (`scripts`), everything goes over one RESP 3
connection. When it is lost nothing is waited for: submissions are answered `Unavailable`, topics
note their place, and a new connection is sought. Once there, each topic is compared with the
server's record and takes what it missed, in order; or its gap is reported.

What cannot be recovered: publications of the moment in which a server died without having kept
its data. Its topics begin anew, and nobody can know whether something was on its way.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import secrets
from collections.abc import Callable, Sequence
from typing import ParamSpec

from hubbub.bus import scripts
from hubbub.bus.address import Address
from hubbub.bus.contract import (
    Admitted,
    BusUnavailable,
    Delivery,
    Limit,
    Outcome,
    Publication,
    Refused,
    Unavailable,
)
from hubbub.bus.moment import MomentText
from hubbub.bus.presence import EXPIRE_SECONDS, Presence
from hubbub.bus.resp import Argument, ConnectionLost, RespConnection, ServerError
from hubbub.bus.sequence import Entry, Phase, TopicSequence

logger = logging.getLogger("hubbub.bus")

PATIENCE_SECONDS = 1.0
OPEN_SECONDS = 5.0
BACK_OFF_SECONDS = (0.05, 1.0)
PING_SECONDS = 2.0
PREFIX = "hubbub:"

_SUBMIT = scripts.digest(scripts.SUBMIT)
_RECORD = scripts.digest(scripts.RECORD)
_COUNT = scripts.digest(scripts.COUNT)

P = ParamSpec("P")

CONNECT_ERRORS = (OSError, TimeoutError, ConnectionLost, ServerError)


class _Topic:
    __slots__ = ("name", "receive", "sequence")

    def __init__(self, name: str, receive: Callable[[Delivery], None]) -> None:
        self.name = name
        self.receive = receive
        self.sequence = TopicSequence()


class ValkeyBus:
    """`hubbub.bus.contract.Bus` over a server; make one with `open`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._node = secrets.token_hex(8)
        self._connection: RespConnection | None = None  # None: lost
        self._lost = asyncio.Event()
        self._closed = False
        self._channels = f"{PREFIX}{address.db}:"
        self._topics: dict[bytes, _Topic] = {}  # by channel
        self._restored: list[Callable[[], None]] = []
        self._gap: list[Callable[[str], None]] = []
        self._text = MomentText()
        self._presence = Presence(self._exchange)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, url: str) -> ValkeyBus:
        """Connect, for up to five seconds. Raises ValueError for the URL, and BusUnavailable."""
        bus = cls(Address.parse(url))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + OPEN_SECONDS
        while True:
            try:
                await bus._connect()
                break
            except CONNECT_ERRORS as error:
                if loop.time() >= deadline:
                    raise BusUnavailable(f"{bus._address}: {error}") from error
                await asyncio.sleep(BACK_OFF_SECONDS[0] * 2)
        bus._tasks = [loop.create_task(bus._run()), loop.create_task(bus._presence.run())]
        return bus

    def submit(
        self,
        limits: Sequence[Limit],
        publication: Publication | None,
        done: Callable[[Outcome], None],
    ) -> None:
        connection = self._connection
        if connection is None:
            done(Unavailable())
            return
        keys: list[Argument] = [f"{PREFIX}limit:{limit.key}" for limit in limits]
        arguments: list[Argument] = [len(limits), *(limit.per_second for limit in limits)]
        if publication is not None:
            topic = publication.topic
            keys += [f"{PREFIX}topic:{topic}", f"{PREFIX}log:{topic}"]
            arguments += [self._channels + topic, encode_body(publication)]

        def reply(outcome: object) -> None:
            _guarded(done, self._outcome(outcome, limits, publication))

        connection.call(("EVALSHA", _SUBMIT, len(keys), *keys, *arguments), reply)

    def _outcome(
        self, reply: object, limits: Sequence[Limit], publication: Publication | None
    ) -> Outcome:
        match reply:
            case [1, int(at)]:
                payload = b"" if publication is None else self._payload(publication, at)
                return Admitted(at, payload)
            case [0, int(index)]:
                return Refused(limits[index - 1])
            case _:
                self._complain(reply)
                return Unavailable()

    async def spend(self, token_id: str, seconds: float) -> bool:
        life = max(1, math.ceil(seconds * 1_000))
        return await self._ask("SET", f"{PREFIX}spent:{token_id}", 1, "NX", "PX", life) is not None

    async def unspend(self, token_id: str) -> None:
        await self._ask("DEL", f"{PREFIX}spent:{token_id}")

    async def subscribe(self, topic: str, receive: Callable[[Delivery], None]) -> None:
        channel = (self._channels + topic).encode()
        known = self._topics.get(channel)
        if known is not None and known.sequence.phase is not Phase.FRESH:
            known.receive = receive
            return
        connection = self._connection
        if connection is None:
            raise BusUnavailable(str(self._address))
        entry = self._topics[channel] = _Topic(topic, receive)
        in_force: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def recorded(good: bool) -> None:
            if not in_force.done():
                in_force.set_result(good)

        connection.push(("SUBSCRIBE", channel))
        self._ask_record(connection, channel, entry, recorded)
        good = False
        try:
            good = await in_force
        finally:
            if not good and self._topics.get(channel) is entry:
                self.unsubscribe(topic)
        if not good:
            raise BusUnavailable(str(self._address))

    def unsubscribe(self, topic: str) -> None:
        channel = (self._channels + topic).encode()
        if self._topics.pop(channel, None) is not None and self._connection is not None:
            self._connection.push(("UNSUBSCRIBE", channel))

    def on_restored(self, callback: Callable[[], None]) -> None:
        self._restored.append(callback)

    def on_gap(self, callback: Callable[[str], None]) -> None:
        self._gap.append(callback)

    def report_connections(self, scope: str, count: int) -> None:
        self._presence.report(scope, count)

    def connections(self, scope: str) -> int:
        return self._presence.total(scope)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._presence.leave()
        if self._connection is not None:
            self._connection.close()
        self._topics.clear()

    # --- the connection ---------------------------------------------------------------------

    async def _connect(self) -> None:
        """Connect, and take up all topics again. Raises one of CONNECT_ERRORS."""
        self._lost.clear()
        connection = await RespConnection.open(
            self._address,
            patience=PATIENCE_SECONDS,
            on_push=self._on_push,
            on_lost=self._on_lost,
        )
        try:
            for script in scripts.ALL:
                await connection.ask("SCRIPT", "LOAD", script)
        except BaseException:
            connection.close()
            raise
        for channel, topic in self._topics.items():
            connection.push(("SUBSCRIBE", channel))
            self._ask_record(connection, channel, topic, _ignore)
        self._connection = connection

    def _on_lost(self) -> None:
        if self._connection is not None and not self._closed:
            logger.warning("bus lost: %s", self._address)
        self._connection = None
        for topic in self._topics.values():
            topic.sequence.lose()
        self._lost.set()

    async def _run(self) -> None:
        """Hold the connection: ping it, and when it is lost get it back."""
        while True:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._lost.wait()
            except TimeoutError:
                if self._connection is not None:
                    self._connection.call(("PING",), _ignore)
                continue
            await self._reconnect()

    async def _reconnect(self) -> None:
        pause, longest = BACK_OFF_SECONDS
        while True:
            try:
                await self._connect()
                assert self._connection is not None
                # Answered after all records, so everything missed has been delivered then.
                await self._connection.ask("PING")
                break
            except CONNECT_ERRORS as error:
                logger.info("bus still away: %s", error)
            except Exception:
                logger.exception("bus: cannot connect")
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(2 * pause, longest)
        logger.warning("bus restored: %s", self._address)
        for callback in self._restored:
            _guarded(callback)

    async def _ask(self, *command: Argument) -> object:
        connection = self._connection
        if connection is None:
            raise BusUnavailable(str(self._address))
        try:
            return await connection.ask(*command)
        except (ConnectionLost, ServerError) as error:
            self._complain(error)
            raise BusUnavailable(f"{self._address}: {error}") from error

    def _complain(self, trouble: object) -> None:
        if not isinstance(trouble, ServerError):
            return
        logger.error("bus: %s", trouble)
        connection = self._connection
        if connection is None:
            return
        # It no longer is what it was when we connected: a replica now, or its scripts are gone.
        if str(trouble).startswith(("NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN", "NOAUTH")):
            connection.close()

    async def _exchange(self, scope: str, count: int) -> int:
        others = await self._ask(
            "EVALSHA", _COUNT, 1, f"{PREFIX}count:{scope}",
            self._node, count, int(EXPIRE_SECONDS * 1_000),
        )  # fmt: skip
        return others if isinstance(others, int) else 0

    # --- topics -----------------------------------------------------------------------------

    def _on_push(self, push: list[object]) -> None:
        match push:
            case [b"message", bytes(channel), bytes(data)]:
                topic = self._topics.get(channel)
                connection = self._connection
                if topic is None:
                    return
                entry = self._decode(data)
                sequence = topic.sequence
                before = sequence.phase
                if sequence.arrive(entry):
                    self._deliver(topic, entry)
                elif sequence.phase is not before and connection is not None:
                    self._ask_record(connection, channel, topic, _ignore)

    def _ask_record(
        self,
        connection: RespConnection,
        channel: bytes,
        topic: _Topic,
        done: Callable[[bool], None],
    ) -> None:
        sequence = topic.sequence
        fresh = sequence.phase is Phase.FRESH

        def reply(outcome: object) -> None:
            match outcome:
                case [bytes(epoch), bytes(number), list(kept)]:
                    if self._topics.get(channel) is topic:
                        entries = [self._decode(data) for data in kept]
                        missed, gap = sequence.record(int(epoch), int(number), entries)
                        for entry in missed:
                            self._deliver(topic, entry)
                        if gap:
                            logger.warning("bus: publications of %s were missed", topic.name)
                            for callback in self._gap:
                                _guarded(callback, topic.name)
                    done(True)
                case _:
                    self._complain(outcome)
                    if isinstance(outcome, ServerError) and not fresh:
                        connection.close()  # the topic would never go on
                    done(False)

        name = topic.name
        connection.call(
            (
                "EVALSHA", _RECORD, 2, f"{PREFIX}topic:{name}", f"{PREFIX}log:{name}",
                b"" if fresh else sequence.epoch, sequence.number,
            ),
            reply,
        )  # fmt: skip

    def _deliver(self, topic: _Topic, entry: Entry) -> None:
        _guarded(topic.receive, Delivery(topic.name, entry.payload, entry.label))

    def _payload(self, publication: Publication, at: int) -> bytes:
        middle = self._text(at) if publication.timed else b""
        return publication.head + middle + publication.tail

    def _decode(self, data: bytes) -> Entry:
        numbers, _, body = data.partition(b"\n")
        epoch, number, at, timed, label_bytes, head_bytes = map(int, numbers.split(b" "))
        start = label_bytes + head_bytes
        payload = body[label_bytes:start] + (self._text(at) if timed else b"") + body[start:]
        return Entry(epoch, number, payload, body[:label_bytes].decode())


def encode_body(publication: Publication) -> bytes:
    """What the script puts behind epoch, number and time."""
    label = publication.label.encode()
    sizes = b"%d %d %d\n" % (publication.timed, len(label), len(publication.head))
    return b"".join((sizes, label, publication.head, publication.tail))


def _ignore(_outcome: object) -> None:
    pass


def _guarded(callback: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    try:
        callback(*args, **kwargs)
    except Exception:
        logger.exception("bus: a callback failed")
