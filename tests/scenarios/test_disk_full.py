"""The disk is full: clear errors, no corruption, reads and chat go on, recovery by itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.clients.observed import tracebacks
from tests.clients.raw_socket import chatter
from tests.clients.world import World
from tests.scenarios.ledger import ControlPlane, Document
from tests.scenarios.small_disk import Limited, SmallDisk, small_disk
from tests.server import NotReady, running_server

REFUSED = (503, 507)
WRITES: dict[str, Document] = {
    "UpdateRoom": {"name": "x" * 100},
    "CreateLoggingConfiguration": {"destinationConfiguration": {"s3": {"bucketName": "b" * 60}}},
}


@pytest.fixture(params=["no space left", "file too large"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    if request.param == "file too large":
        yield Limited(tmp_path)
    else:
        with small_disk(tmp_path) as disk:
            yield disk


def write_until_refused(plane: ControlPlane, promised: dict[str, Document]) -> None:
    """Create and update until it fails; what was acknowledged goes into `promised`."""
    for n in range(20_000):
        status, answer = plane.try_send(
            "POST", "/CreateRoom", {"name": f"n{n}", "tags": {f"k{m}": "x" * 256 for m in range(9)}}
        )
        if status != 200:
            assert status in REFUSED, answer
            assert answer["message"]
            assert "Traceback" not in json.dumps(answer)
            return
        promised[answer["arn"]] = answer
    raise AssertionError("the disk never filled")


def check(plane: ControlPlane, promised: dict[str, Document]) -> None:
    for arn, room in promised.items():
        assert plane.call("GetRoom", identifier=arn) == room


async def test_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(running_server(disk.directory))
        world = stack.enter_context(World(server, "full"))
        plane = ControlPlane(server, "full")
        kept = world.room(name="kept")
        promised = {kept: plane.call("GetRoom", identifier=kept)}
        log = plane.call(
            "CreateLoggingConfiguration", destinationConfiguration={"s3": {"bucketName": "files"}}
        )["arn"]
        logged = plane.call("CreateRoom", loggingConfigurationIdentifiers=[log])
        promised[logged["arn"]] = logged

        members_before = [
            await stack.enter_async_context(world.chatter(arn, "kim"))
            for arn in (kept, logged["arn"])
        ]
        disk.fill(server)
        write_until_refused(plane, promised)

        # Every kind of write says so, and changes nothing.
        for operation, members in WRITES.items():
            # A small write may still find a place in what the database already has.
            given = members | ({"identifier": kept} if "Room" in operation else {})
            status, answer = plane.try_send("POST", f"/{operation}", given)
            assert status in (200, *REFUSED), (operation, answer)
            if status == 200 and operation == "UpdateRoom":
                promised[kept] = answer
        check(plane, promised)
        # Reads and chat go on, in a room whose log has nowhere to go, too.
        assert len(plane.call("ListRooms")["rooms"]) == min(50, len(promised))
        for member in members_before:
            await member.say("business as usual")
            assert (await member.receive())["Content"] == "business as usual"
        token = world.token(kept, "newcomer")["token"]
        try:
            async with chatter(server.websocket, token):
                pass
        except InvalidStatus as refusal:
            assert refusal.response.status_code == 503  # spending a token is a write

        disk.free(server)
        recovered(plane, promised)
        async with world.chatter(kept, "newcomer"):
            pass
        assert server.process
        assert server.process.poll() is None
        server.kill()
        plane.close()
        server.start()
        check(plane, promised)
        recovered(plane, promised)
        assert server.stop() == 0
        assert tracebacks(server) == []
        plane.close()
    for path in disk.directory.rglob("*.sqlite*"):
        if path.read_bytes()[:16] == b"SQLite format 3\0":
            with sqlite3.connect(path) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            database.close()


def recovered(plane: ControlPlane, promised: dict[str, Document]) -> None:
    """Writes work again, at once."""
    for n in range(20):
        room = plane.call("CreateRoom", name=f"after-{n}")
        promised[room["arn"]] = room
    check(plane, promised)


def test_a_start_on_a_full_disk(disk: SmallDisk) -> None:
    """It serves or says why not, and never leaves half a data directory."""
    with disk.full() as environment:
        try:
            with running_server(disk.directory, environment=environment):
                pass
        except NotReady as refusal:
            assert "Traceback" not in str(refusal)
            assert "error" in str(refusal).lower() or "hubbub" in str(refusal)
    with running_server(disk.directory) as server:
        plane = ControlPlane(server, "after")
        assert plane.call("CreateRoom", name="works")
        plane.close()
        assert server.stop() == 0
