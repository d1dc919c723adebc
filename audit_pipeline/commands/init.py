"""``audit-pipeline init``: a spec for a table that nobody has described yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import click

ORDER = 5


@click.command(name="init", short_help="Look at a table or a folder and propose a spec.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the spec there, e.g. audit.yaml; nothing is ever overwritten.  [default: standard output]",
)
def command(paths: tuple[str, ...], out: Path | None) -> int:
    """Look at the table PATH and propose a spec: which column is the label, the subject, acquisition metadata, a covariate.

    PATH is a csv, tsv, jsonl or parquet file, a glob, a URL, or a folder of such files; several are one table. A column
    that names images or sounds becomes what models see, and so does a folder of them without a table. Each guess comes with
    its reason as a comment. Read them before you run the audit.
    """
    import sys

    from audit_pipeline.report.console import make_console
    from audit_pipeline.report.text import visible

    if out is not None:
        check_new(out)
    from audit_pipeline.proposal.propose import propose

    proposal = propose(paths, out=out)
    console = make_console(sys.stdout)
    if out is None:
        write(console.file, proposal.text)
        return 0
    create(out, proposal.text)
    first = "Read it" if proposal.ready else "Fill in what it asks for"
    write(console.file, f"wrote {visible(out)}. {first}, then: audit-pipeline run {visible(out)}\n")
    return 0


def check_new(out: Path) -> None:
    """Raise a DataError if there is something at ``out`` already."""
    from audit_pipeline.errors import DataError

    # A link that leads nowhere counts: writing would follow it.
    if out.exists() or out.is_symlink():
        what = "a folder" if out.is_dir() else "already there"
        remedy = (
            f"name a file in it, e.g. --out {out / 'audit.yaml'}" if out.is_dir() else "choose another name with --out"
        )
        raise DataError(f"this is {what}, and nothing is overwritten", file=out, remedy=remedy)


def create(out: Path, text: str) -> None:
    """Write a new file, complete or not at all.

    Raises
    ------
    DataError : somebody made the file in the meantime, or its folder cannot be written to.
    """
    from audit_pipeline.errors import DataError

    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        # Unlike a rename, a link never replaces what is there.
        os.link(partial, out)
    except FileExistsError:
        check_new(out)
        raise
    except OSError as error:
        raise DataError(f"cannot be written: {error}", file=out, remedy="choose another folder with --out") from error
    finally:
        partial.unlink(missing_ok=True)


def write(stream: IO[str], text: str) -> None:
    """Print as it is; a reader that went away (``| head``) is no error."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
