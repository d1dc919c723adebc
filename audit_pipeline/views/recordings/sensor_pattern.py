"""The fixed pattern of a sensor: how well a record's remainder agrees with the mean remainder of each level.

After Lukas, Fridrich and Goljan 2006 (photo-response non-uniformity). It is no view, since it needs other records and the
column; so it is cross-fitted: a record is compared with means over records of other folds only. Under a permutation of
the column it has to be made again, which is cheap: remainders enter by their products alone.
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.residual import REACH, limited, residual

VERSION = 2
SIDE = 128
"""Pixels of a side of the centre that is compared; a smaller image is compared as far as it goes."""


def remainder(picture: Picture) -> np.ndarray:
    """Return the limited remainder at the image's centre, (128 * 128,) float32 in grey levels, 0 where there is no image.

    At native resolution: a pattern is found again among images of equal size that were cut alike. Means of rows and columns are taken away, since read-out and compression have them too.
    """
    out = np.zeros((SIDE, SIDE), dtype=np.float32)
    if not picture.measurable:
        return out.ravel()
    rest = limited(residual(picture.centre(SIDE + 2 * REACH)[None]))[0]
    rows = rest @ np.full((rest.shape[1], 1), 1 / rest.shape[1], dtype=np.float32)
    rest -= rest.mean(axis=0) - rows.mean()
    rest -= rows
    if not np.isfinite(rest).all():
        return out.ravel()
    first = [(SIDE - length) // 2 for length in rest.shape]
    out[first[0] : first[0] + rest.shape[0], first[1] : first[1] + rest.shape[1]] = rest
    return out.ravel()


def products(remainders: np.ndarray) -> np.ndarray:
    """Return the products (n, n) float64 of remainders (n, p), each of length 1; an empty one has products 0."""
    lengths = np.linalg.norm(remainders, axis=1, keepdims=True)
    unit = np.divide(remainders, lengths, out=np.zeros_like(remainders), where=lengths > 0)
    return np.asarray(unit @ unit.T, dtype=np.float64)


def pattern_correlation(products: np.ndarray, codes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the correlation (n, levels) of each record's remainder with each level's mean over the other folds.

    Parameters
    ----------
    products : (n, n), of :func:`products`.
    codes : (n,) integers, the level of each record; -1 where it is missing, which is in no mean.
    folds : (n,) integers; no subject may be in two folds.

    NaN where the other folds have no record of a level, or the record no remainder.
    """
    codes, folds = np.asarray(codes), np.asarray(folds)
    levels = int(codes.max(initial=-1)) + 1
    out = np.full((len(codes), levels), np.nan)
    known = np.diag(products) > 0.5
    for fold in np.unique(folds):
        held = np.flatnonzero(folds == fold)
        for level in range(levels):
            others = np.flatnonzero((folds != fold) & (codes == level) & known)
            length = products[np.ix_(others, others)].sum()
            if length > 0:
                out[held, level] = products[np.ix_(held, others)].sum(axis=1) / np.sqrt(length)
    out[~known] = np.nan
    return out
