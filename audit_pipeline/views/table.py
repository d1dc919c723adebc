"""How the views of a table are found: a view registers itself by the decorator :func:`table_view` in its own file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from audit_pipeline.views.matrix import View

TableFunction = Callable[[Sequence[np.ndarray], Sequence[dict[str, Any]]], View]


@dataclass(frozen=True)
class TableView:
    """A registered view of a table.

    Parameters
    ----------
    name : lower case; ``label_free:`` in a spec and the rows of evidence call it so.
    empty : why a table may have nothing to see in this view, in words that continue "nothing to see: ".
    function : takes the feature columns and their descriptions, as the ``dataset`` stage wrote them.
    """

    name: str
    empty: str
    function: TableFunction

    @property
    def doc(self) -> str:
        """The docstring, from which the documentation page is generated."""
        return (self.function.__doc__ or "").strip()


_VIEWS: dict[str, TableView] = {}


def table_view(name: str, *, empty: str) -> Callable[[TableFunction], TableFunction]:
    """Register a view: a pure function from feature columns to a float matrix with one row a record."""

    def register(function: TableFunction) -> TableFunction:
        _VIEWS[name] = TableView(name, empty, function)
        return function

    return register


@lru_cache(maxsize=1)
def _discover() -> None:
    package = importlib.import_module("audit_pipeline.views")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"audit_pipeline.views.{module.name}")


def table_views() -> tuple[TableView, ...]:
    """Return all views of a table that should tell nothing of the label, in the order of their names."""
    _discover()
    return tuple(_VIEWS[name] for name in sorted(_VIEWS))
