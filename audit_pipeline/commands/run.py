"""``audit-pipeline run``: the audit of one spec."""

from __future__ import annotations

from pathlib import Path

import click

from audit_pipeline.verdict_types import LEVELS

ORDER = 10
FAIL_ON = (*LEVELS[:0:-1], "never")


@click.command(name="run", short_help="Audit a dataset and print the verdict.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Output folder.  [default: audits/<name>]")
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="fail",
    show_default=True,
    help="Exit with status 1 from this verdict on (pass < warn < inconclusive < fail).",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Stages at a time.  [default: one a core, at most four]"
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of finished stages, so that nothing is computed twice.  [default: .store/<name> beside --out]",
)
@click.option("--quiet", is_flag=True, help="No progress; the verdict only.")
def command(spec: Path, out: Path | None, fail_on: str, workers: int | None, cache: Path | None, quiet: bool) -> int:
    """Audit the dataset that SPEC, a YAML file, describes.

    The verdict goes to standard output, progress and errors to standard error; verdict.json, the tables and report.html
    go to the output folder.
    """
    import sys

    from audit_pipeline.commands._audit import audit
    from audit_pipeline.report.console import make_console, show
    from audit_pipeline.report.panel import exit_status, render_panel

    done = audit(spec, out=out, cache=cache, workers=workers, quiet=quiet)
    console = make_console(sys.stdout)
    show(console, render_panel(done.verdict, width=console.width, out=done.out, fail_on=fail_on))
    return exit_status(done.verdict.verdict, fail_on)
