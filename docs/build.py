"""Writes the parts of the documentation that the code knows better: the pages of the probes, the panel in README.md, tables.

    python docs/build.py            # docs/probes/*.md, README.md and the tables of docs/recordings.md
    python docs/build.py --to DIR   # the probes' pages only, into DIR

``make docs`` does the former. Tests compare the result with what lies in the repository.
"""

from __future__ import annotations

import argparse
import inspect
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from itertools import takewhile
from pathlib import Path

from audit_pipeline.cli import main as audit_pipeline_main
from audit_pipeline.dataset.media import FIELDS, PREFIX, Origin
from audit_pipeline.demo import get_case
from audit_pipeline.pipeline import FURTHER
from audit_pipeline.probes import Probe, registered
from audit_pipeline.spec import AuditSpec
from audit_pipeline.views.known import known_views
from audit_pipeline.views.recordings.registry import recording_views

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "probes"
README = ROOT / "README.md"
RECORDINGS = ROOT / "docs" / "recordings.md"
INDEX = "README.md"

CASE = "clinic"
"""The built-in case whose panel README.md shows."""

EMPHASIS_OR_SIGN = re.compile(r"((?<!\w)\*\w[^*]*\w\*(?!\w))|[*<]")

TABLE = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

PANEL = re.compile(r"(<!-- panel -->\n```text\n)(.*?)(\n```)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pages, and README.md unless another folder is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, metavar="DIR", help="write the probes' pages there, and nothing else")
    folder: Path | None = parser.parse_args(arguments).to
    write_pages(folder or PAGES)
    if folder is None:
        RECORDINGS.write_text(with_tables(RECORDINGS.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        README.write_text(with_panel(README.read_text(encoding="utf-8"), panel()), encoding="utf-8", newline="\n")


def write_pages(folder: Path) -> None:
    """Make ``folder`` hold one page a probe and the index, and no page of a probe that is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = probe_pages()
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def probe_pages() -> dict[str, str]:
    """Return file name -> Markdown for every probe of this package, and the index."""
    probes = [probe for probe in registered() if probe.function.__module__.startswith("audit_pipeline.")]
    return {INDEX: _index(probes)} | {f"{probe.name}.md": _page(probe) for probe in probes}


def _index(probes: Sequence[Probe]) -> str:
    lines = [
        "# The probes",
        "",
        "A probe asks one question and returns rows of evidence; it never judges ([the method](../method.md) says how the",
        "verdict is made of them). `audit-pipeline probes` prints this list, with the probes of other installed packages.",
        "",
        "| probe | asks | reads |",
        "|---|---|---|",
    ]
    lines += [
        f"| [{probe.name}]({probe.name}.md) | {_cell(probe.question)} | {_codes(probe.inputs)} |" for probe in probes
    ]
    lines += [
        "",
        "The pages are made of the probes' docstrings by `make docs`. Every row of evidence has the same columns: `dataset`,",
        "`probe`, `column`, `role`, `view`, `level`, `metric`, `estimate`, `ci_low`, `ci_high`, `p_value`, `n`, `n_subjects`",
        "and `detail` (JSON). Intervals are two-sided at 95%; a figure that has no meaning is null, never NaN.",
    ]
    return "\n".join(lines) + "\n"


def _page(probe: Probe) -> str:
    source = probe.function.__module__.replace(".", "/") + ".py"
    lines = [
        f"<!-- Made of the docstring in {source} by `make docs`; edit it there. -->",
        f"# {probe.name}",
        "",
        f"**{_inline(probe.question)}**",
        "",
        f"Reads {_codes(probe.inputs)}. Stage `probe_{probe.name}`, {_drawn(probe)}, source [{source}](../../{source}).",
        *([f"Asked where the spec names {_codes(probe.requires)}."] if probe.requires else []),
        "",
        *to_markdown(inspect.cleandoc(probe.doc)),
        "",
        "[All probes](README.md) · [The method](../method.md)",
    ]
    return "\n".join(lines) + "\n"


def _drawn(probe: Probe) -> str:
    return "an asset of its own in Dagster" if probe.decides else f"part of the asset `{FURTHER}` in Dagster"


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return _inline(text).replace("|", "\\|")


def to_markdown(doc: str) -> list[str]:
    """Return the lines of a NumPy-style docstring as Markdown.

    Underlined titles become headings, ``term`` with an indented text below becomes a list item, ``::`` blocks and doctests
    become fenced blocks, roles and double backticks become code.
    """
    out: list[str] = []
    title = ""
    for block in _blocks(doc.splitlines()):
        if _is_title(block):
            title = block[0].strip()
        lines = _references(block) if title == "References" and not _is_title(block) else _block(block)
        # Items of one list stand together.
        if out and not (lines[0].startswith("- ") and out[-1].startswith(("- ", "  "))):
            out.append("")
        out += lines
    return out


def _is_title(block: list[str]) -> bool:
    return len(block) == 2 and re.fullmatch(r"-{3,}|={3,}", block[1]) is not None


def _references(block: list[str]) -> list[str]:
    """Return a list: a reference ends with a semicolon, or with a full stop at the end of a line."""
    found = re.split(r";\s+|(?<=\.)\n", "\n".join(line.strip() for line in block))
    return [f"- {_inline(' '.join(reference.split()))}" for reference in found]


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield blocks: a title with its underline, or lines up to the next unindented line after a blank one."""
    block: list[str] = []
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else ""
        title = bool(line.strip()) and not line.startswith(" ") and re.fullmatch(r"-{3,}|={3,}", following) is not None
        underline = len(block) == 1 and re.fullmatch(r"-{3,}|={3,}", line) is not None
        new = bool(line.strip()) and not line.startswith(" ") and bool(block) and _ended(block)
        if (title or new) and _filled(block):
            yield _trimmed(block)
            block = []
        block.append(line)
        if underline:
            yield block
            block = []
    if _filled(block):
        yield _trimmed(block)


def _ended(block: list[str]) -> bool:
    """Tell whether an unindented line opens a new block: after a blank line, and after an item's indented text."""
    return not block[-1].strip() or block[-1].startswith(" ")


def _filled(block: list[str]) -> bool:
    return any(line.strip() for line in block)


def _trimmed(block: list[str]) -> list[str]:
    while not block[0].strip():
        block = block[1:]
    while not block[-1].strip():
        block = block[:-1]
    return block


def _block(block: list[str]) -> list[str]:
    if _is_title(block):
        return [f"## {_inline(block[0].strip())}"]
    if block[0].startswith(">>>"):
        return ["```python", *block, "```"]
    if re.match(r"([-*]|\d+\.)\s", block[0]):
        return [_inline(line, bullet=True) for line in block]
    head = list(takewhile(lambda line: not line.startswith(" "), block))
    body = inspect.cleandoc("\n".join(["", *block[len(head) :]])).splitlines()
    head = _trimmed(head)
    if not body:
        return [_inline(line) for line in head]
    if head[-1].endswith("::"):
        opening = [*(_inline(line) for line in head[:-1]), _inline(head[-1][:-1])]
        return [*opening, "", "<!-- not run: a literal block of the docstring -->", "```text", *body, "```"]
    *before, term = head
    item = [f"- {_inline(term)}: {_inline(body[0])}", *(f"  {_inline(line)}".rstrip() for line in body[1:])]
    return [*(_inline(line) for line in before), *([""] if before else []), *item]


def _inline(text: str, *, bullet: bool = False) -> str:
    """Return a line with code spans in Markdown's way, and nothing outside of them that Markdown would interpret."""
    text = re.sub(r":[a-z]+:`~?([^`<]+)`", r"``\1``", text)
    parts = re.split(r"``(.+?)``|`([^`]+)`", text)
    out: list[str] = []
    for position in range(0, len(parts), 3):
        plain = parts[position]
        lead = re.match(r"\s*[-*]\s", plain) if bullet and position == 0 else None
        start = lead.end() if lead else 0
        out.append(plain[:start] + EMPHASIS_OR_SIGN.sub(lambda found: found[1] or "\\" + found[0], plain[start:]))
        if position + 2 < len(parts):
            out.append(f"`{parts[position + 1] or parts[position + 2]}`")
    return "".join(out)


def with_tables(page: str) -> str:
    """Return a page with what stands between ``<!-- generated: views -->`` (or headers) and ``<!-- end -->`` replaced."""
    tables = {"views": _views_table, "headers": _headers_table}
    return TABLE.sub(lambda found: found[1] + "\n".join(["", *tables[found[2]](), "", found[4]]), page)


def _views_table() -> list[str]:
    """Return a table of the views of images and sounds: what each measures and contains, and how much label it may carry."""
    lines = ["| | view | what it measures | what it may hold | label |", "|---|---|---|---|---|"]
    for medium, keys in (("image", {"image": "path"}), ("audio", {"audio": "path"})):
        docs = {view.name: inspect.cleandoc(view.doc) for view in recording_views(medium)}
        for view in known_views(AuditSpec(name="docs", data="docs", label="label", **keys)):
            contains = re.search(r"^Contains: (.*?)(?:\n\n|\Z)", docs.get(view.name, ""), re.DOTALL | re.MULTILINE)
            first, held = view.doc.rstrip("."), " ".join(contains[1].split()).rstrip(".") if contains else ""
            cells = (medium, f"`{view.name}`", _cell(first), _cell(held), "little" if view.background else "much")
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _headers_table() -> list[str]:
    """Return a table of the header fields that become columns."""
    fields = {name: field for name, field in FIELDS.items() if field.origin is Origin.ACQUISITION}
    lines = ["| column | kind | what it says |", "|---|---|---|"]
    return lines + [f"| `{PREFIX}{name}` | {field.type} | {_cell(field.words)} |" for name, field in fields.items()]


def panel() -> str:
    """Return what ``audit-pipeline run`` prints today for the clinic: its headline and its worst column.

    Raises
    ------
    RuntimeError : the audit could not be made; it has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        spec = get_case(CASE).write(Path(folder))
        printed = io.StringIO()
        with redirect_stdout(printed):
            status = audit_pipeline_main(["run", str(spec), "--out", str(Path(folder) / "out"), "--quiet"])
    if status > 1:
        raise RuntimeError(f"the built-in case {CASE!r} could not be audited (status {status})")
    return excerpt(printed.getvalue())


def excerpt(printed: str) -> str:
    """Return the printed verdict up to the first column that passed."""
    lines = printed.splitlines()
    passed = next((number for number, line in enumerate(lines) if line.startswith("✔ PASS")), len(lines))
    return "\n".join(lines[:passed]).rstrip()


def with_panel(readme: str, text: str) -> str:
    """Return README.md with the block after ``<!-- panel -->`` replaced.

    Raises
    ------
    ValueError : there is no such block, or more than one.
    """
    replaced, found = PANEL.subn(lambda match: match[1] + text + match[3], readme)
    if found != 1:
        raise ValueError(f"README.md has {found} blocks ```text after <!-- panel -->; one is expected")
    return replaced


if __name__ == "__main__":
    main()
