"""Frames on the wire: one byte 0x05 and one SdkSignalFrame (chime-meetings B.2, B.3).

One invariant: *what `decode` returns holds text where text is declared and no list or text beyond
its bound*; nobody behind it checks again. Frames that go to many are put together from encoded
parts: a protobuf message is the concatenation of its fields, so a part is encoded once.
"""

from __future__ import annotations

from typing import NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from hubbub.meetings.signalling import signal_pb2 as pb

RTC = b"\x05"
MOST_BYTES = 1 << 20
MOST_ITEMS = 256
MOST_CHARACTERS = 4096
MOST_OFFER_CHARACTERS = 1 << 20

_LENGTH_DELIMITED = 2
_TIMESTAMP_NUMBER = pb.SdkSignalFrame.DESCRIPTOR.fields_by_name["timestamp_ms"].number
_TYPE_NUMBER = pb.SdkSignalFrame.DESCRIPTOR.fields_by_name["type"].number
_NEVER_READ = frozenset({pb.SdkSignalFrame.CLIENT_METRIC, pb.SdkSignalFrame.MEETING_SESSION_TIMING})


class Undecodable(Exception):
    """The client sent what is no frame, or one beyond all bounds."""


class Kind(NamedTuple):
    """A type of frame and the number of the member that holds its body."""

    type: int
    member: int


def _kind(name: str, member: str) -> Kind:
    return Kind(
        pb.SdkSignalFrame.Type.Value(name),
        pb.SdkSignalFrame.DESCRIPTOR.fields_by_name[member].number,
    )


JOIN_ACK = _kind("JOIN_ACK", "joinack")
SUBSCRIBE_ACK = _kind("SUBSCRIBE_ACK", "suback")
INDEX = _kind("INDEX", "index")
PAUSE = _kind("PAUSE", "pause")
RESUME = _kind("RESUME", "pause")
LEAVE_ACK = _kind("LEAVE_ACK", "leave_ack")
BITRATES = _kind("BITRATES", "bitrates")
AUDIO_METADATA = _kind("AUDIO_METADATA", "audio_metadata")
AUDIO_STREAM_ID_INFO = _kind("AUDIO_STREAM_ID_INFO", "audio_stream_id_info")
PING_PONG = _kind("PING_PONG", "ping_pong")
AUDIO_STATUS = _kind("AUDIO_STATUS", "audio_status")
DATA_MESSAGE = _kind("DATA_MESSAGE", "data_message")
PRIMARY_MEETING_JOIN_ACK = _kind("PRIMARY_MEETING_JOIN_ACK", "primary_meeting_join_ack")
PRIMARY_MEETING_LEAVE = _kind("PRIMARY_MEETING_LEAVE", "primary_meeting_leave")
NOTIFICATION = _kind("NOTIFICATION", "notification")

_ERROR = pb.SdkSignalFrame.DESCRIPTOR.fields_by_name["error"].number


def decode(data: bytes) -> pb.SdkSignalFrame | None:
    """The frame; None: one of a type that is not known here. Raises Undecodable."""
    if len(data) > MOST_BYTES or not data.startswith(RTC):
        raise Undecodable
    frame = pb.SdkSignalFrame()
    try:
        frame.ParseFromString(data[1:])
    except DecodeError:
        raise Undecodable from None
    if not frame.HasField("type") and frame.HasField("timestamp_ms") and _has_unknown_type(frame):
        return None
    if not frame.IsInitialized():
        raise Undecodable
    if frame.type not in _NEVER_READ:
        _check(frame)
    return frame


def _has_unknown_type(frame: Message) -> bool:
    fields = UnknownFieldSet(frame)
    return any(fields[at].field_number == _TYPE_NUMBER for at in range(len(fields)))


def _check(message: Message) -> None:
    """Raises Undecodable for text that is not UTF-8 and for lists and text that are too long."""
    for field, value in message.ListFields():
        many = isinstance(field.default_value, list)
        values = value if many else (value,)
        if len(values) > MOST_ITEMS:
            raise Undecodable
        if field.type == FieldDescriptor.TYPE_STRING:
            most = MOST_OFFER_CHARACTERS if field.name == "sdp_offer" else MOST_CHARACTERS
            # Text that is not UTF-8 is handed out as bytes.
            if any(not isinstance(each, str) or len(each) > most for each in values):
                raise Undecodable
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for each in values:
                _check(each)


def encode(
    kind: Kind, now: float, body: Message | bytes = b"", error: tuple[int, str] | None = None
) -> bytes:
    """A frame sent at `now`; `error` is its status and description (B.9)."""
    head = _tagged(_TIMESTAMP_NUMBER, int(now * 1000)) + _tagged(_TYPE_NUMBER, kind.type)
    encoded = body if isinstance(body, bytes) else body.SerializeToString()
    parts = RTC + head + part(kind.member, encoded)
    if error is not None:
        status, description = error
        told = pb.SdkErrorFrame(status=status, description=description)
        parts += part(_ERROR, told.SerializeToString())
    return parts


def part(number: int, encoded: bytes) -> bytes:
    """A member that is a message, from its own encoding."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(encoded)) + encoded


def _tagged(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
