"""What the user is told of a local CA that cannot be used."""

from __future__ import annotations

from pathlib import Path

from hubbub.settings import SettingsError


def damaged(file: Path) -> SettingsError:
    what = "private key of ca.pem" if file.suffix == ".key" else "certificate"
    return SettingsError(
        f"local CA: {file} is not the {what}; restore it, or remove ca.pem and ca.key so that a"
        " new CA is made, which clients then have to trust"
    )
