"""Opening a file in the user's browser, where there is one."""

from __future__ import annotations

import webbrowser
from pathlib import Path


def open_file(path: Path) -> bool:
    """Open a file in the browser; False where no browser could be started (a server, a container)."""
    try:
        return webbrowser.open(path.absolute().as_uri())
    except (webbrowser.Error, OSError):
        return False
