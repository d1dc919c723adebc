"""AUCs inside strata, for two or more classes, with intervals that respect subjects.

All the AUCs of an audit are one estimator: the share of correctly ordered pairs among the pairs that may be compared. Which
pairs may be compared is what differs: within a fold (models of different folds score on different scales), within a level of
a metadata column (the covariate-adjusted AUC of Janes and Pepe 2009), within a label (does the data reveal the column?).

Variances come from the influence function of each record, summed over subjects: DeLong 1988 for one stratum, Obuchowski 1997
for clustered data, LeDell, Petersen and van der Laan 2015 for cross-validated AUCs. Differences of AUCs over the same records
subtract their influence functions, so that correlation is accounted for. No resampling, so the same numbers every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit_pipeline.stats.codes import dense, distinct

Z95 = 1.959963984540054
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Auc:
    """An AUC with its influence function.

    Parameters
    ----------
    estimate : share of correctly ordered pairs, ties count one half.
    influence : (n,) influence of each record on the estimate (already divided by the sample size).
    pairs : number of pairs compared.
    smaller : records in the smaller class among those compared, summed over strata; bounds the precision near 0 and 1.
    parts : what it is a weighted mean of: weight, estimate and pairs of each two classes.
    """

    estimate: float
    influence: np.ndarray
    pairs: float
    smaller: float
    parts: tuple[tuple[float, float, float], ...]

    def standard_error(self, subject: np.ndarray) -> float:
        """Return the standard error with subjects as independent units; ``subject`` (n,) are codes."""
        return clustered_standard_error(self.influence, subject)

    def interval(self, subject: np.ndarray, z: float = Z95) -> tuple[float, float]:
        """Return the interval estimate -+ z standard errors on the logit scale; at 0 or 1 it stays open on one side."""
        error = self.standard_error(subject)
        size = max(1.0, min(self.smaller, float(distinct(subject))))
        # Perfect separation has influence zero: the binomial error of the smaller class keeps the interval honest.
        shrunk = min(max(self.estimate, 0.5 / (size + 1)), 1 - 0.5 / (size + 1))
        if shrunk != self.estimate or error == 0:
            error = max(error, math.sqrt(shrunk * (1 - shrunk) / (size + 1)))
        centre, width = math.log(shrunk / (1 - shrunk)), z * error / (shrunk * (1 - shrunk))
        low, high = _logistic(centre - width), _logistic(centre + width)
        return min(low, self.estimate), max(high, self.estimate)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def clustered_standard_error(influence: np.ndarray, subject: np.ndarray) -> float:
    """Return sqrt(m / (m - 1) sum_g (sum_{i in g} influence_i)^2) over m subjects."""
    sums = np.bincount(subject, weights=influence)
    m = int((np.bincount(subject, weights=np.abs(influence)) > 0).sum())
    return float(math.sqrt(m / (m - 1) * float(sums @ sums))) if m > 1 else 0.0


def stratified_auc(score: np.ndarray, positive: np.ndarray, stratum: np.ndarray) -> Auc | None:
    """Return the AUC over all pairs of a positive and a negative record of the same stratum, or None without such pairs.

    Parameters
    ----------
    score : (n,) float.
    positive : (n,) bool.
    stratum : (n,) non-negative integers; records with a negative stratum are left out.

    Notes
    -----
    sum_k n_1k n_0k AUC_k / sum_k n_1k n_0k, the pair-weighted average over strata. O(n log n).
    """
    used = np.flatnonzero(stratum >= 0)
    wins, opponents = _wins(score[used], positive[used], stratum[used])
    is_positive = positive[used]
    pairs = float(opponents[is_positive].sum())
    if pairs == 0:
        return None
    estimate = float(wins[is_positive].sum() / pairs)
    influence = np.zeros(len(score))
    influence[used] = (wins - estimate * opponents) / pairs
    in_play = opponents > 0
    smaller = float(min((is_positive & in_play).sum(), (~is_positive & in_play).sum()))
    return Auc(estimate, influence, pairs, smaller, ((1.0, estimate, pairs),))


def _wins(score: np.ndarray, positive: np.ndarray, stratum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each record how many records of the other class it is ordered rightly against, and how many there are."""
    n = len(score)
    if n == 0:
        return np.zeros(0), np.zeros(0)
    order = _by_stratum_and_score(stratum, score)
    s, v, p = stratum[order], score[order], positive[order]
    new_stratum = np.empty(n, dtype=bool)
    new_stratum[0] = True
    new_stratum[1:] = s[1:] != s[:-1]
    new_tie = new_stratum.copy()
    new_tie[1:] |= v[1:] != v[:-1]
    tie = np.cumsum(new_tie) - 1
    group = np.cumsum(new_stratum) - 1
    ones, zeros = p.astype(np.float64), (~p).astype(np.float64)
    tie_ones, tie_zeros = np.bincount(tie, ones), np.bincount(tie, zeros)
    all_ones, all_zeros = np.bincount(group, ones), np.bincount(group, zeros)
    first_tie = tie[new_stratum]
    before_zeros = np.cumsum(tie_zeros) - tie_zeros
    before_ones = np.cumsum(tie_ones) - tie_ones
    zeros_below = before_zeros[tie] - before_zeros[first_tie][group] + tie_zeros[tie] / 2
    ones_below = before_ones[tie] - before_ones[first_tie][group] + tie_ones[tie] / 2
    wins, opponents = np.empty(n), np.empty(n)
    wins[order] = np.where(p, zeros_below, all_ones[group] - ones_below)
    opponents[order] = np.where(p, all_zeros[group], all_ones[group])
    return wins, opponents


def _by_stratum_and_score(stratum: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return the order by stratum, then score; in which order ties stand is of no account here."""
    order = np.argsort(score)
    # Few strata fit into small integers, which a stable sort counts instead of comparing.
    few = int(stratum.max()) < np.iinfo(np.uint16).max
    return np.asarray(order[np.argsort(stratum[order].astype(np.uint16) if few else stratum[order], kind="stable")])


def pairwise_aucs(
    scores: np.ndarray, codes: np.ndarray, stratum: np.ndarray, pairs: Iterable[tuple[int, int]] | None = None
) -> dict[tuple[int, int], Auc]:
    """Return the AUC of every pair of classes (a, b), b against a by ``scores[:, b] - scores[:, a]``, where pairs exist.

    Parameters
    ----------
    scores : (n, classes).
    codes : (n,) class of each record; negative codes are left out.
    stratum : (n,) as in :func:`stratified_auc`.
    """
    classes = [code for code in range(scores.shape[1]) if (codes == code).any()]
    found = {}
    for a, b in pairs if pairs is not None else combinations(classes, 2):
        used = (codes == a) | (codes == b)
        auc = stratified_auc(scores[:, b] - scores[:, a], codes == b, np.where(used, stratum, -1))
        if auc is not None:
            found[a, b] = auc
    return found


def combine(aucs: dict[tuple[int, int], Auc], weights: dict[tuple[int, int], float] | None = None) -> Auc | None:
    """Return the weighted mean of pairwise AUCs (by default weighted by the pairs compared), or None if there is none.

    With class sizes as weights this is the M measure of Hand and Till 2001, weighted by how often a pair occurs.
    """
    if not aucs:
        return None
    chosen = {key: aucs[key].pairs if weights is None else weights[key] for key in aucs}
    total = sum(chosen.values())
    estimate = sum(chosen[key] * auc.estimate for key, auc in aucs.items()) / total
    influence = sum((chosen[key] / total * auc.influence for key, auc in aucs.items()), np.zeros(1))
    return Auc(
        float(estimate),
        influence,
        sum(auc.pairs for auc in aucs.values()),
        sum(auc.smaller for auc in aucs.values()),
        tuple((chosen[key] / total * w, a, pairs) for key, auc in aucs.items() for w, a, pairs in auc.parts),
    )


def difference(first: Auc, second: Auc, subject: np.ndarray, z: float = Z95) -> tuple[float, float, float]:
    """Return ``first - second`` with its interval (estimate, low, high).

    Parameters
    ----------
    first, second : over the same records and the same classes; ``second`` compares some of the pairs that ``first`` compares.

    Notes
    -----
    Every pair of records adds to the influence of both. For one AUC that is of no account, but where two AUCs differ by chance alone
    their influences cancel, and what is left is this noise of pairs, counted twice: intervals would be wider by the root of two. So it
    is taken off once, as in the unbiased variance of a U-statistic (Hoeffding 1948).
    """
    value = first.estimate - second.estimate
    squared = clustered_standard_error(first.influence - second.influence, subject) ** 2
    error = math.sqrt(max(squared - _pair_noise(first, second), squared / 2))
    return value, value - z * error, value + z * error


def _pair_noise(first: Auc, second: Auc) -> float:
    """Return the sum over pairs of records of the squared share that a pair has in ``first - second``.

    With a and b the two AUCs, over P and Q pairs, a pair has (s - a) / P - (s - b) / Q where both compare it and (s - a) / P
    elsewhere, with s = 1 if it is ordered rightly. Pairs of subjects with several records have more noise than their records'
    pairs have; what is taken off is then too little, never too much.
    """
    if len(first.parts) != len(second.parts):
        return 0.0
    total = 0.0
    for (w, a, p), (_, b, q) in zip(first.parts, second.parts, strict=True):
        total += w**2 * (a * (1 - a) / p - 2 * b * (1 - b) / p + b * (1 - b) / q)
    return max(total, 0.0)


def crossed(*codes: np.ndarray) -> np.ndarray:
    """Return one stratum code (n,) for every combination of the given codes; negative in any gives -1."""
    out = np.zeros(len(codes[0]), dtype=np.int64)
    bad = np.zeros(len(codes[0]), dtype=bool)
    for part in codes:
        bad |= part < 0
        level = dense(part)
        out = dense(out * (int(level.max(initial=0)) + 1) + level)
    return np.where(bad, -1, out)
