"""The local certificate authority: makes its certificate and those of servers.

Imported only when there is something to make, because `cryptography.x509` is slow to import.
Callers hold the lock of the folder (`hubbub.serve.tls`).
"""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from hubbub.serve.damage import damaged

CA_DAYS = 3_650
SERVER_DAYS = 397  # what clients accept at most
PEM = serialization.Encoding.PEM


def local_ca(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority in ``ca.pem`` and ``ca.key``; a new one if there is none that lasts.

    Raises SettingsError when a file of it is damaged.
    """
    certificate_file, key_file = folder / "ca.pem", folder / "ca.key"
    if certificate_file.is_file() and key_file.is_file():
        certificate, key = _read(certificate_file, key_file)
        if certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(SERVER_DAYS):
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    # A number of its own: clients may come to know several Hubbubs' CAs.
    common_name = f"Hubbub local CA {x509.random_serial_number() % 16**8:08x}"
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            subject,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            now - timedelta(hours=1),
            now + timedelta(CA_DAYS),
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write(key_file, _private_bytes(key))
    write(certificate_file, certificate.public_bytes(PEM), 0o644)
    return certificate, key


def _read(
    certificate_file: Path, key_file: Path
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    except ValueError:
        raise damaged(certificate_file) from None
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it needs a password
        raise damaged(key_file) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise damaged(key_file)
    return certificate, key


def issue(
    folder: Path,
    names: frozenset[str],
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
) -> datetime:
    """Make ``server.pem`` (the authority behind it) and ``server.key``; when they expire."""
    own_key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            authority.subject,
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Hubbub")]),
            own_key.public_key(),
            x509.random_serial_number(),
            now - timedelta(hours=1),
            now + timedelta(SERVER_DAYS),
        )
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in sorted(names)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(own_key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    chain = [one.public_bytes(PEM) for one in (certificate, authority)]
    write(folder / "server.key", _private_bytes(own_key))
    write(folder / "server.pem", b"".join(chain), 0o644)
    return certificate.not_valid_after_utc


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace the file in one step."""
    new = file.with_suffix(file.suffix + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
        os.fsync(descriptor)
    new.replace(file)
