"""What is said in a live meeting reaches a recogniser, and its results everybody (A.9)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub.meetings.signalling import signal_pb2 as wire
from tests.media.conftest import PartyMaker, media_server
from tests.media.party import eventually
from tests.media.test_peer import peer_in
from tests.server import Server

pytestmark = pytest.mark.media

ENGINE = "python:tests.unit.meetings.transcription.engines:Counting"
ROOT = Path(__file__).parents[2]
STATUS = wire.SdkTranscriptionStatus


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Server]:
    """A server whose recogniser counts the seconds of speech."""
    with media_server(tmp_path, HUBBUB_TRANSCRIPTION=ENGINE, PYTHONPATH=str(ROOT)) as running:
        yield running


def test_speech_is_transcribed_for_everybody(counting: Server, new_party: PartyMaker) -> None:
    party = new_party(counting)
    with peer_in(party, "otto") as otto, peer_in(party, "anna") as anna:
        party.meetings.start_meeting_transcription(
            MeetingId=party.id,
            TranscriptionConfiguration={"EngineTranscribeSettings": {"LanguageCode": "en-US"}},
        )

        def statuses() -> list[int]:
            return [each.status.type for each in anna.transcripts if each.HasField("status")]

        eventually(statuses, [STATUS.STARTED])
        time.sleep(3)
        party.meetings.stop_meeting_transcription(MeetingId=party.id)
        eventually(statuses, [STATUS.STARTED, STATUS.STOPPED])
        results = [
            each.transcript.results[0] for each in anna.transcripts if each.transcript.results
        ]
        speakers = {
            each.alternatives[0].items[0].speaker_external_user_id
            for each in results
            if not each.is_partial
        }
        assert speakers == {"otto", "anna"}
        assert [each.SerializeToString() for each in otto.transcripts] == [
            each.SerializeToString() for each in anna.transcripts
        ]
