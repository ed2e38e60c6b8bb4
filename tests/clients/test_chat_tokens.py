"""CreateChatToken with boto3, and the handshakes that tokens open (spec 5 and 6.1)."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.raw_socket import chatter, refused
from tests.clients.test_rooms import UNKNOWN, failure, fields
from tests.clients.world import ALL, SEND, World

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

SUBPROTOCOL = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
FAT_USER = "🦀" * 128
FAT_ATTRIBUTES = {"k": "🦀" * 255 + "abc"}  # 1,024 bytes in all


@pytest.fixture
def room(world: World) -> str:
    return world.room(maximumMessageRatePerSecond=100)


@pytest.mark.parametrize("minutes", [1, 60, 180])
def test_when_it_ends(world: World, room: str, minutes: int) -> None:
    token = world.token(room, "kim", minutes=minutes)
    now = datetime.now(UTC)
    assert SUBPROTOCOL.fullmatch(token["token"])
    assert abs(token["tokenExpirationTime"] - now - timedelta(seconds=60)) < timedelta(seconds=5)
    life = token["sessionExpirationTime"] - now
    assert abs(life - timedelta(minutes=minutes)) < timedelta(seconds=5)


def test_the_default_session_is_an_hour(ivschat: IvschatClient, room: str) -> None:
    token = ivschat.create_chat_token(roomIdentifier=room, userId="kim")
    between = token["sessionExpirationTime"] - token["tokenExpirationTime"]
    assert between == timedelta(minutes=59)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"userId": ""}, "userId"),
        ({"userId": "x" * 129}, "userId"),
        ({"userId": "x", "sessionDurationInMinutes": 0}, "sessionDurationInMinutes"),
        ({"userId": "x", "sessionDurationInMinutes": 181}, "sessionDurationInMinutes"),
        ({"userId": "x", "capabilities": ["VIEW"]}, "capabilities"),
        ({"userId": "x", "capabilities": ["send_message"]}, "capabilities"),
        ({"userId": "x", "attributes": {"k": "v" * 1024}}, "attributes"),
        ({"userId": "x", "attributes": {"k": "🦀" * 256}}, "attributes"),
        ({"userId": "x", "roomIdentifier": UNKNOWN}, "roomIdentifier"),
        ({}, "userId"),
    ],
)
def test_bad_members(
    unchecked: IvschatClient, room: str, members: dict[str, Any], field: str
) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_chat_token(**({"roomIdentifier": room} | members))
    [name] = fields(error.value)
    assert name.startswith(field)


def test_unknown_room(ivschat: IvschatClient, world: World) -> None:
    with pytest.raises(ClientError) as error:
        ivschat.create_chat_token(roomIdentifier=world.arn("room", UNKNOWN), userId="kim")
    assert failure(error.value) == ("ResourceNotFoundException", 404)


async def test_the_fattest_token_fits_into_the_handshake(world: World, room: str) -> None:
    async with world.chatter(room, FAT_USER, attributes=FAT_ATTRIBUTES) as kim:
        await kim.say("hi")
        frame = await kim.receive()
        assert frame["Sender"] == {"UserId": FAT_USER, "Attributes": FAT_ATTRIBUTES}


@pytest.mark.parametrize("path", ["/ivschat", "/", "", "/ivschat?region=x"])
async def test_the_token_is_repeated_and_nothing_is_compressed(
    world: World, room: str, path: str
) -> None:
    """A browser offers permessage-deflate always; taking it breaks clients (trap 4)."""
    token = world.token(room, "kim")["token"]
    base = world.server.websocket.removesuffix("/ivschat")
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    async with chatter(base + path, token, origin="https://any.example", headers=headers) as kim:
        assert kim.connection.subprotocol == token
        assert kim.connection.response is not None
        assert "Sec-WebSocket-Extensions" not in kim.connection.response.headers
        await kim.say("hi")
        assert (await kim.receive())["Content"] == "hi"


async def test_over_tls(world: World, room: str) -> None:
    token = world.token(room, "kim")["token"]
    trust = ssl.create_default_context(cafile=str(world.server.ca_certificate))
    url = f"wss{world.server.https.removeprefix('https')}/ivschat"
    async with chatter(url, token, ssl=trust) as kim:
        await kim.say("hi")
        assert (await kim.receive())["Content"] == "hi"


def altered(token: str) -> list[str]:
    """Copies of the token with one character changed, dropped or added."""
    other = ["A" if letter != "A" else "B" for letter in token]
    places = range(0, len(token), max(1, len(token) // 20))
    return [
        *(token[:at] + other[at] + token[at + 1 :] for at in places),
        token[:-1],
        token[1:],
        token + "A",
        token.swapcase(),
    ]


async def test_altered_tokens(world: World, room: str) -> None:
    token = world.token(room, "kim")["token"]
    for wrong in altered(token):
        assert await refused(world.server.websocket, wrong) == 403
    # A refused handshake spends nothing.
    async with chatter(world.server.websocket, token):
        pass


async def test_no_token(world: World) -> None:
    assert await refused(world.server.websocket, []) == 401


async def test_a_token_is_spent_by_one_handshake(world: World, room: str) -> None:
    token = world.token(room, "kim")["token"]
    async with chatter(world.server.websocket, token):
        assert await refused(world.server.websocket, token) == 403
    assert await refused(world.server.websocket, token) == 403


async def test_of_many_at_once_one_gets_in(world: World, room: str) -> None:
    for _ in range(5):
        token = world.token(room, "kim")["token"]

        async def attempt(token: str = token) -> int:
            try:
                async with chatter(world.server.websocket, token):
                    await asyncio.sleep(0.05)
                    return 101
            except Exception as error:
                return int(error.response.status_code)  # type: ignore[attr-defined]

        outcomes = await asyncio.gather(*(attempt() for _ in range(10)))
        assert sorted(outcomes) == [101] + [403] * 9


async def test_the_room_is_gone(world: World, room: str) -> None:
    token = world.token(room, "kim")["token"]
    world.ivschat.delete_room(identifier=room)
    assert await refused(world.server.websocket, token) == 404


async def test_many_tokens_of_one_user(world: World, room: str) -> None:
    tokens = [world.token(room, "kim", [SEND])["token"] for _ in range(3)]
    assert len(set(tokens)) == 3
    async with (
        chatter(world.server.websocket, tokens[0]) as one,
        chatter(world.server.websocket, tokens[1]) as two,
        chatter(world.server.websocket, tokens[2]) as three,
    ):
        await one.say("hi")
        frames = [await each.receive() for each in (one, two, three)]
        assert frames[0] == frames[1] == frames[2]


async def test_a_token_says_nothing_to_its_holder(world: World, room: str) -> None:
    """Opaque: nothing of the claims can be read in it."""
    token = world.token(room, "kim-the-user", ALL, attributes={"secret": "sesame"})["token"]
    for part in token.split("."):
        for start in range(4):
            text = re.sub(r"[^\w-]", "", part)[start:]
            decoded = base64.urlsafe_b64decode(text[: len(text) // 4 * 4])
            assert b"sesame" not in decoded
            assert b"kim-the-user" not in decoded
