"""The decision table, and arbitrary policies against a naive model."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.access.policies import Decision, decide, parse_policy
from hubbub.access.policies.decisions import asks_for

ROOM = "arn:aws:ivschat:us-east-1:000000000000:room/AAAAbbbbCCCC"
OTHER = "arn:aws:ivschat:us-east-1:000000000000:room/ZZZZbbbbCCCC"
ALLOW, EXPLICIT, IMPLICIT = Decision.ALLOW, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY


def statement(effect: str, action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource} | more


def policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


A = statement("Allow")
D = statement("Deny")
A_OTHER = statement("Allow", "ivschat:DeleteRoom")
D_OTHER = statement("Deny", "ivschat:DeleteRoom")


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([A], ALLOW),
        ([D], EXPLICIT),
        ([A, D], EXPLICIT),
        ([D, A], EXPLICIT),
        ([A, D_OTHER], ALLOW),
        ([A_OTHER], IMPLICIT),
        ([D_OTHER], IMPLICIT),
        ([A_OTHER, D], EXPLICIT),
        ([A_OTHER, A], ALLOW),
        ([statement("Allow", "ivschat:getroom")], ALLOW),
        ([statement("Allow", "IVSCHAT:Get*")], ALLOW),
        ([statement("Allow", "ivschat:G?tRoom")], ALLOW),
        ([statement("Allow", "ivschat:GetRoo")], IMPLICIT),
        ([statement("Allow", ["ivschat:A", "ivschat:GetRoom"])], ALLOW),
        ([statement("Allow", resource=ROOM)], ALLOW),
        ([statement("Allow", resource=ROOM.lower())], IMPLICIT),
        ([statement("Allow", resource=[OTHER, ROOM])], ALLOW),
        ([statement("Allow", resource=OTHER)], IMPLICIT),
        ([statement("Allow", resource="arn:aws:ivschat:*:*:room/AAAA????CCCC")], ALLOW),
        ([{"Effect": "Allow", "NotAction": "ivschat:Delete*", "Resource": "*"}], ALLOW),
        ([{"Effect": "Allow", "NotAction": "ivschat:Get*", "Resource": "*"}], IMPLICIT),
        ([{"Effect": "Deny", "Action": "*", "NotResource": OTHER}], EXPLICIT),
        ([A, {"Effect": "Deny", "Action": "*", "NotResource": [OTHER, ROOM]}], ALLOW),
    ],
)
def test_one_policy(statements: Sequence[Mapping[str, Any]], decision: Decision) -> None:
    parsed = parse_policy(policy(*statements))
    assert decide((parsed,), "ivschat:GetRoom", ROOM, {}) is decision


@pytest.mark.parametrize(
    ("key", "session", "decision"),
    [
        (A, A, ALLOW),
        (A, A_OTHER, IMPLICIT),
        (A_OTHER, A, IMPLICIT),
        (A_OTHER, A_OTHER, IMPLICIT),
        (A, D, EXPLICIT),
        (D, A, EXPLICIT),
        (A_OTHER, D, EXPLICIT),
        (D, D, EXPLICIT),
    ],
)
def test_two_policies_are_an_intersection(
    key: Mapping[str, Any], session: Mapping[str, Any], decision: Decision
) -> None:
    both = (parse_policy(policy(key)), parse_policy(policy(session)))
    assert decide(both, "ivschat:GetRoom", ROOM, {}) is decision


def test_no_policy_allows_nothing() -> None:
    assert decide((), "ivschat:GetRoom", ROOM, {}) is IMPLICIT


def test_a_lone_statement_needs_no_list() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": A})
    assert decide((parse_policy(text),), "a:B", "*", {}) is ALLOW


USER = "arn:aws:chime:us-east-1:1:app-instance/a/user/"


@pytest.mark.parametrize(
    ("resource", "context", "version", "decision"),
    [
        (USER + "${aws:username}", {"aws:username": ("kim",)}, "2012-10-17", ALLOW),
        (USER + "${AWS:UserName}", {"aws:username": ("kim",)}, "2012-10-17", ALLOW),
        (USER + "${aws:username}", {"aws:username": ("k*",)}, "2012-10-17", IMPLICIT),
        (USER + "${aws:username}", {}, "2012-10-17", IMPLICIT),
        (USER + "${aws:username, 'kim'}", {}, "2012-10-17", ALLOW),
        (USER + "${aws:username}", {"aws:username": ("kim",)}, "2008-10-17", IMPLICIT),
        (USER + "${*}", {}, "2012-10-17", IMPLICIT),
        (USER + "*${aws:userid}", {"aws:userid": ("im",)}, "2012-10-17", ALLOW),
    ],
)
def test_policy_variables(
    resource: str, context: Mapping[str, Sequence[str]], version: str, decision: Decision
) -> None:
    parsed = parse_policy(policy(statement("Allow", resource=resource), version=version))
    assert decide((parsed,), "chime:Connect", USER + "kim", context) is decision


@pytest.mark.parametrize(("effect", "decision"), [("Allow", IMPLICIT), ("Deny", EXPLICIT)])
def test_an_exception_that_nobody_knows_gives_nothing_away(effect: str, decision: Decision) -> None:
    only = {"Effect": effect, "Action": "*", "NotResource": USER + "${aws:username}"}
    parsed = parse_policy(policy(only))
    assert decide((parsed,), "chime:Connect", USER + "kim", {}) is decision


def test_what_a_decision_looks_at() -> None:
    tagged = statement(
        "Allow", "ivschat:GetRoom", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}}
    )
    by_variable = statement("Allow", "ivschat:SendEvent", ["arn:x", "*${aws:ResourceTag/team}"])
    policies = (parse_policy(policy(tagged, by_variable)),)
    assert asks_for(policies, "aws:resourcetag/", "ivschat:GetRoom")
    assert asks_for(policies, "aws:resourcetag/", "ivschat:SendEvent")
    assert not asks_for(policies, "aws:resourcetag/", "ivschat:DeleteRoom")
    assert not asks_for(policies, "aws:requesttag/", "ivschat:GetRoom")


# The naive model: regular expressions with backtracking, written from the grammar alone.

LETTERS = "ab*?"


def naive_glob(pattern: str, text: str) -> bool:
    return re.fullmatch(fnmatch.translate(pattern), text) is not None


def naive(
    policies: Sequence[Sequence[Mapping[str, Any]]], action: str, resource: str, tag: str
) -> Decision:
    granted = []
    for each in policies:
        allowed = False
        for one in each:
            actions = one.get("Action", one.get("NotAction"))
            resources = one.get("Resource", one.get("NotResource"))
            hit = any(naive_glob(a, action) for a in actions) == ("Action" in one)
            hit &= any(naive_glob(r, resource) for r in resources) == ("Resource" in one)
            for operator, keys in one.get("Condition", {}).items():
                wanted = keys["aws:RequestTag/t"]
                if operator == "Null":
                    hit &= (wanted == "true") == (not tag)
                else:
                    equal = bool(tag) and any(naive_glob(w, tag) for w in wanted)
                    hit &= equal != operator.startswith("StringNot")
            if hit and one["Effect"] == "Deny":
                return EXPLICIT
            allowed |= hit
        granted.append(allowed)
    return ALLOW if all(granted) else IMPLICIT


words = st.text("ab", max_size=4)
globs = st.text(LETTERS, max_size=5)
actions = st.builds("s:{}".format, st.text(LETTERS, min_size=1, max_size=4))
resources = st.one_of(st.just("*"), st.builds("arn:{}".format, globs))
conditions = st.one_of(
    st.builds(
        lambda o, v: {o: {"aws:RequestTag/t": v}},
        st.sampled_from(["StringLike", "StringNotLike"]),
        st.lists(globs, min_size=1, max_size=2),
    ),
    st.sampled_from(
        [{"Null": {"aws:RequestTag/t": "true"}}, {"Null": {"aws:RequestTag/t": "false"}}]
    ),
)
statements = st.builds(
    lambda effect, a, al, r, rl, c: {"Effect": effect, a: al, r: rl} | c,
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "Action", "NotAction"]),
    st.lists(actions, min_size=1, max_size=3),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.lists(resources, min_size=1, max_size=3),
    st.one_of(st.just({}), conditions.map(lambda c: {"Condition": c})),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.lists(statements, min_size=1, max_size=4), min_size=1, max_size=2),
    st.builds("s:{}".format, words),
    st.builds("arn:{}".format, words),
    words,
)
def test_decisions_are_those_of_the_naive_model(
    policies: Sequence[Sequence[Mapping[str, Any]]], action: str, resource: str, tag: str
) -> None:
    parsed = [parse_policy(policy(*each)) for each in policies]
    context = {"aws:requesttag/t": (tag,)} if tag else {}
    assert decide(parsed, action, resource, context) is naive(policies, action, resource, tag)
