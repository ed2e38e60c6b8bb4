"""An attendee that shares no code with the browser client: aiortc for media, and its own frames.

Everything is asynchronous and runs on one loop; `seen` and `heard` give what came lately.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import math
import struct
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, cast

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from av import AudioFrame, VideoFrame
from websockets.asyncio.client import ClientConnection, connect

from hubbub.meetings.signalling import signal_pb2 as wire
from tests.media.events import Colour, Level

RTC_FRAME = b"\x05"
RATE = 48_000
FRAME = 960  # samples, 20 ms

Frame = wire.SdkSignalFrame


class Tone(AudioStreamTrack):
    """A microphone that hears one tone."""

    def __init__(self, frequency: int, amplitude: float = 0.2) -> None:
        super().__init__()
        self._step = 2 * math.pi * frequency / RATE
        self._amplitude = amplitude * 32_767
        self._at = 0
        self._started = 0.0

    async def recv(self) -> AudioFrame:
        self._started = self._started or time.monotonic()
        await asyncio.sleep(max(0, self._started + self._at / RATE - time.monotonic()))
        samples = (
            round(self._amplitude * math.sin(self._step * (self._at + index)))
            for index in range(FRAME)
        )
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(struct.pack(f"<{FRAME}h", *samples))
        frame.pts, frame.sample_rate = self._at, RATE
        frame.time_base = fractions.Fraction(1, RATE)
        self._at += FRAME
        return frame


class Picture(VideoStreamTrack):
    """A camera that sees one colour."""

    def __init__(self, colour: Colour, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._size = width, height
        self._planes = _yuv(colour)

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame(*self._size, "yuv420p")
        for plane, value in zip(frame.planes, self._planes, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        return frame


class Peer:
    """`join` makes one; `leave` ends it."""

    def __init__(self, socket: ClientConnection, audio_host: str) -> None:
        self.answers = 0
        self.sources: list[wire.SdkStreamDescriptor] = []
        self.roster: dict[str, int] = {}  # attendee id -> audio stream id
        self.messages: list[str] = []
        self.transcripts: list[wire.SdkTranscriptEvent] = []
        self.status: int | None = None  # of the last AUDIO_STATUS
        self._socket = socket
        self._audio_host = audio_host
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._camera: RTCRtpTransceiver | None = None
        self._receivers: dict[int, RTCRtpTransceiver] = {}  # by stream id
        self._acknowledged: asyncio.Queue[wire.SdkSubscribeAckFrame] = asyncio.Queue()
        self._indexed = asyncio.Event()
        self._heard: deque[int] = deque(maxlen=RATE // 4)
        self._seen: dict[int, tuple[int, Colour, tuple[int, int]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def join(
        cls,
        meeting: Mapping[str, Any],
        attendee: Mapping[str, Any],
        tone: int,
        colour: Colour | None = None,
    ) -> Peer:
        """Into the meeting as CreateMeeting and CreateAttendee describe it."""
        placement = meeting["MediaPlacement"]
        socket = await connect(
            f"{placement['SignalingUrl']}?X-Chime-Control-Protocol-Version=3",
            subprotocols=["_aws_wt_session", attendee["JoinToken"]],  # type: ignore[list-item]
            max_size=1 << 20,
        )
        peer = cls(socket, placement["AudioHostUrl"])
        peer._spawn(peer._read())
        await peer._send(
            Frame(
                type=Frame.JOIN,
                join=wire.SdkJoinFrame(protocol_version=2, flags=2, audio_session_id=7),
            )
        )
        await asyncio.wait_for(peer._indexed.wait(), 10)
        peer._connection.addTransceiver(Tone(tone), direction="sendrecv")
        if colour:
            peer._camera = peer._connection.addTransceiver(Picture(colour), direction="sendrecv")
        else:
            peer._camera = peer._connection.addTransceiver("video", direction="inactive")
        peer._connection.on("track", peer._receive)
        await peer._subscribe()
        peer._spawn(peer._follow())
        return peer

    async def leave(self) -> None:
        with contextlib.suppress(Exception):
            await self._send(Frame(type=Frame.LEAVE, leave=wire.SdkLeaveFrame()))
        await self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    async def send_message(self, topic: str, text: str) -> None:
        message = wire.SdkDataMessagePayload(topic=topic, data=text.encode(), lifetime_ms=0)
        await self._send(
            Frame(
                type=Frame.DATA_MESSAGE, data_message=wire.SdkDataMessageFrame(messages=[message])
            )
        )

    async def heard(self, tones: Sequence[int]) -> dict[int, Level]:
        """Levels of these tones in the last quarter of a second."""
        samples = list(self._heard)
        return {tone: _level(samples, tone) for tone in tones}

    async def seen(self) -> dict[str, tuple[int, Colour, tuple[int, int]]]:
        """Attendee id -> number of frames so far, colour of the last one, its size."""
        names = {source.stream_id: source.attendee_id for source in self.sources}
        return {names[stream]: seen for stream, seen in self._seen.items() if stream in names}

    # --- signalling ---------------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _send(self, frame: wire.SdkSignalFrame) -> None:
        frame.timestamp_ms = round(time.time() * 1000)
        await self._socket.send(RTC_FRAME + frame.SerializeToString())

    async def _read(self) -> None:
        async for data in self._socket:
            assert isinstance(data, bytes)
            assert data[:1] == RTC_FRAME
            await self._take(Frame.FromString(data[1:]))

    async def _take(self, frame: wire.SdkSignalFrame) -> None:
        if frame.type == Frame.INDEX:
            self.sources = list(frame.index.sources)
            self._indexed.set()
        elif frame.type == Frame.SUBSCRIBE_ACK:
            self._acknowledged.put_nowait(frame.suback)
        elif frame.type == Frame.AUDIO_STREAM_ID_INFO:
            for stream in frame.audio_stream_id_info.streams:
                if stream.attendee_id:
                    self.roster[stream.attendee_id] = stream.audio_stream_id
                elif not stream.HasField("muted"):
                    self.roster = {
                        attendee: audio
                        for attendee, audio in self.roster.items()
                        if audio != stream.audio_stream_id
                    }
        elif frame.type == Frame.DATA_MESSAGE:
            for message in frame.data_message.messages:
                if message.topic == "aws:chime:transcription":
                    self.transcripts += wire.SdkTranscriptFrame.FromString(message.data).events
                else:
                    self.messages.append(message.data.decode())
        elif frame.type == Frame.AUDIO_STATUS:
            self.status = frame.audio_status.audio_status
        elif frame.type == Frame.PING_PONG and frame.ping_pong.type == wire.PING:
            pong = wire.SdkPingPongFrame(type=wire.PONG, ping_id=frame.ping_pong.ping_id)
            await self._send(Frame(type=Frame.PING_PONG, ping_pong=pong))

    async def _follow(self) -> None:
        """Subscribe to what each INDEX adds; sections of what it takes away end."""
        while True:
            await self._indexed.wait()
            self._indexed.clear()
            wanted = {source.stream_id for source in self.sources}
            if wanted == set(self._receivers):
                continue
            for stream in set(self._receivers) - wanted:
                self._receivers.pop(stream).direction = "inactive"
                self._seen.pop(stream, None)
            for stream in wanted - set(self._receivers):
                receiver = self._connection.addTransceiver("video", direction="recvonly")
                self._receivers[stream] = receiver
            await self._subscribe()

    async def _subscribe(self) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        camera = self._camera is not None and self._camera.direction == "sendrecv"
        streams = {receiver.mid: stream for stream, receiver in self._receivers.items()}
        videos = [each for each in self._connection.getTransceivers() if each.kind == "video"]
        descriptors = [wire.SdkStreamDescriptor(stream_id=1, group_id=1, media_type=wire.AUDIO)]
        if camera:
            descriptors.append(
                wire.SdkStreamDescriptor(
                    stream_id=2,
                    group_id=2,
                    media_type=wire.VIDEO,
                    track_label="aiortc",
                    max_bitrate_kbps=1000,
                    framerate=15,
                )
            )
        subscription = wire.SdkSubscribeFrame(
            duplex=wire.DUPLEX if camera else wire.RX,
            send_streams=descriptors,
            receive_stream_ids=[streams.get(each.mid, 0) for each in videos],
            sdp_offer=self._connection.localDescription.sdp,
            audio_host=self._audio_host,
            audio_muted=False,
        )
        await self._send(Frame(type=Frame.SUBSCRIBE, sub=subscription))
        answer = await asyncio.wait_for(self._acknowledged.get(), 10)
        await self._connection.setRemoteDescription(
            RTCSessionDescription(sdp=answer.sdp_answer, type="answer")
        )
        self.answers += 1

    # --- media --------------------------------------------------------------------------------

    def _receive(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._spawn(self._hear(track))
        for stream, transceiver in self._receivers.items():
            if transceiver.receiver.track is track:
                self._spawn(self._see(stream, track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = cast(AudioFrame, await track.recv())
                assert frame.sample_rate == RATE
                channels = len(frame.layout.channels)
                values = struct.unpack_from(f"<{frame.samples * channels}h", bytes(frame.planes[0]))
                self._heard.extend(values[::channels])

    async def _see(self, stream: int, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            count = 0
            while True:
                frame = cast(VideoFrame, await track.recv())
                count += 1
                self._seen[stream] = count, _colour(frame), (frame.width, frame.height)


def use_loopback() -> None:
    """aioice gathers no loopback candidates of its own, and a machine may have no others."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def _level(samples: Sequence[int], frequency: int) -> Level:
    if not samples:
        return -200
    coefficient = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for index, sample in enumerate(samples):
        window = 1 - math.cos(2 * math.pi * index / len(samples))
        before, last = last, sample / 32_768 * window + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 20 * math.log10(max(2 * math.sqrt(max(power, 0)) / len(samples), 1e-10))


def _yuv(colour: Colour) -> tuple[int, int, int]:
    """BT.601, limited range."""
    red, green, blue = colour
    return (
        round(16 + 0.257 * red + 0.504 * green + 0.098 * blue),
        round(128 - 0.148 * red - 0.291 * green + 0.439 * blue),
        round(128 + 0.439 * red - 0.368 * green - 0.071 * blue),
    )


def _colour(frame: VideoFrame) -> Colour:
    """Of the middle of the upper half."""
    planes = frame.planes[:3]
    luma, cb, cr = (
        bytes(plane)[plane.height // 3 * plane.line_size + plane.width // 2] for plane in planes
    )
    red = 1.164 * (luma - 16) + 1.596 * (cr - 128)
    green = 1.164 * (luma - 16) - 0.392 * (cb - 128) - 0.813 * (cr - 128)
    blue = 1.164 * (luma - 16) + 2.017 * (cb - 128)
    return _byte(red), _byte(green), _byte(blue)


def _byte(value: float) -> int:
    return min(max(round(value), 0), 255)
