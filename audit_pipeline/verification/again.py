"""Where a page that was drawn again may lie: an output folder holds what was signed, and nothing else.

A page is drawn from the other files by the code at hand. If that gives the bytes that were signed, the page in the folder can
be put back; else another version drew it, and the signed one stays: the new one goes elsewhere.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from audit_pipeline import digests
from audit_pipeline.errors import DataError
from audit_pipeline.leftovers import remove_abandoned, unfinished
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.report.text import visible
from audit_pipeline.verification.checks import PAGE
from audit_pipeline.verification.folder import SignedFolder


@dataclass(frozen=True)
class Placed:
    """Where something was put, and what to tell of it."""

    path: Path
    told: str


def beside(folder: SignedFolder, ending: str) -> Path:
    """Return the place for what is made of an output folder: ``audits/clinic`` gives ``clinic.report.pdf`` in the current folder.

    Whoever stands in the output folder itself gets it beside that.
    """
    home, here = folder.path.resolve(), Path.cwd()
    inside = home == here or home in here.parents
    return (home.parent if inside else Path()) / f"{home.name}.{ending}"


def place_page(folder: SignedFolder, page: bytes, out: Path | None = None) -> Placed:
    """Put a page that was drawn again where it may lie.

    Parameters
    ----------
    out : the place that a person named; None: the folder if these are the signed bytes, else :func:`beside`.

    Raises
    ------
    DataError : ``out`` lies in the folder and these are not the signed bytes, or it cannot be written to.
    """
    own = folder.path / PAGE
    signed = folder.signed.get(PAGE)
    as_signed = signed is not None and digests.of_bytes(page) == signed
    if as_signed and (out is None or _same(out, own)):
        if own.is_file() and own.read_bytes() == page:
            return Placed(own, "is the page that these files give, as it was signed; nothing was written")
        write(own, page, workplace=folder.path.absolute().parent)
        return Placed(own, "was put back as it was signed")
    if out is not None:
        return place(folder, page, out)
    target = beside(folder, PAGE)
    write(target, page)
    why = "nowhere says which page was signed" if signed is None else "holds another one, which was signed"
    return Placed(target, f"is the page as it is drawn now; {visible(folder.path)} {why}, and was left as it is")


def place(folder: SignedFolder, content: bytes, out: Path) -> Placed:
    """Write a file that a person named, or one beside the folder; one that is there is replaced.

    Raises
    ------
    DataError : ``out`` is a folder, lies in the output folder, or cannot be written to.
    """
    check_place(folder, out)
    write(out, content)
    return Placed(out, "was written")


def check_place(folder: SignedFolder, out: Path) -> None:
    """Refuse a place for a file before the work.

    Raises
    ------
    DataError : it is a folder, or lies in the output folder.
    """
    check_outside(folder, out)
    if out.is_dir():
        raise DataError("this is a folder", file=out, remedy=f"name a file in it, e.g. --out {out / 'report'}")


def check_outside(folder: SignedFolder, out: Path) -> None:
    """Refuse a place in the output folder: it holds what was signed, and the next audit refuses it if it holds more.

    Raises
    ------
    DataError : it lies there.
    """
    home = folder.path.resolve()
    if home == out.resolve() or home in out.resolve().parents:
        what = (
            f"{out.name} is a file of the audit"
            if out.name in OUTPUT_FILES
            else "the output folder holds what was signed"
        )
        raise DataError(
            f"{what}, and nothing else is written there", file=out, remedy="choose a place outside of it with --out"
        )


def write(path: Path, content: bytes, *, workplace: Path | None = None) -> None:
    """Write a file at once: a reader sees the old one or the new one.

    Parameters
    ----------
    workplace : folder on the same disk in which it is completed; default: that of the file.

    Raises
    ------
    DataError : it cannot be written.
    """
    workplace = workplace or path.absolute().parent
    try:
        workplace.mkdir(parents=True, exist_ok=True)
        with unfinished(workplace, f".{path.name}.new") as fresh:
            fresh.write_bytes(content)
            os.replace(fresh, path)
        remove_abandoned(workplace.glob(f".{glob.escape(path.name)}.new-*"))
    except OSError as error:
        raise DataError(f"cannot be written: {error}", file=path, remedy="choose another place with --out") from error


def _same(first: Path, second: Path) -> bool:
    return first.resolve() == second.resolve()
