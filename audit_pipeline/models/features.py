"""Features made ready for a conditional test."""

from __future__ import annotations

import numpy as np

from audit_pipeline.models.conditioning import Conditioning
from audit_pipeline.models.expansions import CLIP


def prepare(matrix: np.ndarray, given: Conditioning, *, components: bool = False) -> np.ndarray:
    """Return the matrix (n, p) with missing values at the column's mean, what is conditioned on taken out, at unit deviation.

    Only differences between records that are alike in label (and subject, or covariates) can show the column given these.
    Columns without such differences are dropped, outliers are cut at twelve deviations.

    Parameters
    ----------
    components : whether the columns are principal components. These keep their sizes, with a mean square of 1 over all: at unit
        deviation the hundreds in which nothing but noise varies would drown the few that matter, and with as many components as
        records nothing at all could be learnt.
    """
    known = ~np.isnan(matrix)
    z = np.where(known, matrix, 0.0)
    mean = z.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    z = np.where(known, matrix, mean)
    raw = z.std(axis=0)
    z = given.residual(z)
    scale = np.sqrt(np.average(z**2, axis=0, weights=given.exchange.weight))
    kept = (scale > 1e-9 * np.maximum(raw, 1e-12)) & (scale > 1e-300)
    bounded = np.clip(z[:, kept] / scale[kept], -3 * CLIP, 3 * CLIP)
    if not components or not kept.any():
        return np.asarray(bounded)
    return np.asarray(bounded * (scale[kept] / np.sqrt(np.mean(scale[kept] ** 2))))
