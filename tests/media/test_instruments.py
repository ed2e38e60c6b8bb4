"""Tones and pictures arrive over a peer connection as the instruments say, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.media.browser import Chromium

FREQUENCIES = [440, 620, 850]


def test_they_hear_and_see_what_is_sent(chromium: Chromium, page_url: str) -> None:
    page = chromium.open(page_url)
    report: dict[str, Any] = page.evaluate(
        "given => loopback(given)",
        {
            "tone": 620,
            "amplitude": 0.2,
            "picture": {"colour": [200, 40, 90], "width": 320, "height": 180},
            "frequencies": FREQUENCIES,
            "seconds": 1,
        },
    )
    assert page.errors == []
    page.close()

    tones = dict(report["heard"]["tones"])
    assert tones[620] == pytest.approx(-14, abs=3)  # an amplitude of 0.2
    assert tones[440] < -60
    assert tones[850] < -60
    assert report["heard"]["rest"] < -50

    levels = report["watched"]
    loud = [level for at, level in levels if at < report["silencedAt"]]
    silent = [level for at, level in levels if at > report["silencedAt"] + 300]
    assert min(loud[20:]) > -20
    assert max(silent) < -50

    assert report["frames"] >= 8
    assert (report["width"], report["height"]) == (320, 180)
    assert report["colour"] == pytest.approx([200, 40, 90], abs=25)
