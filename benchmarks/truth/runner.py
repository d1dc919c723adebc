"""Runs the parts in parallel, one file a part; a part that is there is not run again, so that a killed run resumes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.truth.case import families
from benchmarks.truth.examine import examine
from benchmarks.truth.plan import Part

BATCH = 10
"""Datasets that a worker audits before it reports."""

Batch = tuple[str, int, int, int, int]


def run(parts: Sequence[Part], folder: Path, workers: int | None = None) -> pd.DataFrame:
    """Audit every dataset of ``parts`` that is not in ``folder`` yet, and return all rows.

    Parameters
    ----------
    folder : one Parquet file a part; made of the same code, or else the caller gave another folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [part for part in parts if not _complete(part, folder)]
    total = sum(len(part.replicates) for part in missing)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress,
        ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=_calm) as pool,
    ):
        bar = progress.add_task("audits", total=total)
        rows: dict[str, list[dict[str, Any]]] = {part.name: [] for part in missing}
        open_batches = {part.name: len(list(_batches(part))) for part in missing}
        by_name = {part.name: part for part in missing}
        futures = {pool.submit(_work, batch): part.name for part in missing for batch in _batches(part)}
        for future in as_completed(futures):
            name = futures.pop(future)
            rows[name] += future.result()
            open_batches[name] -= 1
            progress.advance(bar, len({row["replicate"] for row in future.result()}))
            if open_batches[name] == 0:
                _save(rows.pop(name), by_name[name], folder)
                progress.update(bar, description=name)
                if not sys.stderr.isatty():
                    print(f"{len(missing) - len(rows)} of {len(missing)} parts: {name}", file=sys.stderr, flush=True)
    return load(parts, folder)


def load(parts: Sequence[Part], folder: Path) -> pd.DataFrame:
    """Return the rows of all parts that are there; of the replicates that were asked for, should a file hold more."""
    found = []
    for part in parts:
        if _complete(part, folder):
            rows = pd.read_parquet(folder / f"{part.name}.parquet")
            found.append(rows[rows["replicate"].isin(list(part.replicates))])
    rows = pd.concat([frame.dropna(axis=1, how="all") for frame in found], ignore_index=True)
    # A figure that no dataset has is a column nevertheless.
    for name in dict.fromkeys(str(name) for frame in found for name in frame):
        if name not in rows:
            rows[name] = None
    return rows


def any_complete(parts: Sequence[Part], folder: Path) -> bool:
    """Return whether any of the parts was run."""
    return any(_complete(part, folder) for part in parts)


def _batches(part: Part) -> Iterator[Batch]:
    for start in range(part.replicates.start, part.replicates.stop, BATCH):
        yield part.family.name, part.position, part.n, start, min(start + BATCH, part.replicates.stop)


def _work(batch: Batch) -> list[dict[str, Any]]:
    name, position, n, start, stop = batch
    part = Part(families()[name], position, n, range(start, stop))
    rows = []
    for replicate in part.replicates:
        try:
            rows += examine(part, replicate)
        except Exception as error:
            raise RuntimeError(f"{part.name}, replicate {replicate}: {error}") from error
    return rows


def _calm() -> None:
    # A worker a core: threads inside a worker would only fight for it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _complete(part: Part, folder: Path) -> bool:
    path = folder / f"{part.name}.parquet"
    if not path.exists():
        return False
    return bool(pd.read_parquet(path, columns=["replicate"])["replicate"].nunique() >= len(part.replicates))


def _save(rows: list[dict[str, Any]], part: Part, folder: Path) -> None:
    frame = pd.DataFrame(rows).sort_values(["replicate"], kind="stable")
    path = folder / f"{part.name}.parquet"
    frame.to_parquet(path.with_suffix(".part"), index=False)
    path.with_suffix(".part").replace(path)
