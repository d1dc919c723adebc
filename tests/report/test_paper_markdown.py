"""Markdown of hostile texts, read by a parser: it has to show the same characters and be nothing but text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_by_hand import EVIL
from markdown_it import MarkdownIt
from markdown_it.token import Token

from audit_pipeline.report.paper import markdown as md
from audit_pipeline.report.text import visible

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "\\`*_{}[]()<>#+-.!|~^$&@:;=%\"'/?0123456789 \t\n\r"
hostile = st.text(st.one_of(st.sampled_from(SIGNS), st.characters()), max_size=60)

NASTY = (
    EVIL,
    "a|b",
    "`code`",
    "<script>alert(1)</script>",
    "<!-- -->",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "[a](https://evil.example)",
    "![a](//evil.example/x.png)",
    "https://evil.example/ and www.evil.example",
    "a\n\n# b",
    "# b",
    "- b",
    "1. b",
    "1) b",
    "> b",
    "---",
    "===",
    "    b",
    "```",
    "~~~",
    "[b]: https://evil.example",
    "| a | b |",
    "|---|---|",
    "$x$",
    "~~b~~",
    "__b__",
    "*b*",
    "\\",
    "ends with \\",
    "{{ 7*7 }} {% raw %}",
    "=HYPERLINK(0)",
    "+1",
    "-1",
    "@SUM(1)",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "",
    " ",
)


def shown(value: str) -> str:
    """What a reader has to see, white space as HTML collapses it."""
    return " ".join(visible(value, limit=md.LONGEST).split())


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def seen(tokens: list[Token]) -> str:
    children = inline(tokens)
    assert {child.type for child in children} <= {"text", "softbreak"}, [child.type for child in children]
    return " ".join("".join(child.content for child in children).replace(md.WORD_JOINER, "").split())


@pytest.mark.parametrize("value", NASTY)
def test_a_line_shows_what_it_was_given(value: str) -> None:
    tokens = PARSER.parse(md.text(value))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert seen(tokens) == shown(value)


@settings(max_examples=400, deadline=None, derandomize=True)
@example(value="\\|")
@example(value="`\\`|")
@given(value=hostile)
def test_any_line_shows_what_it_was_given(value: str) -> None:
    tokens = PARSER.parse(md.text(value))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert seen(tokens) == shown(value)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values=st.lists(hostile, min_size=3, max_size=3))
def test_any_table_keeps_its_cells(values: list[str]) -> None:
    lines = md.table(("a", "#b", "c"), [[md.cell(value) for value in values], ["x", "y", "z"]])
    tokens = PARSER.parse("\n".join(lines))
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert [seen([cell]) for cell in cells[3:]] == ["x", "y", "z"]
    for cell, value in zip(cells[:3], values, strict=True):
        found = seen([cell])
        assert found in {shown(value), f"'{shown(value)}"}
        # Pasted into a spreadsheet, none of them is a formula.
        assert not found.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("value", NASTY)
def test_nothing_is_left_of_what_other_dialects_read(value: str) -> None:
    """Jekyll's braces, GitHub's mentions, numbers and addresses, mathematics: no parser of ours reads these."""
    source = md.text(value)
    assert "{" not in source
    assert not re.search(r"(?<!\\)\$|(?<!\\):/|www\.", source)
    assert not re.search(r"@\w|#\d", "".join(child.content for child in inline(PARSER.parse(source))))
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b\x00-\x1f\x7f]", source)


@pytest.mark.parametrize("value", ["@octocat please", "see #12", "mail a@example.org", ":smile:"])
def test_nobody_is_mentioned(value: str) -> None:
    source = md.text(value)
    assert not re.search(r"@\w|(?<!&)#\d|(?<!\\):\w", source)
    assert seen(PARSER.parse(source)) == value


def test_a_number_stays_readable() -> None:
    assert md.text("V 0.41, p = 0.012 (Berger 1982)") == "V 0.41, p = 0.012 (Berger 1982)"


def test_a_link_leads_where_it_says() -> None:
    tokens = inline(PARSER.parse(md.link("doi:10.1/a_b", "https://doi.org/10.1/a_b")))
    assert [token.type for token in tokens] == ["link_open", "text", "link_close"]
    assert tokens[0].attrs == {"href": "https://doi.org/10.1/a_b"}
    assert tokens[1].content == "doi:10.1/a_b"
