"""The script that writes pages, imported from where it lies."""

from __future__ import annotations

import importlib.util
from functools import cache
from types import ModuleType

from tests.docs.markdown import ROOT


@cache
def build() -> ModuleType:
    """Return ``docs/build.py`` as a module."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
