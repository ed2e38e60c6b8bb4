"""Meetings on a real server, through boto3: what was answered lasts, and is told."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from botocore.exceptions import ClientError

from tests.clients.observed import tracebacks
from tests.server import Server, running_server

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.client import ChimeSDKMeetingsClient

MEETING: dict[str, Any] = {"MediaRegion": "us-east-1", "ExternalMeetingId": "standup"}


def meetings_of(server: Server, **options: Any) -> ChimeSDKMeetingsClient:
    client: ChimeSDKMeetingsClient = server.boto3("chime-sdk-meetings", **options)
    return client


@pytest.fixture
def client(server: Server, region: str) -> Iterator[ChimeSDKMeetingsClient]:
    client = meetings_of(server, region_name=region)
    yield client
    client.close()


def test_from_the_first_call_to_the_last(client: ChimeSDKMeetingsClient, server: Server) -> None:
    meeting = client.create_meeting(ClientRequestToken="once", **MEETING)["Meeting"]
    meeting_id = meeting["MeetingId"]
    port = dict(word.split("=", 1) for word in server.ready_line.split()[2:])["media"]
    host = server.http.removeprefix("http://")
    placement = meeting["MediaPlacement"]
    assert placement["SignalingUrl"] == f"ws://{host}/control/{meeting_id}"
    assert placement["AudioHostUrl"].rpartition(":")[2] == port.rpartition(":")[2]
    ann = client.create_attendee(MeetingId=meeting_id, ExternalUserId="ann")["Attendee"]
    batch = client.batch_create_attendee(
        MeetingId=meeting_id,
        Attendees=[{"ExternalUserId": "bob"}, {"ExternalUserId": "aws:no"}],
    )
    assert [each["ErrorCode"] for each in batch["Errors"]] == ["BadRequest"]
    listed = client.list_attendees(MeetingId=meeting_id)["Attendees"]
    assert listed == [ann, *batch["Attendees"]]
    changed = client.update_attendee_capabilities(
        MeetingId=meeting_id,
        AttendeeId=ann["AttendeeId"],
        Capabilities={"Audio": "Receive", "Video": "None", "Content": "None"},
    )["Attendee"]
    found = client.get_attendee(MeetingId=meeting_id, AttendeeId=ann["AttendeeId"])["Attendee"]
    assert found == changed != ann
    client.delete_attendee(MeetingId=meeting_id, AttendeeId=ann["AttendeeId"])
    client.delete_meeting(MeetingId=meeting_id)
    with pytest.raises(client.exceptions.NotFoundException) as gone:
        client.get_meeting(MeetingId=meeting_id)
    assert gone.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"]


def test_eight_at_once_make_one_meeting(server: Server, region: str) -> None:
    clients = [meetings_of(server, region_name=region) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(
                lambda client: client.create_meeting(ClientRequestToken="once", **MEETING),
                clients,
            )
        )
    assert len({each["Meeting"]["MeetingId"] for each in made}) == 1
    for client in clients:
        client.close()


def test_over_tls_clients_are_told_of_tls(server: Server, region: str) -> None:
    client = meetings_of(
        server,
        region_name=region,
        endpoint_url=server.https,
        verify=str(server.ca_certificate),
    )
    meeting = client.create_meeting(ClientRequestToken="once", **MEETING)["Meeting"]
    host = server.https.removeprefix("https://")
    placement = meeting["MediaPlacement"]
    assert placement["SignalingUrl"] == f"wss://{host}/control/{meeting['MeetingId']}"
    assert placement["EventIngestionUrl"] == f"https://{host}/v1/client-events"
    client.close()


def test_clients_post_their_events(client: ChimeSDKMeetingsClient) -> None:
    meeting = client.create_meeting(ClientRequestToken="once", **MEETING)["Meeting"]
    attendee = client.create_attendee(MeetingId=meeting["MeetingId"], ExternalUserId="ann")
    url = meeting["MediaPlacement"]["EventIngestionUrl"]
    preflight = urllib.request.Request(url, method="OPTIONS")
    with urllib.request.urlopen(preflight) as answer:
        assert answer.headers["access-control-allow-origin"] == "*"
    body = orjson.dumps({"metadata": {}, "events": []})

    def post(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
                assert orjson.loads(answer.read()) == {}
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert post(attendee["Attendee"]["JoinToken"]) == 200
    assert post("nobody") == 403


def test_what_was_answered_is_there_after_kill_9(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = meetings_of(server)
        made = client.create_meeting_with_attendees(
            ClientRequestToken="once",
            Attendees=[{"ExternalUserId": "ann"}],
            Tags=[{"Key": "team", "Value": "blue"}],
            **MEETING,
        )
        meeting_id = made["Meeting"]["MeetingId"]
        ann = made["Attendees"][0]
        changed = client.update_attendee_capabilities(
            MeetingId=meeting_id,
            AttendeeId=ann["AttendeeId"],
            Capabilities={"Audio": "None", "Video": "None", "Content": "None"},
        )["Attendee"]
        server.kill()
        server.start()
        client = meetings_of(server)
        assert client.list_attendees(MeetingId=meeting_id)["Attendees"] == [changed]
        assert changed["JoinToken"] == ann["JoinToken"]
        arn = made["Meeting"]["MeetingArn"]
        assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
            {"Key": "team", "Value": "blue"}
        ]
        # The answer may have been lost: the client's retry gets the same.
        again = client.create_meeting_with_attendees(
            ClientRequestToken="once",
            Attendees=[{"ExternalUserId": "ann"}],
            Tags=[{"Key": "team", "Value": "blue"}],
            **MEETING,
        )
        assert again["Meeting"]["MeetingId"] == meeting_id
        client.delete_meeting(MeetingId=meeting_id)
        server.kill()
        server.start()
        client = meetings_of(server)
        with pytest.raises(client.exceptions.NotFoundException, match="ended"):
            client.get_meeting(MeetingId=meeting_id)
        assert tracebacks(server) == []


def test_where_no_meeting_can_be_held_calls_say_so(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"HUBBUB_MEDIA": "false"}) as server:
        client = meetings_of(server)
        with pytest.raises(client.exceptions.ServiceUnavailableException) as refused:
            client.create_meeting(ClientRequestToken="once", **MEETING)
        answer = refused.value.response
        assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"]
        assert "media" in answer["Error"]["Message"]
        with pytest.raises(client.exceptions.NotFoundException):
            client.get_meeting(MeetingId="11111111-2222-4333-8444-555555555555")
        assert server.stop() == 0


def test_events_go_to_a_webhook(tmp_path: Path) -> None:
    told: list[Any] = []
    enough = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(orjson.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()
            if len(told) == 3:
                enough.set()

        def log_message(self, *_: Any) -> None: ...

    hook = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=hook.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{hook.server_port}/events"
    with running_server(tmp_path, environment={"HUBBUB_SINKS_EVENTS": url}) as server:
        client = meetings_of(server)
        meeting_id = client.create_meeting(ClientRequestToken="once", **MEETING)["Meeting"][
            "MeetingId"
        ]
        client.create_attendee(MeetingId=meeting_id, ExternalUserId="ann")
        client.delete_meeting(MeetingId=meeting_id)
        assert enough.wait(20)
        assert server.stop() == 0
    hook.shutdown()
    hook.server_close()
    thread.join()
    assert [each["detail"]["eventType"] for each in told] == [
        "chime:MeetingStarted",
        "chime:AttendeeAdded",
        "chime:MeetingEnded",
    ]
    assert {each["detail"]["meetingId"] for each in told} == {meeting_id}


def test_policies_see_the_tags_of_meetings(tmp_path: Path) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "chime:*",
                "Resource": "arn:aws:chime:*:*:meeting/*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
            },
        ],
    }
    with running_server(tmp_path) as server:
        root = meetings_of(server)
        made = [
            root.create_meeting(
                ClientRequestToken=f"for-{team}",
                Tags=[{"Key": "team", "Value": team}],
                **MEETING,
            )["Meeting"]["MeetingId"]
            for team in ("blue", "red")
        ]
        assumed = server.boto3("sts").get_federation_token(Name="ann", Policy=_text(policy))
        keys = assumed["Credentials"]
        limited = meetings_of(
            server,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        assert limited.get_meeting(MeetingId=made[0])
        calls: list[Callable[[], Any]] = [
            lambda: limited.get_meeting(MeetingId=made[1]),
            lambda: limited.create_meeting(ClientRequestToken="mine", **MEETING),
        ]
        for refused in calls:
            with pytest.raises(ClientError) as error:
                refused()
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _text(policy: dict[str, Any]) -> str:
    return orjson.dumps(policy).decode()
