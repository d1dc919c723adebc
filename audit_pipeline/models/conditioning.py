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
    natural, carried : (units, k) such that swapping the values of units i and j has log odds
        (natural_i - natural_j) . (carried_j - carried_i); k = 0 where all exchanges are as likely.
    """

    exchange: Exchange
    design: np.ndarray
    expected: np.ndarray
    natural: np.ndarray
    carried: np.ndarray

    def residual(self, matrix: np.ndarray) -> np.ndarray:
        """Return ``matrix`` (n, p) minus its weighted regression on strata and design."""
        stratum, weight = self.exchange.record_stratum, self.exchange.weight
        out = centre(matrix, stratum, weight)
        if self.design.shape[1] == 0:
            return out
        root = np.sqrt(weight)[:, None]
        coefficients, *_ = np.linalg.lstsq(self.design * root, out * root, rcond=1e-10)
        return np.asarray(out - self.design @ coefficients)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return ``count`` exchanges (count, n), see ``Exchange.draw``; exchangeable with the observed order.

        Notes
        -----
        From the observed order a chain of swaps leads to a hub, and from the hub independent chains lead to the draws (Besag and
        Clifford 1989). All chains use the same random pairings, forwards and backwards, given which each step is reversible.
        """
        if self.natural.shape[1] == 0:
            return self.exchange.draw(count, rng)
        m = len(self.exchange.stratum)
        pairings = [self._pairing(rng) for _ in range(STEPS)]
        held = np.arange(m)[None, :]
        for pairing in reversed(pairings):
            held = self._swap(held, pairing, rng)
        held = np.repeat(held, count, axis=0)
        for pairing in pairings:
            held = self._swap(held, pairing, rng)
        return self.exchange.representative[held][:, self.exchange.unit]

    def _pairing(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return random disjoint pairs of units of the same stratum."""
        stratum = self.exchange.stratum
        order = np.argsort(stratum + rng.random(len(stratum)))
        # Paired with the next one in its stratum, counted from the stratum's start, so that no unit is in two pairs.
        sorted_stratum = stratum[order]
        start = np.searchsorted(sorted_stratum, sorted_stratum, side="left")
        first = np.flatnonzero((np.arange(len(order)) - start) % 2 == 0)
        first = first[first + 1 < len(order)]
        first = first[sorted_stratum[first] == sorted_stratum[first + 1]]
        return order[first], order[first + 1]

    def _swap(self, held: np.ndarray, pairing: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        """Return the state (chains, units) after swapping each pair with its odds."""
        i, j = pairing
        difference = self.natural[i] - self.natural[j]
        log_odds = np.zeros((len(held), len(i)))
        for k in range(self.natural.shape[1]):
            log_odds += difference[:, k] * (self.carried[held[:, j], k] - self.carried[held[:, i], k])
        swapped = rng.random(log_odds.shape) < 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))
        out = held.copy()
        out[:, i] = np.where(swapped, held[:, j], held[:, i])
        out[:, j] = np.where(swapped, held[:, i], held[:, j])
        return out


def given_strata(basis: ColumnBasis, exchange: Exchange) -> Conditioning:
    """Condition on the strata alone."""
    n, m = len(exchange.unit), len(exchange.stratum)
    expected = basis.matrix - centre(basis.matrix, exchange.record_stratum, exchange.weight)
    empty = np.zeros((m, 0))
    return Conditioning(exchange, np.zeros((n, 0)), expected, empty, empty)


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
    design = _design(np.column_stack(list(covariates)), exchange)
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
    if basis.categorical:
        natural = _multinomial(wide, basis.codes[exchange.representative], exchange.stratum, len(basis.levels))
        shares = np.exp(natural - natural.max(axis=1, keepdims=True))
        fitted = shares / shares.sum(axis=1, keepdims=True)
        return Conditioning(exchange, design, fitted[unit], natural, value)
    centred_value = value - _stratum_means(value, exchange.stratum)
    coefficients, *_ = np.linalg.lstsq(wide, centred_value, rcond=1e-10)
    fitted = _stratum_means(value, exchange.stratum) + wide @ coefficients
    # The order of the number is what is exchanged; its variance given the covariates sets the odds.
    spread = float(np.var(value[:, 0] - fitted[:, 0])) or 1.0
    return Conditioning(exchange, design, fitted[unit], fitted[:, :1] / spread, value[:, :1])


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
