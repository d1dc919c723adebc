"""What would these probes have seen? Columns planted with a known readability, sent through the same test.

A trained probe's AUC understates what the data holds while records are few, so a low AUC excludes nothing by itself. Here values
of the column are dealt anew, inside the strata of the permutation, in such a way that a random direction of the features
predicts them with a chosen AUC. If such columns are detected nearly always and the real one is not, then the real one is not
readable to that degree. With the features fixed a planted column is one more exchange of values, so it costs no refit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from audit_pipeline.models.permutation_ridge import PermutationRidge
from audit_pipeline.stats.exchange import Exchange

GRID = (0.55, 0.575, 0.6, 0.625, 0.65, 0.7, 0.75, 0.8, 0.9)
"""AUCs that are planted."""

DRAWS = 40
DETECTED = 0.95
SIMULATED = 2_500


@dataclass(frozen=True)
class Detection:
    """Share of planted columns that were detected, by AUC; ``smallest``: the least AUC of which 95% were, None if none was."""

    rates: dict[float, float]
    smallest: float | None


class Planter:
    """Plants columns in random directions of a feature matrix.

    Parameters
    ----------
    features : (n, q) centred features.
    order : (units,) value by which units' levels are sorted along a direction.
    exchange : strata inside which values are dealt.
    """

    def __init__(self, features: np.ndarray, order: np.ndarray, exchange: Exchange, rng: np.random.Generator) -> None:
        self.exchange, self.rng = exchange, rng
        m = len(exchange.stratum)
        values, vectors = np.linalg.eigh(features.T @ features / len(features))
        kept = values > 1e-6 * values.max()
        # White, so that no direction is favoured: a sensor need not lie along the data's main variation.
        directions = (vectors[:, kept] / np.sqrt(values[kept])) @ rng.standard_normal((int(kept.sum()), DRAWS))
        projected = features @ directions
        size = np.bincount(exchange.unit, minlength=m)
        scores = np.column_stack([np.bincount(exchange.unit, projected[:, j], m) / size for j in range(DRAWS)])
        self.scores = scores / np.maximum(scores.std(axis=0), 1e-12)
        self.donors = np.lexsort((order, exchange.stratum))

    def draws(self, rho: float) -> np.ndarray:
        """Return exchanges (DRAWS, n), as ``Exchange.draw`` does; ``rho``: correlation of direction and latent level."""
        latent = rho * self.scores + np.sqrt(1 - rho**2) * self.rng.standard_normal(self.scores.shape)
        source = np.empty((DRAWS, len(self.donors)), dtype=np.int64)
        for j in range(DRAWS):
            source[j, np.lexsort((latent[:, j], self.exchange.stratum))] = self.donors
        return self.exchange.representative[source][:, self.exchange.unit]


@lru_cache(maxsize=256)
def correlations(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Return for each AUC of the grid the correlation of a normal score with a latent normal variable at which levels with
    these shares, cut from the latent variable, are told apart by the score with that AUC (pairs of levels by their size)."""
    rng = np.random.default_rng(0)
    score, noise = rng.standard_normal((2, SIMULATED))
    cuts = np.cumsum(shares)[:-1] / np.sum(shares)
    codes = np.searchsorted(cuts, (np.arange(SIMULATED) + 0.5) / SIMULATED, side="right")
    # Sorted by level, pairs of different levels lie above the diagonal blocks: one comparison of all pairs serves every rho.
    comparable = codes[:, None] < codes[None, :]
    rhos = np.linspace(0, 1, 14)
    reached = []
    for rho in rhos:
        by_level = score[np.argsort(rho * score + np.sqrt(1 - rho**2) * noise)]
        reached.append(float((by_level[:, None] < by_level[None, :])[comparable].mean()))
    return tuple(float(rho) for rho in np.interp(GRID, np.maximum.accumulate(reached), rhos))


def detection(
    ridge: PermutationRidge,
    column: np.ndarray,
    expected: np.ndarray,
    planter: Planter,
    rhos: tuple[float, ...],
    null: np.ndarray,
    critical: float,
) -> Detection:
    """Return how often planted columns exceed the critical value of the maximum test.

    Parameters
    ----------
    rhos : correlations to plant with, one for each AUC of the grid.
    null : (penalties, 1 + permutations) statistics of this ridge, from which means and deviations are taken.
    critical : 95% point of the maximum standardised statistic under permutation.
    """
    mean, deviation = null.mean(axis=1, keepdims=True), null.std(axis=1, keepdims=True)
    rates: dict[float, float] = {}

    def rate(position: int) -> float:
        statistic = ridge.statistics(column, expected, planter.draws(rhos[position])) - mean
        standard = (statistic / np.where(deviation > 0, deviation, 1.0)).max(axis=0)
        rates[GRID[position]] = float((standard >= critical).mean())
        return rates[GRID[position]]

    # Detection grows with the AUC, so halving the grid finds the smallest that is detected in a few rounds.
    low, high = 0, len(GRID)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if rate(middle) >= DETECTED else (middle + 1, high)
    return Detection(rates, GRID[low] if low < len(GRID) else None)
