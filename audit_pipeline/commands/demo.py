"""``audit-pipeline demo``: the built-in cases, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from audit_pipeline.commands._audit import Audit
    from audit_pipeline.demo import Case

ORDER = 20
DATA = "data"


@click.command(name="demo", short_help="Audit the built-in cases, whose verdicts are known.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path("audits/demo"),
    show_default=True,
    help="Folder for the cases' data and their audits.",
)
def command(out: Path) -> int:
    """Write the built-in cases to a folder, audit each, and compare verdicts and reasons with those that are known.

    Needs no network. Exit status 0: everything is as expected; 1: something is not.
    """
    import sys

    from rich.text import Text

    from audit_pipeline.commands._audit import audit
    from audit_pipeline.demo import CASES
    from audit_pipeline.report.console import make_console, show
    from audit_pipeline.report.panel import render_panel
    from audit_pipeline.report.text import printable

    check_folder(out, [case.name for case in CASES])
    console = make_console(sys.stdout)
    done: list[tuple[Case, Audit]] = []
    for case in CASES:
        show(console, Text(printable(case.story, console.encoding), style="italic", overflow="fold"))
        spec = case.write(out / DATA)
        result = audit(spec, out=out / case.name, cache=out / ".store" / case.name, summary=False)
        done.append((case, result))
        show(console, render_panel(result.verdict, width=console.width, out=result.out, compact=True))
        show(console, Text(""))
    show(console, closing_table(done, console=console))
    surprises = {case.name: told for case, result in done if (told := case.surprises(result.verdict))}
    for name, told in surprises.items():
        show(console, Text(printable(f"{name}: {'; '.join(told)}", console.encoding), overflow="fold"))
    show(console, Text(f"{len(done) - len(surprises)} of {len(done)} verdicts are as expected."))
    return int(bool(surprises))


def check_folder(out: Path, names: Sequence[str]) -> None:
    """Refuse a folder that holds anything but an earlier demo.

    Raises
    ------
    DataError : it does; nothing was written.
    """
    from audit_pipeline.folders import refuse_foreign

    says, remedy = "the folder for the demo already holds {}", "choose an empty or new folder with --out"
    refuse_foreign(out, {*names, DATA, ".store"}, says, remedy)


def closing_table(done: Sequence[tuple[Case, Audit]], *, console: Console) -> RenderableType:
    """Return the table of cases: expected, found, seconds, and the folder in which the page lies."""
    from rich import box
    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    from audit_pipeline.report.levels import LOOKS
    from audit_pipeline.report.panel import short_path
    from audit_pipeline.report.text import printable, visible

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("case", "expected", "verdict"):
        table.add_column(head, no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("report.html in", overflow="fold")
    for case, result in done:
        level = result.verdict.verdict
        found = Text(f"{level} (!)" if case.surprises(result.verdict) else level, style=f"bold {LOOKS[level].style}")
        folder = Text(printable(visible(short_path(result.out)), console.encoding))
        folder.stylize(Style(link=(result.out / "report.html").absolute().as_uri()))
        table.add_row(case.name, case.expected, found, f"{result.seconds:.1f}", folder)
    return table
