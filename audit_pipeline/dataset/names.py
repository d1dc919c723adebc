"""Names of columns: hostile ones refused, careless ones (spaces around, composed and decomposed accents) matched."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

from audit_pipeline.dataset.files import DataFile
from audit_pipeline.errors import DataError, shorten

MAX_NAME = 1_000
_INVISIBLE = re.compile("[\\u200b-\\u200d\\u2060\\ufeff]")


def check(names: Sequence[str], file: DataFile) -> None:
    """Raise a DataError for names that stand twice, are empty, or are no names by their length."""
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise DataError(
                f"column {position} has no name", file=file.shown, expected="a name for every column", remedy="name it"
            )
        if len(name) > MAX_NAME:
            raise DataError(
                f"the name of column {position} has {len(name):,} characters: {shorten(name)}",
                file=file.shown,
                row=1,
                expected=f"at most {MAX_NAME:,}",
                remedy="is the header missing, or a quotation mark never closed? Give the column a short name",
            )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"the column name {shorten(repeated[0])} stands {list(names).count(repeated[0])} times",
            file=file.shown,
            column=repeated[0],
            remedy="give each column its own name",
        )


def tidy(names: Sequence[str], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names by which the audit calls the columns, and notes on those that changed.

    Space around a name goes, unless another column has that name already. A name of the spec that no column has exactly is
    given to the column that differs from it in space, invisible characters or Unicode form alone.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[plain(name)].append(name)
    exact, asked = set(names), set(wanted)
    meant = {plain(name): name for name in wanted if name not in exact}
    called = {}
    for name in names:
        same = plain(name)
        kept = len(alike[same]) > 1 or name in asked
        called[name] = name if kept else meant.get(same, name.strip() or name)
    notes = [
        f"the columns {' and '.join(map(repr, same))} differ only in space or invisible characters"
        for same in alike.values()
        if len(same) > 1
    ]
    changed = [f"{shorten(old)} as {shorten(new)}" for old, new in called.items() if old != new]
    if changed:
        more = f" and {len(changed) - 5:,} more" if len(changed) > 5 else ""
        notes.append(f"column names with space around or other oddities were read: {', '.join(changed[:5])}{more}")
    return [called[name] for name in names], notes


def plain(name: str) -> str:
    """Return a name in composed Unicode, without invisible characters, with single spaces inside and none around."""
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", name)).split())
