"""Libraries that only some encoders need: imported if they are installed, else named with how to get them."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import version
from types import ModuleType

from audit_pipeline.errors import SpecError

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def needed(library: str, encoder: str, extra: str) -> ModuleType:
    """Import a library, with its downloads switched off.

    Raises
    ------
    SpecError : it is not installed, or does not load.
    """
    for name in OFFLINE:
        # Read by the libraries as they are loaded. An audit's numbers must not depend on what a server has today.
        os.environ.setdefault(name, "1")
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise SpecError(
            f"the encoder {encoder!r} needs the library {(error.name or library).partition('.')[0]}, which is not installed",
            remedy=f"pip install 'audit-pipeline[{extra}]'",
        ) from error
    except (ImportError, RuntimeError, OSError) as error:
        raise SpecError(
            f"the encoder {encoder!r} needs the library {library}, which is installed but does not load: {first_line(error)}",
            remedy=f"pip install --upgrade 'audit-pipeline[{extra}]'; torchvision, if it is there, must be the release that"
            " goes with the installed torch",
        ) from error


def versions(*libraries: str) -> list[str]:
    """Return ``library==version`` for each."""
    return [f"{library}=={version(library)}" for library in libraries]


def first_line(error: BaseException) -> str:
    """Return the beginning of what an error says, or its kind."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
