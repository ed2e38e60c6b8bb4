"""What is left after the server has been stopped or killed, as its users see it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.javascript import JavaScript
from tests.clients.observed import tracebacks
from tests.clients.raw_socket import chatter, refused
from tests.clients.world import ALL, SEND, World
from tests.server import Server, running_server
from tests.services.process import free_port


@pytest.fixture
def own_server(data_dir: Path) -> Iterator[Server]:
    """A server of this test's own that keeps its port over restarts."""
    with running_server(data_dir, "--port", str(free_port())) as server:
        yield server


def snapshot(world: World) -> Any:
    """Everything the control plane knows in this region."""
    ivschat = world.ivschat
    rooms = ivschat.list_rooms()["rooms"]
    details: list[Any] = [ivschat.get_room(identifier=room["arn"]) for room in rooms]
    for detail in details:
        del detail["ResponseMetadata"]
        tags = ivschat.list_tags_for_resource(resourceArn=detail["arn"])["tags"]
        assert tags == detail["tags"]
    configurations = ivschat.list_logging_configurations()["loggingConfigurations"]
    return rooms, details, configurations


async def test_kill_9_loses_nothing_that_was_acknowledged(own_server: Server) -> None:
    with World(own_server) as world:
        ivschat = world.ivschat
        log = ivschat.create_logging_configuration(
            name="log", destinationConfiguration={"s3": {"bucketName": "bucket"}}, tags={"l": "1"}
        )["arn"]
        rooms = [
            world.room(name=f"r{n}", tags={"n": str(n)}, loggingConfigurationIdentifiers=[log])
            for n in range(5)
        ]
        ivschat.update_room(identifier=rooms[1], maximumMessageLength=7)
        ivschat.delete_room(identifier=rooms[2])
        ivschat.tag_resource(resourceArn=rooms[3], tags={"more": "2"})
        ivschat.untag_resource(resourceArn=rooms[3], tagKeys=["n"])
        used = world.token(rooms[0], "kim")["token"]
        async with chatter(own_server.websocket, used):
            pass
        unused = world.token(rooms[0], "kim")["token"]
        before = snapshot(world)

        own_server.kill()
        own_server.start()

        assert snapshot(world) == before
        # What was spent stays spent, what was not can still be used.
        assert await refused(own_server.websocket, used) == 403
        async with chatter(own_server.websocket, unused) as kim:
            await kim.say("hi")
            assert (await kim.receive())["Content"] == "hi"


async def test_sigterm_closes_with_1012_and_ends_with_0(own_server: Server) -> None:
    with World(own_server) as world:
        room = world.room()
        async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
            await kim.say("the last words")
            assert (await lee.receive())["Content"] == "the last words"
            own_server.signal(signal.SIGTERM)
            frames, code = await lee.closing()
            assert (frames, code) == ([], 1012)
            assert (await kim.closing())[1] == 1012
        assert own_server.wait() == 0
        assert tracebacks(own_server) == []


def test_the_client_comes_back_after_a_crash(node: JavaScript, own_server: Server) -> None:
    """Its token provider asks an application that waits for the server."""
    with World(own_server) as world:
        arn = world.room()
        request = {"roomIdentifier": arn, "userId": "kim", "capabilities": list(ALL)}
        room = node.chat_room(own_server, request, patience=15).connected()
        assert room.send("before")["resolved"]
        own_server.kill()
        room.wait("connecting", 2)
        own_server.start()
        room.wait("connect", 2)
        assert room.send("after")["resolved"]["content"] == "after"
        assert room.journal("disconnect") == []
        room.forget()


def test_the_client_after_an_orderly_restart(node: JavaScript, own_server: Server) -> None:
    """It takes any close in good order for the server's wish; `connect` brings it back."""
    with World(own_server) as world:
        arn = world.room()
        request = {"roomIdentifier": arn, "userId": "kim", "capabilities": [SEND]}
        room = node.chat_room(own_server, request, patience=15).connected()
        assert room.send("before")["resolved"]
        assert own_server.stop() == 0
        assert room.wait("disconnect") == ["serverDisconnect"]
        own_server.start()
        room.connect().wait("connect", 2)
        assert room.send("after")["resolved"]["content"] == "after"
        room.forget()
