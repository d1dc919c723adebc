"""One look at every column: its kind, its profile, and values in it that may stand for missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.hidden import Suspect, suspicious_numbers, suspicious_words

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Look:
    """What one pass over a column finds.

    Parameters
    ----------
    n, missing, infinite, distinct : numbers of records and of values; infinities count among the missing.
    whole : whether all numbers are integers.
    most_frequent : a level, for columns that are no numbers.
    suspects : values that may stand for missing ones.
    """

    kind: kinds.Kind
    n: int
    missing: int
    infinite: int = 0
    distinct: int = 0
    minimum: float | None = None
    mean: float | None = None
    maximum: float | None = None
    whole: bool = False
    most_frequent: str | None = None
    suspects: tuple[Suspect, ...] = ()

    def profile(self) -> dict[str, Any]:
        """Return the facts that go into the manifest."""
        if self.kind == "unusable":
            return {"kind": self.kind, "missing": self.missing}
        facts: dict[str, Any] = {"kind": self.kind, "distinct": self.distinct, "missing": self.missing - self.infinite}
        if self.kind in ("numeric", "date"):
            facts |= {"infinite": self.infinite, "minimum": self.minimum, "mean": self.mean, "maximum": self.maximum}
        else:
            facts["most_frequent"] = self.most_frequent
        return facts

    @property
    def constant(self) -> bool:
        """Whether there is nothing to be learnt from the column."""
        return self.distinct == 0 or (self.distinct == 1 and self.missing == 0)

    @property
    def running(self) -> bool:
        """Whether the column numbers the records: every integer of a range once."""
        return (
            self.kind == "numeric"
            and self.whole
            and self.distinct == self.n >= 20
            and self.minimum is not None
            and self.maximum is not None
            and self.maximum - self.minimum == self.n - 1
        )


def look_at(column: pa.ChunkedArray) -> Look:
    """Look at a column once."""
    kind = kinds.kind_of(column)
    if kind == "unusable":
        return Look(kind=kind, n=len(column), missing=int(column.null_count))
    if kind in ("numeric", "date"):
        return _numbers(column, kind)
    factor = kinds.factor(column, kind)
    counts = np.bincount(factor.codes, minlength=len(factor.levels))
    missing = kinds.MISSING in factor.levels
    return Look(
        kind=kind,
        n=len(column),
        missing=int(counts[factor.levels.index(kinds.MISSING)]) if missing else 0,
        distinct=len(factor.levels) - missing,
        most_frequent=factor.levels[int(counts.argmax())] if len(counts) else None,
        suspects=suspicious_words(factor.levels, counts) if kind == "categorical" else (),
    )


def _numbers(column: pa.ChunkedArray, kind: kinds.Kind) -> Look:
    values, infinite = kinds.numbers(column)
    known = values[~np.isnan(values)]
    if not len(known):
        return Look(kind=kind, n=len(values), missing=len(values), infinite=infinite)
    found, counts = np.unique(known, return_counts=True)
    return Look(
        kind=kind,
        n=len(values),
        missing=len(values) - len(known),
        infinite=infinite,
        distinct=len(found),
        minimum=float(found[0]),
        mean=float(known.mean()),
        maximum=float(found[-1]),
        whole=bool((found == np.round(found)).all()),
        suspects=suspicious_numbers(found, counts, dates=kind == "date"),
    )
