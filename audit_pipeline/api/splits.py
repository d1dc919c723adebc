"""Folds that scikit-learn takes as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Splits:
    """Folds in the order of the table that was audited; ``cross_val_score(model, X, y, cv=result.splits)``.

    They keep whole subjects together and share out labels, metadata levels and their crossings as evenly as can be.

    Parameters
    ----------
    frame : columns ``row`` (position in the table), ``subject`` and ``fold``.
    n_records : records of the table. Those without a label are in no fold, neither for training nor for testing.
    """

    def __init__(self, frame: pd.DataFrame, *, n_records: int) -> None:
        self.frame = frame
        self.n_records = n_records
        self.fold = np.full(n_records, -1, dtype=np.int64)
        """The fold in which each record is tested, (n_records,); -1 for records without a label."""
        self.fold[frame["row"].to_numpy()] = frame["fold"].to_numpy()

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield positions for training and for testing, fold by fold; ``y`` and ``groups`` are of no account.

        Raises
        ------
        ValueError : ``X`` has another number of records than the table that was audited.
        """
        given = _length(X)
        if given is not None and given != self.n_records:
            raise ValueError(
                f"these folds are of a table with {self.n_records:,} records, X has {given:,}: give X in the order and "
                "length of the table that was audited"
            )
        for fold in range(len(self)):
            yield np.flatnonzero((self.fold >= 0) & (self.fold != fold)), np.flatnonzero(self.fold == fold)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return len(self)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return self.split()

    def __len__(self) -> int:
        return int(self.fold.max()) + 1

    def __repr__(self) -> str:
        left_out = int((self.fold < 0).sum())
        tail = f", {left_out:,} without a label left out" if left_out else ""
        return (
            f"Splits({len(self)} folds, {self.n_records:,} records, {self.frame['subject'].nunique():,} subjects{tail})"
        )


def _length(X: Any) -> int | None:
    if X is None:
        return None
    shape = getattr(X, "shape", None)  # a sparse matrix has no len()
    return int(shape[0]) if shape else len(X)
