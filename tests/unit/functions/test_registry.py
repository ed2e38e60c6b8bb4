"""Which function an ARN means, and which settings are refused."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from hubbub.functions import open_functions
from hubbub.functions.contract import FunctionFailed, FunctionMissing, FunctionTimeout
from hubbub.settings import FunctionSettings, SettingsError
from tests.unit.functions.conftest import ARN, Opener

HERE = "python:tests.unit.functions.callables:"


@pytest.mark.parametrize(
    ("registered", "asked", "known"),
    [
        (ARN, ARN, True),
        (ARN, f"{ARN}:live", True),
        (ARN, f"{ARN}:7", True),
        (ARN, f"{ARN}:$LATEST", True),
        (f"{ARN}:live", f"{ARN}:live", True),
        (f"{ARN}:live", ARN, False),
        (f"{ARN}:live", f"{ARN}:7", False),
        (f"{ARN}:$LATEST", ARN, True),
        (f"{ARN}:$LATEST", f"{ARN}:$LATEST", True),
        (ARN, ARN + "er", False),
        (ARN, ARN.replace("us-east-1", "eu-west-1"), False),
        (ARN, ARN.replace("1234", "4321"), False),
        (ARN, "", False),
        (ARN, "review", False),
    ],
)
async def test_an_arn_matches_with_or_without_its_qualifier(
    registered: str, asked: str, known: bool
) -> None:
    functions = open_functions(FunctionSettings(targets={registered: HERE + "change_event"}))
    assert functions.knows(asked) is known
    if known:
        assert await functions.invoke(asked, {}, 5) is None
    else:
        with pytest.raises(FunctionMissing):
            await functions.invoke(asked, {}, 5)
    await functions.close()


async def test_a_qualified_registration_goes_before_the_general_one() -> None:
    functions = open_functions(
        FunctionSettings(targets={ARN: HERE + "echo", f"{ARN}:live": HERE + "reviewer.method"})
    )
    assert await functions.invoke(f"{ARN}:live", {}, 5) == "method"
    assert "event" in await functions.invoke(f"{ARN}:7", {}, 5)
    await functions.close()


@pytest.mark.parametrize(
    ("arn", "target", "complaint"),
    [
        ("review", HERE + "echo", "not the ARN"),
        ("arn:aws:lambda:us-east-1:123456789012:function:", HERE + "echo", "not the ARN"),
        ("arn:aws:sns:us-east-1:123456789012:function:x", HERE + "echo", "not the ARN"),
        (ARN, "", "starts with http://"),
        (ARN, "ftp://host/", "starts with http://"),
        (ARN, "/review", "starts with http://"),
        (ARN, "http:review", "host is missing"),
        (ARN, "http://", "host is missing"),
        (ARN, "http://host:99999/", "port"),
        (ARN, "http://host:0/", "port"),
        (ARN, "http://host:x/", "port"),
        (ARN, "http://[::1/", "IPv6"),
        (ARN, "http://host/a b", "spaces"),
        (ARN, "http://host/\r\nX: y", "spaces"),
        (ARN, "http://host/ü", "ASCII"),
        (ARN, "http://host/#part", "#fragment"),
        (ARN, "python:", "package.module:callable"),
        (ARN, "python:json", "package.module:callable"),
        (ARN, "python:no_such_module:review", "cannot be imported"),
        (ARN, "python:.relative:review", "cannot be imported"),
        (ARN, "python:json:no_such_name", "has no no_such_name"),
        (ARN, HERE + "not_callable", "no callable"),
        (ARN, HERE + "two_arguments", "the event alone"),
        (ARN, "lambda:", "http://"),
        (ARN, "lambda:aws", "http://"),
        (ARN, "lambda:http://host/?x=1", "no query"),
        (ARN, "lambda:http://me@host/", "no user"),
    ],
)
async def test_bad_settings_are_refused_with_their_name(
    arn: str, target: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        open_functions(FunctionSettings(targets={arn: target}))
    assert "functions.targets" in str(refused.value)
    assert arn in str(refused.value)
    assert complaint in str(refused.value)


async def test_messages_hold_no_password() -> None:
    with pytest.raises(SettingsError) as refused:
        open_functions(FunctionSettings(targets={ARN: "http://me:hunter2@host:x/"}))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("timeout", [0.0, -1.0])
async def test_no_time_left(opened: Opener, timeout: float) -> None:
    with pytest.raises(FunctionTimeout):
        await opened(review=HERE + "echo_async").invoke(ARN, {}, timeout)


async def test_failures_are_logged_at_a_bounded_rate(
    opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    functions = opened(review=HERE + "fail")
    with caplog.at_level(logging.WARNING, "hubbub.functions"):
        for _ in range(20):
            with pytest.raises(FunctionFailed):
                await functions.invoke(ARN, {}, 5)
    (line,) = caplog.messages
    assert ARN in line
    assert "ValueError: no" in line
    assert "in fail\n" in caplog.text  # the traceback


@pytest.mark.parametrize(
    ("targets", "imported"),
    [
        ({}, []),
        ({ARN: "python:json:dumps"}, []),
        ({ARN: "http://h/"}, ["aiohttp"]),
        ({ARN: "lambda:http://h/"}, ["aiohttp", "botocore"]),
    ],
    ids=["none", "python", "http", "lambda"],
)
def test_what_is_slow_to_import_is_imported_for_its_targets_only(
    targets: dict[str, str], imported: list[str]
) -> None:
    code = (
        "import sys\n"
        "from hubbub.functions import open_functions\n"
        "from hubbub.settings import FunctionSettings\n"
        f"open_functions(FunctionSettings(targets={targets!r}))\n"
        "print([m for m in ('aiohttp', 'boto3', 'botocore') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == str(imported)
