"""Meetings as settings have them: on, off, in several processes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from hubbub.meetings.signalling import signal_pb2 as pb
from tests.server import NotReady, Server, running_server

MEETING: Any = {
    "ClientRequestToken": "standup",
    "MediaRegion": "eu-central-1",
    "ExternalMeetingId": "standup",
}


def refusal(server: Server) -> str:
    with pytest.raises(ClientError) as caught:
        server.boto3("chime-sdk-meetings").create_meeting(**MEETING)
    assert type(caught.value).__name__ == "ServiceUnavailableException"
    return str(caught.value)


def readiness(server: Server) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_meetings_can_be_switched_off(tmp_path: Path) -> None:
    with running_server(tmp_path, "--media", "off") as server:
        assert server.ready_line.endswith("media=off")
        assert "set media to on" in refusal(server)
        assert readiness(server) == (200, "ready\n")
        assert server.stop() == 0


def test_an_engine_that_does_not_load_is_no_reason_to_be_ready(tmp_path: Path) -> None:
    broken = tmp_path / "packages"
    broken.mkdir()
    (broken / "hubbub_media.py").write_text("raise ImportError('libc is too old')")
    environment = {"PYTHONPATH": str(broken)}
    with running_server(tmp_path / "data", environment=environment) as server:
        assert server.ready_line.endswith("media=off")
        assert readiness(server) == (503, "not ready: media\n")
        assert "libc is too old" in refusal(server)
        assert server.stop() == 0


def test_several_processes_hold_no_meetings(
    tmp_path: Path, postgresql_url: str, redis_url: str
) -> None:
    where = ("--database-url", postgresql_url, "--bus-url", redis_url)
    with running_server(tmp_path, "--workers", "2", *where) as server:
        assert server.ready_line.endswith("media=off")
        assert "set workers to 1" in refusal(server)
        assert server.stop() == 0


def test_of_two_nodes_one_holds_a_meeting(
    tmp_path: Path, postgresql_url: str, redis_url: str
) -> None:
    where = ("--database-url", postgresql_url, "--bus-url", redis_url)
    secret = {"HUBBUB_SECRET_KEY": "the-same-on-both-nodes"}
    with (
        running_server(tmp_path / "1", *where, environment=secret) as first,
        running_server(tmp_path / "2", *where, environment=secret) as second,
    ):
        client = first.boto3("chime-sdk-meetings")
        meeting_id = client.create_meeting(**MEETING)["Meeting"]["MeetingId"]
        of: Any = {"MeetingId": meeting_id}
        token = client.create_attendee(**of, ExternalUserId="ada")["Attendee"]["JoinToken"]
        here, there = (
            f"ws://127.0.0.1:{node.port}/control/{meeting_id}" for node in (first, second)
        )
        with signalling(token, here):
            with (
                pytest.raises(ConnectionClosedError, match="another node") as refused,
                signalling(token, there),
            ):
                pass
            assert refused.value.rcvd is not None
            assert refused.value.rcvd.code == 4500
            with pytest.raises(ClientError, match="another node"):
                second.boto3("chime-sdk-meetings").delete_meeting(**of)
            assert first.stop() == 0
        with signalling(token, there):
            pass
        second.boto3("chime-sdk-meetings").delete_meeting(**of)
        assert second.stop() == 0


def test_the_port_of_media_may_be_taken(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        with (
            pytest.raises(NotReady, match="setting media-port: cannot listen"),
            running_server(tmp_path, "--media-port", port),
        ):
            pass


def test_names_that_are_no_addresses_are_told(tmp_path: Path) -> None:
    with (
        pytest.raises(NotReady, match="setting media-addresses"),
        running_server(tmp_path, "--media-addresses", "1.2.3"),
    ):
        pass


@contextmanager
def signalling(token: str, url: str) -> Iterator[ClientConnection]:
    """A WebSocket that has had a PONG."""
    subprotocols = [Subprotocol("_aws_wt_session"), Subprotocol(token)]
    with connect(url, subprotocols=subprotocols) as connection:
        assert connection.subprotocol == "_aws_wt_session"
        frame = pb.SdkSignalFrame(timestamp_ms=1, type=pb.SdkSignalFrame.PING_PONG)
        frame.ping_pong.type, frame.ping_pong.ping_id = pb.PING, 7
        connection.send(b"\x05" + frame.SerializeToString())
        answer = connection.recv(timeout=5)
        assert isinstance(answer, bytes)
        assert pb.SdkSignalFrame.FromString(answer[1:]).ping_pong.type == pb.PONG
        yield connection


def test_clients_are_sent_away_so_that_they_come_back(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = server.boto3("chime-sdk-meetings")
        meeting = client.create_meeting(**MEETING)["Meeting"]
        attendee = client.create_attendee(MeetingId=meeting["MeetingId"], ExternalUserId="ada")
        token = attendee["Attendee"]["JoinToken"]
        url = meeting["MediaPlacement"]["SignalingUrl"]
        path = url.partition("/control/")[2]
        with signalling(token, url) as connection:
            server.signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosedError) as closed:
                connection.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4500
        assert server.wait(10) == 0
        server.kill()
        for end in (server.kill, server.stop):
            server.start()
            with signalling(token, f"ws://127.0.0.1:{server.port}/control/{path}"):
                end()
