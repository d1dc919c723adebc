"""How strongly the label and a metadata column go together in this dataset: the design edge.

One statistic serves levels and numbers: n times Pillai's trace of the label's indicators against the column's basis. For two
one-hot matrices this is Pearson's chi-square; for a number it is the same test against smooth functions of its rank. So one
effect size (Cramér's V with Bergsma's bias correction), one interval and one permutation test serve both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.stats.basis import ColumnBasis, column_basis
from audit_pipeline.stats.exchange import varies_within
from audit_pipeline.stats.noncentral import noncentrality, scatter

ANALYTIC_EXPECTED = 5.0
"""Cochran's rule: with every expected count at least this, the chi-square distribution is good enough."""

ANALYTIC_UNITS = 1000
"""With so many units the chi-square distribution is used for bounded functions of ranks as well."""

_CHUNK = 4_000_000


@dataclass(frozen=True)
class Units:
    """The independent units of a design, and what each of them carries.

    Parameters
    ----------
    label : (m, classes) share of each class among the unit's records.
    column : (m, d) mean of the column's basis over the unit's records.
    response : (m, a) what is tested for association: ``label`` itself, or smooth functions of the rank of a label that is a
        number or ordered; ``degrees``: its degrees of freedom, classes - 1 or a.
    exchange : which units may change places: 0 everywhere, or the subject where records are exchanged within subjects.
    effective : number of independent units for intervals.
    mode : ``records``, ``subjects`` or ``within subjects``.
    """

    label: np.ndarray
    column: np.ndarray
    exchange: np.ndarray
    effective: int
    mode: str
    basis: ColumnBasis
    response: np.ndarray
    degrees: int

    @property
    def table(self) -> np.ndarray:
        """Return the (classes, levels) table of units; shares where a unit has several labels or levels."""
        return self.label.T @ self.column


@dataclass(frozen=True)
class Association:
    """The association of label and column.

    ``v``, ``low``, ``high``: bias-corrected V and its two-sided 95% interval; ``upper``: one-sided 95% bound; ``raw``: V
    without correction; ``df`` and ``dim``: degrees of freedom and min(classes, levels) - 1, so that the noncentrality is
    effective n x dim x V^2.
    """

    v: float
    low: float
    high: float
    upper: float
    raw: float
    chi2: float
    df: int
    dim: int
    n: int
    p_value: float
    method: str


def design_units(
    label: np.ndarray,
    classes: int,
    subject: np.ndarray,
    column: MetadataColumn,
    response: np.ndarray | None = None,
) -> Units:
    """Return the units of a design.

    Parameters
    ----------
    label : (n,) class codes.
    subject : (n,) subject codes 0..m-1.
    response : (n, a) smooth functions of a label that is a number or ordered; None: the classes as such.

    Notes
    -----
    If each subject has one label or one level, subjects are exchanged whole (with their mean basis). If most records belong
    to subjects in which both vary, as in paired designs, records are exchanged within subjects.
    """
    basis = column_basis(column, subject)
    one_hot = np.zeros((len(label), classes))
    one_hot[np.arange(len(label)), label] = 1.0
    m = int(subject.max()) + 1
    seen = int((one_hot.sum(axis=0) > 0).sum())
    degrees = seen - 1 if response is None else response.shape[1]
    tested = one_hot if response is None else response
    if m == len(label):
        return Units(one_hot, basis.matrix, np.zeros(m, dtype=np.int64), m, "records", basis, tested, degrees)
    both = (varies_within(label, subject) & varies_within(basis.codes, subject))[subject]
    if both.mean() > 0.5:
        return Units(one_hot, basis.matrix, subject.astype(np.int64), m, "within subjects", basis, tested, degrees)
    size = np.bincount(subject).astype(np.float64)

    def mean(matrix: np.ndarray) -> np.ndarray:
        return np.column_stack([np.bincount(subject, matrix[:, j]) / size for j in range(matrix.shape[1])])

    shares = mean(one_hot)
    tested = shares if response is None else mean(response)
    return Units(shares, mean(basis.matrix), np.zeros(m, dtype=np.int64), m, "subjects", basis, tested, degrees)


def association(units: Units, rng: np.random.Generator, permutations: int) -> Association:
    """Return V with intervals and the p-value of independence.

    Notes
    -----
    V: Bergsma 2013. Interval: see ``stats.noncentral``. p: chi-square where every expected count
    is at least five; otherwise (1 + #{chi2* >= chi2}) / (1 + permutations), which is never 0 (Phipson and Smyth 2010).

    A column that varies within subjects and is mixed alike in all of them is crossed with everything that is constant within
    subjects: the two are independent by design, not by chance, and V is 0 without an interval.
    """
    a, b = orthonormal(units.response), orthonormal(units.column)
    degrees = (units.degrees, units.basis.degrees)
    # Against the spread of records: means of thirds differ in their last bits.
    among, within = (np.ptp(matrix, axis=0).max(initial=0.0) for matrix in (units.column, units.basis.matrix))
    if units.mode == "subjects" and among <= 1e-9 * within:
        zero = dict.fromkeys(("v", "low", "high", "upper", "raw", "chi2"), 0.0)
        df, dim = degrees[0] * degrees[1], min(degrees)
        return Association(**zero, df=df, dim=dim, n=units.effective, p_value=1.0, method="crossed")
    return from_orthonormal(a, b, degrees, units.effective, _analytic(units), units.exchange, rng, permutations)


def from_orthonormal(
    a: np.ndarray,
    b: np.ndarray,
    degrees: tuple[int, int],
    n: int,
    analytic: bool,
    exchange: np.ndarray,
    rng: np.random.Generator,
    permutations: int,
) -> Association:
    """Return the association of two orthonormal bases (m, p) and (m, q) with the given degrees of freedom, for ``n``
    independent units."""
    from scipy.stats import chi2 as chi2_distribution

    df, dim, m = degrees[0] * degrees[1], min(degrees), len(a)
    share = float(np.square(a.T @ b).sum())
    chi2 = n * share
    if analytic:
        p, method = float(chi2_distribution.sf(m * share, df)), "chi-square"
    else:
        null = _permuted_shares(a, b, exchange, permutations, rng)
        # A tolerance, since equal tables summed in another order differ in the last bits.
        p, method = float((1 + (null >= share * (1 - 1e-9) - 1e-12).sum()) / (1 + permutations)), "permutation"
    # Independent groups of rows: subjects, where their records are exchanged within them.
    spread = scatter(a, b, exchange if n < m else None, n)
    # A table more even than chance makes them would give an interval of no width, surer than so few records can be. The
    # upper ends are those of a table as even as the median one under independence.
    usual = max(chi2, float(chi2_distribution.median(df)))
    return Association(
        v=_bergsma(share, n, *degrees),
        low=min(1.0, math.sqrt(noncentrality(chi2, df, spread, 0.975) / (n * dim))),
        high=min(1.0, math.sqrt(noncentrality(usual, df, spread, 0.025) / (n * dim))),
        upper=min(1.0, math.sqrt(noncentrality(usual, df, spread, 0.05) / (n * dim))),
        raw=math.sqrt(min(1.0, share / dim)),
        chi2=chi2,
        df=df,
        dim=dim,
        n=n,
        p_value=p,
        method=method,
    )


def orthonormal(matrix: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (m, rank) of the centred columns."""
    centred = matrix - matrix.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
    return centred @ (vectors[:, kept] / np.sqrt(values[kept]))


def _analytic(units: Units) -> bool:
    if units.mode == "within subjects":
        return False
    crisp = bool(((units.label == 0) | (units.label == 1)).all())
    if units.response is units.label and units.basis.categorical:
        crisp &= bool(((units.column == 0) | (units.column == 1)).all())
        table = units.table
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        return crisp and bool((expected[expected > 0] >= ANALYTIC_EXPECTED).all())
    if units.response is not units.label:
        return len(units.label) >= ANALYTIC_UNITS
    smallest = float(units.label.sum(axis=0).min())
    return crisp and len(units.label) >= ANALYTIC_UNITS and smallest >= 10 * ANALYTIC_EXPECTED


def _permuted_shares(
    a: np.ndarray, b: np.ndarray, exchange: np.ndarray, permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the trace (permutations,) with rows of ``a`` exchanged within ``exchange``."""
    m = len(a)
    receivers = np.argsort(exchange, kind="stable")
    out = np.empty(permutations)
    chunk = max(1, _CHUNK // max(1, m * max(a.shape[1], 1)))
    for start in range(0, permutations, chunk):
        count = min(chunk, permutations - start)
        donors = np.argsort(exchange[None, :] + rng.random((count, m)), axis=1)
        moved = np.empty_like(donors)
        moved[:, receivers] = donors
        product = np.einsum("kma,md->kad", a[moved], b, optimize=True)
        out[start : start + count] = np.square(product).sum(axis=(1, 2))
    return out


def _bergsma(share: float, n: int, r: int, c: int) -> float:
    """Return bias-corrected Cramér's V (Bergsma 2013, eq. 5) for phi^2 = ``share`` and r, c degrees of freedom a side."""
    if n < 2:
        return 0.0
    phi2 = max(0.0, share - r * c / (n - 1))
    rows = r + 1 - r**2 / (n - 1)
    columns = c + 1 - c**2 / (n - 1)
    return math.sqrt(min(1.0, phi2 / max(min(rows, columns) - 1, 1e-9)))


def metadata_auc(units: Units) -> float:
    """Return kappa, the AUC with which the column alone tells the labels apart in this sample (0.5 to 1).

    For two labels 1/2 + sum_jk |P(j|1) P(k|0) - P(k|1) P(j|0)| / 4: levels ordered by likelihood ratio, which is what the best
    model of the column alone does. More labels: pairs weighted by their size. For a number: the fitted smooth function of
    its rank. Biased upwards in small samples; :func:`corrected_metadata_auc` takes that out.
    """
    from audit_pipeline.stats.auc import stratified_auc

    sizes = units.label.sum(axis=0)
    total, weight = 0.0, 0.0
    if not units.basis.categorical:
        fitted = _fitted(units)
    for a in range(len(sizes)):
        for b in range(a + 1, len(sizes)):
            w = float(sizes[a] * sizes[b])
            if w == 0:
                continue
            if units.basis.categorical:
                p, q = units.table[a] / sizes[a], units.table[b] / sizes[b]
                value = likelihood_ratio_auc(p, q)
            else:
                used = (units.label[:, a] > 0.5) | (units.label[:, b] > 0.5)
                auc = stratified_auc(
                    (fitted[:, b] - fitted[:, a])[used],
                    units.label[used, b] > 0.5,
                    np.zeros(int(used.sum()), dtype=np.int64),
                )
                value = max(auc.estimate, 1 - auc.estimate) if auc else 0.5
            total, weight = total + w * value, weight + w
    return total / weight if weight else 0.5


def likelihood_ratio_auc(p: np.ndarray, q: np.ndarray) -> float:
    """Return the AUC of the likelihood ratio between two distributions (levels,) over the same levels."""
    used = (p > 0) | (q > 0)
    p, q = p[used], q[used]
    order = np.argsort(p / (p + q), kind="stable")
    p, q = p[order], q[order]
    # Levels with tied ratios give the same area in either order, so ties need no care.
    return float((p * (np.cumsum(q) - q / 2)).sum() / (p.sum() * q.sum()))


def _fitted(units: Units) -> np.ndarray:
    design = np.column_stack([np.ones(len(units.column)), units.column])
    coefficients, *_ = np.linalg.lstsq(design, units.label, rcond=None)
    return np.asarray(design @ coefficients)


def corrected_metadata_auc(kappa: float, result: Association) -> tuple[float, float, float]:
    """Return kappa corrected for small samples, with its interval.

    Along the ray from independence to the observed table kappa - 1/2 is linear in V (exactly so for two labels), so the
    correction and the interval of V carry over by the ratio (kappa - 1/2) / V.
    """
    # A table without any association has a V of a few last bits, and no ratio: that of two balanced levels stands in.
    ratio = (kappa - 0.5) / result.raw if result.raw > 1e-6 else 0.5
    return tuple(min(1.0, 0.5 + ratio * v) for v in (result.v, result.low, result.high))  # type: ignore[return-value]
