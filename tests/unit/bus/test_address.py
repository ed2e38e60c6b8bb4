from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from hubbub.bus import open_bus
from hubbub.bus.address import Address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", Address()),
        ("redis://cache", Address("cache")),
        ("valkey://cache:7000/3", Address("cache", 7000, db=3)),
        ("redis://:s%40cret@cache", Address("cache", password="s@cret")),
        ("redis://me:pw@[::1]:1", Address("::1", 1, username="me", password="pw")),
        ("redis://cache?db=4", Address("cache", db=4)),
        ("unix:///run/valkey.sock?db=2", Address(path="/run/valkey.sock", db=2)),
        ("unix://me:pw@/run/v", Address(path="/run/v", username="me", password="pw")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_tls_urls_verify_the_server_unless_told_otherwise(scheme: str) -> None:
    tls = Address.parse(f"{scheme}://cache").tls
    assert tls is not None
    assert tls.verify_mode is ssl.CERT_REQUIRED
    loose = Address.parse(f"{scheme}://cache?ssl_cert_reqs=none").tls
    assert loose is not None
    assert loose.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("url", ["http://x", "cache:6379", "redis://x/one", "redis://x:port"])
async def test_what_is_no_bus_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        await open_bus(url, tmp_path)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Address.parse("redis://:secret@cache"))
    assert str(Address.parse("redis://:secret@cache")) == "cache:6379"
