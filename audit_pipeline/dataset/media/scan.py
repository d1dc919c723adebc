"""Many files to one table: a row for each, in the order given, whatever is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset.media.crew import isolated
from audit_pipeline.dataset.media.examine import examine, lost
from audit_pipeline.dataset.media.headers.facts import FIELDS, PREFIX
from audit_pipeline.dataset.media.limits import DEFAULT, Limits

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 4096
"""Rows that are held as Python objects; behind them they are columns of Arrow."""

_TEXTS = ("path", "digest", "kind", "problem", "reason", "remedy")


def scan(
    paths: Sequence[str | os.PathLike[str]],
    limits: Limits = DEFAULT,
    progress: Callable[[int, int, str], None] | None = None,
    *,
    decode: bool = True,
    workers: int | None = None,
) -> pa.Table:
    """Return a table with a row for each file.

    Columns: ``path`` (a URL without credentials), ``digest`` (SHA-256), ``bytes``, ``kind``, ``problem`` (its kind, null if
    there is none), ``reason``, ``remedy``, then ``file.*``: every field of :data:`FIELDS` that some file states, as text or
    float64, null where a file does not state it. A file may have both a problem and facts, if its header is whole.

    Parameters
    ----------
    paths : files: paths, or URLs that fsspec knows.
    progress : called with the number of files done, of all files, and a word.
    decode : whether to decode the content too. Without it damage behind the header is not found, and fields that need the
        content (bits in use, brightness, loudness ...) stay null.
    workers : processes; by default one a core, at most eight. With 0 files are decoded in this process: then one that
        crashes the decoder ends it, and nobody looks at the clock.

    Raises
    ------
    AuditError : no worker process can be started.
    """
    import pyarrow as pa

    schema = _schema()
    batches = []
    rows: list[dict[str, Any]] = []
    # About a hundred calls: whoever draws the progress has other things to do.
    every = max(1, len(paths) // 100)
    for done, row in enumerate(_rows(paths, limits, decode, workers), start=1):
        rows.append(row)
        if len(rows) == BATCH:
            batches.append(_batch(rows, schema))
            rows = []
        if progress is not None and (done % every == 0 or done == len(paths)):
            progress(done, len(paths), "files")
    batches.append(_batch(rows, schema))
    table = pa.Table.from_batches(batches, schema).combine_chunks()
    stated = [name for name in table.column_names if not name.startswith(PREFIX) or table[name].null_count < len(table)]
    return table.select(stated)


def _rows(
    paths: Iterable[str | os.PathLike[str]], limits: Limits, decode: bool, workers: int | None
) -> Iterator[dict[str, Any]]:
    names = [os.fspath(path) for path in paths]
    bounds = limits.to_json()

    def task(name: str) -> dict[str, Any]:
        return {"path": name, "limits": bounds, "decode": decode}

    # What lies in this process's memory is not there for another.
    here = workers == 0 or not names or any(name.startswith("memory://") for name in names)
    if here:
        yield from (examine(task(name)) for name in names)
        return
    count = min(workers or min(8, os.cpu_count() or 1), len(names))
    answers = isolated(
        "audit_pipeline.dataset.media.examine:examine",
        map(task, names),
        workers=count,
        memory=limits.memory,
        patience=limits.patience,
    )
    for name, answer in zip(names, answers, strict=True):
        yield lost(task(name), answer) if isinstance(answer, str) else answer


def _schema() -> pa.Schema:
    import pyarrow as pa

    columns = [
        (name, pa.int64() if name == "bytes" else pa.string()) for name in ("path", "digest", "bytes", *_TEXTS[2:])
    ]
    columns += [
        (PREFIX + name, pa.float64() if field.type == "number" else pa.string()) for name, field in FIELDS.items()
    ]
    return pa.schema(columns)


def _batch(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = []
    for field in schema:
        if field.name.startswith(PREFIX):
            name = field.name.removeprefix(PREFIX)
            values = [row["facts"].get(name) for row in rows]
        else:
            values = [row[field.name] for row in rows]
        if field.name == "path":
            # A path is bytes to the system, and not all of them are text.
            values = [value.encode("utf-8", "backslashreplace").decode() for value in values]
        columns.append(pa.array(values, field.type))
    return pa.record_batch(columns, schema=schema)
