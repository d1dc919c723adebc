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
    """Sparse counts of subjects of one kind (see `strata`), which are interchangeable here.

    Attributes
    ----------
    strata : kinds and subjects in canonical order.
    counts : column -> (n_kinds, n_levels * n_labels) sparse, records that one subject brings to each cell; the cell of
        level c and label y is number c * n_labels + y.
    total : column -> (n_levels, n_labels) all records.
    labels : (n_labels,) all records by label.
    """

    strata: Strata
    counts: Mapping[str, Any]
    total: Mapping[str, Ints]
    labels: Ints

    @property
    def n_kinds(self) -> int:
        return self.strata.n_kinds

    @cached_property
    def available(self) -> Ints:
        """(n_kinds,) subjects of each kind."""
        subjects: Ints = np.diff(self.strata.first_of_kind)
        return subjects

    @cached_property
    def size(self) -> Ints:
        """(n_kinds,) records of a subject."""
        of_all = self.strata.name_of[self.strata.index] == self.strata.names.index(ALL_RECORDS)
        records: Ints = self.strata.count[of_all]
        return records

    @cached_property
    def has_label(self) -> npt.NDArray[np.bool_]:
        """(n_kinds, n_labels) whether a subject has any record of the label."""
        counts = next(iter(self.counts.values())).tocoo()
        found = np.zeros((self.n_kinds, len(self.labels)), dtype=np.bool_)
        found[counts.row, counts.col % len(self.labels)] = True
        return found

    def mark(self, chosen: Ints, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Return (n_records,) marks of the records of ``chosen`` (n_kinds,) subjects of each kind, drawn by chance."""
        kind = self.strata.kind
        order = np.lexsort((rng.random(len(kind)), kind))
        drawn = np.zeros(len(kind), dtype=np.bool_)
        drawn[order] = np.arange(len(kind)) - self.strata.first_of_kind[kind] < chosen[kind]
        marks: npt.NDArray[np.bool_] = drawn[self.strata.subject_of_record]
        return marks


def count_cells(columns: Mapping[str, Ints], label: Ints, subject: Ints) -> Cells:
    """Return the cells of all columns; every argument holds codes 0..n-1, all of them used."""
    from scipy.sparse import csr_array

    n_labels = int(label.max()) + 1
    alias = {name: f"{position} " for position, name in enumerate(columns)}
    crossings = {f"{number}x": (_LABEL, number) for number in alias.values()}
    coded = {_LABEL: label} | {alias[name]: codes for name, codes in columns.items()}
    strata = build_strata(coded, crossings, subject, dict.fromkeys([*coded, *crossings, ALL_RECORDS], 1.0))
    counts, total = {}, {}
    for name, codes in columns.items():
        n_levels = int(codes.max()) + 1
        filled = np.bincount(codes * n_labels + label, minlength=n_levels * n_labels)
        total[name] = filled.reshape(n_levels, n_labels)
        # The strata of a crossing are its cells with any record, in the order of label, then level.
        by_label, level = np.nonzero(total[name].T)
        position = strata.names.index(f"{alias[name]}x")
        entry = strata.name_of[strata.index] == position
        first = int(np.searchsorted(strata.name_of, position))
        cell = (level * n_labels + by_label)[strata.index[entry] - first]
        counts[name] = csr_array(
            (strata.count[entry], (strata.kind_of_entry[entry], cell)), shape=(strata.n_kinds, n_levels * n_labels)
        )
    return Cells(strata=strata, counts=counts, total=total, labels=np.bincount(label, minlength=n_labels))
