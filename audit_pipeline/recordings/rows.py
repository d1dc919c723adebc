"""What was seen of files, kept on disk by content: Parquet files of some hundred rows, written as a run goes on.

A row belongs to the digest of a file's bytes, so a file that was moved or copied is found again, and one that was changed is
not. Each file of the cache is written under another name and then renamed, so that a run that is killed leaves whole ones
behind and the next goes on from there. Names of files are kept as digests: people write patients' names into them. All of it
can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset.media import FIELDS, Origin
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.leftovers import remove_abandoned, unfinished
from audit_pipeline.parquet import read_table
from audit_pipeline.recordings.names import Medium

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = 2
"""Versions of the code whose rows are kept: this one, and the one before."""

FACTS = "facts"
_LOOK = "look:"


class Rows:
    """The rows of one version of the code, below ``folder``.

    Parameters
    ----------
    folder : of the cache; rows lie in a folder of it that is named by the version of the code that makes them.
    medium, limits : what else decides a row: a sound is a problem among images, and what is too large depends on the bound.
    """

    def __init__(self, folder: Path, medium: Medium, limits: Limits) -> None:
        self._folder = folder / _version() / _digest(json.dumps([medium, limits.to_json()]))[:8]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.parent.touch()
        _forget_old(folder)
        remove_abandoned(self._folder.glob(".part-*"))
        self._digests: dict[str, str] = {}
        self._facts: dict[tuple[str, str], str] = {}
        self._named: dict[str, str] = {}
        self._sizes: set[int] = set()
        self._looks: dict[str, set[str]] = {}
        self._parts: list[Path] = []
        for part in sorted(self._folder.glob("*.parquet")):
            self._learn(part)

    def digest(self, stamp: str) -> str | None:
        """Return the digest of the file that had this stamp (see :mod:`.stamps`), if it was read before."""
        return self._digests.get(stamp)

    def may_know(self, size: int) -> bool:
        """Return whether a file of so many bytes was seen before; if not, there is no use in its digest."""
        return size in self._sizes

    def facts(self, digest: str, name: str) -> dict[str, Any] | None:
        """Return what is known of a file: the row without its path; facts of its name depend on that name."""
        stored = self._facts.get((digest, _digest(name)))
        return None if stored is None else json.loads(stored)

    def nameless(self, digest: str) -> dict[str, Any] | None:
        """Return what is known of a file whatever it is called: without the facts of its name."""
        name = self._named.get(digest)
        if name is None:
            return None
        row = json.loads(self._facts[digest, name])
        kept = {key: value for key, value in row[FACTS].items() if FIELDS[key].origin is not Origin.NAME}
        return {**row, FACTS: kept}

    def missing(self, digest: str, wanted: Iterable[str]) -> list[str]:
        """Return which looks at a file are not there."""
        return [name for name in wanted if digest not in self._looks.get(name, ())]

    def add(self, rows: Sequence[tuple[str, str, dict[str, Any], dict[str, bytes]]]) -> None:
        """Keep rows: stamp, name of the file, row of the scan, looks by name."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not rows:
            return
        names = sorted({name for *_, looks in rows for name in looks})
        columns: dict[str, Any] = {
            "stamp": pa.array([stamp for stamp, *_ in rows], pa.string()),
            "name": pa.array([_digest(name) for _, name, *_ in rows], pa.string()),
            "digest": pa.array([row["digest"] for _, _, row, _ in rows], pa.string()),
            "bytes": pa.array([row["bytes"] for _, _, row, _ in rows], pa.int64()),
            FACTS: pa.array([json.dumps(_portable(row), sort_keys=True) for _, _, row, _ in rows], pa.string()),
        }
        columns |= {_LOOK + name: pa.array([looks.get(name) for *_, looks in rows], pa.binary()) for name in names}
        final = self._folder / f"{uuid.uuid4().hex}.parquet"
        with unfinished(self._folder, ".part") as part:
            # No two rows are equal, so that dictionaries of them are made in vain.
            pq.write_table(pa.table(columns), part, compression="zstd", use_dictionary=False)
            part.rename(final)
        self._learn(final)

    def read(self, name: str, digests: Sequence[str], kind: str) -> np.ndarray:
        """Return a look at files as a matrix (n, p) of a numpy type, in the order of ``digests``.

        Raises
        ------
        KeyError : one of them is not there.
        """
        import pyarrow.parquet as pq

        place = {digest: position for position, digest in enumerate(dict.fromkeys(digests))}
        missing = np.ones(len(place), dtype=bool)
        out: np.ndarray | None = None
        for part in self._parts:
            if _LOOK + name not in _columns(part):
                continue
            # One file and not a dataset, which takes longer to be opened than such a part to be read.
            table = pq.ParquetFile(part).read(["digest", _LOOK + name])
            target = np.array([place.get(digest, -1) for digest in table.column(0).to_pylist()], dtype=np.int64)
            rows = np.flatnonzero((target >= 0) & table.column(1).is_valid().to_numpy())
            rows = rows[missing[target[rows]]]
            if not len(rows):
                continue
            column = table.column(1) if len(rows) == len(target) else table.column(1).take(rows)
            values = np.frombuffer(b"".join(column.to_pylist()), dtype=kind).reshape(len(rows), -1)
            if out is None:
                out = np.empty((len(place), values.shape[1]), dtype=kind)
            out[target[rows]] = values
            missing[target[rows]] = False
        if out is None or missing.any():
            raise KeyError(next((digest for digest, position in place.items() if missing[position]), name))
        return out if len(place) == len(digests) else out[[place[digest] for digest in digests]]

    def _learn(self, part: Path) -> None:
        import pyarrow as pa

        try:
            names = _columns(part)
            table = read_table(part, [name for name in names if not name.startswith(_LOOK)])
            known = {name: _known(part, name) for name in names if name.startswith(_LOOK)}
            columns = [table.column(name).to_pylist() for name in ("stamp", "name", "digest", "bytes", FACTS)]
        except (OSError, KeyError, pa.ArrowException):
            # A disk that was full or is failing: what stood there is looked at again.
            part.unlink(missing_ok=True)
            return
        for stamp, name, digest, size, facts in zip(*columns, strict=True):
            self._digests[stamp] = digest
            self._facts[digest, name] = facts
            self._named[digest] = name
            self._sizes.add(size)
        for look, there in known.items():
            seen = (digest for digest, valid in zip(columns[2], there, strict=True) if valid)
            self._looks.setdefault(look.removeprefix(_LOOK), set()).update(seen)
        self._parts.append(part)


def _portable(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("digest", "bytes", "kind", "problem", "reason", "remedy", FACTS)}


@lru_cache(maxsize=100_000)
def _columns(part: Path) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    return tuple(pq.read_schema(part).names)


def _known(part: Path, look: str) -> list[bool]:
    """Return which rows of a part have a look, without reading any if all have it, as nearly always."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(part)
    position = file.schema_arrow.names.index(look)
    groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
    statistics = [group.column(position).statistics for group in groups]
    if all(found is not None and found.has_null_count and found.null_count == 0 for found in statistics):
        return [True] * file.metadata.num_rows
    column: pa.ChunkedArray = read_table(part, [look]).column(0)
    return [bool(valid) for valid in column.is_valid().to_pylist()]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=1)
def _version() -> str:
    """Return a digest of the sources that decode and look: with any change there, rows are made anew."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    sources = [*(root / "dataset" / "media").rglob("*.py"), *(root / "views" / "recordings").rglob("*.py")]
    for source in sorted([*sources, root / "recordings" / "one_pass.py"]):
        digest.update(source.relative_to(root).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    import shutil

    versions = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in versions[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
