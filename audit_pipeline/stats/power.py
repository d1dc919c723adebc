"""What so many records could have shown, and how many would decide."""

from __future__ import annotations

import math
from functools import lru_cache

POWER = 0.8
MOST = 1_000_000
"""Sample sizes beyond this are reported as 'no feasible number'."""


@lru_cache(maxsize=4096)
def detectable_noncentrality(df: int, alpha: float, power: float = POWER) -> float:
    """Return the noncentrality that a chi-square test of level alpha detects with the given power (7.85 for df 1, .05, .8)."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    critical = float(chi2.isf(alpha, df))
    return float(brentq(lambda nc: float(ncx2.sf(critical, df, nc)) - power, 1e-6, 50 * critical + 100))


def minimal_detectable_v(n: int, df: int, dim: int, alpha: float) -> float:
    """Return the V detected with 80% power by n units; 1 where even a complete association may be missed."""
    return min(1.0, math.sqrt(detectable_noncentrality(df, alpha) / (n * dim)))


def n_to_detect(v: float, df: int, dim: int, alpha: float) -> int | None:
    """Return the number of units that shows an association of size ``v`` with 80% power, or None if none is feasible."""
    if v <= 0:
        return None
    n = math.ceil(detectable_noncentrality(df, alpha) / (dim * v * v))
    return n if n <= MOST else None


def n_to_exclude(v: float, tolerance: float, df: int, dim: int) -> int | None:
    """Return the number of units with which, at a true association ``v``, the upper 95% bound of V falls below the tolerance
    with 80% power; None if ``v`` is not below the tolerance or no feasible number does."""
    from scipy.stats import ncx2

    if v >= tolerance:
        return None

    def power(n: int) -> float:
        # The bound is below the tolerance where chi2 is below the 5% quantile of the distribution at the tolerance.
        limit = float(ncx2.ppf(0.05, df, n * dim * tolerance**2))
        nc = n * dim * v**2
        return float(ncx2.cdf(limit, df, nc)) if nc > 1e-9 else _central(limit, df)

    low, high = 2, 4
    while power(high) < POWER:
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > max(1, low // 500):
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def _central(x: float, df: int) -> float:
    from scipy.stats import chi2

    return float(chi2.cdf(x, df))
