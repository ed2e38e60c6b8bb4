from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.live.counts import LiveMetrics, described
from hubbub.meetings.media.commands import (
    CloseSession,
    CreateMeeting,
    EndMeeting,
    OpenSession,
    SetGates,
    Transcribe,
)
from hubbub.meetings.media.events import Closed, Connected, Failed, Levels, Pcm
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.stage import Admitted, Transcription
from tests.unit.meetings.live.site import MEETING, REPLICA, Frame, Site, Socket, admitted

CONFIGURATION = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}


async def two_talk(site: Site) -> tuple[Socket, Socket]:
    ada, bob = await site.open("ada"), await site.open("bob")
    for socket in (ada, bob):
        socket.join("camera")
    site.happen(*(Connected(each.session) for each in site.commands(OpenSession)))
    return ada, bob


async def test_the_engine_hears_of_a_lost_right_before_any_client_does(site: Site) -> None:
    await two_talk(site)
    site.log.clear()
    changed = Capabilities("None", "Receive", "Receive")
    site.stage.capabilities_changed(MEETING.meeting_id, {"ada": changed})
    assert isinstance(site.log[0], SetGates)
    assert not site.log[0].gates.audio_receive
    assert len(site.log) > 1  # INDEX without the camera


async def test_levels_go_to_all(site: Site) -> None:
    ada, bob = await two_talk(site)
    meeting = site.commands(CreateMeeting)[0].meeting
    session = site.commands(OpenSession)[0].session
    site.happen(Levels(meeting, ((session, 20),)))
    for socket in (ada, bob):
        assert socket.frames[-1].type == Frame.AUDIO_METADATA
    site.happen(Levels(meeting + 1_000, ((session, 20),)), Connected(77_777))


async def test_a_meeting_that_the_engine_lost_is_begun_anew(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bob = await two_talk(site)
    meeting = site.commands(CreateMeeting)[0].meeting
    site.happen(Failed(meeting, "panic"))
    await asyncio.sleep(0.1)
    assert ada.code == bob.code == 4500
    assert "the media of a meeting failed" in caplog.text
    ada.gone(4500)
    bob.gone(4500)
    again = await site.open("ada")
    again.join()
    first, second = site.commands(CreateMeeting)
    assert second.meeting > first.meeting
    assert again.code is None


async def test_the_end_of_a_meeting_is_told_and_lets_go(site: Site) -> None:
    ada, _ = await two_talk(site)
    assert len(site.stage) == 1
    assert site.stage.sockets == 2
    assert site.stage.has_audio(MEETING.meeting_id)
    site.stage.meeting_ended(MEETING.meeting_id)
    assert site.commands(EndMeeting)
    assert ada.frames[-1].audio_status.audio_status == 410
    assert len(site.stage) == 0
    assert not site.stage.has_audio(MEETING.meeting_id)
    await asyncio.sleep(0.1)
    assert ada.code == 4410
    ada.gone(4410)
    site.stage.meeting_ended(MEETING.meeting_id)


async def test_a_replica_is_in_its_primarys_room_and_ends_alone(site: Site) -> None:
    ada, _ = await two_talk(site)
    site.stage.meeting_created(REPLICA)
    site.stage.meeting_created(MEETING)
    watcher = await site.open("watcher", meeting=REPLICA)
    watcher.join()
    assert len(site.commands(CreateMeeting)) == 1
    assert not site.commands(OpenSession)[2].gates.audio_send
    site.stage.capabilities_changed(REPLICA.meeting_id, {"watcher": Capabilities("None")})
    assert not site.commands(SetGates)[-1].gates.audio_receive
    site.stage.meeting_ended(REPLICA.meeting_id)
    await asyncio.sleep(0.1)
    assert (watcher.code, ada.code) == (4410, None)


async def test_changes_of_meetings_in_which_nobody_is_are_nothing(site: Site) -> None:
    site.stage.capabilities_changed(MEETING.meeting_id, {"ada": Capabilities()})
    site.stage.attendee_deleted(MEETING.meeting_id, "ada")
    site.stage.meeting_created(REPLICA)
    site.stage.meeting_ended(REPLICA.meeting_id)
    assert site.log == []
    assert site.stage.why_unavailable() is None


async def test_a_deleted_attendee_is_told(site: Site) -> None:
    ada, bob = await two_talk(site)
    site.stage.attendee_deleted(MEETING.meeting_id, "ada")
    assert ada.frames[-1].audio_status.audio_status == 411
    await asyncio.sleep(0.1)
    assert (ada.code, bob.code) == (4403, None)


async def test_sessions_are_forgotten_when_socket_and_media_have_gone(site: Site) -> None:
    ada, bob = await two_talk(site)
    first, second = (each.session for each in site.commands(OpenSession))
    ada.say(Frame.LEAVE, leave=pb.SdkLeaveFrame())
    assert site.commands(CloseSession) == [CloseSession(first)]
    ada.gone(1000)
    bob.gone()
    assert set(site.stage._by_session) == {second}  # its media may still come
    site.happen(Closed(second, "silent"))
    assert site.stage._by_session == {}
    assert site.stage.sockets == 0


async def test_timers_of_a_room_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = await site.open("ada")
    now = site.stage.now()
    monkeypatch.setattr(site.stage, "now", lambda: now + 61)  # nobody joined on it for a minute
    room = site.stage._by_session[next(iter(site.stage._by_session))]
    room._tick()
    assert socket.code == 4400


async def test_credentials_of_the_primary_are_looked_up(site: Site) -> None:
    await two_talk(site)
    watcher = await site.open("watcher", meeting=REPLICA)
    watcher.join()
    for token, error in (("bob", 0), ("nobody", 403), ("down", 403)):
        site.tokens["down"] = ValueError()
        credentials = pb.SdkMeetingSessionCredentials(attendee_id="bob", join_token=token)
        watcher.say(
            Frame.PRIMARY_MEETING_JOIN,
            primary_meeting_join=pb.SdkPrimaryMeetingJoinFrame(credentials=credentials),
        )
        await asyncio.sleep(0.01)
        acks = [each for each in watcher.frames if each.type == Frame.PRIMARY_MEETING_JOIN_ACK]
        assert acks[-1].error.status == error


async def test_who_is_in_a_meeting_that_another_node_has_taken_is_sent_there(site: Site) -> None:
    ada, bob = await two_talk(site)
    first, _ = site.commands(OpenSession)
    site.occurrences.clear()
    site.stage.let_go(MEETING.meeting_id)
    assert len(site.commands(EndMeeting)) == 1
    assert [(each.code, "another node" in each.reason) for each in (ada, bob)] == [(4500, True)] * 2
    before = len(site.log)
    ada.say(Frame.PING_PONG, ping_pong=pb.SdkPingPongFrame(type=pb.PING, ping_id=1))
    for socket in (ada, bob):
        socket.gone()
    site.happen(Closed(first.session, "silent"))
    assert len(site.log) == before
    assert site.occurrences == []
    assert len(site.stage) == 0
    site.stage.let_go(MEETING.meeting_id)
    again = await site.open("ada")
    again.join()
    assert len(site.commands(CreateMeeting)) == 2


async def test_transcription_is_tapped_for_a_room_that_comes_later(site: Site) -> None:
    site.stage.transcription_started(MEETING.meeting_id, CONFIGURATION, "us-east-1")
    await asyncio.sleep(0.01)
    assert site.occurrences == [(MEETING.meeting_id, "chime:TranscriptionFailed", None)]
    site.stage.tap(MEETING.meeting_id, True)
    ada, _ = await two_talk(site)
    assert site.commands(Transcribe)[-1].on
    session = site.commands(OpenSession)[0].session
    meeting = site.commands(CreateMeeting)[0].meeting
    site.happen(Pcm(meeting, session, 1, 16_000, b"\0\0"), Pcm(meeting, 77_777, 1, 16_000, b""))
    site.stage.tap(MEETING.meeting_id, False)
    assert not site.commands(Transcribe)[-1].on
    site.stage.deliver(MEETING.meeting_id, b"")
    assert ada.frames[-1].data_message.messages[0].topic == "aws:chime:transcription"
    site.stage.transcription_stopped(MEETING.meeting_id)


async def test_a_transcription_from_before_a_restart_goes_on(site: Site) -> None:
    transcription = Transcription(CONFIGURATION, "us-east-1")
    for name in ("ada", "bob"):
        site.tokens[name] = replace(admitted(name), transcription=transcription)
        assert isinstance(site.tokens[name], Admitted)
        await site.open(name)
    await asyncio.sleep(0.01)
    assert [event for _, event, _ in site.occurrences] == ["chime:TranscriptionFailed"]


async def test_an_event_that_fails_does_not_keep_others_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = await two_talk(site)
    meeting = site.commands(CreateMeeting)[0].meeting
    broken = Levels(meeting, None)  # type: ignore[arg-type]
    before = len(ada.frames)
    site.happen(broken, Levels(meeting, ()))
    assert len(ada.frames) == before + 1


async def test_the_engine_is_measured(site: Site) -> None:
    await two_talk(site)
    told = {
        sample.name: sample.value
        for family in LiveMetrics(site.stage).collect()
        for sample in family.samples
    }
    assert set(told) == {name for name, _, _ in described()}
    assert {name: value for name, value in told.items() if value} == {
        "meetings_live": 1,
        "meetings_sockets": 2,
        "meetings_media_packets_received_total": 3,
        "meetings_media_sessions": 1,
    }
