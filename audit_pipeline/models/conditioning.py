"""What a test conditions on: the label by strata, and numbers or declared covariates by a model of the column.

Given the label alone, values of the column change places freely among units of a stratum. Given covariates as well, a unit's
covariates make some values likelier than others, so values change places with the odds that a model P(column | label, covariates)
gives: the conditional permutation test of Berrett, Wang, Barber and Samworth (2020). The column's residual is taken from the same
model and the features' residual from a regression on label and covariates, so that what either model misses enters only as a
product of two errors (the generalised covariance measure of Shah and Peters 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit_pipeline.models.expansions import centre
from audit_pipeline.models.thresholds import needs_trees, tree_score
from audit_pipeline.stats.basis import ColumnBasis
from audit_pipeline.stats.exchange import Exchange

STEPS = 50
"""Rounds of pairwise swaps between two draws, as in Berrett et al. 2020, section 4."""

SHARE = 0.1
"""At most this share of the units is spent on parameters of the conditioning design; interactions are left out first."""


@dataclass(frozen=True)
class Conditioning:
    """Strata, and a design (n, w) to condition on inside them.

    Parameters
    ----------
    exchange : units and strata.
    design : (n, w) columns centred in strata; w = 0 conditions on the strata alone.
    expected : (n, d) expected basis of the column given stratum and design.
    held : (units,) which of the values each unit carries; ``source`` (values,): a record that carries each value.
    log_weight : (units, values) log P(value | unit's stratum and covariates) for levels; None for a number or without covariates.
    mean, value, variance : for a number given covariates: expected value a unit, the values, and the variance around the mean.
    """

    exchange: Exchange
    design: np.ndarray
    expected: np.ndarray
    held: np.ndarray
    source: np.ndarray
    log_weight: np.ndarray | None = None
    mean: np.ndarray | None = None
    value: np.ndarray | None = None
    variance: float = 1.0

    def residual(self, matrix: np.ndarray) -> np.ndarray:
        """Return ``matrix`` (n, p) minus its weighted regression on strata and design."""
        stratum, weight = self.exchange.record_stratum, self.exchange.weight
        out = centre(matrix, stratum, weight)
        if self.design.shape[1] == 0:
            return out
        root = np.sqrt(weight)[:, None]
        coefficients, *_ = np.linalg.lstsq(self.design * root, out * root, rcond=1e-10)
        return np.asarray(out - self.design @ coefficients)

    def sampler(self, rng: np.random.Generator) -> Sampler:
        """Return a source of exchanges; what it draws is exchangeable with the observed order."""
        return Sampler(self, rng)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return ``count`` exchanges (count, n) at once."""
        return self.sampler(rng).draw(count)


class Sampler:
    """Draws exchanges of a column's values.

    Notes
    -----
    Without covariates values are shuffled inside strata. With covariates a chain of swaps leads from the observed order to a hub,
    and from the hub independent chains lead to the draws (Besag and Clifford 1989). All chains use the same random pairings,
    forwards and backwards, given which each step is reversible.
    """

    def __init__(self, given: Conditioning, rng: np.random.Generator) -> None:
        self.given, self.rng = given, rng
        self.free = given.log_weight is None and given.mean is None
        if not self.free:
            self.pairings = [_pairing(given.exchange.stratum, rng) for _ in range(STEPS)]
            self.hub = given.held[:, None]
            for pairing in reversed(self.pairings):
                self.hub = self._swap(self.hub, pairing)

    def draw(self, count: int) -> np.ndarray:
        """Return exchanges (count, n), see ``Exchange.draw``; calls after each other give more of the same draws."""
        if self.free:
            return self.given.exchange.draw(count, self.rng)
        held = np.repeat(self.hub, count, axis=1)
        for pairing in self.pairings:
            held = self._swap(held, pairing)
        return np.ascontiguousarray(self.given.source[held][self.given.exchange.unit].T)

    def _swap(self, held: np.ndarray, pairing: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return the state (units, chains) after swapping each pair with its odds."""
        i, j = pairing
        of_i, of_j = held[i], held[j]
        if self.given.log_weight is not None:
            weight = self.given.log_weight
            rows_i, rows_j = i[:, None], j[:, None]
            log_odds = weight[rows_i, of_j] - weight[rows_i, of_i] + weight[rows_j, of_i] - weight[rows_j, of_j]
        else:
            assert self.given.mean is not None
            assert self.given.value is not None
            slope = (self.given.mean[i] - self.given.mean[j]) / self.given.variance
            log_odds = slope[:, None] * (self.given.value[of_j] - self.given.value[of_i])
        # A standard logistic variable is below x with probability 1 / (1 + exp(-x)).
        swapped = self.rng.logistic(size=log_odds.shape) < log_odds
        out = held.copy()
        out[i] = np.where(swapped, of_j, of_i)
        out[j] = np.where(swapped, of_i, of_j)
        return out


def _pairing(stratum: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return random disjoint pairs of units of the same stratum."""
    order = np.argsort(stratum + rng.random(len(stratum)))
    # Paired with the next one in its stratum, counted from the stratum's start, so that no unit is in two pairs.
    ordered = stratum[order]
    start = np.searchsorted(ordered, ordered, side="left")
    first = np.flatnonzero((np.arange(len(order)) - start) % 2 == 0)
    first = first[first + 1 < len(order)]
    first = first[ordered[first] == ordered[first + 1]]
    return order[first], order[first + 1]


def given_strata(basis: ColumnBasis, exchange: Exchange) -> Conditioning:
    """Condition on the strata alone."""
    expected = basis.matrix - centre(basis.matrix, exchange.record_stratum, exchange.weight)
    units = np.arange(len(exchange.stratum))
    return Conditioning(exchange, np.zeros((len(exchange.unit), 0)), expected, units, exchange.representative)


def given_covariates(basis: ColumnBasis, exchange: Exchange, covariates: Sequence[np.ndarray]) -> Conditioning:
    """Condition on the strata and on covariates.

    Parameters
    ----------
    covariates : matrices (n, d) of the covariates' bases (levels one-hot, smooth functions of ranks).

    Notes
    -----
    The model of a column of levels is a ridge-penalised multinomial regression with an intercept a stratum and slopes that may
    differ by stratum where there are records enough; that of a number is a linear regression with normal errors.
    """
    unit, weight, stratum = exchange.unit, exchange.weight, exchange.record_stratum
    together = np.column_stack(list(covariates))
    design = _design(together, exchange)
    first = exchange.representative
    if needs_trees(together[first]):
        target = basis.codes if basis.categorical else basis.matrix[:, 0]
        score = tree_score(together[first], exchange.stratum, target[first], basis.categorical)
        design = np.column_stack([design, score[unit]])
    design = centre(design, stratum, weight)
    design = design[:, np.sqrt(np.average(design**2, axis=0, weights=weight)) > 1e-9]
    if design.shape[1] == 0:
        return given_strata(basis, exchange)
    m = len(exchange.stratum)
    size = np.bincount(unit, minlength=m)[:, None]

    def by_unit(matrix: np.ndarray) -> np.ndarray:
        return np.column_stack([np.bincount(unit, matrix[:, k], m) for k in range(matrix.shape[1])]) / size

    wide = by_unit(design)
    value = basis.matrix[exchange.representative]
    codes = basis.codes[exchange.representative]
    if basis.categorical:
        log_weight = _multinomial(wide, codes, exchange.stratum, len(basis.levels))
        shares = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        fitted = shares / shares.sum(axis=1, keepdims=True)
        source = np.zeros(len(basis.levels), dtype=np.int64)
        # Backwards, so that the first unit with a level is the one that stays; any of them carries it.
        source[codes[::-1]] = exchange.representative[::-1]
        return Conditioning(exchange, design, fitted[unit], codes, source, log_weight)
    means = _stratum_means(value, exchange.stratum)
    coefficients, *_ = np.linalg.lstsq(wide, value - means, rcond=1e-10)
    fitted = means + wide @ coefficients
    # The order of the number is what is exchanged; its variance around what the covariates say sets the odds.
    return Conditioning(
        exchange,
        design,
        fitted[unit],
        np.arange(m),
        exchange.representative,
        mean=fitted[:, 0],
        value=value[:, 0],
        variance=float(np.var(value[:, 0] - fitted[:, 0])) or 1.0,
    )


def _design(covariates: np.ndarray, exchange: Exchange) -> np.ndarray:
    """Return the covariates, crossed with the strata where that costs few parameters."""
    m, strata = len(exchange.stratum), int(exchange.stratum.max()) + 1
    if covariates.shape[1] * strata > SHARE * m or strata == 1:
        return covariates
    marks = exchange.record_stratum[:, None] == np.arange(strata)[None, :]
    return np.asarray((covariates[:, :, None] * marks[:, None, :]).reshape(len(covariates), -1))


def _stratum_means(matrix: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    return np.asarray(matrix - centre(matrix, stratum, np.ones(len(stratum))))


def _multinomial(wide: np.ndarray, codes: np.ndarray, stratum: np.ndarray, levels: int) -> np.ndarray:
    """Return log P(level | stratum, covariates) (units, levels), up to a constant a unit."""
    from sklearn.linear_model import LogisticRegression

    seen = np.unique(codes)
    strata = int(stratum.max()) + 1
    marks = np.eye(strata)[stratum][:, 1:] if strata <= 50 else np.zeros((len(codes), 0))
    scale = wide.std(axis=0)
    x = np.column_stack([marks, wide / np.where(scale > 0, scale, 1.0)])
    out = np.full((len(codes), levels), -30.0)
    if len(seen) < 2:
        out[:, seen] = 0.0
        return out
    model = LogisticRegression(C=1.0, max_iter=300, tol=1e-6).fit(x, codes)
    out[:, model.classes_] = model.predict_log_proba(x)
    return np.maximum(out, -30.0)
