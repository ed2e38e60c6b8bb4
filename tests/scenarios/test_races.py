"""Many callers at the same things at the same moment: no write is lost, no quota overrun."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.clients.observed import tracebacks
from tests.scenarios.ledger import ControlPlane
from tests.scenarios.nodes import nodes
from tests.server import Server, running_server

REGION = "race-1"
LIMITS = {"HUBBUB_LIMITS_ROOMS": "20", "HUBBUB_LIMITS_LOGGING_CONFIGURATIONS": "5"}
S3: dict[str, Any] = {"destinationConfiguration": {"s3": {"bucketName": "bucket"}}}
CALLERS = 12

Answers = list[tuple[int, dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql and two nodes"])
def planes(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str, redis_url: str
) -> Iterator[list[ControlPlane]]:
    def planes_of(servers: Sequence[Server]) -> Iterator[list[ControlPlane]]:
        planes = [ControlPlane(servers[n % len(servers)], REGION) for n in range(CALLERS)]
        yield planes
        for plane in planes:
            plane.close()
        for server in servers:
            assert tracebacks(server) == []

    if request.param == "sqlite":
        with running_server(tmp_path, environment=LIMITS) as server:
            yield from planes_of([server])
    else:
        with nodes(tmp_path, postgresql_url, redis_url, environment=LIMITS) as servers:
            yield from planes_of(servers)


def at_once(planes: Sequence[ControlPlane], call: Callable[[int, ControlPlane], Any]) -> list[Any]:
    """Each plane's answer to its call, all of them begun together."""
    start = threading.Barrier(len(planes))
    answers: list[Any] = [None] * len(planes)

    def run(n: int) -> None:
        start.wait()
        answers[n] = call(n, planes[n])

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(planes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None not in answers
    return answers


def test_quotas_hold(planes: list[ControlPlane]) -> None:
    for _ in range(3):
        answers: Answers = at_once(
            planes, lambda _, plane: plane.try_send("POST", "/CreateRoom", {})
        )
        assert {status for status, _ in answers} <= {200, 402}
    assert len(planes[0].call("ListRooms")["rooms"]) == 20
    answers = at_once(
        planes, lambda _, plane: plane.try_send("POST", "/CreateLoggingConfiguration", S3)
    )
    assert sorted(status for status, _ in answers) == [200] * 5 + [402] * 7


def test_tags_of_all_callers_are_there(planes: list[ControlPlane]) -> None:
    arn = planes[0].call("CreateRoom")["arn"]
    for turn in range(4):
        at_once(planes, lambda n, plane: plane.tag(arn, {f"k{turn}-{n}": "v"}))  # noqa: B023
    assert len(planes[0].call("GetRoom", identifier=arn)["tags"]) == 4 * CALLERS
    path = "/tags/" + arn.replace(":", "%3A").replace("/", "%2F")
    answers: Answers = at_once(
        planes,
        lambda n, plane: plane.try_send("POST", path, {"tags": {f"last-{n}": "v"}}),
    )
    assert sorted(status for status, _ in answers) == [200] * 2 + [400] * (CALLERS - 2)
    assert len(planes[0].call("GetRoom", identifier=arn)["tags"]) == 50


def test_updates_of_different_members_all_hold(planes: list[ControlPlane]) -> None:
    log = planes[0].call("CreateLoggingConfiguration", **S3)["arn"]
    changes: list[dict[str, Any]] = [
        {"name": "named"},
        {"maximumMessageLength": 7},
        {"maximumMessageRatePerSecond": 77},
        {"loggingConfigurationIdentifiers": [log]},
    ]
    for _ in range(5):
        arn = planes[0].call("CreateRoom")["arn"]
        at_once(
            planes[: len(changes)],
            lambda n, plane: plane.call("UpdateRoom", identifier=arn, **changes[n]),  # noqa: B023
        )
        room = planes[-1].call("GetRoom", identifier=arn)
        for change in changes:
            assert change.items() <= room.items()
        planes[0].call("DeleteRoom", identifier=arn)


def test_a_room_is_deleted_once(planes: list[ControlPlane]) -> None:
    for _ in range(5):
        arn = planes[0].call("CreateRoom")["arn"]
        answers: Answers = at_once(
            planes,
            lambda _, plane: plane.try_send("POST", "/DeleteRoom", {"identifier": arn}),  # noqa: B023
        )
        assert sorted(status for status, _ in answers) == [204] + [404] * (CALLERS - 1)


def test_no_room_keeps_a_configuration_that_is_gone(planes: list[ControlPlane]) -> None:
    """Attaching races with deleting: one of them wins."""
    for _ in range(10):
        log = planes[0].call("CreateLoggingConfiguration", **S3)["arn"]
        arn = planes[0].call("CreateRoom")["arn"]
        given: list[tuple[str, dict[str, Any]]] = [
            ("UpdateRoom", {"identifier": arn, "loggingConfigurationIdentifiers": [log]}),
            ("DeleteLoggingConfiguration", {"identifier": log}),
        ]
        answers: Answers = at_once(
            planes[:2],
            lambda n, plane: plane.try_send("POST", f"/{given[n][0]}", given[n][1]),  # noqa: B023
        )
        statuses = [status for status, _ in answers]
        assert statuses in ([200, 409], [404, 204]), answers
        attached = planes[0].call("GetRoom", identifier=arn)["loggingConfigurationIdentifiers"]
        assert attached == ([log] if statuses[0] == 200 else [])
        planes[0].call("DeleteRoom", identifier=arn)
        if statuses[0] == 200:
            planes[0].call("DeleteLoggingConfiguration", identifier=log)
