"""Real sockets, real clients."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from hubbub.sockets import CloseCodes, encode_text
from tests.unit.sockets.client_frames import LIMIT, MALFORMED, TEXT, close, frame
from tests.unit.sockets.conftest import Hall, OpenSite, Site


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - other people's code gives no event
            await asyncio.sleep(0.002)


async def client(site: Site, subprotocol: str = "token") -> ClientConnection:
    return await connect(
        f"ws://127.0.0.1:{site.port}/", subprotocols=[Subprotocol(subprotocol)], proxy=None
    )


@pytest.mark.parametrize("token", ["abc_def.ghi", "x" * 3_000, "!#$%&'*+-.^_`|~"])
async def test_a_client_connects_and_its_subprotocol_is_repeated(
    open_site: OpenSite, token: str
) -> None:
    site = await open_site(Hall())
    async with await client(site, token) as there:
        assert there.subprotocol == token
        assert there.protocol.extensions == []
        assert len(site.front) == 1


async def test_messages_go_both_ways_in_every_size(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    async with await client(site) as there:
        for size in (0, 1, 125, 126, 65_535, 65_536, 131_072):
            text = "x" * size
            await there.send(text)
            await until(lambda: len(hall.receivers[0].messages) > 0)
            assert hall.receivers[0].messages.pop() == text.encode()
            hall.audience.broadcast(encode_text(text.encode()))
            assert await there.recv() == text
        await there.send(["frag", "men", "ted"])
        await (await there.ping(b"hello"))
        assert hall.receivers[0].messages == [b"fragmented"]
    await until(lambda: hall.receivers[0].codes)
    assert hall.receivers[0].codes == [1000]
    assert len(hall.audience) == 0


async def test_we_close_and_the_client_sees_code_and_reason(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    async with await client(site) as there:
        hall.audience.broadcast(encode_text(b"last"))
        hall.receivers[0].connection.close(1000, "bye")
        assert await there.recv() == "last"
        with pytest.raises(websockets.ConnectionClosedOK):
            await there.recv()
        assert (there.close_code, there.close_reason) == (1000, "bye")
    await until(lambda: hall.receivers[0].codes)
    assert hall.receivers[0].codes == [1000]


async def test_two_hundred_members_get_every_frame_in_order(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    peers = [await site.peer() for _ in range(200)]
    await asyncio.gather(*(each.upgrade() for each in peers))
    for burst in range(20):
        for number in range(10):
            hall.audience.broadcast(encode_text(b"%d" % (burst * 10 + number)))
        await asyncio.sleep(0)
    expected = b"".join(encode_text(b"%d" % number) for number in range(200))
    for each in peers:
        async with asyncio.timeout(10):
            assert await each.reader.readexactly(len(expected)) == expected


async def test_a_slow_reader_is_closed_with_1013_and_the_others_lose_nothing(
    open_site: OpenSite,
) -> None:
    hall = Hall()
    site = await open_site(hall, queue_bytes=400_000, linger_seconds=30)
    quick = await site.peer()
    slow = await site.peer(limit=1_024)
    await quick.upgrade()
    await slow.upgrade()
    payload = b"x" * 100_000
    sent = 0
    while len(hall.audience) == 2 and sent < 1_000:
        hall.audience.broadcast(encode_text(b"%06d" % sent + payload))
        sent += 1
        opcode, got = await quick.read_frame()
        assert (opcode, got[:6]) == (TEXT, b"%06d" % (sent - 1))
        member = hall.receivers[1].connection
        if member._close_code:  # type: ignore[attr-defined]
            break
    assert sent < 1_000
    # Now it reads: everything without a gap, then the reason to come back.
    number = 0
    while (read := await slow.read_frame())[0] == TEXT:
        assert read[1][:6] == b"%06d" % number
        number += 1
    assert read == (0x8, (1013).to_bytes(2, "big") + b"Reading too slowly")
    assert 0 < number < sent
    slow.writer.write(close(1013))
    assert await slow.at_end()
    hall.audience.broadcast(encode_text(b"after"))
    assert await quick.read_frame() == (TEXT, b"after")
    assert hall.receivers[1].codes == [1013]


async def test_a_slow_reader_that_catches_up_stays(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall, queue_bytes=61_000_000)
    slow = await site.peer(limit=1_024)
    await slow.upgrade()
    payload = b"x" * 100_000
    for number in range(120):
        hall.audience.broadcast(encode_text(b"%06d" % number + payload))
        await asyncio.sleep(0)
    for number in range(120):
        _, got = await slow.read_frame()
        assert got[:6] == b"%06d" % number
    hall.audience.broadcast(encode_text(b"after"))
    assert await slow.read_frame() == (TEXT, b"after")
    assert list(hall.audience._fast)


class Small(Hall):
    max_message_bytes = LIMIT
    codes = CloseCodes()


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_frame_is_answered_and_the_others_go_on(
    open_site: OpenSite, name: str
) -> None:
    data, code = MALFORMED[name]
    hall = Small()
    site = await open_site(hall, linger_seconds=0.2, tick_seconds=0.05)
    bad, good = await site.peer(), await site.peer()
    await bad.upgrade()
    await good.upgrade()
    bad.writer.write(data + b"more of no use" * 10)
    opcode, payload = await bad.read_frame()
    assert opcode == 0x8
    assert int.from_bytes(payload[:2], "big") == code
    assert await bad.at_end()
    await bad.close()
    await until(lambda: hall.receivers[0].codes)
    assert hall.receivers[0].codes == [1006]
    hall.audience.broadcast(encode_text(b"still here"))
    assert await good.read_frame() == (TEXT, b"still here")


async def test_a_message_that_comes_byte_by_byte(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    each = await site.peer()
    await each.upgrade()
    for byte in frame(TEXT, b"slowly"):
        each.writer.write(bytes([byte]))
        await each.writer.drain()
        await asyncio.sleep(0.001)
    await until(lambda: hall.receivers[0].messages == [b"slowly"])


async def test_pings_are_sent_and_a_silent_peer_is_dropped(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall, ping_seconds=0.06, silent_seconds=0.3, tick_seconds=0.02)
    silent = await site.peer()
    await silent.upgrade()
    async with await client(site) as answering:
        assert await silent.read_frame() == (0x9, b"")
        while True:
            try:
                assert await silent.read_frame() == (0x9, b"")
            except (asyncio.IncompleteReadError, ConnectionResetError):
                break
        await until(lambda: hall.receivers[0].codes == [1006])
        await answering.send("here")
        await until(lambda: hall.receivers[1].messages == [b"here"])


async def test_unknown_paths_and_other_methods(open_site: OpenSite) -> None:
    site = await open_site(Hall())
    each = await site.peer()
    assert (await each.upgrade("/elsewhere")).startswith(b"HTTP/1.1 404 ")
    assert (await each.reader.read()).endswith(b"\n")
    await until(lambda: len(site.front) == 0)


async def test_a_half_closed_client_is_gone(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    each = await site.peer()
    await each.upgrade()
    each.writer.write_eof()
    await until(lambda: hall.receivers[0].codes == [1006])
    assert len(hall.audience) == 0


async def test_a_reset_client_is_gone_and_writing_to_it_harms_nobody(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    bad, good = await site.peer(), await site.peer()
    await bad.upgrade()
    await good.upgrade()
    bad.writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    bad.writer.transport.abort()
    for number in range(50):
        hall.audience.broadcast(encode_text(b"%d" % number))
        await asyncio.sleep(0)
        assert await good.read_frame() == (TEXT, b"%d" % number)
    await until(lambda: hall.receivers[0].codes == [1006])


async def test_drain_closes_everyone_with_1012(open_site: OpenSite) -> None:
    hall = Hall()
    site = await open_site(hall)
    async with await client(site) as one, await client(site) as other:
        await site.front.drain(5)
        for there in (one, other):
            with pytest.raises(websockets.ConnectionClosed):
                await there.recv()
            assert there.close_code == 1012
    assert [receiver.codes for receiver in hall.receivers] == [[1012], [1012]]


def certificate(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts of a server called localhost, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=path.read_text())


async def test_everything_over_tls(open_site: OpenSite, tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    hall = Hall()
    site = await open_site(hall, tls=server, linger_seconds=0.2, tick_seconds=0.05)
    each, other = await site.peer(tls=trusting), await site.peer(tls=trusting)
    await each.upgrade()
    await other.upgrade()
    payload = b"x" * 60_000
    for number in range(100):
        hall.audience.broadcast(encode_text(b"%06d" % number + payload))
    for number in range(100):
        opcode, got = await each.read_frame()
        assert (opcode, got[:6], len(got)) == (TEXT, b"%06d" % number, 60_006)
    each.writer.write(frame(TEXT, b"hello"))
    await until(lambda: hall.receivers[0].messages == [b"hello"])
    each.writer.write(MALFORMED["rsv1"][0])
    opcode, got = await each.read_frame()
    assert (opcode, got[:2]) == (0x8, (1002).to_bytes(2, "big"))
    await until(lambda: hall.receivers[0].codes == [1006])
    hall.receivers[1].connection.close(1000)
    for _ in range(100):
        await other.read_frame()
    assert await other.read_frame() == (0x8, (1000).to_bytes(2, "big"))
