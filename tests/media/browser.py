"""Debian's Chromium, headless, with devices and network as tests need them (spec E.15)."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from playwright.async_api import Browser, Page, Playwright, async_playwright

from tests.media.background import Background

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)

# The client sets encoding parameters that it read before its last await; Chromium refuses them.
_OF_THE_CLIENT = "Failed to execute 'setParameters' on 'RTCRtpSender'"


class Chromium:
    """One browser; use it as a context manager. Each page has storage and a process of its own."""

    def __init__(self) -> None:
        self._background = Background()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def __enter__(self) -> Chromium:
        self._background.__enter__()
        try:
            self._background.run(self._launch())
        except BaseException:
            self._background.__exit__(None, None, None)
            raise
        return self

    async def _launch(self) -> None:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(FLAGS)
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._background.run(self._close())
        finally:
            self._background.__exit__(None, None, None)

    async def _close(self) -> None:
        if self._browser:
            await self._browser.close()
        if self._playwright:
            await self._playwright.stop()

    @property
    def background(self) -> Background:
        """Where everything of this browser has to run."""
        return self._background

    def open(self, url: str, **context: Any) -> OpenPage:
        """A page in a context of its own, loaded; `context` as Playwright's `new_context`."""
        return OpenPage(self._background, self._background.run(self._open(url, context)))

    async def _open(self, url: str, context: dict[str, Any]) -> Page:
        assert self._browser
        page = await (await self._browser.new_context(**context)).new_page()
        await page.goto(url)
        return page


class OpenPage:
    """A page seen from a plain function."""

    def __init__(self, background: Background, page: Page) -> None:
        self.background = background
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, error: str) -> None:
        if _OF_THE_CLIENT not in error:
            self.errors.append(error)

    def evaluate(self, script: str, argument: Any = None, timeout: float = 60) -> Any:
        """The JSON value that the script's promise gives; JavaScript errors are raised."""
        return self.background.run(self.page.evaluate(script, argument), timeout)

    def accept_dialogs(self) -> None:
        """Say yes to whatever the page asks from now on."""
        self.background.run(self._accept_dialogs())

    async def _accept_dialogs(self) -> None:
        self.page.on("dialog", lambda dialog: dialog.accept())

    def close(self) -> None:
        """As a user closes a tab: the page is told and given no time."""
        if not self.page.is_closed():
            self.background.run(self._close())

    async def _close(self) -> None:
        context = self.page.context
        await self.page.close(run_before_unload=False)
        await context.close()
