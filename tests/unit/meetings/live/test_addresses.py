from __future__ import annotations

import ipaddress

import pytest

from hubbub.meetings.live.addresses import candidates, listening_address, told_addresses
from hubbub.meetings.sdp import Candidate
from hubbub.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("host", "media_host", "address"),
    [
        ("0.0.0.0", "", "0.0.0.0"),
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),
        ("[::1]", "", "::1"),
    ],
)
def test_media_arrive_at_the_host_or_where_told(host: str, media_host: str, address: str) -> None:
    assert listening_address(Settings(host=host, media_host=media_host)) == address


def test_names_are_looked_up() -> None:
    found = ipaddress.ip_address(listening_address(Settings(host="localhost")))
    assert found.is_loopback
    with pytest.raises(SettingsError, match="media-host"):
        listening_address(Settings(media_host="no.such.host.invalid"))


def test_every_address_is_told_with_udp_and_tcp() -> None:
    settings = Settings(media_addresses="192.0.2.1, 2001:db8::1")
    assert candidates(told_addresses(settings, "127.0.0.1"), 4478) == (
        Candidate("udp", "192.0.2.1", 4478),
        Candidate("udp", "2001:db8::1", 4478),
        Candidate("tcp", "192.0.2.1", 4478),
        Candidate("tcp", "2001:db8::1", 4478),
    )
    with pytest.raises(SettingsError, match="media-addresses"):
        told_addresses(Settings(media_addresses="1.2.3"), "127.0.0.1")


def test_unset_it_is_the_address_listened_on_or_the_machines_own() -> None:
    assert told_addresses(Settings(), "192.0.2.9") == ["192.0.2.9"]
    for listening in ("0.0.0.0", "::"):
        own = told_addresses(Settings(), listening)
        assert own
        assert not any(ipaddress.ip_address(each).is_unspecified for each in own)
