"""Figures as papers print them: estimate, 95% CI, p."""

from __future__ import annotations

from collections.abc import Sequence

from audit_pipeline.report.text import number, visible

NAME = 80
"""Characters of a name in a sentence."""


def called(value: object) -> str:
    """Return a user's name for something as a sentence has it: one line, harmless in a terminal, not too long."""
    return visible(value, limit=NAME)


def listed(parts: Sequence[str], *, most: int = 12) -> str:
    """Return parts with commas and an "and"; of very many the first ones and how many more there are."""
    shown = list(parts[:most])
    if len(parts) > most:
        shown.append(f"{len(parts) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def figure(name: str, value: float, low: float | None, high: float | None, *, digits: int = 2) -> str:
    """Return ``V = 0.49, 95% CI 0.33 to 0.67``; without an interval the value alone."""
    between = ""
    if low is not None and high is not None:
        between = f", 95% CI {number(low, digits=digits)} to {number(high, digits=digits)}"
    return f"{name} = {number(value, digits=digits)}{between}"


def probability(value: float | None, *, name: str = "p") -> str:
    """Return ``p = 0.010`` or ``p < 0.001``; empty where there was no test."""
    if value is None:
        return ""
    return f"{name} < 0.001" if value < 0.001 else f"{name} = {value:.3f}"


def joined(*parts: str) -> str:
    """Return the parts that are not empty, with semicolons between."""
    return "; ".join(part for part in parts if part)


def capital(text: str) -> str:
    """Return a sentence with a capital as its first letter."""
    return text[:1].upper() + text[1:]
