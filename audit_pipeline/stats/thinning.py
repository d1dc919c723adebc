"""Deciding on fewer records where there are very many: whole subjects, drawn at random."""

from __future__ import annotations

import numpy as np

from audit_pipeline.stats.seeds import generator

VIEWED = 10_000
"""Beyond this many records whole subjects are drawn until there are about this many; what a view says of the label shows in them."""


def whole_subjects(subject: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of all records, or of those of randomly drawn subjects with about ``most`` records, in order.

    Parameters
    ----------
    subject : (n,) codes 0..m-1.
    """
    if len(subject) <= most:
        return np.arange(len(subject))
    size = np.bincount(subject)
    order = rng.permutation(len(size))
    chosen = np.zeros(len(size), dtype=bool)
    chosen[order[: max(2, int(np.searchsorted(np.cumsum(size[order]), most)))]] = True
    return np.flatnonzero(chosen[subject])


def viewed(subject: np.ndarray, seed: int) -> np.ndarray:
    """Return the positions of the records that views hold, in order; ``seed`` is the audit's."""
    return whole_subjects(subject, VIEWED, generator(seed, "views"))
