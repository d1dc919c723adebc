"""``audit-pipeline report``: an audit again, as a page, for a pull request, for a paper."""

from __future__ import annotations

from pathlib import Path

import click

ORDER = 22
TEXTS = ("md", "paper", "json", "croissant", "datasheet")
FORMATS = ("html", "md", "pdf", "json", "paper", "svg", "croissant", "datasheet")
OPENED = ("html", "pdf")


@click.command(name="report", short_help="Show an audit again: page, Markdown, PDF, JSON, what a paper needs.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--open", "opened", is_flag=True, help="Open the page (html or pdf) in the browser.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True, help="What to make.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it there; a file that is there is replaced. svg: a folder.  "
    "[default: texts to standard output; others beside each other in the current folder]",
)
def command(folder: Path, opened: bool, form: str, out: Path | None) -> int:
    """Show the audit in the output folder DIR again, from its files alone.

    \b
    html       the page. If it is drawn as it was signed, it stays in DIR or is put
               back there; else DIR stays as it is and the page goes elsewhere
    md         verdict, findings, next steps and methods as Markdown
    pdf        the page, printed by an installed Chromium, Chrome or Edge
    json       the same facts for programs
    paper      methods and results with references, as Markdown
    svg        every figure of the page as a file of its own
    croissant  rai:dataBiases and others for a croissant.json, as JSON-LD
    datasheet  the answers to a datasheet's questions that the audit knows

    Exit status 0: it was made, whatever the verdict is; 2: it could not be made.
    """
    import sys

    if opened and form not in OPENED:
        raise click.UsageError(f"--open opens a page: it goes with --format {' or '.join(OPENED)}, not with {form}")

    from audit_pipeline.commands import _report
    from audit_pipeline.report.console import make_console
    from audit_pipeline.report.panel import short_path
    from audit_pipeline.report.text import visible
    from audit_pipeline.verification.again import place

    console = make_console(sys.stdout)
    signed = _report.open_audit(folder)
    if form in TEXTS:
        text = _report.text_of(signed.path, form)
        if out is None:
            _report.say(console, text)
            return 0
        placed = place(signed, text.encode("utf-8"), out)
    else:
        placed = {"html": _report.html, "pdf": _report.pdf, "svg": _report.svg}[form](signed, out)
    where = visible(short_path(placed.path))
    _report.say(console, f"{where} {placed.told}\n")
    if opened:
        from audit_pipeline.report.browser import open_file

        if not open_file(placed.path):
            _report.say(console, f"no browser could be opened here; open {where} in yours\n")
    return 0
