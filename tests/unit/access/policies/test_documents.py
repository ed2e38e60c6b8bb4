"""What is refused in a policy document, and with what words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.access.policies import PolicyError, parse_policy
from hubbub.access.policies.documents import LONGEST_POLICY

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}


def document(*statements: Any, **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | members)


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names} | more


def condition(operator: str, key: str = "aws:TagKeys", value: Any = "x") -> dict[str, Any]:
    return without(Condition={operator: {key: value}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 9000, "not valid JSON"),
        ("[]", "must be a JSON object"),
        ('{"Statement":[],"Statement":[]}', "a member twice"),
        ('{"Statement":NaN}', "not valid JSON"),
        (document(GOOD, Wersion="x"), "no member Wersion"),
        (document(GOOD, Version="2012-10-18"), "Version must be"),
        (document(GOOD, Version=["2012-10-17"]), "Version must be"),
        (document(GOOD, Id=3), "Id must be a string"),
        (document(), "no Statement"),
        ('{"Version":"2012-10-17"}', "no Statement"),
        (document(GOOD, "x"), "statement 2: must be an object"),
        (
            document(GOOD, without(Principal="*")),
            "statement 2: a statement has no member Principal",
        ),
        (document(without(Sid="x y")), "statement 1 (x y): Sid must be"),
        (document(without(Sid=3)), "statement 1: Sid must be"),
        (document(without(Sid="a"), without(Sid="a")), "statement 2 (a): another statement"),
        (document(without("Effect", Sid="Rooms")), "statement 1 (Rooms): Effect must be"),
        (document(without(Effect="allow")), "Effect must be Allow or Deny"),
        (document(without(Effect=["Allow"])), "Effect must be Allow or Deny"),
        (document(without("Action")), "needs one of Action and NotAction"),
        (document(without(NotAction="a:B")), "needs one of Action and NotAction"),
        (document(without("Resource")), "needs one of Resource and NotResource"),
        (document(without(NotResource="*")), "needs one of Resource and NotResource"),
        (document(without(Action=[])), "Action must be a string or a list"),
        (document(without(Action=["a:B", 3])), "Action must be a string or a list"),
        (document(without(Action="")), "Action must be a string or a list"),
        (document(without(Action="GetRoom")), "'GetRoom' is no action"),
        (document(without(Action="i*:GetRoom")), "'i*:GetRoom' is no action"),
        (document(without(Action="a:${aws:username}")), "is no action"),
        (document(without(Resource="room/abc")), "'room/abc' is no resource"),
        (document(without(Resource="arn:${x}")), "${x} is no policy variable"),
        (document(without(Resource="arn:${aws:x")), "has no end"),
        (document(without(Condition=[])), "Condition must be an object"),
        (document(without(Condition={"Null": "true"})), "Condition Null must be an object"),
        (document(condition("StringEqual")), "no condition operator StringEqual"),
        (document(condition("stringequals")), "no condition operator stringequals"),
        (document(condition("ForSomeValues:StringLike")), "no condition operator ForSome"),
        (document(condition("NumericEquals")), "no condition operator NumericEquals"),
        (document(condition("NullIfExists", value="true")), "no condition operator NullIfExists"),
        (document(condition("ForAnyValue:Null", value="true")), "no condition operator ForAny"),
        (document(condition("Null", value="yes")), 'needs "true" or "false"'),
        (document(condition("Bool", value=1)), 'needs "true" or "false"'),
        (document(condition("Bool", value=[])), 'needs "true" or "false"'),
        (document(condition("StringLike", value=[])), "needs a string or a list"),
        (document(condition("StringLike", value=None)), "needs a string or a list"),
        (document(condition("StringLike", value={"a": "b"})), "needs a string or a list"),
        (document(condition("StringLike", key="TagKeys")), "'TagKeys' is no condition key"),
        (document(condition("StringLike", key="aws:TagKey")), "no condition key aws:TagKey"),
        (document(condition("StringLike", key="aws:RequestTag/")), "no condition key aws:Request"),
        (document(GOOD) + " " * LONGEST_POLICY, "more than 10240 characters"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert words in str(caught.value)


def test_sessions_take_shorter_policies() -> None:
    text = document(without(Sid="a" * 2048))
    parse_policy(text)
    with pytest.raises(PolicyError, match="more than 2048"):
        parse_policy(text, longest=2048)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Null"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=50), json_values.map(json.dumps)))
def test_arbitrary_documents_are_read_or_refused(text: str) -> None:
    try:
        parse_policy(text)
    except PolicyError as error:
        assert str(error)
