"""SHA-256 of files, columns and values: the names by which lineage calls things."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20


def of_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def of_value(value: Any) -> str:
    """Return the SHA-256 of a JSON-serialisable value; key order does not matter."""
    return of_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks, and read once a process while size and mtime stand still."""
    status = path.stat()
    return _of_file(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _of_file(path: str, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.sha256(usedforsecurity=True)).hexdigest()


def of_column(column: pa.ChunkedArray) -> str:
    """Return the SHA-256 of a column's content, the same for csv and Parquet.

    Numbers are hashed as float64, everything else as UTF-8 text with lengths; missing values by position. The type's name
    is included, so that the text ``1`` and the number 1 differ.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of a column without rows
        array = pa.array([], type=column.type)
    digest = hashlib.sha256()
    missing = np.asarray(pc.is_null(array).to_numpy(zero_copy_only=False), dtype=np.uint8)
    digest.update(np.packbits(missing).tobytes())
    if pa.types.is_boolean(array.type) or pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        digest.update(b"boolean" if pa.types.is_boolean(array.type) else b"number")
        values = pc.fill_null(pc.cast(array, pa.float64(), safe=False), 0.0)
        digest.update(np.ascontiguousarray(values.to_numpy(zero_copy_only=False)).tobytes())
    else:
        digest.update(b"text")
        values = pc.fill_null(pc.cast(array, pa.large_string()), "")
        lengths = pc.binary_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
        digest.update(lengths.tobytes())
        for start in range(0, len(values), 65_536):
            digest.update("".join(values.slice(start, 65_536).to_pylist()).encode())
    return digest.hexdigest()


def of_rows(table: pa.Table) -> str:
    """Return the SHA-256 of a table's rows in their order: of each the JSON of its values as a list, and a line's end."""
    digest = hashlib.sha256()
    for batch in table.to_batches(max_chunksize=8_192):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            digest.update(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


FACE = (
    *("__main__.py", "cli.py", "commands", "components", "demo", "orchestration"),
    *("api", "comparison", "leftovers.py", "portfolio", "proposal", "verification"),
)
"""What only starts audits or shows what they did: a change there changes no result."""

JUDGEMENT = (
    "stages/verdict.py",
    "wording_numbers.py",
    "wording_views.py",
    "facts.py",
    "lineage.py",
    "report",
    "verdict.py",
    "verdict_types.py",
    "wording.py",
)
"""What only the last stage runs."""


@lru_cache(maxsize=2)
def of_code(judging: bool = True) -> str:
    """Return the SHA-256 of the sources that can change a result: the code version that stage keys carry.

    With ``judging=False`` without those of the last stage, so that a new sentence or style sheet measures nothing again.
    """
    root = Path(__file__).parent
    left_out = FACE if judging else FACE + JUDGEMENT
    digest = hashlib.sha256()
    for source in sorted(path for kind in ("*.py", "*.j2", "*.css") for path in root.rglob(kind)):
        name = source.relative_to(root).as_posix()
        if not any(name == part or name.startswith(f"{part}/") for part in left_out):
            digest.update(name.encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()
