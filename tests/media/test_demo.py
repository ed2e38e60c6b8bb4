"""The demo page: two people meet by a name, see, read and govern each other."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from hubbub.serve.demo.files import DIRECTORY
from tests.media.browser import Chromium, OpenPage
from tests.server import Server

NO_DEVICES = """
navigator.mediaDevices.enumerateDevices = async () => [];
navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("none", "NotFoundError");
};
"""


class Person:
    """Somebody at the demo page."""

    def __init__(self, open_page: OpenPage, name: str) -> None:
        self.open_page = open_page
        self.page = open_page.page
        self.name = name

    def run(self, work: Any) -> Any:
        return self.open_page.background.run(work)

    def join(self, meeting: str) -> None:
        self.run(self.page.fill("input[name=meeting]", meeting))
        self.run(self.page.fill("input[name=user]", self.name))
        self.run(self.page.click("text=Join >> nth=-1"))
        self.run(expect(self.page.locator(".room")).to_be_visible())
        self.run(expect(self.page.locator(".banner")).to_be_hidden(timeout=15_000))

    def press(self, name: str) -> None:
        self.run(self.page.get_by_role("button", name=name).click())

    def sees(self, selector: str, text: str) -> None:
        self.run(expect(self.page.locator(selector, has_text=text)).to_be_visible(timeout=15_000))

    def video_moves(self, whose: str) -> None:
        script = """async (name) => {
            const tiles = [...document.querySelectorAll(".tile")];
            const tile = tiles.find((each) => each.textContent.includes(name));
            const video = tile?.querySelector("video");
            if (!video || video.hidden || !video.videoWidth) return false;
            const before = video.getVideoPlaybackQuality().totalVideoFrames;
            await new Promise((resolve) => setTimeout(resolve, 300));
            return video.getVideoPlaybackQuality().totalVideoFrames > before;
        }"""
        self.run(self.page.wait_for_function(script, arg=whose, timeout=15_000))


Visit = Callable[..., Person]


@pytest.fixture
def visit(server: Server, chromium: Chromium) -> Iterator[Visit]:
    assert (DIRECTORY / "index.html").exists(), "scripts/setup-demo builds the page"
    with contextlib.ExitStack() as stack:

        def opened(name: str, before: str = "") -> Person:
            page = chromium.open("about:blank", viewport={"width": 1280, "height": 800})
            stack.callback(page.close)
            chromium.background.run(_load(page.page, f"{server.http}/demo/", before))
            return Person(page, name)

        yield opened


async def _load(page: Page, url: str, before: str) -> None:
    if before:
        await page.add_init_script(before)
    await page.goto(url)


def test_two_meet_by_a_name(visit: Visit) -> None:
    meeting = f"standup {uuid.uuid4().hex[:6]}"
    ada, ben = visit("Ada"), visit("Ben")
    ada.join(meeting)
    ben.join(meeting)
    ada.sees(".people li", "Ben")
    ben.sees(".people li", "Ada")
    ada.video_moves("Ben")
    ben.video_moves("Ada")

    ben.press("Chat")
    ada.press("Chat")
    ada.run(ada.page.fill(".compose input", "Good morning"))
    ada.press("Send")
    ben.sees(".messages li", "Good morning")

    ada.press("People")
    ada.run(ada.page.click(".people li:nth-child(2) summary"))
    ada.run(ada.page.select_option("select[aria-label='Video of Ben']", "Receive"))
    ada.run(expect(ada.page.locator(".tile", has_text="Ben").locator("video")).to_be_hidden())
    ada.run(ada.page.select_option("select[aria-label='Video of Ben']", "SendReceive"))
    ada.video_moves("Ben")

    ben.press("Microphone")
    ada.run(
        expect(ada.page.locator(".tile", has_text="Ben").locator(".badge").first).to_be_visible()
    )
    assert ben.run(ben.page.get_by_role("button", name="End for all").count()) == 0
    ada.open_page.accept_dialogs()
    ada.press("End for all")
    ben.sees("h1", "The meeting has ended")
    ada.sees("h1", "The meeting has ended")
    assert ada.open_page.errors == ben.open_page.errors == []


def test_without_camera_and_microphone_one_is_there_all_the_same(visit: Visit) -> None:
    meeting = f"standup {uuid.uuid4().hex[:6]}"
    ada, ben = visit("Ada"), visit("Ben", NO_DEVICES)
    ada.join(meeting)
    ben.join(meeting)
    ben.video_moves("Ada")
    ada.sees(".people li", "Ben")
    ben.press("Leave")
    ben.sees("h1", "You have left")
    ben.press("Join again")
    ada.sees(".people li", "Ben")
    assert ben.open_page.errors == []
