"""From a path to a proposed spec."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from audit_pipeline.dataset.files import DataFile, find, is_table, split_ending
from audit_pipeline.dataset.read import load_table
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.proposal.columns import Column, columns_of
from audit_pipeline.proposal.guess import guess
from audit_pipeline.proposal.render import Missing, render
from audit_pipeline.yamltext import scalar

PURPOSES = frozenset(
    (
        *("data", "dataset", "manifest", "metadata", "meta", "table", "index", "labels", "annotations", "records"),
        *("train", "test", "all", "full", "part"),
    )
)
"""Names of files that say nothing of what is in them."""


@dataclass(frozen=True)
class Proposal:
    """A proposed spec: the YAML, and whether it can be run as it stands."""

    text: str
    ready: bool


def propose(paths: Sequence[str], *, out: Path | None = None) -> Proposal:
    """Look at a table and propose a spec.

    Parameters
    ----------
    paths : files, globs, URLs, or one folder with tables of one kind.
    out : the file that the spec is meant for; paths in it are relative to its folder.

    Raises
    ------
    DataError : the table cannot be read.
    """
    patterns = [pattern for path in paths for pattern in _tables(path)]
    files = find(patterns)
    loaded = load_table(files)
    columns = columns_of(loaded)
    found = guess(columns)
    folder = (out.parent if out is not None else Path()).absolute()
    data = [_relative(pattern, folder) for pattern in patterns]
    about = (
        f"{files[0].name}{f' and {len(files) - 1:,} more' if len(files) > 1 else ''}: "
        f"{loaded.table.num_rows:,} records, {loaded.table.num_columns:,} columns"
    )

    def text(suspects: Sequence[Missing], *closing: str) -> str:
        return render(
            found,
            name=_name(files[0]),
            data=data[0] if len(data) == 1 else data,
            about=about,
            suspects=suspects,
            closing=closing,
        )

    next_ = (
        f"Next: audit-pipeline run {out}"
        if out is not None
        else "Next: save this as audit.yaml (--out audit.yaml does), then: audit-pipeline run audit.yaml"
    )
    if found.label is None or not found.nuisance:
        need = " and ".join(
            part for part, absent in (("label", found.label is None), ("nuisance", not found.nuisance)) if absent
        )
        return Proposal(text(_suspects(columns), f"First of all: fill in {need}.", next_), ready=False)
    try:
        facts, read = _trial(text(()), folder)
    except AuditError as error:
        place = "".join(
            (f" row {error.row}," if error.row else "", f" column {error.column!r}," if error.column else "")
        ).rstrip(",")
        refused = f"As it stands the audit is refused:{place + ':' if place else ''} {error.message}. What to do: {error.remedy}."
        return Proposal(text(_suspects(columns), refused, next_), ready=False)
    return Proposal(text(facts, read, next_), ready=True)


def _tables(path: str) -> list[str]:
    """Return a path, or for a folder the glob of its tables, which have to be of one kind."""
    folder = Path(path)
    if "://" in path or not folder.is_dir():
        return [path]
    tables = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and is_table(entry.name))
    if not tables:
        raise DataError(
            "the folder holds no table",
            file=path,
            expected="csv, tsv, jsonl or parquet",
            remedy="name the table; a folder of images or sounds needs one with their names and labels",
        )
    if len(tables) == 1:
        return [str(folder / tables[0])]
    endings = {_full_ending(table) for table in tables}
    if len(endings) > 1:
        raise DataError(
            f"the folder holds tables of several kinds: {', '.join(tables[:5])}{' …' if len(tables) > 5 else ''}",
            file=path,
            remedy=f"name the one to audit, e.g. audit-pipeline init {folder / tables[0]}",
        )
    return [str(folder / f"*{endings.pop()}")]


def _full_ending(name: str) -> str:
    ending, zipped = split_ending(name)
    return name[-len(ending) - 3 :] if zipped else name[-len(ending) :]


def _relative(pattern: str, folder: Path) -> str:
    """Return a path as it goes into a spec in ``folder``: relative, unless the user named it absolutely and it lies elsewhere."""
    if "://" in pattern:
        return pattern
    path = Path(pattern)
    if path.is_absolute() and not path.is_relative_to(folder):
        return path.as_posix()
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def _name(file: DataFile) -> str:
    """Return a name for the audit: that of the first file, or of its folder if the file is called after its purpose."""
    path = PurePosixPath(Path(file.shown).as_posix())
    for name in (path.name.split(".")[0], path.parent.name):
        if name.casefold() not in PURPOSES and re.search(r"[A-Za-z0-9]", name) and len(name) <= 100:
            return name
    return "audit"


def _suspects(columns: Sequence[Column]) -> list[Missing]:
    """Return values that may stand for missing ones, where no trial reading could say in which levels they lie."""
    return [
        Missing(
            column=column.name,
            mark=scalar(suspect.name) if suspect.value is None else suspect.name,
            note=f"{suspect.count:,} of {column.n - column.look.missing:,} records",
        )
        for column in columns
        for suspect in column.look.suspects
    ]


def _trial(text: str, folder: Path) -> tuple[list[Missing], str]:
    """Read the table as the proposed spec says, and return what may be missing, and what was read in words.

    Raises
    ------
    AuditError : the audit would be refused.
    """
    import yaml

    from audit_pipeline import pipeline
    from audit_pipeline.dataset.records import load_info
    from audit_pipeline.spec import parse_spec
    from audit_pipeline.store import Store

    spec = parse_spec(yaml.safe_load(text), base=folder)
    stage = pipeline.graph(spec)[0]
    with tempfile.TemporaryDirectory() as store:
        record = pipeline.execute(stage, spec, Store(Path(store)), {})
        suspected = load_info(record.folder)["suspected_missing"]
    summary = record.summary
    subjects = f"{summary['subjects']:,} subjects, " if spec.subject else ""
    return (
        [
            Missing(
                column=fact["column"],
                mark=fact["value"] if fact["number"] else scalar(fact["value"]),
                note=_places(fact),
            )
            for fact in suspected
        ],
        f"Read as written above: {summary['records']:,} records, {subjects}{summary['features']:,} features.",
    )


def _places(fact: dict[str, object]) -> str:
    where = fact["where"]
    assert isinstance(where, list)
    places = "".join(f", {at['count']:,} of {at['records']:,} at {at['column']} {at['level']!r}" for at in where)
    return f"{fact['count']:,} of {fact['of']:,} records{places}"
