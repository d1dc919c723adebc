from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_pipeline.report.text import count, interval, number, p_value, printable, visible


def test_plain_text_is_left_alone() -> None:
    assert visible("Größe [red] ‘site’ 微波") == "Größe [red] ‘site’ 微波"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u200bb\u2066", r"a\u200bb\u2066"),
        ("\x9b31m", r"\x9b31m"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("\u3164", r"\u3164"),
    ],
)
def test_invisible_characters_are_shown(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_a_pile_of_marks_is_cut() -> None:
    assert sum(unicodedata.category(c) == "Mn" for c in visible("e" + "\u0301" * 50)) == 4


def test_long_text_is_cut_and_says_so() -> None:
    assert visible("x" * 10_000, limit=5) == "xxxxx… (10,000 characters)"


@given(st.text())
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert visible(shown, limit=10**9) == shown


def test_ascii_terminals_get_ascii() -> None:
    assert printable("Cramér's V ≥ 0.2 → Größe…", "ascii") == r"Cramer's V >= 0.2 -> Gr\xf6\xdfe..."
    assert printable("Größe", "iso-8859-1") == "Größe"
    assert printable("κ → 微", "utf-8") == "κ → 微"


def test_numbers() -> None:
    assert number(0.125001) == "0.13"
    assert number(-0.0001) == "0.00"
    assert number(-0.0001, signed=True) == "0.00"
    assert number(0.07, signed=True) == "+0.07"
    assert number(0.998) == "0.998"
    assert number(1.0) == "1.00"
    assert number(None) == "not measured"


def test_intervals_and_p_values() -> None:
    assert interval(0.1, 0.2) == "[0.10, 0.20]"
    assert interval(None, 0.2) == ""
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.0421) == "p = 0.042"
    assert count(1, "record") == "1 record"
    assert count(1025, "record") == "1,025 records"
