"""A case on disk, as somebody would have it: a table, and beside it the files that it names."""

from __future__ import annotations

from pathlib import Path

from benchmarks.truth.case import Case

TABLE = "records.csv"


def write(case: Case, folder: Path) -> Path:
    """Write table and files of a case of recordings to a new folder, and return the path of the table."""
    assert case.files is not None
    for name, content in case.files():
        path = folder / name
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        path.write_bytes(content)
    table = folder / TABLE
    case.frame.to_csv(table, index=False)
    return table
