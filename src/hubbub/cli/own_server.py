"""Operations of AWS's APIs, called on the running server of a data directory with its root key."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

from hubbub.cli.configuration import add_flags, read_settings
from hubbub.cli.data_directory import prepare, running_addresses
from hubbub.settings import SettingsError

_FLAGS = frozenset({"data-dir", "region", "account-id"})


def add_server_flags(parser: argparse.ArgumentParser) -> None:
    """What tells the server, its region and its root key."""
    add_flags(parser, only=_FLAGS)


def print_answer(given: argparse.Namespace, service: str, call: Callable[[Any], str | None]) -> int:
    """Print what `call` makes of a boto3 client of the service; the exit status.

    Raises SettingsError with a text for the user when there is no server, or it refuses.
    """
    import boto3  # noqa: PLC0415 -- slow to import
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import (  # noqa: PLC0415
        BotoCoreError,
        ClientError,
        ParamValidationError,
    )

    from hubbub.access import root_key  # noqa: PLC0415

    settings = prepare(read_settings(given, os.environ))
    running = running_addresses(settings.data_dir)
    if running is None:
        raise SettingsError(
            f"no server is running on {settings.data_dir}; start one: hubbub serve, or name"
            " another directory with --data-dir"
        )
    key = root_key(settings)
    endpoint = running.http.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    make: Callable[..., Any] = boto3.client
    client = make(
        service,
        endpoint_url=endpoint,
        region_name=settings.region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(proxies={}),
    )
    try:
        text = call(client)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        raise SettingsError(f"{error.response['Error']['Code']}: {message}") from None
    except ParamValidationError as error:
        raise SettingsError(str(error).replace("\n", " ")) from None
    except BotoCoreError as error:
        raise SettingsError(f"the server at {endpoint} cannot be asked: {error}") from None
    if text is not None:
        print(text)
    return 0
