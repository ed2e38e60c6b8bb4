"""The rules of A.7, for every combination of Audio, Video, Content and MeetingFeatures."""

from __future__ import annotations

from itertools import product

import pytest

from hubbub.meetings.capabilities import (
    CONTENT_NEEDS_VIDEO,
    DEFAULTS,
    NO_CONTENT,
    NO_VIDEO,
    VALUES,
    Capabilities,
    Capability,
    Media,
    refusal,
)
from hubbub.meetings.features import Features

MEDIA = [Media(video, content) for video in (True, False) for content in (True, False)]
VIDEO_RESOLUTIONS = ("None", "HD", "FHD")
CONTENT_RESOLUTIONS = ("None", "FHD", "UHD")

ALLOWED: dict[Media, set[tuple[Capability, Capability]]] = {
    Media(video=True, content=True): {
        ("SendReceive", "SendReceive"),
        ("SendReceive", "Send"),
        ("SendReceive", "Receive"),
        ("SendReceive", "None"),
        ("Send", "Send"),
        ("Send", "None"),
        ("Receive", "SendReceive"),
        ("Receive", "Send"),
        ("Receive", "Receive"),
        ("Receive", "None"),
        ("None", "Send"),
        ("None", "None"),
    },
    Media(video=True, content=False): {(video, "None") for video in VALUES},
    Media(video=False, content=True): {("None", "Send"), ("None", "None")},
    Media(video=False, content=False): {("None", "None")},
}
"""Media of the meeting -> pairs of Video and Content that a request may name."""


@pytest.mark.parametrize("media", MEDIA, ids=str)
def test_every_combination(media: Media) -> None:
    for audio, video, content in product(VALUES, VALUES, VALUES):
        refused = refusal(Capabilities(audio, video, content), media)
        assert (refused is None) == ((video, content) in ALLOWED[media]), (audio, video, content)


def test_every_combination_with_every_feature() -> None:
    seen = 0
    for video_resolution, content_resolution in product(VIDEO_RESOLUTIONS, CONTENT_RESOLUTIONS):
        features = Features.of(
            {
                "Video": {"MaxResolution": video_resolution},
                "Content": {"MaxResolution": content_resolution},
            }
        )
        for audio, video, content in product(VALUES, VALUES, VALUES):
            forbidden = (
                (video_resolution == "None" and video != "None")
                or (content_resolution == "None" and content != "None")
                or (content in {"SendReceive", "Receive"} and video in {"Send", "None"})
            )
            refused = refusal(Capabilities(audio, video, content), features.media)
            assert (refused is not None) == forbidden
            seen += 1
    assert seen == 9 * 64


def test_four_pairs_fail_wherever_there_is_everything() -> None:
    failing = {
        (video, content)
        for video, content in product(VALUES, VALUES)
        if refusal(Capabilities("SendReceive", video, content), Media())
    }
    assert failing == {
        ("Send", "SendReceive"),
        ("Send", "Receive"),
        ("None", "SendReceive"),
        ("None", "Receive"),
    }


def test_reasons() -> None:
    assert refusal(Capabilities(video="Send"), Media(video=False)) == NO_VIDEO
    assert refusal(Capabilities(content="Send"), Media(content=False)) == NO_CONTENT
    assert refusal(Capabilities(video="Send"), Media()) == CONTENT_NEEDS_VIDEO


def test_defaults() -> None:
    assert set(DEFAULTS) == set(MEDIA)
    assert DEFAULTS[Media()] == Capabilities("SendReceive", "SendReceive", "SendReceive")
    assert DEFAULTS[Media(video=False)] == Capabilities("SendReceive", "Receive", "SendReceive")
    assert DEFAULTS[Media(content=False)] == Capabilities("SendReceive", "SendReceive", "None")
    assert DEFAULTS[Media(video=False, content=False)] == Capabilities(
        "SendReceive", "None", "None"
    )


def test_whoever_receives_content_receives_video() -> None:
    for media in MEDIA:
        for video, content in ALLOWED[media]:
            allowed = Capabilities("SendReceive", video, content)
            assert allowed.receives_video or not allowed.receives_content
        assert DEFAULTS[media].receives_video or not DEFAULTS[media].receives_content


@pytest.mark.parametrize(
    ("value", "sends", "receives"),
    [
        ("SendReceive", True, True),
        ("Send", True, False),
        ("Receive", False, True),
        ("None", False, False),
    ],
)
def test_what_a_value_means(value: Capability, sends: bool, receives: bool) -> None:
    of_audio = Capabilities(audio=value, video="None", content="None")
    assert (of_audio.sends_audio, of_audio.receives_audio) == (sends, receives)
    of_video = Capabilities(audio="None", video=value, content="None")
    assert (of_video.sends_video, of_video.receives_video) == (sends, receives)
    of_content = Capabilities(audio="None", video="None", content=value)
    assert (of_content.sends_content, of_content.receives_content) == (sends, receives)
