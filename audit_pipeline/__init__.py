"""Audit Pipeline tells the truth about a labelled dataset before anyone trusts a model trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_pipeline.api import Audit, audit

__all__ = ["Audit", "__version__", "audit"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the Python interface when it is asked for: everything else needs this package to be light."""
    if name in {"Audit", "audit"}:
        from audit_pipeline import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
