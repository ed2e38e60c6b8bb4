"""Certificates: the local CA, its renewal, one's own, and taking up changed files."""

import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from hubbub.serve.local_ca import issue, local_ca
from hubbub.serve.tls import ServerCertificate, ca_certificate_path, ensure_local_ca
from hubbub.settings import Settings, SettingsError


def served(certificate: ServerCertificate, trusted: Path, name: str = "localhost") -> bytes:
    """What a client that trusts `trusted` gets as certificate (DER) in a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=trusted)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    server = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    found = client.getpeercert(binary_form=True)
    assert found is not None
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "chat.example.test"])
def test_the_local_ca_vouches_for_our_names(settings: Settings, name: str) -> None:
    settings = replace(settings, host="chat.example.test")
    assert served(ServerCertificate(settings), ensure_local_ca(settings), name)


def test_other_names_are_not_ours(settings: Settings) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        served(ServerCertificate(settings), ensure_local_ca(settings), "example.test")


def test_the_certificate_stays_over_restarts(settings: Settings) -> None:
    ca = ensure_local_ca(settings)
    before = served(ServerCertificate(settings), ca)
    assert served(ServerCertificate(settings), ca) == before


def test_a_new_host_gets_a_new_certificate_of_the_same_ca(settings: Settings) -> None:
    ca = ensure_local_ca(settings)
    before = served(ServerCertificate(settings), ca)
    moved = ServerCertificate(replace(settings, host="10.1.2.3"))
    assert served(moved, ca, "10.1.2.3") != before


def test_keys_are_for_the_owner_only(settings: Settings) -> None:
    ServerCertificate(settings)
    folder = ca_certificate_path(settings).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("ca.key", "server.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@contextmanager
def expiring(settings: Settings, days: int) -> Iterator[None]:
    """Make the note about the server certificate say that it ends in so many days."""
    note = ca_certificate_path(settings).parent / "server.json"
    content = msgspec.json.decode(note.read_bytes())
    content["expires"] = datetime.now(UTC) + timedelta(days=days)
    note.write_bytes(msgspec.json.encode(content))
    yield


def test_it_is_renewed_a_month_before_it_expires(settings: Settings) -> None:
    ca = ensure_local_ca(settings)
    first = served(ServerCertificate(settings), ca)
    with expiring(settings, days=31):
        assert served(ServerCertificate(settings), ca) == first
    with expiring(settings, days=29):
        assert served(ServerCertificate(settings), ca) != first


def test_one_that_another_worker_has_renewed_is_taken_up(settings: Settings) -> None:
    ca = ensure_local_ca(settings)
    running = ServerCertificate(settings)
    first = served(running, ca)
    with expiring(settings, days=29):
        ServerCertificate(settings)
    assert running.refresh() is True
    assert served(running, ca) != first


def own_certificate(folder: Path) -> Settings:
    """Settings with a certificate of one's own, from another CA, in `folder`."""
    folder.mkdir(exist_ok=True)
    issue(folder, frozenset({"localhost"}), *local_ca(folder))
    return Settings(
        data_dir=folder / "unused",
        tls_certificate=folder / "server.pem",
        tls_key=folder / "server.key",
    )


def test_ones_own_certificate_is_served_and_no_ca_is_made(tmp_path: Path) -> None:
    settings = own_certificate(tmp_path)
    assert served(ServerCertificate(settings), tmp_path / "ca.pem")
    assert not settings.data_dir.exists()


def test_changed_files_are_taken_up(tmp_path: Path) -> None:
    running = ServerCertificate(own_certificate(tmp_path))
    before = served(running, tmp_path / "ca.pem")
    assert running.refresh() is False
    own_certificate(tmp_path)
    assert running.refresh() is True
    assert served(running, tmp_path / "ca.pem") != before


def test_unusable_files_leave_the_old_certificate_in_force(tmp_path: Path) -> None:
    settings = own_certificate(tmp_path)
    running = ServerCertificate(settings)
    before = served(running, tmp_path / "ca.pem")
    assert settings.tls_key is not None
    good_key = settings.tls_key.read_bytes()
    own_certificate(tmp_path / "other")
    settings.tls_key.write_bytes((tmp_path / "other" / "server.key").read_bytes())
    with pytest.raises(ssl.SSLError):
        running.refresh()
    assert served(running, tmp_path / "ca.pem") == before
    settings.tls_key.write_bytes(good_key)
    assert running.refresh() is True


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_unusable_files_are_refused_at_start(tmp_path: Path, content: bytes) -> None:
    settings = own_certificate(tmp_path)
    assert settings.tls_certificate is not None
    settings.tls_certificate.write_bytes(content)
    with pytest.raises(SettingsError, match="tls-certificate and tls-key"):
        ServerCertificate(settings)
    settings.tls_certificate.unlink()
    with pytest.raises(SettingsError, match="No such file"):
        ServerCertificate(settings)


def test_a_ca_about_to_end_is_replaced(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.serve.local_ca.CA_DAYS", 100)
    first = x509.load_pem_x509_certificate(ensure_local_ca(settings).read_bytes())
    monkeypatch.undo()
    certificate = ServerCertificate(settings)
    second = x509.load_pem_x509_certificate(ensure_local_ca(settings).read_bytes())
    assert first.subject != second.subject
    assert served(certificate, ensure_local_ca(settings))


JUNK = [
    b"",
    b"junk",
    b"\xff\x00",
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
]


@pytest.mark.parametrize("name", ["server.pem", "server.key", "server.json"])
@pytest.mark.parametrize("junk", JUNK)
def test_a_damaged_server_certificate_is_made_anew(
    settings: Settings, name: str, junk: bytes
) -> None:
    ca = ensure_local_ca(settings)
    before = ca.read_bytes()
    ServerCertificate(settings)
    (ca.parent / name).write_bytes(junk)
    running = ServerCertificate(settings)
    assert served(running, ca)
    assert ca.read_bytes() == before
    assert running.refresh() is False


@pytest.mark.parametrize(
    "note", [b'{"names":["localhost"],"expires":"2999-01-01T00:00:00"}', b'{"names":[]}', b"[]"]
)
def test_a_note_that_says_something_else_is_made_anew(settings: Settings, note: bytes) -> None:
    ca = ensure_local_ca(settings)
    ServerCertificate(settings)
    (ca.parent / "server.json").write_bytes(note)
    assert served(ServerCertificate(settings), ca)


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("has_served", [True, False])
def test_a_damaged_ca_is_named_and_kept(
    settings: Settings, name: str, junk: bytes, has_served: bool
) -> None:
    folder = ensure_local_ca(settings).parent
    if has_served:
        ServerCertificate(settings)
    (folder / name).write_bytes(junk)
    with pytest.raises(SettingsError) as raised:
        ServerCertificate(settings)
    assert str(folder / name) in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(SettingsError, match=name):
        ensure_local_ca(settings)
    with pytest.raises(SettingsError, match=name):
        local_ca(folder)
    assert (folder / name).read_bytes() == junk
    for damaged in ("ca.pem", "ca.key"):
        (folder / damaged).unlink()
    assert served(ServerCertificate(settings), ensure_local_ca(settings))


def test_a_key_of_another_kind_is_not_the_cas(settings: Settings) -> None:
    folder = ensure_local_ca(settings).parent
    other = ed25519.Ed25519PrivateKey.generate()
    (folder / "ca.key").write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    for use in (lambda: ServerCertificate(settings), lambda: local_ca(folder)):
        with pytest.raises(SettingsError, match=r"ca\.key"):
            use()
