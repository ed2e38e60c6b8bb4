"""Certificates of the HTTPS listener: the user's own, or one of a local CA in the data directory.

``<data-dir>/tls`` holds ``ca.pem``, ``ca.key``, ``server.pem`` (with the CA behind it) and
``server.key``; keys are readable by their owner only. The CA's certificate is what clients have to
trust (``hubbub ca path``). A server certificate that cannot be used is made anew; the CA never is,
as clients trust it: a damaged one is for the user to restore or remove.
"""

from __future__ import annotations

import fcntl
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from hubbub.serve.damage import damaged
from hubbub.settings import Settings, SettingsError

RENEW_DAYS = 30


class ServerCertificate:
    """The certificate of a listener; `context` follows its files (call `refresh` now and then)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        if settings.tls_certificate is not None and settings.tls_key is not None:
            self._files = (settings.tls_certificate, settings.tls_key)
        else:
            folder = ca_certificate_path(settings).parent
            self._files = (folder / "server.pem", folder / "server.key")
        self._is_local = settings.tls_certificate is None
        self._renew_at = datetime.max.replace(tzinfo=UTC)
        self._renew()
        try:
            self.context = self._first_context()
            self._seen = self._stamps()
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error.reason if isinstance(error, ssl.SSLError) else error
            raise SettingsError(f"settings tls-certificate and tls-key: {reason}") from None
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])

    def refresh(self) -> bool:
        """Renew what is about to expire and take up changed files; True if there were any.

        Raises OSError or ssl.SSLError when the new files cannot be used; the old certificate then
        stays in force and the next change is tried again.
        """
        if datetime.now(UTC) >= self._renew_at:
            self._renew()
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        self._seen = stamps
        # A context that fails half-way would be left with a certificate and no key.
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._load(self.context)
        return True

    def _first_context(self) -> ssl.SSLContext:
        try:
            return self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        except ssl.SSLError:
            if not self._is_local:
                raise
        issue_local_certificate(self._settings, anew=True)
        return self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        # The password callback keeps OpenSSL from asking at the terminal.
        context.load_cert_chain(*self._files, password=lambda: "")
        return context

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        stats = [file.stat() for file in self._files]
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)

    def _renew(self) -> None:
        if self._is_local:
            self._renew_at = issue_local_certificate(self._settings)


def ca_certificate_path(settings: Settings) -> Path:
    return settings.data_dir / "tls" / "ca.pem"


def ensure_local_ca(settings: Settings) -> Path:
    """Make the local CA if there is none yet; the path of its certificate.

    Raises SettingsError when its files cannot be used.
    """
    try:
        with _locked(ca_certificate_path(settings).parent) as folder:
            if not (folder / "ca.pem").is_file():
                from hubbub.serve.local_ca import local_ca  # noqa: PLC0415 -- slow to import

                local_ca(folder)
            _check_ca(folder)
    except OSError as error:
        raise SettingsError(f"local CA: {error}") from None
    return ca_certificate_path(settings)


def _check_ca(folder: Path) -> None:
    """Raise SettingsError if the CA is damaged. One that has lost its key serves until renewal."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate.is_file():
        try:
            context.load_verify_locations(certificate)
        except ssl.SSLError:
            raise damaged(certificate) from None
        if key.is_file():
            try:
                context.load_cert_chain(certificate, key, password=lambda: "")
            except ssl.SSLError:
                raise damaged(key) from None


class _Issued(msgspec.Struct):
    """``server.json``: what there is to know of the server certificate without parsing it."""

    names: list[str]
    expires: Annotated[datetime, msgspec.Meta(tz=True)]


def issue_local_certificate(settings: Settings, *, anew: bool = False) -> datetime:
    """Make or renew CA and server certificate where needed; when the latter is to be renewed.

    `anew`: the server certificate in any case. Raises SettingsError when the CA is damaged.
    """
    names = _host_names(settings.host)
    with _locked(ca_certificate_path(settings).parent) as folder:
        _check_ca(folder)
        note = folder / "server.json"
        issued = None if anew else _read_note(note)
        is_there = all((folder / name).is_file() for name in ("ca.pem", "server.pem", "server.key"))
        if not (issued and is_there and names <= set(issued.names) and _lasts(issued)):
            from hubbub.serve.local_ca import issue, local_ca, write  # noqa: PLC0415

            expires = issue(folder, names, *local_ca(folder))
            issued = _Issued(sorted(names), expires)
            write(note, msgspec.json.encode(issued))
    return issued.expires - timedelta(days=RENEW_DAYS)


def _read_note(note: Path) -> _Issued | None:
    try:
        return msgspec.json.decode(note.read_bytes(), type=_Issued)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _lasts(issued: _Issued) -> bool:
    return issued.expires - datetime.now(UTC) > timedelta(days=RENEW_DAYS)


def _host_names(host: str) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname(), host}
    return frozenset(name for name in names if re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", name))


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """The folder, for one process at a time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
