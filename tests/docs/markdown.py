"""Reading Markdown: fenced blocks, links, headings, inline code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,}) *(?P<language>[\w+-]*)[^`]*$")
_COMMENT = re.compile(r"^\s*<!--\s*(.*?)\s*-->\s*$")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^\s()<>]+)>?(?:\s+\"[^\"]*\")?\s*\)")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Parameters
    ----------
    line : of its first line of text in the file, counted from 1.
    comments : the HTML comments that stand directly above it.
    """

    page: Path
    line: int
    language: str
    text: str
    comments: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page.name}:{self.line}"

    @property
    def exempt(self) -> str | None:
        """Why the block is not run: the words of ``<!-- not run: ... -->`` above it."""
        return next((note[8:].strip() for note in self.comments if note.startswith("not run:")), None)

    @property
    def file_name(self) -> str | None:
        """The path in a first line that is a comment with nothing else: what the reader is to save the block as."""
        found = re.match(r"# ([\w./-]+\.\w+)\s*$", self.text.split("\n", 1)[0])
        return found[1] if found else None


def pages() -> list[Path]:
    """Return every page that is held to account, in the order in which a stranger would meet them."""
    named = [ROOT / name for name in ("README.md", "assets/README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return named + sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in order.

    Raises
    ------
    ValueError : a block is never closed.
    """
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").split("\n")
    comments: list[str] = []
    opening: re.Match[str] | None = None
    body: list[str] = []
    for number, line in enumerate(lines, start=1):
        if opening is not None:
            if re.fullmatch(rf" *{opening['marks'][0]}{{{len(opening['marks'])},}}\s*", line):
                text = "\n".join(row.removeprefix(opening["indent"]) for row in body)
                found.append(Block(page, number - len(body), opening["language"], text, tuple(comments)))
                opening, body, comments = None, [], []
            else:
                body.append(line)
        elif (match := _FENCE.match(line)) is not None:
            opening = match
        elif (comment := _COMMENT.match(line)) is not None:
            comments.append(comment[1])
        elif line.strip():
            comments = []
    if opening is not None:
        raise ValueError(f"{page}: a fenced block is never closed")
    return found


def prose(page: Path) -> str:
    """Return the page without fenced blocks and comments."""
    kept: list[str] = []
    opening: re.Match[str] | None = None
    for line in page.read_text(encoding="utf-8").split("\n"):
        if opening is not None:
            if re.fullmatch(rf" *{opening['marks'][0]}{{{len(opening['marks'])},}}\s*", line):
                opening = None
        elif (match := _FENCE.match(line)) is not None:
            opening = match
        else:
            kept.append(line)
    return re.sub(r"<!--.*?-->", "", "\n".join(kept), flags=re.DOTALL)


def links(page: Path) -> list[str]:
    """Return the targets of inline links and images."""
    return _LINK.findall(re.sub(r"`[^`]+`", "", prose(page)))


def inline_code(page: Path) -> list[str]:
    """Return the code spans of a page."""
    return [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(page))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", prose(page), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").casefold()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        name, count = slug, 0
        while name in found:
            count += 1
            name = f"{slug}-{count}"
        found.add(name)
    return found
