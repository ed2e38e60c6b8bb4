"""Bots (spec 4.4)."""

from __future__ import annotations

import re
from typing import Any

from tests.unit.desk import THEIRS
from tests.unit.identity.desk import ABSENT, LEX, Desk


def test_a_new_bot_is_described_and_listed(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    lex = LEX | {
        "InvokedBy": {"StandardMessages": "MENTIONS", "TargetedMessages": "NONE"},
        "WelcomeIntent": "Wel_come",
    }
    arn = desk.make_bot(app_instance, Name="Robo", Metadata="m", Configuration={"Lex": lex})
    assert re.fullmatch(rf"{app_instance}/bot/[0-9a-f-]{{36}}", arn)
    assert desk.last and desk.last.status == 201
    desk.client.describe_app_instance_bot(AppInstanceBotArn=arn)
    assert desk.last.json["AppInstanceBot"] == {
        "AppInstanceBotArn": arn,
        "Name": "Robo",
        "Configuration": {"Lex": lex},
        "CreatedTimestamp": 1777883000.125,
        "LastUpdatedTimestamp": 1777883000.125,
        "Metadata": "m",
    }
    listed = desk.client.list_app_instance_bots(AppInstanceArn=app_instance)
    assert listed["AppInstanceArn"] == app_instance
    assert listed["AppInstanceBots"] == [
        {"AppInstanceBotArn": arn, "Name": "Robo", "Metadata": "m"}
    ]


def test_name_and_metadata_may_be_absent_or_empty(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    bare = desk.make_bot(app_instance)
    found = desk.client.describe_app_instance_bot(AppInstanceBotArn=bare)["AppInstanceBot"]
    assert not {"Name", "Metadata"} & found.keys()
    empty = desk.make_bot(app_instance, Name="", Metadata="")
    found = desk.client.describe_app_instance_bot(AppInstanceBotArn=empty)["AppInstanceBot"]
    assert (found["Name"], found["Metadata"]) == ("", "")
    listed = desk.client.list_app_instance_bots(AppInstanceArn=app_instance)
    assert listed["AppInstanceBots"] == [
        {"AppInstanceBotArn": bare},
        {"AppInstanceBotArn": empty, "Name": "", "Metadata": ""},
    ]


def test_an_update_without_configuration_leaves_it(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    lex = LEX | {"RespondsTo": "STANDARD_MESSAGES"}
    arn = desk.make_bot(app_instance, Name="Robo", Metadata="m", Configuration={"Lex": lex})
    updated = desk.client.update_app_instance_bot(AppInstanceBotArn=arn, Name="R2", Metadata="")
    assert updated["AppInstanceBotArn"] == arn
    found = desk.client.describe_app_instance_bot(AppInstanceBotArn=arn)["AppInstanceBot"]
    assert (found["Name"], found["Metadata"]) == ("R2", "")
    assert found["Configuration"] == {"Lex": lex}
    assert found["LastUpdatedTimestamp"] > found["CreatedTimestamp"]
    other: Any = LEX | {"LocaleId": "de_DE"}
    desk.client.update_app_instance_bot(
        AppInstanceBotArn=arn, Name="R2", Metadata="", Configuration={"Lex": other}
    )
    found = desk.client.describe_app_instance_bot(AppInstanceBotArn=arn)["AppInstanceBot"]
    assert found["Configuration"] == {"Lex": other}


def test_configurations_that_cannot_be_are_refused(desk: Desk) -> None:
    cases: list[dict[str, Any]] = [
        {"LexBotAliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/abc/def"},
        {"LocaleId": "en-US"},
        {"LocaleId": "xx_XX"},
        {"WelcomeIntent": "no spaces"},
        {"RespondsTo": "ALL"},
        {"InvokedBy": {"StandardMessages": "SOME", "TargetedMessages": "ALL"}},
        {
            "InvokedBy": {"StandardMessages": "ALL", "TargetedMessages": "ALL"},
            "RespondsTo": "STANDARD_MESSAGES",
        },
    ]
    for broken in cases:
        app_instance = desk.make_app_instance()
        with desk.refused("BadRequestException"):
            desk.make_bot(app_instance, Configuration={"Lex": LEX | broken})
        arn = desk.make_bot(app_instance)
        configuration: Any = {"Lex": LEX | broken}
        with desk.refused("BadRequestException"):
            desk.client.update_app_instance_bot(
                AppInstanceBotArn=arn, Name="", Metadata="", Configuration=configuration
            )


def test_an_absent_bot_is_not_found_only_when_described(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    arn = desk.make_bot(app_instance)
    desk.client.delete_app_instance_bot(AppInstanceBotArn=arn)
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    user = desk.make_user(app_instance)
    for absent in (arn, f"{ABSENT}/bot/x", user, app_instance, "arn:aws:chime:::x"):
        with desk.refused("NotFoundException"):
            desk.client.describe_app_instance_bot(AppInstanceBotArn=absent)
        with desk.refused("ForbiddenException"):
            desk.client.update_app_instance_bot(AppInstanceBotArn=absent, Name="", Metadata="")
        with desk.refused("ForbiddenException"):
            desk.client.delete_app_instance_bot(AppInstanceBotArn=absent)
    with desk.refused("ForbiddenException"):
        desk.make_bot(ABSENT)
    with desk.refused("ForbiddenException"):
        desk.client.list_app_instance_bots(AppInstanceArn=ABSENT)
    assert desk.client.list_app_instance_bots(AppInstanceArn=app_instance)["AppInstanceBots"] == []


def test_those_of_others_are_not_there(desk: Desk) -> None:
    arn = desk.make_bot(desk.make_app_instance())
    for client in (desk.client_of(THEIRS), desk.client_of(region="eu-central-1")):
        with desk.refused("NotFoundException"):
            client.describe_app_instance_bot(AppInstanceBotArn=arn)
        with desk.refused("ForbiddenException"):
            client.delete_app_instance_bot(AppInstanceBotArn=arn)
