"""Nearest records in a matrix, without ever holding all distances: of one's own subject, of another, of a third."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

EXACT = 4_000
"""Up to this many records all distances are computed; beyond, candidates come from a tree in a few dimensions."""

CANDIDATES = 12
DIMENSIONS = 6
SAMPLED = 500
VERIFIED = 200

_CHUNK = 4_000_000


@dataclass(frozen=True)
class Neighbours:
    """The nearest records of some records.

    Parameters
    ----------
    rows : (m,) the records asked about.
    other : (m,) the nearest record of another subject; ``first`` its distance.
    second : (m,) distance to the nearest record of a third subject.
    own : (m,) distance to the nearest other record of the same subject; infinite without one.
    """

    rows: np.ndarray
    other: np.ndarray
    first: np.ndarray
    second: np.ndarray
    own: np.ndarray


def neighbours(z: np.ndarray, subject: np.ndarray, rows: np.ndarray) -> Neighbours:
    """Return the nearest records of ``rows`` among all of ``z`` (n, p); time n times rows, memory linear in n."""
    found = list(_chunks(z, subject, rows))
    return Neighbours(rows, *(np.concatenate([part[j] for part in found]) for j in range(4)))


def _chunks(z: np.ndarray, subject: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    norm = np.einsum("ij,ij->i", z, z)
    step = max(1, _CHUNK // max(1, len(z)))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        here = np.arange(len(part))
        square = norm[part, None] + norm[None, :] - 2 * (z[part] @ z.T)
        square[here, part] = np.inf
        same = subject[part, None] == subject[None, :]
        own = np.where(same, square, np.inf).min(axis=1)
        square[same] = np.inf
        other = square.argmin(axis=1)
        # The expanded square loses digits where records are close, which is where they matter.
        first = np.sqrt(((z[part] - z[other]) ** 2).sum(axis=1))
        square[subject[other][:, None] == subject[None, :]] = np.inf
        second = np.sqrt(np.maximum(square.min(axis=1), 0.0))
        yield other, first, second, np.sqrt(np.maximum(own, 0.0))


@dataclass(frozen=True)
class NearPairs:
    """Pairs of records of different subjects that are closer than chance makes them.

    Parameters
    ----------
    pairs : (k, 2) records.
    expected : (k,) how many pairs as close are expected by chance among all records.
    dimension : number of dimensions that the records fill.
    within, between : median distance to the nearest record of the same subject (None without such) and of another.
    widest : the largest distance of a pair found; None without pairs.
    """

    pairs: np.ndarray
    expected: np.ndarray
    dimension: float
    within: float | None
    between: float
    widest: float | None


def near_pairs(z: np.ndarray, subject: np.ndarray, most_expected: float, rng: np.random.Generator) -> NearPairs:
    """Find pairs that are near duplicates.

    Parameters
    ----------
    z : (n, p) distinct records in comparable units.
    subject : (n,) codes.
    most_expected : pairs are reported as long as at most this many as close are expected by chance.

    Notes
    -----
    Among records that fill d dimensions the ratio of the distances to the nearest and to the second nearest falls below r with
    probability r^d, whatever their density (Facco, d'Errico, Rodriguez and Laio 2017); d is estimated from the bulk of the ratios.
    So the threshold adapts to where records lie densely. Where subjects have several records, a pair of different subjects must
    moreover be closer than half of the subjects' own records are.
    """
    n = len(z)
    every = np.arange(n)
    if n <= EXACT:
        found = neighbours(z, subject, every)
        sample = found
    else:
        sample = neighbours(z, subject, np.sort(rng.choice(n, SAMPLED, replace=False)))
        found = neighbours(z, subject, _suspects(z, subject))
    dimension = _dimension(sample)
    repeated = sample.own[np.isfinite(sample.own)]
    within = float(np.median(repeated)) if len(repeated) >= 10 else None
    ratio = np.where(found.second > 0, found.first / np.where(found.second > 0, found.second, 1.0), 1.0)
    chance = np.minimum(ratio, 1.0) ** dimension
    place = {int(row): position for position, row in enumerate(found.rows)}
    pairs, expected, distance = [], [], []
    for position, row in enumerate(found.rows):
        partner = int(found.other[position])
        back = place.get(partner)
        if back is None or found.other[back] != row or row > partner:
            continue
        # Of the two members the one to whom it is less of a surprise.
        worth = float(max(chance[position], chance[back])) * n / 2
        if worth <= most_expected and (within is None or found.first[position] < within):
            pairs.append((int(row), partner))
            expected.append(worth)
            distance.append(float(found.first[position]))
    return NearPairs(
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        np.array(expected),
        dimension,
        within,
        float(np.median(sample.first)),
        max(distance, default=None),
    )


def _dimension(sample: Neighbours) -> float:
    """Return the intrinsic dimension by maximum likelihood, the largest tenth of ratios censored: there near duplicates lie."""
    usable = (sample.first > 0) & np.isfinite(sample.second)
    logs = np.sort(np.log(sample.second[usable] / sample.first[usable]))
    kept = max(1, int(0.9 * len(logs)))
    total = float(logs[:kept].sum() + (len(logs) - kept) * (logs[kept - 1] if len(logs) else 0.0))
    return min(100.0, max(1.0, kept / total)) if total > 0 else 1.0


def _suspects(z: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return the records whose nearest neighbour of another subject stands out most, with that neighbour.

    Near duplicates are near in every projection, so they are among the nearest in the leading principal components.
    """
    from scipy.spatial import cKDTree

    _, vectors = np.linalg.eigh(z.T @ z)
    low = z @ vectors[:, ::-1][:, :DIMENSIONS]
    _, candidates = cKDTree(low).query(low, k=CANDIDATES + 1, workers=1)
    first, second = np.full(len(z), np.inf), np.full(len(z), np.inf)
    partner = np.zeros(len(z), dtype=np.int64)
    for k in range(1, candidates.shape[1]):
        other = candidates[:, k]
        distance = np.sqrt(((z - z[other]) ** 2).sum(axis=1))
        distance[subject == subject[other]] = np.inf
        nearer = distance < first
        # Of the same subject as the nearest so far, it is no third subject.
        third = subject[other] != subject[partner]
        second = np.where(nearer & third, first, np.where(~nearer & third, np.minimum(second, distance), second))
        partner = np.where(nearer, other, partner)
        first = np.where(nearer, distance, first)
    ratio = np.where(np.isfinite(first), first / np.where(np.isfinite(second), second, np.maximum(first, 1e-300)), 1.0)
    chosen = np.argsort(ratio, kind="stable")[:VERIFIED]
    return np.unique(np.concatenate([chosen, partner[chosen]]))


def nearest_elsewhere(z: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return for each record of ``z`` (n, p) the nearest one (n,) in another fold."""
    norm = np.einsum("ij,ij->i", z, z)
    out = np.empty(len(z), dtype=np.int64)
    step = max(1, _CHUNK // max(1, len(z)))
    for start in range(0, len(z), step):
        part = np.arange(start, min(start + step, len(z)))
        square = norm[None, :] - 2 * (z[part] @ z.T)
        square[fold[part, None] == fold[None, :]] = np.inf
        out[part] = square.argmin(axis=1)
    return out
