"""The most that any method can find: likelihood-ratio tests that know the whole model but not whether there is an effect.

Both edges have to be shown, so the smaller of two powers bounds any test of their intersection.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.stats import chi2, ncx2, norm

ALPHA = 0.05


def design(n: float, v: float, levels: int = 2) -> float:
    """Return the power of the test of a table of two labels and ``levels``: noncentrality n V^2, levels - 1 degrees of freedom."""
    return float(ncx2.sf(chi2.isf(ALPHA, levels - 1), levels - 1, n * v * v))


def sensor(n: float, v: float, strength: float) -> float:
    """Return the power of the one-sided likelihood-ratio test of a shift in a known direction, within labels.

    Two sites shift a normal feature by plus and minus ``strength``. In a label the sites hold shares (1 +- V) / 2, so the variance of
    the site's direction there is 1 - V^2, and the power is Phi(strength sqrt(n (1 - V^2)) - 1.645).
    """
    return float(norm.cdf(strength * math.sqrt(n * (1 - v * v)) - norm.isf(ALPHA)))


def invariant(n: float, v: float, strength: float, features: int = 8) -> float:
    """Return the bound for a method that knows the model but not which way the site shifts the features.

    The most powerful test that treats all directions of ``features`` alike is a chi-square test with as many degrees of freedom; its
    noncentrality is that of the one-sided test squared, n strength^2 (1 - V^2). The design edge bounds it as before.
    """
    unknown = float(ncx2.sf(chi2.isf(ALPHA, features), features, n * strength**2 * (1 - v * v)))
    return min(design(n, v), unknown)


def intersection(n: float, v: float, strength: float) -> float:
    """Return the bound on the power to show both edges."""
    return min(design(n, v), sensor(n, v, strength))


def records_needed(v: float, strength: float, power: float = 0.8) -> float:
    """Return the number of records at which the bound reaches ``power``."""
    log_n = brentq(lambda at: intersection(math.exp(at), v, strength) - power, 1.0, 20.0, xtol=1e-6)
    return math.exp(float(log_n))
