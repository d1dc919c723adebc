"""Virtual environments of the peers, one each, made by plain pip from pinned requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.truth.peers.registry import Peer

DEFAULT = Path("benchmarks/truth/.peers")
STAMP = "requirements.sha256"


class BuildError(RuntimeError):
    """An environment could not be made; the message names the peer and ends with pip's last words."""


def python_of(peer: Peer, folder: Path) -> Path:
    """Return the interpreter of a peer's environment."""
    return folder / peer.name / "bin" / "python"


def is_current(peer: Peer, folder: Path) -> bool:
    """Return whether the environment is there and was made from these requirements."""
    stamp = folder / peer.name / STAMP
    return stamp.is_file() and stamp.read_text() == _digest(peer)


def build(peer: Peer, folder: Path, python: str = sys.executable) -> Path:
    """Make a peer's environment, unless it is current; return its interpreter.

    Raises
    ------
    BuildError : the environment could not be made, or pip could not install the requirements.
    """
    home = folder / peer.name
    if is_current(peer, folder):
        return python_of(peer, folder)
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(peer.requirements))
    for command in ([python, "-m", "venv", str(home)], [str(python_of(peer, folder)), *install]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
            raise BuildError(f"{peer.name}: `{' '.join(command)}` ended with {done.returncode}:\n{last}")
    (home / STAMP).write_text(_digest(peer))  # last: a killed build has no stamp and is made again
    return python_of(peer, folder)


def _digest(peer: Peer) -> str:
    return hashlib.sha256(peer.requirements.read_bytes()).hexdigest()
