"""An audit's output folder in the forms that ``report`` knows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from audit_pipeline.report.folder import AuditFolder, read_folder
from audit_pipeline.report.text import printable, visible
from audit_pipeline.verification.again import Placed, beside, check_outside, check_place, place, place_page
from audit_pipeline.verification.folder import STATEMENT, SignedFolder, open_folder
from audit_pipeline.verification.remarks import Remarks

if TYPE_CHECKING:
    from rich.console import Console

    from audit_pipeline.report.paper.figures import Figure


def open_audit(folder: Path) -> SignedFolder:
    """Return an output folder; where its files are not those that were signed, say so on standard error.

    Raises
    ------
    DataError : there is no such folder, or nothing of an audit in it.
    """
    signed = open_folder(folder, Remarks())
    changed = sorted(signed.changed - {STATEMENT})
    if changed and signed.signed:
        where = visible(signed.path)
        told = f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} not what was signed"
        print(f"note: {told}; audit-pipeline verify {where} says more", file=sys.stderr, flush=True)
    return signed


def text_of(folder: Path, form: str) -> str:
    """Return the text of a form that is text: ``md``, ``paper``, ``json``, ``croissant`` or ``datasheet``.

    Raises
    ------
    DataError : there is no readable ``verdict.json``.
    """
    from audit_pipeline.report.paper import croissant, datasheet, document, summary

    makers: dict[str, Callable[[AuditFolder], str]] = {
        "md": summary.as_markdown,
        "paper": summary.as_paper,
        "json": document.as_json,
        "croissant": croissant.as_croissant,
        "datasheet": datasheet.as_datasheet,
    }
    return makers[form](read_folder(folder))


def html(signed: SignedFolder, out: Path | None) -> Placed:
    """Draw the page again and put it where it may lie."""
    from audit_pipeline.report.page import render_page

    return place_page(signed, render_page(signed.path).encode("utf-8"), out)


def pdf(signed: SignedFolder, out: Path | None) -> Placed:
    """Draw the page again and print it."""
    from audit_pipeline.report.page import render_page
    from audit_pipeline.report.pdf import find_browser, print_pdf

    target = out or beside(signed, "report.pdf")
    check_place(signed, target)  # printing takes seconds
    browser = find_browser()
    return place(signed, print_pdf(render_page(signed.path), browser=browser), target)


def svg(signed: SignedFolder, out: Path | None) -> Placed:
    """Write every picture of the page, and their captions, into a folder that replaces an earlier one.

    Raises
    ------
    DataError : the folder holds anything else, or cannot be written to.
    """
    from audit_pipeline.errors import DataError
    from audit_pipeline.folders import refuse_foreign, replace_folder
    from audit_pipeline.report.paper.figures import INDEX, figures_of, index_of

    target = out or beside(signed, "figures")
    check_outside(signed, target)
    remedy = "choose an empty or new folder with --out; the figures replace it as a whole"
    refuse_foreign(target, _Figures(), "the folder for the figures already holds {}", remedy)
    figures = figures_of(signed.path)
    with TemporaryDirectory(prefix="audit-pipeline-") as place_:
        source = Path(place_)
        for figure in figures:
            (source / figure.name).write_text(figure.svg, encoding="utf-8", newline="\n")
        (source / INDEX).write_text(index_of(figures), encoding="utf-8", newline="\n")
        try:
            replace_folder(source, [INDEX, *(figure.name for figure in figures)], target)
        except OSError as error:
            raise DataError(
                f"cannot be written: {error}", file=target, remedy="choose another folder with --out"
            ) from error
    return Placed(target, _told(figures))


def _told(figures: tuple[Figure, ...]) -> str:
    return f"holds {len(figures):,} {'figure' if len(figures) == 1 else 'figures'} and figures.md with their captions"


@dataclass(frozen=True)
class _Figures:
    """What a folder of figures holds: files as they are named here."""

    def __contains__(self, name: object) -> bool:
        import re

        from audit_pipeline.report.paper.figures import INDEX

        return name == INDEX or bool(re.fullmatch(r"\d{2,}-[a-z0-9-]+\.svg", str(name)))


def say(console: Console, text: str) -> None:
    """Print a text as it is, in signs that the terminal has; a reader that went away is no error."""
    from audit_pipeline.commands.init import write

    write(console.file, printable(text, console.encoding))
