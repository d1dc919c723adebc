"""A real browser for tests of the page: the machine's own Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield a browser, or skip the test where there is none and say why."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install '.[dev]'")
    path = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(CHROMIUMS)} is on the path")
    with playwright.sync_playwright() as driver:
        # Containers have no user namespaces for the sandbox; the only pages opened are our own.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with all that it asked for and complained of since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, file: Path, *, width: int = 1280, height: int = 800, **context: Any) -> Iterator[Opened]:
    """Yield a page opened from disk in a window of its own, without a network.

    Parameters
    ----------
    width, height : of the window, in CSS pixels.
    context : further options of Playwright's ``new_context``, such as ``color_scheme``.
    """
    window = browser.new_context(viewport={"width": width, "height": height}, offline=True, **context)
    seen = Opened(window.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    seen.page.goto(file.as_uri())
    yield seen
    window.close()
