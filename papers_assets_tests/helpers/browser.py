"""The Dagster UI in a real browser: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
"""The browser; None: there is none on this machine."""
LARGE: ViewportSize = {"width": 2700, "height": 1500}
"""With room for all assets; on less, Dagster shows names alone."""
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"]


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        try:
            yield chromium
        finally:
            chromium.close()


class Watched:
    """A page, and what it should not do: ask other machines, or complain in its console."""

    def __init__(self, browser: Browser, url: str, width: int = 1440, height: int = 900) -> None:
        self.url = url
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.complaints: list[str] = []
        self.asked_outside: list[str] = []
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.asked_outside.append(request.url)
