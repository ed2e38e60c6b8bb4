"""What policies may ask about a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubbub.access.permissions import NOTHING, PolicyPermissions
from hubbub.access.policies import parse_policy
from hubbub.wire import Call, Credentials, Demand

ARN = "arn:aws:iam::111122223333:user/kim"
PRINCIPAL = {
    "aws:username": ("kim",),
    "aws:userid": ("AIDAKIM",),
    "aws:principalarn": (ARN,),
    "aws:principalaccount": ("111122223333",),
    "aws:principaltag/team": ("red",),
}
KEY = Credentials("AKIA", "s", "111122223333", ARN)
CALL = Call("things", "Do", KEY, "eu-west-1", "id", "192.0.2.7", {}, secure=True)


def permissions(**condition: Any) -> PolicyPermissions:
    statement = {"Effect": "Allow", "Action": "s:Do", "Resource": "*", "Condition": condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return PolicyPermissions((parse_policy(text),), PRINCIPAL)


@pytest.mark.parametrize(
    ("key", "value", "other"),
    [
        ("aws:username", "kim", "ada"),
        ("aws:userid", "AIDAKIM", "AIDA"),
        ("aws:PrincipalArn", ARN, ARN + "x"),
        ("aws:PrincipalAccount", "111122223333", "111122223334"),
        ("aws:PrincipalTag/Team", "red", "blue"),
        ("aws:RequestedRegion", "eu-west-1", "us-east-1"),
        ("aws:SourceIp", "192.0.2.7", "192.0.2.8"),
        ("aws:SecureTransport", "true", "false"),
        ("aws:RequestTag/Cost", "1", "2"),
        ("aws:TagKeys", "cost", "Cost"),
        ("s:Colour", "${aws:PrincipalTag/team}", "blue"),
    ],
)
async def test_condition_keys(key: str, value: str, other: str) -> None:
    conditions: dict[str, str | tuple[str, ...]] = {
        "aws:RequestTag/cost": "1",
        "aws:TagKeys": ("cost",),
        "S:colour": "red",
    }
    demand = Demand("s:Do", "*", conditions)
    assert await permissions(StringEquals={key: value}).allow(CALL, demand)
    assert not await permissions(StringEquals={key: other}).allow(CALL, demand)


async def test_tags_that_differ_in_case_are_all_looked_at() -> None:
    demand = Demand("s:Do", "*", {"aws:RequestTag/t": "red", "aws:RequestTag/T": "blue"})
    either = permissions(StringEquals={"aws:RequestTag/t": "blue"})
    assert await either.allow(CALL, demand)
    every = permissions(**{"ForAllValues:StringEquals": {"aws:RequestTag/t": "red"}})
    assert not await every.allow(CALL, demand)


async def test_tags_of_resources_are_read_only_when_asked_for() -> None:
    reads = 0

    async def tags() -> Mapping[str, str]:
        nonlocal reads
        reads += 1
        return {"Team": "red"}

    demand = Demand("s:Do", "*", {}, tags)
    assert await permissions().allow(CALL, demand)
    assert reads == 0
    assert await permissions(StringEquals={"aws:ResourceTag/team": "red"}).allow(CALL, demand)
    assert reads == 1
    blue = permissions(StringEquals={"aws:ResourceTag/team": "blue"})
    assert not await blue.allow(CALL, demand)
    without = permissions(StringEquals={"aws:ResourceTag/team": "red"})
    assert not await without.allow(CALL, Demand("s:Do", "*"))


async def test_nothing_allows_nothing() -> None:
    assert not await PolicyPermissions((NOTHING,), PRINCIPAL).allow(CALL, Demand("s:Do", "*"))
