"""Folds for cross-fitting: whole subjects, labels shared out, and no regard to metadata.

Folds that balanced a metadata column would differ from the folds that its permuted values deserve, and the permutation test
would no longer be exact. So these folds see label and subject alone; the balanced folds for the user are made in ``splits``.
"""

from __future__ import annotations

import heapq

import numpy as np

from audit_pipeline.stats.seeds import generator


def label_folds(label: np.ndarray, subject: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold (n,) of each record.

    Parameters
    ----------
    label, subject : (n,) codes.
    folds : wanted number; fewer are made when there are fewer than two subjects a fold.

    Notes
    -----
    Subjects are dealt class by class (a subject's class is its most frequent label), largest first in random order of ties,
    each to the fold with the fewest records of that class so far.
    """
    m = int(subject.max()) + 1
    folds = max(2, min(folds, m // 2))
    size = np.bincount(subject, minlength=m)
    votes = np.bincount(subject * (int(label.max()) + 1) + label, minlength=m * (int(label.max()) + 1))
    owner = votes.reshape(m, -1).argmax(axis=1)
    rng = generator(seed, "label folds")
    # Ties in size are broken at random, so that neighbours in the file do not share a fold.
    order = np.lexsort((rng.random(m), -size))
    fold = np.empty(m, dtype=np.int64)
    offset = 0
    for code in range(int(label.max()) + 1):
        members = order[owner[order] == code]
        if len(members) == 0:
            continue
        if size[members].max() == size[members].min():
            fold[members] = (offset + np.arange(len(members))) % folds
        else:
            loads = [(0, (k - offset) % folds, k) for k in range(folds)]
            heapq.heapify(loads)
            for member in members:
                load, tie, k = heapq.heappop(loads)
                fold[member] = k
                heapq.heappush(loads, (load + int(size[member]), tie, k))
        # The next class starts where this one stopped, or small classes would all fill the first folds.
        offset = (offset + len(members)) % folds
    return fold[subject]
