from __future__ import annotations

import asyncio

import pytest

from hubbub.meetings.live.endpoint import SUBPROTOCOL, ControlEndpoint
from hubbub.meetings.media.commands import OpenSession
from hubbub.meetings.stage import Elsewhere, Ended
from hubbub.store.contract import StoreUnavailable
from tests.unit.meetings.live.site import MEETING, REPLICA, Frame, Site


async def test_an_attendee_comes_in_with_its_token(site: Site) -> None:
    socket = await site.open("ada")
    assert socket.subprotocol == SUBPROTOCOL
    socket.join()
    assert socket.types()[:3] == [Frame.JOIN_ACK, Frame.INDEX, Frame.SUBSCRIBE_ACK]
    assert not site.commands(OpenSession)[0].content


async def test_a_share_has_a_session_of_its_own(site: Site) -> None:
    ada, share = await site.open("ada"), await site.open("ada#content")
    ada.join()
    share.join()
    assert ada.code is share.code is None
    first, second = site.commands(OpenSession)
    assert second.content
    assert first.attendee == second.attendee
    assert first.session != second.session


@pytest.mark.parametrize("tokens", [("nobody",), (), ("", SUBPROTOCOL)])
async def test_a_bad_token_is_told_by_4403(site: Site, tokens: tuple[str, ...]) -> None:
    socket = await site.open(*tokens)
    assert (socket.code, socket.frames) == (4403, [])
    socket.say(Frame.JOIN)
    socket.gone()


async def test_a_token_of_another_meeting_is_a_bad_one(site: Site) -> None:
    assert (await site.open("ada", meeting=REPLICA)).code == 4403


async def test_a_client_that_offers_no_subprotocol_of_ours_gets_none(site: Site) -> None:
    socket = await site.open("ada", "x")
    assert (socket.subprotocol, socket.code) == (None, None)


async def test_an_ended_meeting_is_told_by_status_and_code(site: Site) -> None:
    site.tokens["ada"] = Ended(MEETING.meeting_id)
    socket = await site.open("ada")
    assert [frame.audio_status.audio_status for frame in socket.frames] == [410]
    assert socket.code is None  # the status has a moment to arrive
    await asyncio.sleep(0.1)
    assert socket.code == 4410


async def test_a_meeting_that_another_node_holds_is_told_by_code_and_reason(site: Site) -> None:
    site.tokens["ada"] = Elsewhere(MEETING.meeting_id)
    socket = await site.open("ada")
    assert (socket.code, socket.frames) == (4500, [])
    assert "another node" in socket.reason
    assert len(site.stage) == 0


@pytest.mark.parametrize("failure", [StoreUnavailable("down"), TimeoutError(), ValueError("bug")])
async def test_when_nobody_can_be_looked_up_clients_come_back(
    site: Site, failure: Exception
) -> None:
    site.tokens["ada"] = failure
    assert (await site.open("ada")).code == 4500


async def test_without_a_stage_clients_come_back(site: Site) -> None:
    assert (await site.open("ada", endpoint=ControlEndpoint(None))).code == 4500
