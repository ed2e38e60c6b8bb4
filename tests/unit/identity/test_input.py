"""Constraints of section 2 that no client checks for us."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.identity.desk import ABSENT, Desk


def test_metadata_of_up_to_1024_bytes(desk: Desk) -> None:
    for metadata in ["a" * 1024, "é" * 512, "😀" * 256, '{"a":\n\t1}', "", " "]:
        app_instance = desk.make_app_instance(Metadata=metadata)
        found = desk.client.describe_app_instance(AppInstanceArn=app_instance)["AppInstance"]
        assert found["Metadata"] == metadata
        user = desk.make_user(app_instance, Metadata=metadata)
        assert desk.client.describe_app_instance_user(AppInstanceUserArn=user)["AppInstanceUser"][
            "Metadata"
        ] == (metadata)


@pytest.mark.parametrize("metadata", ["a" * 1025, "é" * 513, "😀" * 257, "a\0b"])
def test_metadata_beyond(desk: Desk, metadata: str) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    bot = desk.make_bot(app_instance)
    client = desk.client
    named: Any = {"Name": "n", "Metadata": metadata}
    for call in (
        lambda: desk.make_app_instance(Metadata=metadata),
        lambda: desk.make_user(app_instance, "bob", Metadata=metadata),
        lambda: desk.make_bot(app_instance, Metadata=metadata),
        lambda: client.update_app_instance(AppInstanceArn=app_instance, **named),
        lambda: client.update_app_instance_user(AppInstanceUserArn=user, **named),
        lambda: client.update_app_instance_bot(AppInstanceBotArn=bot, **named),
    ):
        with desk.refused("BadRequestException"):
            call()


GOOD = ["n", "Ann O'Neil", "日本語", "😀", "👩‍👩‍👧", " x ", "\ue000"]


def test_names_of_app_instances(desk: Desk) -> None:
    for name in [*GOOD, "x" * 256, "a\tb", "a\nb", "\u0085", " "]:
        arn = desk.make_app_instance(name)
        assert desk.client.describe_app_instance(AppInstanceArn=arn)["AppInstance"]["Name"] == name


def test_other_names_of_app_instances(desk: Desk) -> None:
    for name in ["x" * 257, "a\0", "a\x1b", "a\x7f", "a\x9f", "\ufffe", "a\x0b"]:
        with desk.refused("BadRequestException"):
            desk.make_app_instance(name)


def test_names_of_users(desk: Desk) -> None:
    for name in [*GOOD, "x" * 100, "😀" * 100]:
        arn = desk.make_user(desk.make_app_instance(), Name=name)
        found = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
        assert found["AppInstanceUser"]["Name"] == name


def test_other_names_of_users(desk: Desk) -> None:
    for name in ["x" * 101, " ", "\t", "\u00a0", "\u3000", "a\0", "a\x1b"]:
        app_instance = desk.make_app_instance()
        with desk.refused("BadRequestException"):
            desk.make_user(app_instance, Name=name)
        user = desk.make_user(app_instance)
        with desk.refused("BadRequestException"):
            desk.client.update_app_instance_user(AppInstanceUserArn=user, Name=name, Metadata="")


def test_lone_surrogates_and_broken_json(desk: Desk) -> None:
    for body in (
        b'{"Name": "\\ud800", "ClientRequestToken": "tt"}',
        b'{"Name": "\xff"}',
        b"{",
        b"[]",
    ):
        answer = desk.ask_raw("POST", "/app-instances", body)
        assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_tokens(desk: Desk) -> None:
    for token in ["x y", "x" * 65, "é" * 3]:
        with desk.refused("BadRequestException"):
            desk.make_app_instance(ClientRequestToken=token)


def test_a_token_is_required_of_clients_that_do_not_fill_it_in(desk: Desk) -> None:
    answer = desk.ask_raw("POST", "/app-instances", b'{"Name": "n"}')
    assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_unknown_members_are_ignored_and_nulls_absent(desk: Desk) -> None:
    body = b'{"Name": "n", "ClientRequestToken": "tt", "Colour": 1, "Metadata": null, "Tags": null}'
    answer = desk.ask_raw("POST", "/app-instances?colour=red", body)
    assert answer.status == 201


def test_input_is_checked_before_existence(desk: Desk) -> None:
    with desk.refused("BadRequestException"):
        desk.client.update_app_instance(AppInstanceArn=ABSENT, Name="n", Metadata="é" * 513)
    with desk.refused("BadRequestException"):
        desk.make_user(ABSENT, Name=" ")


def test_max_results(desk: Desk) -> None:
    for size in [0, 51, -1]:
        answer = desk.ask_raw("GET", f"/app-instances?max-results={size}")
        assert (answer.status, answer.error_type) == (400, "BadRequestException")
