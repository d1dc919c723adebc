"""What a proposal knows of every column: one look, its levels, and the words of its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit_pipeline.dataset import kinds
from audit_pipeline.dataset.look import Look, look_at
from audit_pipeline.dataset.read import Loaded
from audit_pipeline.dataset.settled import Trouble
from audit_pipeline.proposal import vocabulary
from audit_pipeline.recordings.folders import ENDINGS
from audit_pipeline.report.text import visible

MAX_LEVELS = 50
"""Up to this many distinct values a column is described by its levels, and may be a label."""

_FILE = re.compile(
    rf".*({'|'.join(ending.replace('.', '[.]') for endings in ENDINGS.values() for ending in endings)}"
    r"|\.(nii(\.gz)?|m4a|npz|mp4|avi|h5|edf))",
    re.IGNORECASE,
)

_SAMPLE = 50


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Parameters
    ----------
    position : from 0; people put the label first or last.
    levels : names and counts of the values, most frequent first, without missing ones; empty for more than a few.
    codes : (n,) index of each record's level where there are few, ``levels`` in the order of ``names``; else None.
    files : whether the values are names of recordings.
    sample : some of the values, as text; of few all.
    """

    name: str
    position: int
    look: Look
    levels: tuple[tuple[str, int], ...] = ()
    codes: np.ndarray | None = None
    names: tuple[str, ...] = ()
    files: bool = False
    trouble: Trouble | None = None
    sample: tuple[str, ...] = ()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name."""
        return vocabulary.words(self.name)

    @cached_property
    def core(self) -> tuple[str, ...]:
        """The words of the name without ``id``, ``no`` and numbers."""
        return tuple(word for word in self.words if word not in vocabulary.IDENTIFIER and not word.isdigit())

    @property
    def n(self) -> int:
        """Number of records."""
        return self.look.n

    @property
    def few(self) -> bool:
        """Whether the column has two levels or more, and few enough to look at each."""
        return 2 <= self.look.distinct <= MAX_LEVELS and bool(self.levels)

    @property
    def classes(self) -> bool:
        """Whether at least two levels have two records or more, so that a model can be trained on one and tested on the other."""
        return self.few and sum(count >= 2 for _, count in self.levels) >= 2

    @property
    def unique(self) -> bool:
        """Whether every record has a value of its own."""
        return self.look.distinct == self.n > 1

    @property
    def naming(self) -> bool:
        """Whether the values can name things: texts or whole numbers, many of them."""
        return (self.look.kind == "categorical" or self.look.whole) and self.look.distinct > 5

    def content(self) -> str:
        """Return in a few words what the column holds."""
        look = self.look
        if look.distinct == 0:
            return "empty"
        if look.kind == "unusable":
            return "values that are not understood"
        missing = f", {look.missing:,} missing" if look.missing else ""
        if self.levels and look.distinct <= 12:
            shown = ", ".join(f"{visible(name, limit=30)} ({count:,})" for name, count in self.levels[:5])
            more = f", {look.distinct - 5} more" if look.distinct > 5 else ""
            return f"{look.distinct} {'level' if look.distinct == 1 else 'levels'}: {shown}{more}{missing}"
        if look.kind in ("numeric", "date") and look.minimum is not None and look.maximum is not None:
            name = kinds.date_name if look.kind == "date" else kinds.number_name
            return f"{'dates' if look.kind == 'date' else 'numbers'} from {name(look.minimum)} to {name(look.maximum)}{missing}"
        return f"{look.distinct:,} different values{missing}"


def columns_of(loaded: Loaded) -> list[Column]:
    """Look at every column of a table."""
    return [_column(loaded, name, position) for position, name in enumerate(loaded.table.column_names)]


def _column(loaded: Loaded, name: str, position: int) -> Column:
    values = loaded.table.column(name)
    look, trouble = look_at(values), loaded.troubles.get(name)
    if look.kind == "unusable" or look.distinct > MAX_LEVELS:
        few = (
            []
            if look.kind != "categorical"
            else [value for value in values.slice(0, 50).to_pylist() if value is not None]
        )
        files = bool(few) and all(_FILE.fullmatch(value) for value in few)
        # Evenly, since tables are often sorted.
        some = values.take(np.linspace(0, len(values) - 1, _SAMPLE).astype(int)).to_pylist() if few else []
        sample = tuple(value for value in some if value is not None)
        return Column(name, position, look, files=files, trouble=trouble, sample=sample)
    factor = kinds.factor(values, look.kind)
    counts = np.bincount(factor.codes, minlength=len(factor.levels))
    order = np.argsort(-counts, kind="stable")
    levels = tuple((factor.levels[i], int(counts[i])) for i in order if factor.levels[i] != kinds.MISSING)
    files = bool(levels) and all(_FILE.fullmatch(level) for level, _ in levels)
    sample = tuple(level for level, _ in levels)
    return Column(name, position, look, levels, factor.codes, factor.levels, files, trouble, sample)
