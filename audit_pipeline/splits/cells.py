"""How many records of every label x level cell each kind of subject brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from audit_pipeline.splits.strata import ALL_RECORDS, Ints, Strata, build_strata

_LABEL = "label"


@dataclass(frozen=True)
class Cells:
    """Sparse counts by kind of subject; subjects of one kind (see `strata`) are interchangeable here.

    Attributes
    ----------
    available, size : (n_kinds,) subjects of each kind, and the records of one of them.
    counts : column -> (n_kinds, n_levels * n_labels) sparse, records that one subject brings to each cell; the cell of
        level c and label y is number c * n_labels + y.
    n_labels : number of labels.
    """

    available: Ints
    size: Ints
    counts: Mapping[str, Any]
    n_labels: int

    @property
    def n_kinds(self) -> int:
        return len(self.available)

    @property
    def records(self) -> int:
        """Number of all records."""
        return int(self.size @ self.available)

    @cached_property
    def total(self) -> Mapping[str, Ints]:
        """Column -> (n_levels, n_labels) all records."""
        return {name: (found.T @ self.available).reshape(-1, self.n_labels) for name, found in self.counts.items()}

    @cached_property
    def labels(self) -> Ints:
        """(n_labels,) all records by label."""
        labels: Ints = next(iter(self.total.values())).sum(axis=0)
        return labels

    @cached_property
    def has_label(self) -> npt.NDArray[np.bool_]:
        """(n_kinds, n_labels) whether a subject has any record of the label."""
        found = next(iter(self.counts.values())).tocoo()
        marks = np.zeros((self.n_kinds, self.n_labels), dtype=np.bool_)
        marks[found.row, found.col % self.n_labels] = True
        return marks

    def take(self, kinds: Ints) -> Cells:
        """Return the counts of some kinds only."""
        counts = {name: found[kinds] for name, found in self.counts.items()}
        return Cells(available=self.available[kinds], size=self.size[kinds], counts=counts, n_labels=self.n_labels)

    def by_level(self, name: str) -> Any:
        """Return (n_kinds, n_levels) sparse records."""
        from scipy.sparse import csr_array, eye_array, kron

        n_levels = self.counts[name].shape[1] // self.n_labels
        merge = kron(eye_array(n_levels, dtype=np.int64), np.ones((self.n_labels, 1), dtype=np.int64), format="csr")
        return csr_array(self.counts[name] @ merge)


def count_cells(columns: Mapping[str, Ints], label: Ints, subject: Ints) -> tuple[Cells, Strata]:
    """Return the cells of all columns, and who is of which kind; every argument holds codes 0..n-1, all of them used."""
    from scipy.sparse import csr_array

    n_labels = int(label.max()) + 1
    alias = {name: f"{position} " for position, name in enumerate(columns)}
    crossings = {f"{number}x": (_LABEL, number) for number in alias.values()}
    coded = {_LABEL: label} | {alias[name]: codes for name, codes in columns.items()}
    strata = build_strata(coded, crossings, subject, dict.fromkeys([*coded, *crossings, ALL_RECORDS], 1.0))
    counts = {}
    for name, codes in columns.items():
        n_levels = int(codes.max()) + 1
        filled = np.bincount(label * n_levels + codes, minlength=n_levels * n_labels) > 0
        # The strata of a crossing are its cells with any record, in the order of label, then level.
        by_label, level = np.divmod(np.flatnonzero(filled), n_levels)
        position = strata.names.index(f"{alias[name]}x")
        entry = strata.name_of[strata.index] == position
        cell = (level * n_labels + by_label)[strata.index[entry] - int(np.searchsorted(strata.name_of, position))]
        counts[name] = csr_array(
            (strata.count[entry], (strata.kind_of_entry[entry], cell)), shape=(strata.n_kinds, n_levels * n_labels)
        )
    everything = strata.name_of[strata.index] == strata.names.index(ALL_RECORDS)
    available = np.diff(strata.first_of_kind)
    return Cells(available=available, size=strata.count[everything], counts=counts, n_labels=n_labels), strata


def draw(strata: Strata, chosen: Ints, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return (n_records,) marks of the records of ``chosen`` (n_kinds,) subjects of each kind; chance says of which."""
    order = np.lexsort((rng.random(strata.n_subjects), strata.kind))
    drawn = np.zeros(strata.n_subjects, dtype=np.bool_)
    drawn[order] = np.arange(strata.n_subjects) - strata.first_of_kind[strata.kind] < chosen[strata.kind]
    marks: npt.NDArray[np.bool_] = drawn[strata.subject_of_record]
    return marks
