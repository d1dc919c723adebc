"""What may be permuted: the exchange of a metadata column's values that the null hypothesis allows.

Under "the column has nothing to do with X, given the label" values may be exchanged between subjects with the same labels;
where the column varies within a subject (one speaker, two microphones) they may be exchanged between that subject's records
of the same label, which is the stronger evidence since the subject is held fixed. Values that could not have been exchanged
never are (Winkler 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_pipeline.stats.codes import dense, distinct_pairs


@dataclass(frozen=True)
class Exchange:
    """Exchangeable units and the strata inside which their values may change places.

    Parameters
    ----------
    unit : (n,) code of the unit whose value a record carries: a subject, or the record itself.
    representative : (units,) one record of each unit; all its records carry the same value.
    stratum : (units,) code of the stratum.
    paired : share of records that are exchanged within their subject.
    """

    unit: np.ndarray
    representative: np.ndarray
    stratum: np.ndarray
    paired: float

    @property
    def record_stratum(self) -> np.ndarray:
        """Return the stratum of each record (n,)."""
        return self.stratum[self.unit]

    @property
    def weight(self) -> np.ndarray:
        """Return the weight of each record (n,): every unit weighs the same, however many records it has."""
        return 1.0 / np.bincount(self.unit)[self.unit]

    def movable(self, codes: np.ndarray) -> int:
        """Return how many units lie in strata that hold more than one value of ``codes`` (n,), so that moving them matters."""
        values = codes[self.representative]
        stratum, _ = distinct_pairs(self.stratum, dense(values))
        mixed = np.bincount(stratum, minlength=int(self.stratum.max()) + 1) > 1
        return int(mixed[self.stratum].sum())

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return ``count`` random exchanges (count, n): ``values[draw[b]]`` are the exchanged values of draw b."""
        m = len(self.stratum)
        receivers = np.argsort(self.stratum, kind="stable")
        # Stratum plus a uniform number sorts by stratum and shuffles inside it.
        donors = np.argsort(self.stratum[None, :] + rng.random((count, m)), axis=1)
        source = np.empty((count, m), dtype=np.int64)
        source[:, receivers] = donors
        return self.representative[source][:, self.unit]


def varies_within(values: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return for each subject (subjects,) whether ``values`` (n,) differ among its records."""
    m = int(subject.max()) + 1
    low, high = np.full(m, np.inf), np.full(m, -np.inf)
    np.minimum.at(low, subject, values)
    np.maximum.at(high, subject, values)
    return low != high


def given_label(column: np.ndarray, label: np.ndarray, subject: np.ndarray) -> Exchange:
    """Return the exchange for "column independent of the data given the label".

    Parameters
    ----------
    column : (n,) codes or numbers; NaN must have been replaced.
    label, subject : (n,) codes.

    Notes
    -----
    Subjects within which the column is constant are exchanged whole, among subjects with the same set of labels. The records
    of the others are exchanged among the same subject's records of the same label.
    """
    n = len(column)
    moving = varies_within(column, subject)[subject]
    labels = _label_set(label, subject)[subject]
    unit_key = np.where(moving, n + np.arange(n), subject)
    _, representative, unit = np.unique(unit_key, return_index=True, return_inverse=True)
    classes = int(label.max()) + 1
    # Whole subjects: stratum by label set. Single records: stratum by subject and label, numbered after those.
    key = np.where(moving, (int(labels.max()) + 1) + subject * classes + label, labels)
    _, stratum = np.unique(key[representative], return_inverse=True)
    return Exchange(unit, representative, stratum, float(moving.mean()))


def within_subject(column: np.ndarray, subject: np.ndarray) -> Exchange:
    """Return the exchange of ``column`` among the records of each subject, whatever their label."""
    n = len(column)
    return Exchange(np.arange(n), np.arange(n), subject.astype(np.int64), 1.0)


def _label_set(label: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return for each subject a code of the set of labels that its records carry."""
    classes = int(label.max()) + 1
    seen = np.zeros((int(subject.max()) + 1, classes), dtype=bool)
    seen[subject, label] = True
    _, code = np.unique(np.packbits(seen, axis=1), axis=0, return_inverse=True)
    return np.asarray(code).reshape(-1)
