"""`hubbub attendee join`: attendees without a browser, in a meeting with each other."""

from __future__ import annotations

import array
import json
import math
import struct
import subprocess
import sys
import uuid
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server import Server

_RATE = 48_000
_NO_TONE = 100.0  # amplitude of 32768


@dataclass
class Meeting:
    """One meeting, made over HTTPS: its signalling is `wss` then."""

    server: Server
    directory: Path

    def __post_init__(self) -> None:
        self.client = self.server.boto3(
            "chime-sdk-meetings",
            endpoint_url=self.server.https,
            verify=str(self.server.ca_certificate),
        )
        made = self.client.create_meeting(
            ClientRequestToken=uuid.uuid4().hex,
            ExternalMeetingId="headless",
            MediaRegion="us-east-1",
        )
        self.id = made["Meeting"]["MeetingId"]
        self.file = self.directory / "meeting.json"
        self.file.write_text(json.dumps({"Meeting": made["Meeting"]}))

    def attendee(self, name: str) -> tuple[str, Path]:
        made = self.client.create_attendee(MeetingId=self.id, ExternalUserId=name)["Attendee"]
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps({"Attendee": made}))
        return made["AttendeeId"], path

    def join(self, attendee: Path, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hubbub", "attendee", "join"]
        command += ["--meeting", str(self.file), "--attendee", str(attendee)]
        command += ["--ca", str(self.server.ca_certificate), *options]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _events(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    output, _ = process.communicate(timeout=60)
    events = [json.loads(line) for line in output.splitlines()]
    assert process.returncode == 0, events
    return events


def _named(events: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def _amplitude(samples: Sequence[int], hertz: float) -> float:
    """Of this tone in the samples."""
    turn = 2 * math.pi * hertz / _RATE
    real = sum(sample * math.cos(turn * n) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples)


def _last_second(path: Path) -> array.array[int]:
    with wave.open(str(path)) as sound:
        assert sound.getframerate() == _RATE
        samples = array.array("h", sound.readframes(sound.getnframes()))
    assert len(samples) > 2 * _RATE
    # The very end may lack those that have left.
    return samples[-_RATE - _RATE // 2 : -_RATE // 2]


def _movie(path: Path) -> Path:
    """Two seconds that look like VP8 of 320x180 to everything but a decoder."""
    frames = []
    for number in range(50):
        size = 600
        tag = (0 if number % 25 == 0 else 1) | 1 << 4 | (size - 10) << 5
        head = struct.pack("<I", tag)[:3]
        if number % 25 == 0:
            head += b"\x9d\x01\x2a" + struct.pack("<HH", 320, 180)
        frames.append(head.ljust(size, b"\x5a"))
    header = struct.pack("<HHIHHIIII", 0, 32, 0x30385056, 320, 180, 25, 1, len(frames), 0)
    data = b"".join(struct.pack("<IQ", len(f), n) + f for n, f in enumerate(frames))
    path.write_bytes(b"DKIF" + header + data)
    return path


def test_two_attendees_hear_see_and_read_each_other(server: Server, tmp_path: Path) -> None:
    meeting = Meeting(server, tmp_path)
    (ada, ada_file), (_, bob_file) = meeting.attendee("ada"), meeting.attendee("bob")
    movie, mix = _movie(tmp_path / "movie.ivf"), tmp_path / "mix.wav"
    speaker = meeting.join(
        ada_file,
        *("--tone", "440", "--camera", str(movie), "--duration", "8"),
        *("--say", "chat=hello", "--say-lifetime", "60000"),
    )
    listener = meeting.join(
        bob_file,
        *("--tone", "620", "--record", str(mix), "--record-tiles", str(tmp_path)),
        *("--duration", "6"),
    )
    heard = _events(listener)
    _events(speaker)

    assert "ada" in {event["external_user_id"] for event in _named(heard, "present")}
    assert [event["text"] for event in _named(heard, "data")] == ["hello"]
    volumes = [event["volumes"] for event in _named(heard, "volumes")]
    assert -12 in [volume.get(ada) for volume in volumes]
    samples = _last_second(mix)
    assert _amplitude(samples, 440) > 2_000
    assert _amplitude(samples, 620) < _NO_TONE  # its own
    [frame] = _named(heard, "first_frame")
    assert (frame["attendee"], frame["width"], frame["height"]) == (ada, 320, 180)
    recorded = (tmp_path / f"{ada}-{frame['stream']}.ivf").read_bytes()
    assert recorded[:4] == b"DKIF"
    assert struct.unpack_from("<I", recorded, 24)[0] > 20


def test_an_attendee_that_may_not_speak_is_not_heard(server: Server, tmp_path: Path) -> None:
    meeting = Meeting(server, tmp_path)
    (ada, ada_file), (_, bob_file) = meeting.attendee("ada"), meeting.attendee("bob")
    meeting.client.update_attendee_capabilities(
        MeetingId=meeting.id,
        AttendeeId=ada,
        Capabilities={"Audio": "Receive", "Video": "SendReceive", "Content": "SendReceive"},
    )
    speaker = meeting.join(ada_file, "--tone", "440", "--duration", "5")
    mix = tmp_path / "mix.wav"
    heard = _events(meeting.join(bob_file, "--record", str(mix), "--duration", "3"))
    _events(speaker)
    assert "ada" in {event["external_user_id"] for event in _named(heard, "present")}
    assert all(ada not in event["volumes"] for event in _named(heard, "volumes"))
    assert _amplitude(_last_second(mix), 440) < _NO_TONE


def test_the_end_of_a_meeting_has_an_exit_code_of_its_own(server: Server, tmp_path: Path) -> None:
    meeting = Meeting(server, tmp_path)
    _, file = meeting.attendee("ada")
    attendee = meeting.join(file, "--reconnect")
    assert attendee.stdout
    for line in attendee.stdout:
        if json.loads(line)["event"] == "connected":
            break
    meeting.client.delete_meeting(MeetingId=meeting.id)
    output, _ = attendee.communicate(timeout=30)
    assert attendee.returncode == 5, output
    again = meeting.join(file)
    again.communicate(timeout=30)
    assert again.returncode == 3
