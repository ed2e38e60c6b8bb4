"""MeetingFeatures in effect (chime-meetings A.5)."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.meetings import owns
from hubbub.meetings.capabilities import Media
from hubbub.meetings.features import Features, is_high_definition, refusal


def test_defaults() -> None:
    nothings: tuple[Any, ...] = (None, {}, {"Video": {}, "Audio": {}})
    for nothing in nothings:
        features = Features.of(nothing)
        assert features == Features("HD", "FHD", echo_reduction=False, max_attendees=250)
        assert (features.video_limit, features.content_limit) == ((1280, 720), (1920, 1080))
        assert features.media == Media(video=True, content=True)


def test_all_of_them() -> None:
    features = Features.of(
        {
            "Audio": {"EchoReduction": "AVAILABLE"},
            "Video": {"MaxResolution": "FHD"},
            "Content": {"MaxResolution": "UHD"},
            "Attendee": {"MaxCount": 3},
        }
    )
    assert features == Features("FHD", "UHD", echo_reduction=True, max_attendees=3)
    assert (features.video_limit, features.content_limit) == ((1920, 1080), (3840, 2160))


def test_none_of_them() -> None:
    nothing = {"MaxResolution": "None"}
    features = Features.of({"Video": nothing, "Content": nothing})
    assert (features.video_limit, features.content_limit) == ((0, 0), (0, 0))
    assert features.media == Media(video=False, content=False)


@pytest.mark.parametrize("video", ["None", "HD", "FHD"])
@pytest.mark.parametrize("content", ["None", "FHD", "UHD"])
@pytest.mark.parametrize("count", [None, 1, 25, 26, 250])
def test_high_definition_is_for_few(video: str, content: str, count: int | None) -> None:
    given: dict[str, Any] = {
        "Video": {"MaxResolution": video},
        "Content": {"MaxResolution": content},
        "Attendee": {} if count is None else {"MaxCount": count},
    }
    is_high = video == "FHD" or content == "UHD"
    assert is_high_definition(given) == is_high
    assert (refusal(given) is None) == (not is_high or (count is not None and count <= 25))
    assert (refusal(given, 250) is None) == (not is_high or count is not None)


def test_what_is_a_meeting() -> None:
    assert owns("arn:aws:chime:us-east-1:111122223333:meeting/id")
    assert not owns("arn:aws:chime:us-east-1:111122223333:app-instance/id")
