"""Figures and lists as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence


def number(value: float | None) -> str:
    """Return a figure between 0 and 1 with two digits, and with three near certainty: .998 and 1 are different claims."""
    if value is None:
        return "unknown"
    return f"{value:.3f}" if value > 0.985 and value < 1 else f"{value:.2f}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return a figure with its interval, where it has one."""
    if value is None:
        return "unknown"
    return f"{number(value)} [{number(low)}, {number(high)}]" if low is not None else number(value)


def listed(parts: Sequence[str]) -> str:
    """Return parts with commas and an "and"."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def capital(text: str) -> str:
    """Return a text with a capital as its first letter."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """Return a text with a small first letter."""
    return text[:1].lower() + text[1:]
