"""The sections of the page, one file each.

A section's module holds ``SECTION``; the folder is scanned, so adding one touches no other file. Its template lies in
``templates/`` and receives what ``context`` returns, and ``folder``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from audit_pipeline.report.folder import AuditFolder


@dataclass(frozen=True)
class Section:
    """One section.

    Parameters
    ----------
    name : its anchor in the page; lower case.
    title : its heading.
    order : its place.
    template : file in ``templates/``.
    context : what the template needs beside ``folder``.
    """

    name: str
    title: str
    order: int
    template: str
    context: Callable[[AuditFolder], Mapping[str, Any]]


def sections() -> tuple[Section, ...]:
    """Return all sections in their order."""
    found: list[Section] = [import_module(f"{__name__}.{module.name}").SECTION for module in iter_modules(__path__)]
    return tuple(sorted(found, key=lambda section: (section.order, section.name)))
