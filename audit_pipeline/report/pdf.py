"""The page as PDF, printed by a browser that is installed: the page is made for browsers, and its rules for paper are theirs.

A library that draws HTML itself knows part of them and brings system libraries; a Chromium is on most machines. It is run
headless, with a profile of its own that is thrown away, and with every name of a host failing to resolve.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from audit_pipeline.errors import DataError

BROWSER = "AUDIT_PIPELINE_CHROMIUM"
"""Names the browser where it is not found by itself."""

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave-browser",
)
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_SECONDS = 180.0
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_REMEDY = f"install Chromium, Chrome or Edge, or name one in {BROWSER}; or open report.html in any browser and print it to a file there"


def find_browser() -> str:
    """Return the path of a browser that can print.

    Raises
    ------
    DataError : there is none.
    """
    named = os.environ.get(BROWSER)
    if named:
        found = shutil.which(named)
        if found is None:
            raise DataError(f"{BROWSER} names no program that can be run", file=named, remedy=_REMEDY)
        return found
    for name in (*NAMES, *_ELSEWHERE):
        if found := shutil.which(name):
            return found
    raise DataError("no browser was found that could print the page as PDF", remedy=_REMEDY)


def print_pdf(page: str, *, browser: str | None = None) -> bytes:
    """Return a page, an HTML document that loads nothing, as PDF.

    The clock is in a PDF, so that the same page gives other bytes every time.

    Raises
    ------
    DataError : no browser was found, or it printed nothing.
    """
    browser = browser or find_browser()
    with TemporaryDirectory(prefix="audit-pipeline-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        told = _run([browser, *_options(folder), f"--print-to-pdf={target}", source.as_uri()], folder)
        printed = target.read_bytes() if target.is_file() else b""
    if not printed.startswith(b"%PDF-") or b"%%EOF" not in printed[-1024:]:
        raise DataError(f"this browser printed no PDF{told}", file=browser, remedy=_REMEDY)
    return printed


def _options(folder: Path) -> Sequence[str]:
    options = [*_OPTIONS, f"--user-data-dir={folder / 'profile'}"]
    # Chromium does not start as root inside its sandbox. The page is ours, and its own policy forbids scripts.
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        options.append("--no-sandbox")
    return options


def _run(command: Sequence[str], folder: Path) -> str:
    """Run the browser; return what it said last, for a message."""
    # Some browsers keep things in the home folder whatever profile they are given.
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    try:
        done = subprocess.run(  # noqa: S603  (the browser is the user's own, the page is a file of ours)
            command, capture_output=True, timeout=_SECONDS, check=False, env=environment, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f" within {_SECONDS:.0f} seconds"
    except OSError as error:
        return f": {error}"
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return f" (status {done.returncode}{f': {lines[-1][:300]}' if lines else ''})"
