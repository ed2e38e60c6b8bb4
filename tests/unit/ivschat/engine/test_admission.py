"""What is asked of the bus."""

from __future__ import annotations

from hubbub.bus.contract import Limit, Publication
from hubbub.ivschat.engine import admission
from hubbub.ivschat.engine.requests import DeleteMessage, DisconnectUser, SendMessage
from hubbub.settings import Limits
from tests.unit.ivschat.engine.test_session import ROOM

ACCOUNT = "123456789012:us-east-1"


def test_messages_pass_the_rooms_limit_and_the_accounts() -> None:
    limits = admission.limits_of(ROOM, Limits())
    assert limits["SEND_MESSAGE"] == (
        Limit(f"ivschat:room:{ROOM.arn}", 10),
        Limit(f"ivschat:SEND_MESSAGE:{ACCOUNT}", 1000),
    )


def test_deletions_and_disconnections_do_not_count_for_the_room() -> None:
    limits = admission.limits_of(ROOM, Limits())
    assert limits["DELETE_MESSAGE"] == (Limit(f"ivschat:DELETE_MESSAGE:{ACCOUNT}", 100),)
    assert limits["DISCONNECT_USER"] == (Limit(f"ivschat:DISCONNECT_USER:{ACCOUNT}", 100),)


def test_api_and_websocket_share_the_accounts_limits() -> None:
    for action in ("DELETE_MESSAGE", "DISCONNECT_USER"):
        assert (
            admission.account_limits(action, ROOM.account_id, ROOM.region, Limits())
            == admission.limits_of(ROOM, Limits())[action]
        )


def test_events_have_no_message_rate() -> None:
    assert admission.account_limits("SEND_EVENT", ROOM.account_id, ROOM.region, Limits()) == ()


def test_settings_override_the_rooms_rate_and_zero_lifts_a_limit() -> None:
    raised = Limits(room_messages_per_second=5000, messages_per_second=0)
    assert admission.limits_of(ROOM, raised)["SEND_MESSAGE"] == (
        Limit(f"ivschat:room:{ROOM.arn}", 5000),
    )
    off = Limits(room_messages_per_second=0, messages_per_second=0)
    assert admission.limits_of(ROOM, off)["SEND_MESSAGE"] == ()


def test_publications_carry_their_action_as_label() -> None:
    made = admission.publish_message(ROOM.arn, "M2YcHkgffEvU", SendMessage("", "x", None), b"tail")
    assert (made.topic, made.tail, made.label) == (ROOM.arn, b"tail", "SEND_MESSAGE")
    event = admission.publish_event(ROOM.arn, "M2YcHkgffEvU", "poll", None)
    assert admission.label_parts(event.label) == ("SEND_EVENT", "")
    deletion = admission.publish_deletion(ROOM.arn, "a" * 12, DeleteMessage("", "b" * 12, None))
    assert admission.label_parts(deletion.label) == ("DELETE_MESSAGE", "")


def test_a_disconnections_label_names_any_user() -> None:
    request = DisconnectUser("", "a:b:\N{GRINNING FACE}", None)
    made = admission.publish_disconnection(ROOM.arn, "a" * 12, request)
    assert admission.label_parts(made.label) == ("DISCONNECT_USER", "a:b:\N{GRINNING FACE}")


def test_a_notice_of_change_is_no_frame() -> None:
    assert admission.room_changed(ROOM.arn) == Publication(
        ROOM.arn, b"", b"", "ROOM_CHANGED", timed=False
    )
