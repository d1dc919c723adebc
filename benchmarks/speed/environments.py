"""Environments of other tools that are timed: one each, made on first use from pinned requirements and ignored by git."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent


def interpreter(name: str) -> Path:
    """Return the interpreter of the environment ``name``, made of ``peer_<name>.txt``."""
    home = HERE / ".peers" / name
    python = home / "bin" / "python"
    if not (home / ".installed").exists():
        print(f"making {home} ...", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
        subprocess.run([str(python), *install, str(HERE / f"peer_{name}.txt")], check=True)
        (home / ".installed").touch()
    return python
