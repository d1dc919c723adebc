"""A map that does not show with what was recorded, from subjects that were recorded with several devices.

After Maier, Schuster, Eysholdt, Haderlein, Cincarek, Steidl, Batliner, Wenhardt and Noeth, QMOS: a robust visualization method for
speaker dependencies with different microphones, Journal of Pattern Recognition Research 4 (2009). Distances between recordings of
different devices mix what is asked with the devices' difference, so they are not asked for. What holds the devices together instead are
the subjects that each of them recorded: their recordings shall lie on one point. Over positions y, with distances d_ij in the map and
d*_ij in the data::

    E = sum_w (d*_ij - d_ij)^2 / d*_ij / sum_w d*_ij     Sammon's stress of pairs of records of one device
      + weight . mean_t d_ij^2 / s^2                     of tied pairs: one subject, two devices

s is the mean d*_ij of pairs of one device, so that the weight has no unit. Both sums are weighted stresses (the second one with targets
of 0), and so is E: :mod:`.stress` has its gradient.

The weight is the smallest of 1, 4, 16 ... with which tied pairs lie on one point as far as an eye can see: at the median, at
:data:`ONE_POINT` of the distance to the nearest other subject. No label decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audit_pipeline.models.maps.company import Together, together
from audit_pipeline.models.maps.components import components
from audit_pipeline.models.maps.sammon import first_two, sammon_weights
from audit_pipeline.models.maps.stress import Asked, minimise

MIN_TIES = 5
"""Subjects that two devices have to share: three fix how two maps lie on each other, and some may be odd."""

ONE_POINT = 0.1
FACTOR, MOST_WEIGHT = 4.0, 4.0**10


@dataclass(frozen=True)
class Linked:
    """The records that can be drawn together.

    Parameters
    ----------
    rows : (m,) positions of the records, ascending.
    levels : codes of the devices that they are of.
    subjects : how many subjects were recorded with several of these devices.
    """

    rows: np.ndarray
    levels: tuple[int, ...]
    subjects: int


@dataclass(frozen=True)
class TiedMap:
    """A map of the records of linked devices.

    Parameters
    ----------
    points : (m, 2).
    stress : Sammon's stress of pairs of one device alone, 0 to 1.
    weight : the weight of the ties that was chosen.
    together : how near recordings of one subject lie.
    """

    points: np.ndarray
    stress: float
    weight: float
    steps: int
    together: Together


def linked(subject: np.ndarray, level: np.ndarray, usable: np.ndarray) -> Linked | None:
    """Return the largest set of records whose devices are linked by subjects that they share, or None without two such devices.

    Parameters
    ----------
    subject, level : (n,) codes >= 0.
    usable : (number of levels,) whether a level is a device; records whose device is not known are of any.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    used = usable[level]
    shape = (int(subject.max()) + 1, len(usable))
    there = coo_array((np.ones(int(used.sum())), (subject[used], level[used])), shape=shape).toarray() > 0
    shared = there.astype(np.int64).T @ there
    np.fill_diagonal(shared, 0)
    part = connected_components(shared >= MIN_TIES, directed=False)[1]
    records = np.bincount(level[used], minlength=len(usable))
    several = [code for code in np.unique(part) if (part == code).sum() > 1]
    if not several:
        return None
    best = max(several, key=lambda code: int(records[part == code].sum()))
    members = np.flatnonzero(part == best)
    tied = int((there[:, members].sum(axis=1) > 1).sum())
    return Linked(np.flatnonzero(np.isin(level, members)), tuple(members.tolist()), tied)


def tied_map(
    matrix: np.ndarray, subject: np.ndarray, level: np.ndarray, step: Callable[[], None] = lambda: None
) -> TiedMap:
    """Return the map of records of linked devices (see :func:`linked`).

    Parameters
    ----------
    matrix : (n, p) the view, NaN for missing.
    subject, level : (n,) codes of subjects and devices.
    step : called after every step of the search.
    """
    from scipy.spatial.distance import pdist

    scores = components(matrix, level).scores
    distance = pdist(scores)
    first, second = np.triu_indices(len(matrix), 1)
    within = level[first] == level[second]
    ties = ~within & (subject[first] == subject[second])
    weights = np.zeros(len(distance))
    weights[within] = sammon_weights(distance[within])
    targets = np.where(within, distance, 0.0)
    unit = 1.0 / (ties.sum() * distance[within].mean() ** 2)
    points, steps, weight = _start(scores, subject), 0, 1.0
    while True:
        weights[ties] = weight * unit
        found = minimise(Asked(weights, targets), points, step)
        points, steps = found.points, steps + found.steps
        near = together(points, subject, level)
        assert near is not None
        if near.own <= ONE_POINT * near.other or weight >= MOST_WEIGHT:
            break
        weight *= FACTOR
    plain = float(weights[within] @ np.square(distance[within] - pdist(points)[within]))
    return TiedMap(points, plain, weight, steps, near)


def _start(scores: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return the first two components (n, 2), each subject's records at their middle: maps of devices then lie on each other."""
    two = first_two(scores)
    count = np.maximum(np.bincount(subject), 1)
    return np.column_stack([(np.bincount(subject, two[:, axis]) / count)[subject] for axis in range(2)])
