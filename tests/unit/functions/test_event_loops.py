"""HTTP targets on the event loop of production, in clear and over TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hubbub.functions import open_functions
from hubbub.functions.contract import FunctionFailed, FunctionTimeout
from hubbub.settings import FunctionSettings
from tests.unit.functions.conftest import ARN
from tests.unit.functions.endpoint import Request, endpoint, json_answer

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    return {"asyncio": asyncio.run, "uvloop": uvloop.run}[request.param]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "review")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "review.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def counting(request: Request, writer: asyncio.StreamWriter) -> None:
    event = request.body
    if event == b'{"Content":"hang"}':
        await asyncio.Event().wait()
    writer.write(json_answer(b'[%b,"ok"]' % event))


def test_calls_time_outs_and_kept_connections(run: Run) -> None:
    async def scenario() -> None:
        async with endpoint(counting) as served:
            functions = open_functions(FunctionSettings(targets={ARN: served.url}))
            for _ in range(3):
                assert await functions.invoke(ARN, {"a": 1}, 5) == [{"a": 1}, "ok"]
            assert served.connections == 1
            with pytest.raises(FunctionTimeout):
                await functions.invoke(ARN, {"Content": "hang"}, 0.05)
            assert await functions.invoke(ARN, {"a": 2}, 5) == [{"a": 2}, "ok"]
            assert served.connections == 2
            await functions.close()

    run(scenario())


def test_a_trusted_certificate(
    run: Run, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def scenario() -> None:
        async with endpoint(counting, server_context(certificate)) as served:
            functions = open_functions(FunctionSettings(targets={ARN: served.url}))
            for _ in range(2):
                assert await functions.invoke(ARN, {"a": 1}, 5) == [{"a": 1}, "ok"]
            assert served.connections == 1
            await functions.close()
            await asyncio.sleep(0.05)

    run(scenario())


def test_a_certificate_that_nobody_vouches_for(run: Run, certificate: Path) -> None:
    async def scenario() -> None:
        async with endpoint(counting, server_context(certificate)) as served:
            functions = open_functions(FunctionSettings(targets={ARN: served.url}))
            with pytest.raises(FunctionFailed, match="CERTIFICATE_VERIFY_FAILED"):
                await functions.invoke(ARN, {"a": 1}, 5)
            assert not served.requests
            await functions.close()

    run(scenario())


def test_a_time_out_over_tls_lets_go_of_the_connection_at_once(
    run: Run, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    gone = asyncio.Event()

    async def hanging(request: Request, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()
        gone.set()

    async def scenario() -> None:
        async with endpoint(hanging, server_context(certificate)) as served:
            functions = open_functions(FunctionSettings(targets={ARN: served.url}))
            with pytest.raises(FunctionTimeout):
                await functions.invoke(ARN, {}, 0.5)
            async with asyncio.timeout(2):
                await gone.wait()
            await functions.close()

    run(scenario())
