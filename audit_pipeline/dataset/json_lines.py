"""Reading JSON lines: one object a line; fields of nested objects become columns named ``outer.inner``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from audit_pipeline.dataset.files import DataFile
from audit_pipeline.dataset.piece import BLOCK, MAX_CELLS, MAX_COLUMNS, Piece
from audit_pipeline.dataset.streams import head, open_arrow, open_bytes
from audit_pipeline.errors import DataError, shorten

if TYPE_CHECKING:
    import pyarrow as pa

MAX_DEPTH = 20
"""Of brackets within brackets; Arrow's parser is recursive and dies, without an error, at a few thousand."""

_CELLS = 1_000_000
"""Values that the slow reader turns into columns at a time."""

_SAMPLE = 1_000
"""Lines looked at to see whether they share their fields."""


def read_lines(file: DataFile) -> Piece:
    """Read one file.

    Arrow reads it where every field keeps one type. Else Python reads it line by line, and a field that is a number here and
    a text there becomes text whose meaning is found out later.

    Raises
    ------
    DataError : a line that is no JSON object, a field that stands twice in it, brackets nested too deep.
    """
    import pyarrow as pa
    from pyarrow import json as arrow

    _check_start(file)
    _check_depth(file)
    if _fields_are_values(file):
        return _slowly(file)
    try:
        with open_arrow(file) as source:
            table = arrow.read_json(source, read_options=arrow.ReadOptions(block_size=BLOCK))
        table.validate(full=True)  # the parser takes any bytes for UTF-8
    except pa.ArrowInvalid:
        return _slowly(file)
    table = flattened(table)
    return _slowly(file) if any(map(_rounded, table.columns)) else Piece(file, table)


def _rounded(column: pa.ChunkedArray) -> bool:
    """Return whether integers too long for 64 bits became floats, which makes several identifiers one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    largest = pc.max(pc.abs(column)).as_py()
    if largest is None or not 2.0**53 <= largest < 1e30:
        return False
    return bool(pc.all(pc.equal(pc.round(column), column)).as_py())


def _fields_are_values(file: DataFile) -> bool:
    """Return whether the first lines hardly share fields. Arrow would make a column a line, and fill the memory."""
    fields = lines = 0
    names: set[str] = set()
    with open_bytes(file) as stream:
        for _, line in zip(range(_SAMPLE), stream, strict=False):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                lines += 1
                fields += len(row)
                names.update(row)
    return lines > 1 and len(names) > 100 + 10 * fields / lines


def flattened(table: pa.Table) -> pa.Table:
    """Return the table with the fields of nested objects as columns."""
    import pyarrow as pa

    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
        if table.num_columns > MAX_COLUMNS:
            break
    return table


def _check_start(file: DataFile) -> None:
    start = head(file, 1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff", b"PK")) or b"\x00" in start:
        raise DataError(
            "the file is binary, not JSON lines", file=file.shown, remedy="if it is gzip, add .gz to its name"
        )
    if start.startswith(b"["):
        raise DataError(
            "the file is one JSON list",
            file=file.shown,
            row=1,
            expected='one object a line: {"label": "a", "site": "b"}',
            remedy="split it, e.g. jq -c '.[]' data.json > data.jsonl",
        )


def _check_depth(file: DataFile) -> None:
    with open_bytes(file) as stream:
        for number, line in enumerate(_bounded(stream, file), start=1):
            # Almost every line ends here: counting brackets is much faster than nesting them.
            if line.count(b"{") + line.count(b"[") <= MAX_DEPTH:
                continue
            if _depth(line) > MAX_DEPTH:
                raise DataError(
                    f"brackets are nested more than {MAX_DEPTH} deep",
                    file=file.shown,
                    row=number,
                    expected="a record with named fields",
                    remedy="write the fields that matter at the top of each object",
                )


def _bounded(stream: Any, file: DataFile) -> Iterator[bytes]:
    number = 0
    while line := stream.readline(BLOCK):
        number += 1
        if len(line) == BLOCK:
            raise DataError(
                f"the line is longer than {BLOCK:,} bytes",
                file=file.shown,
                row=number,
                expected="one record a line",
                remedy="leave long texts and lists out of the records",
            )
        yield line


def _depth(line: bytes) -> int:
    depth = deepest = 0
    inside = escaped = False
    for byte in line:
        if escaped:
            escaped = False
        elif inside:
            escaped = byte == 0x5C
            inside = byte != 0x22
        elif byte == 0x22:
            inside = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _slowly(file: DataFile) -> Piece:
    """Read line by line: names the line that is wrong, and allows fields of several types."""
    import pyarrow as pa

    tables: list[pa.Table] = []
    raw: set[str] = set()
    rows: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    count = 0

    def flush() -> None:
        if rows:
            arrays, mixed = _columns(rows, names)
            tables.append(pa.table(arrays))
            raw.update(mixed)
            rows.clear()

    with open_bytes(file) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            row = _flat(_object(line, number, file))
            names.update(dict.fromkeys(row))
            if len(names) > MAX_COLUMNS:
                raise DataError(
                    f"the lines up to here have {len(names):,} different fields",
                    file=file.shown,
                    row=number,
                    expected="the same fields in every line",
                    remedy="is a value (an identifier, a date) used as a field's name?",
                )
            rows.append(row)
            count += 1
            if count * len(names) > MAX_CELLS:
                raise DataError(
                    f"{count:,} lines with {len(names):,} different fields are too many",
                    file=file.shown,
                    row=number,
                    expected=f"at most {MAX_CELLS:,} values",
                    remedy="audit a sample of subjects, or fewer fields",
                )
            if len(rows) * len(names) > _CELLS:
                flush()
    flush()
    if not tables:
        raise DataError("the file holds nothing but empty lines", file=file.shown, remedy="export the data again")
    # A field may be a number in one block and a text in the next.
    from audit_pipeline.dataset.unify import one_type

    table, differing = one_type(tables)
    return Piece(file, table, frozenset(raw | differing))


def _object(line: bytes, number: int, file: DataFile) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise DataError(
                f"the field {shorten(twice)} stands twice in this line",
                file=file.shown,
                row=number,
                remedy="give each field its own name",
            )
        return fields

    try:
        value = json.loads(line.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"the line is no JSON: {error}",
            file=file.shown,
            row=number,
            expected='one object a line: {"label": "a", "site": "b"}',
            remedy="mend that line; a file cut short ends in the middle of one",
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"the line is a {type(value).__name__}, not an object",
            file=file.shown,
            row=number,
            expected='one object a line: {"label": "a", "site": "b"}',
            remedy="write every record with the names of its fields",
        )
    return value


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    if not any(isinstance(value, dict) for value in row.values()):
        return {prefix + name: value for name, value in row.items()} if prefix else row
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _columns(rows: list[dict[str, Any]], names: dict[str, None]) -> tuple[dict[str, pa.Array], set[str]]:
    """Return arrays by name, and which of them hold several types and became text."""
    import pyarrow as pa

    arrays: dict[str, pa.Array] = {}
    mixed: set[str] = set()
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            arrays[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            arrays[name] = pa.array([_text(value) for value in values], pa.string())
            mixed.add(name)
    return arrays, mixed


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
