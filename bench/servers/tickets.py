"""Meetings and their attendees, made by the API, as the load client takes them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import msgspec

from bench.load import each_request, write_requests
from bench.servers.contract import Running
from bench.signing import REGION, Signer

BATCH = 100
"""BatchCreateAttendee takes no more."""


class Attendees(msgspec.Struct, rename="pascal"):
    attendees: list[Any]


class Meeting(msgspec.Struct, rename="pascal"):
    meeting: dict[str, Any]


class Ticket(msgspec.Struct, rename="pascal"):
    meeting: dict[str, Any]
    attendees: list[Any]


def make_tickets(running: Running, meetings: int, attendees: int, *, replicas: bool) -> Path:
    """A file of so many meetings; with `replicas` all but the first are the first one's."""
    made: list[Ticket] = []
    for _ in range(meetings):
        wanted = {
            "ClientRequestToken": uuid.uuid4().hex,
            "MediaRegion": REGION,
            "ExternalMeetingId": f"bench-{len(made)}",
        }
        if made and replicas:
            wanted["PrimaryMeetingId"] = made[0].meeting["MeetingId"]
        (answer,) = _post(running, "/meetings", [wanted])
        meeting = msgspec.json.decode(answer, type=Meeting).meeting
        path = f"/meetings/{meeting['MeetingId']}/attendees"
        batches = [
            {"Attendees": [{"ExternalUserId": f"user-{n:04d}"} for n in range(at, end)]}
            for at in range(0, attendees, BATCH)
            for end in [min(at + BATCH, attendees)]
        ]
        answers = _post(running, path, batches, "operation=batch-create")
        people = [msgspec.json.decode(answer, type=Attendees).attendees for answer in answers]
        made.append(Ticket(meeting, [one for batch in people for one in batch]))
    file = running.process.log.with_name("tickets")
    file.write_bytes(msgspec.json.encode(made))
    return file


def _post(
    running: Running, path: str, wanted: list[dict[str, Any]], query: str = ""
) -> list[bytes]:
    signer = Signer("chime", running.port)
    requests = running.process.log.with_name("requests")
    bodies = running.process.log.with_name("bodies")
    write_requests(
        requests, [signer.post(path, msgspec.json.encode(each), query) for each in wanted]
    )
    each_request(running.port, requests, 1, bodies)
    return bodies.read_bytes().splitlines()
