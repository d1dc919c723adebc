"""Does the data reveal a column, given the label? The conditional sensor edge.

The column is residualised on the label, a regression of the residual on the data is cross-fitted, and the statistic
T = mean_i <r_i, f_-k(i)(x_i)> is compared with the same statistic after exchanging the column's values as the null allows
(``stats.exchange``), refitting every time. Exact for any learner under "X independent of C given Y"; several learners are
compared by the maximum of their standardised statistics inside the same permutations, which keeps the level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from audit_pipeline.models.conditioning import Conditioning
from audit_pipeline.models.expansions import EXPANSIONS, MAX_LINEAR, Expansion, linear
from audit_pipeline.models.features import prepare
from audit_pipeline.models.permutation_ridge import PermutationRidge
from audit_pipeline.models.planting import Detection, Planter, correlations, detection
from audit_pipeline.stats.auc import Auc, combine, crossed, pairwise_aucs, stratified_auc
from audit_pipeline.stats.basis import ColumnBasis
from audit_pipeline.stats.exchange import Exchange

FIRST = 99
HOPELESS = 0.2
"""After so many draws a test whose p-value is above this ends: no threshold in use could be reached. Ending early only when the
p-value is large leaves every smaller p-value as it was, so the test stays valid (Besag and Clifford 1991)."""


@dataclass(frozen=True)
class ProbeFit:
    """What one learner saw: its name (of the expansion of the matrix, or of another view), statistic in null deviations, its own
    p-value, its out-of-fold predictions, and what it would have detected. ``view``: None for the matrix itself."""

    name: str
    z: float
    p_value: float
    predictions: np.ndarray
    detection: Detection | None
    view: str | None = None


@dataclass(frozen=True)
class ConditionalTest:
    """The test over all learners. ``movable``: units whose exchange can matter; with none there is no evidence either way."""

    p_value: float
    fits: tuple[ProbeFit, ...]
    permutations: int
    movable: int


def conditional_test(
    matrix: np.ndarray,
    basis: ColumnBasis,
    given: Conditioning,
    fold: np.ndarray,
    rng: np.random.Generator,
    permutations: int,
    progress: Callable[[str], None] | None = None,
    others: Mapping[str, np.ndarray] | None = None,
    components: frozenset[str] = frozenset(),
) -> ConditionalTest:
    """Test whether ``matrix`` (n, p) reveals the column given the label.

    Parameters
    ----------
    basis : the column as a matrix (n, d).
    given : what is conditioned on, which decides the permutation.
    fold : (n,) folds that never split a subject and do not depend on the column.
    others : further views (n, q) of the same records, by name; each is looked at as it is.
    components : names of those of them whose columns are principal components.
    """
    exchange = given.exchange
    movable = exchange.movable(basis.codes)
    if movable == 0:
        return ConditionalTest(1.0, (), 0, movable)
    z = prepare(matrix, given)
    looks: list[tuple[Expansion, str | None, np.ndarray]]
    looks = [(expansion, None, z) for expansion in EXPANSIONS if z.shape[1] > 0]
    looks += [
        (Expansion(name, linear), name, prepare(other, given, components=name in components))
        for name, other in (others or {}).items()
    ]
    names: list[str] = []
    views: list[str | None] = []
    ridges: list[PermutationRidge] = []
    for expansion, view, seen in looks:
        if seen.shape[1] == 0:
            continue
        if progress:
            progress(expansion.name)
        reduced = expansion.transform is linear and seen.shape[1] > MAX_LINEAR
        features = prepare(
            expansion.transform(seen, exchange.representative, rng),
            given,
            components=reduced or view in components,
        )
        if features.shape[1] > 0:
            names.append(expansion.name)
            views.append(view)
            ridges.append(PermutationRidge(features, fold, exchange.weight))
    if not ridges:
        return ConditionalTest(1.0, (), 0, movable)
    sampler = given.sampler(rng)
    every = _statistics(ridges, basis, given, None)
    drawn = 0
    for count in (min(FIRST, permutations), permutations - min(FIRST, permutations)):
        if count == 0 or (drawn and _rank_p(_standardised(every).max(axis=0)) > HOPELESS):
            break
        every = np.concatenate([every, _statistics(ridges, basis, given, sampler.draw(count))], axis=1)
        drawn += count
    standard = _standardised(every)
    per = len(standard) // len(names)
    p_value = _rank_p(standard.max(axis=0))
    # What was detected beyond doubt needs no proof that it would have been.
    plant = p_value > 1.5 / (1 + drawn)
    critical = float(np.quantile(standard.max(axis=0), 0.95, method="higher"))
    order, shares = _planting_order(basis, exchange)
    fits = []
    for position, (name, ridge) in enumerate(zip(names, ridges, strict=True)):
        part = slice(position * per, (position + 1) * per)
        own = standard[part]
        fits.append(
            ProbeFit(
                name=name,
                z=float(own[:, 0].max()),
                p_value=_rank_p(own.max(axis=0)),
                predictions=ridge.predict(basis.matrix - given.expected),
                detection=detection(
                    ridge,
                    basis.matrix,
                    given.expected,
                    Planter(ridge.z, order, exchange, rng),
                    correlations(shares),
                    every[part],
                    critical,
                )
                if plant
                else None,
                view=views[position],
            )
        )
    return ConditionalTest(p_value, tuple(fits), drawn, movable)


def _statistics(
    ridges: list[PermutationRidge], basis: ColumnBasis, given: Conditioning, draws: np.ndarray | None
) -> np.ndarray:
    """Return the statistics of all learners and penalties (learners x penalties, draws)."""
    return np.concatenate([ridge.statistics(basis.matrix, given.expected, draws) for ridge in ridges])


def _standardised(every: np.ndarray) -> np.ndarray:
    """Return statistics in deviations over the observed and the permuted together: all are treated alike, so the test is exact."""
    deviation = every.std(axis=1, keepdims=True)
    return np.asarray((every - every.mean(axis=1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0))


def _planting_order(basis: ColumnBasis, exchange: Exchange) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return the order (units,) in which values are dealt along a planted direction, and the shares of the levels in it.

    Levels are put in the order of their codes; a number is cut at its median, as its AUC is.
    """
    codes = basis.codes[exchange.representative].astype(np.float64)
    if not basis.categorical:
        return codes, (0.5, 0.5)
    shares = np.bincount(basis.codes, weights=exchange.weight, minlength=len(basis.levels))
    return codes, tuple(float(share) for share in np.round(shares / shares.sum(), 3))


def _rank_p(values: np.ndarray) -> float:
    """Return the share of draws at least as large as the observed one, which stands first and counts itself."""
    return float((values >= values[0] - 1e-12).sum() / len(values))


def within_label_auc(
    predictions: np.ndarray, basis: ColumnBasis, values: np.ndarray | None, stratum: np.ndarray
) -> Auc | None:
    """Return the AUC with which predictions tell levels of the column apart inside ``stratum`` (label crossed with fold).

    Levels are compared pair by pair and weighted by the pairs. A column of numbers is cut at its median.
    """
    if basis.categorical:
        return combine(pairwise_aucs(predictions, basis.codes, stratum))
    assert values is not None
    known = ~np.isnan(values)
    above = values > np.median(values[known])
    return stratified_auc(predictions[:, 0], above, np.where(known, stratum, -1))


def level_aucs(predictions: np.ndarray, basis: ColumnBasis, stratum: np.ndarray) -> dict[int, Auc]:
    """Return for each level the AUC of that level against all others, inside ``stratum``."""
    found = {}
    for code in range(len(basis.levels) if basis.categorical else 0):
        auc = stratified_auc(predictions[:, code], basis.codes == code, stratum)
        if auc is not None:
            found[code] = auc
    return found


def label_fold_strata(label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return strata in which predictions may be compared: one label, one fold."""
    return crossed(label, fold)
