"""What a map says, in figures: whether records of one kind keep each other's company, and how near a subject's recordings lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Company:
    """Shares, 0 to 1, of records whose nearest neighbour is of their own kind: found, and expected of a map that ignores the kind."""

    share: float
    chance: float


@dataclass(frozen=True)
class Together:
    """Median distances in a map.

    Parameters
    ----------
    own : from a record to the records of the same subject at other levels.
    other : from a record to the nearest record of another subject.
    subjects : how many subjects have records at several levels.
    """

    own: float
    other: float
    subjects: int


def company(points: np.ndarray, subject: np.ndarray, kind: np.ndarray) -> Company | None:
    """Return whether records lie beside records of their kind; None with fewer than two kinds or subjects.

    Parameters
    ----------
    points : (n, 2).
    subject : (n,) codes; the neighbour is one of another subject, since a subject's own records are alike whatever they are.
    kind : (n,) codes of labels or levels.
    """
    if len(np.unique(kind)) < 2 or len(np.unique(subject)) < 2:
        return None
    foreign = subject[:, None] != subject[None, :]
    same = kind[:, None] == kind[None, :]
    distance = np.where(foreign, _distances(points), np.inf)
    # Several records on one point are all nearest.
    nearest = distance <= distance.min(axis=1)[:, None] * (1 + 1e-9)
    share = (nearest & same).sum(axis=1) / nearest.sum(axis=1)
    chance = (foreign & same).sum(axis=1) / foreign.sum(axis=1)
    return Company(float(share.mean()), float(chance.mean()))


def together(points: np.ndarray, subject: np.ndarray, level: np.ndarray) -> Together | None:
    """Return how near recordings of one subject lie that were made at different levels; None without any.

    Parameters
    ----------
    points : (n, 2).
    subject, level : (n,) codes.
    """
    foreign = subject[:, None] != subject[None, :]
    tied = ~foreign & (level[:, None] != level[None, :])
    if not tied.any() or not foreign.any():
        return None
    distance = _distances(points)
    other = np.where(foreign, distance, np.inf).min(axis=1)
    return Together(
        own=float(np.median(distance[tied])),
        other=float(np.median(other)),
        subjects=len(np.unique(subject[tied.any(axis=1)])),
    )


def _distances(points: np.ndarray) -> np.ndarray:
    across = points[:, 0][:, None] - points[:, 0][None, :]
    up = points[:, 1][:, None] - points[:, 1][None, :]
    return np.asarray(np.sqrt(across**2 + up**2))
