"""Every operation of STS: who may call it, what it gives, how long that lasts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sts.conftest import CHAINED, ELSEWHERE, OPEN, ROLE
from tests.unit.sts.desk import ACCOUNT, Desk, allow

if TYPE_CHECKING:
    from types_boto3_sts.client import STSClient

FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/"
Ask = Callable[["STSClient"], Mapping[str, Any]]


def refused(ask: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        ask()
    response = caught.value.response
    error = response["Error"]
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        error.get("Code", ""),
        error.get("Message", ""),
    )


def seconds_left(answer: Mapping[str, Any]) -> float:
    ends: datetime = answer["Credentials"]["Expiration"]
    return (ends - datetime.now(UTC)) / timedelta(seconds=1)


def test_who_am_i(desk: Desk) -> None:
    root = desk.sts(desk.root).get_caller_identity()
    assert (root["UserId"], root["Account"], root["Arn"]) == (
        ACCOUNT,
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:root",
    )
    key = desk.key(allow("nothing:AtAll"), "111122223333")
    user = desk.sts(key).get_caller_identity()
    assert user["Arn"] == f"arn:aws:iam::111122223333:user/{key['AccessKeyId']}"
    assert user["UserId"] == "AIDA" + key["AccessKeyId"][4:]


def test_a_session_of_a_key_is_the_key(desk: Desk) -> None:
    key = desk.key(allow("ivschat:ListRooms"))
    session = desk.sts(key).get_session_token()["Credentials"]
    me, limited = desk.sts(session), desk.client("ivschat", session)
    assert me.get_caller_identity()["Arn"].endswith(key["AccessKeyId"])
    assert limited.list_rooms()["rooms"] == []
    assert refused(limited.create_room)[1] == "AccessDeniedException"


def test_a_federated_user_may_do_what_key_and_policy_both_allow(desk: Desk) -> None:
    key = desk.key(allow("ivschat:*", "sts:GetFederationToken"))
    answer = desk.sts(key).get_federation_token(Name="kim", Policy=allow("ivschat:ListRooms"))
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:kim",
        "Arn": FEDERATED + "kim",
    }
    assert 0 < answer["PackedPolicySize"] < 20
    kim = desk.client("ivschat", answer["Credentials"])
    assert kim.list_rooms()["rooms"] == []
    status, code, message = refused(kim.create_room)
    assert (status, code) == (403, "AccessDeniedException")
    assert message.startswith(f"User: {FEDERATED}kim is not authorized to perform: ivschat:Create")

    wide = desk.sts(key).get_federation_token(Name="ada", Policy=allow("chime:*", "ivschat:*"))
    identity = desk.sts(wide["Credentials"]).get_caller_identity()
    assert identity["UserId"] == f"{ACCOUNT}:ada"
    none = desk.sts(key).get_federation_token(Name="eve")
    eve = desk.client("ivschat", none["Credentials"])
    assert refused(eve.list_rooms)[1] == "AccessDeniedException"


def test_a_role_may_do_what_its_policy_allows(desk: Desk) -> None:
    key = desk.key(allow("sts:AssumeRole", resource=OPEN))
    answer = desk.sts(key).assume_role(RoleArn=OPEN, RoleSessionName="job-1")
    role_id, _, session_name = answer["AssumedRoleUser"]["AssumedRoleId"].partition(":")
    assert (role_id[:4], len(role_id), session_name) == ("AROA", 20, "job-1")
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/open/job-1"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert desk.client("ivschat", answer["Credentials"]).list_rooms()["rooms"] == []
    identity = desk.sts(answer["Credentials"]).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (arn, f"{role_id}:job-1")
    limited = desk.sts(key).assume_role(
        RoleArn=OPEN, RoleSessionName="job-2", Policy=allow("chime:*")
    )
    job = desk.client("ivschat", limited["Credentials"])
    assert refused(job.list_rooms)[1] == "AccessDeniedException"


def not_authorized(arn: str, role: str) -> tuple[int, str, str]:
    return (
        403,
        "AccessDenied",
        f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role}",
    )


def test_roles_are_assumed_by_those_they_trust(desk: Desk) -> None:
    key = desk.key()
    arn = f"arn:aws:iam::{ACCOUNT}:user/{key['AccessKeyId']}"

    def assume(credentials: Mapping[str, Any], role: str) -> Mapping[str, Any]:
        return desk.sts(credentials).assume_role(RoleArn=role, RoleSessionName="job")

    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    for role in (ROLE, ELSEWHERE, missing):
        assert refused(partial(assume, key, role)) == not_authorized(arn, role)
    stranger = desk.key(account_id="444455556666")
    assert assume(stranger, ELSEWHERE)
    assert refused(lambda: assume(stranger, OPEN))[1] == "AccessDenied"
    not_allowed = desk.key(allow("ivschat:*"))
    assert refused(lambda: assume(not_allowed, OPEN))[1] == "AccessDenied"
    assert assume(desk.root, ROLE), "the root key may do all"


def test_roles_are_chained_by_name_and_for_an_hour(desk: Desk) -> None:
    first = desk.sts(desk.root).assume_role(RoleArn=OPEN, RoleSessionName="one")["Credentials"]
    assert refused(
        lambda: desk.sts(first).assume_role(RoleArn=CHAINED, RoleSessionName="two")
    ) == not_authorized(f"arn:aws:sts::{ACCOUNT}:assumed-role/open/one", CHAINED)
    again = desk.sts(first).assume_role(RoleArn=OPEN, RoleSessionName="two")
    assert again["AssumedRoleUser"]["Arn"].endswith("/open/two")
    status, code, message = refused(
        lambda: desk.sts(first).assume_role(
            RoleArn=OPEN, RoleSessionName="two", DurationSeconds=3601
        )
    )
    assert (status, code) == (400, "ValidationError")
    assert "role chaining" in message


@pytest.mark.parametrize(
    ("who", "ask", "seconds"),
    [
        ("key", lambda sts: sts.get_session_token(), 43_200),
        ("key", lambda sts: sts.get_session_token(DurationSeconds=900), 900),
        ("key", lambda sts: sts.get_session_token(DurationSeconds=129_600), 129_600),
        ("root", lambda sts: sts.get_session_token(), 3_600),
        ("root", lambda sts: sts.get_session_token(DurationSeconds=129_600), 3_600),
        ("root", lambda sts: sts.get_session_token(DurationSeconds=1_000), 1_000),
        ("key", lambda sts: sts.get_federation_token(Name="kim"), 43_200),
        ("root", lambda sts: sts.get_federation_token(Name="kim"), 3_600),
        ("key", lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="job"), 3_600),
        (
            "root",
            lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="job", DurationSeconds=7_200),
            7_200,
        ),
    ],
)
def test_durations(desk: Desk, who: str, ask: Ask, seconds: int) -> None:
    credentials = desk.root if who == "root" else desk.key()
    assert seconds - 30 < seconds_left(ask(desk.sts(credentials))) <= seconds


BETWEEN = "failed to satisfy constraint: Member must be between 900 and"


@pytest.mark.parametrize(
    ("ask", "code", "words"),
    [
        (lambda sts: sts.get_session_token(DurationSeconds=899), "ValidationError", BETWEEN),
        (lambda sts: sts.get_session_token(DurationSeconds=129_601), "ValidationError", BETWEEN),
        (lambda sts: sts.get_session_token(DurationSeconds="x"), "ValidationError", "an integer"),
        (
            lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="j1", DurationSeconds=43_201),
            "ValidationError",
            BETWEEN,
        ),
        (
            lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="j1", DurationSeconds=7_201),
            "ValidationError",
            "exceeds the MaxSessionDuration set for this role",
        ),
        (
            lambda sts: sts.assume_role(RoleArn="role/open-but-no-arn", RoleSessionName="job"),
            "ValidationError",
            "role/open-but-no-arn is invalid",
        ),
        (lambda sts: sts.assume_role(RoleArn=OPEN), "ValidationError", "'roleSessionName'"),
        (
            lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="a b"),
            "ValidationError",
            "must match the pattern",
        ),
        (lambda sts: sts.get_federation_token(Name="x"), "ValidationError", "between 2 and 32"),
        (
            lambda sts: sts.get_federation_token(Name="kim", Policy="{}"),
            "MalformedPolicyDocument",
            "no Statement",
        ),
        (
            lambda sts: sts.assume_role(
                RoleArn=OPEN,
                RoleSessionName="job",
                Policy='{"Statement":{"Effect":"Allow","Action":"*"}}',
            ),
            "MalformedPolicyDocument",
            "statement 1: needs one of Resource and NotResource",
        ),
        (
            lambda sts: sts.get_federation_token(Name="kim", Policy=" " * 2049),
            "ValidationError",
            "between 1 and 2048",
        ),
        (
            lambda sts: sts.assume_role(RoleArn=OPEN, RoleSessionName="job", Policy=" " * 2049),
            "ValidationError",
            "between 1 and 2048",
        ),
        (
            lambda sts: sts.get_federation_token(Name="kim", Policy="\u20ac"),
            "ValidationError",
            "must match the pattern",
        ),
        (
            lambda sts: sts.get_federation_token(
                Name="kim", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
            ),
            "ValidationError",
            "Duplicate tag keys",
        ),
        (
            lambda sts: sts.get_federation_token(Name="kim", Tags=[{"Key": "aws:a", "Value": ""}]),
            "ValidationError",
            "must not start with aws:",
        ),
        (
            lambda sts: sts.get_federation_token(
                Name="kim",
                Tags=[
                    {
                        "Key": f"{n}",
                        "Value": "".join(chr(0x4E00 + 97 * n * k % 20_000) for k in range(256)),
                    }
                    for n in range(50)
                ],
            ),
            "PackedPolicyTooLarge",
            "more than 100%",
        ),
        (
            lambda sts: sts.assume_role(
                RoleArn=OPEN,
                RoleSessionName="job",
                PolicyArns=[{"arn": "arn:aws:iam::aws:policy/X"}],
            ),
            "ValidationError",
            "PolicyArns: this server has no managed policies",
        ),
        (
            lambda sts: sts.get_session_token(SerialNumber="123456789", TokenCode="123456"),
            "AccessDenied",
            "MultiFactorAuthentication failed",
        ),
    ],
)
def test_what_is_refused(desk: Desk, ask: Ask, code: str, words: str) -> None:
    status, found, message = refused(lambda: ask(desk.sts(desk.key())))
    assert (status, found) == (403 if code == "AccessDenied" else 400, code)
    assert words in message


@pytest.mark.parametrize("kind", ["session", "federated", "role"])
def test_temporary_credentials_make_no_others(desk: Desk, kind: str) -> None:
    sts = desk.sts(desk.key())
    asks: dict[str, Callable[[], Any]] = {
        "session": sts.get_session_token,
        "federated": lambda: sts.get_federation_token(Name="kim", Policy=allow("*")),
        "role": lambda: sts.assume_role(RoleArn=OPEN, RoleSessionName="job"),
    }
    mine = desk.sts(asks[kind]()["Credentials"])
    others: dict[str, Callable[[], Any]] = {
        "GetSessionToken": mine.get_session_token,
        "GetFederationToken": partial(mine.get_federation_token, Name="ada"),
    }
    for name, ask in others.items():
        assert refused(ask) == (403, "AccessDenied", f"Cannot call {name} with session credentials")
    assume = partial(mine.assume_role, RoleArn=OPEN, RoleSessionName="job")
    if kind == "federated":
        assert refused(assume)[:2] == (403, "AccessDenied")
    else:
        assert assume()["Credentials"]


def test_tags_need_leave_to_tag_the_session(desk: Desk) -> None:
    key = desk.key(allow("sts:GetFederationToken"))
    tags: Any = [{"Key": "team", "Value": "red"}]
    assert refused(lambda: desk.sts(key).get_federation_token(Name="kim", Tags=tags)) == (
        403,
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/{key['AccessKeyId']} is not authorized to perform:"
        f" sts:TagSession on resource: {FEDERATED}kim",
    )
    may = desk.key(allow("sts:GetFederationToken", "sts:TagSession", "ivschat:*"))
    own_region = {
        "Effect": "Allow",
        "Action": "ivschat:ListRooms",
        "Resource": "arn:aws:ivschat:${aws:PrincipalTag/region}:*:room/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": own_region})
    for region, allowed in (("eu-west-1", True), ("eu-west-2", False)):
        session = desk.sts(may).get_federation_token(
            Name="kim", Policy=policy, Tags=[{"Key": "Region", "Value": region}]
        )
        kim = desk.client("ivschat", session["Credentials"])
        if allowed:
            kim.list_rooms()
        else:
            assert refused(kim.list_rooms)[1] == "AccessDeniedException"


def test_credentials_end_when_they_said(desk: Desk) -> None:
    for behind, expired in ((880, False), (905, True)):
        desk.behind = behind
        session = desk.sts(desk.key()).get_session_token(DurationSeconds=900)["Credentials"]
        sts, chat = desk.sts(session), desk.client("ivschat", session)
        if expired:
            assert refused(sts.get_caller_identity) == (
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            )
            assert refused(chat.list_rooms)[:2] == (403, "ExpiredTokenException")
        else:
            sts.get_caller_identity()
            chat.list_rooms()


def test_a_revoked_key_takes_its_credentials_along(desk: Desk) -> None:
    key = desk.key()
    sts = desk.sts(key)
    made = [
        sts.get_session_token()["Credentials"],
        sts.get_federation_token(Name="kim", Policy=allow("*"))["Credentials"],
        sts.assume_role(RoleArn=OPEN, RoleSessionName="job")["Credentials"],
    ]
    chained = desk.sts(made[2]).assume_role(RoleArn=OPEN, RoleSessionName="two")["Credentials"]
    desk.revoke(key)
    for each in (key, *made, chained):
        mine: Mapping[str, Any] = each
        assert refused(desk.sts(mine).get_caller_identity) == (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )


def test_tokens_are_of_no_use_with_other_keys(desk: Desk) -> None:
    one, two = (desk.sts(desk.key()).get_session_token()["Credentials"] for _ in range(2))
    for mixed in (
        {**one, "SessionToken": two["SessionToken"]},
        {**one, "SessionToken": one["SessionToken"][:-2]},
        {**one, "SecretAccessKey": two["SecretAccessKey"]},
        {name: value for name, value in one.items() if name != "SessionToken"},
    ):
        assert refused(desk.sts(mixed).get_caller_identity)[0] == 403
