"""Shares with exact intervals."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta, binom


@dataclass(frozen=True)
class Share:
    """``hits`` of ``runs``, with the exact 95% interval (Clopper and Pearson 1934)."""

    hits: int
    runs: int

    @property
    def rate(self) -> float:
        """Return hits / runs."""
        return self.hits / self.runs

    @property
    def low(self) -> float:
        """Return the lower end."""
        return 0.0 if self.hits == 0 else float(beta.ppf(0.025, self.hits, self.runs - self.hits + 1))

    @property
    def high(self) -> float:
        """Return the upper end."""
        return 1.0 if self.hits == self.runs else float(beta.ppf(0.975, self.hits + 1, self.runs - self.hits))

    def exceeds(self, rate: float) -> float:
        """Return the p-value of "the true rate is at most ``rate``"."""
        return float(binom.sf(self.hits - 1, self.runs, rate))

    def falls_short(self, rate: float) -> float:
        """Return the p-value of "the true rate is at least ``rate``"."""
        return float(binom.cdf(self.hits, self.runs, rate))

    def __str__(self) -> str:
        return f"{short(self.rate)} [{short(self.low)}, {short(self.high)}]"


def short(value: float | None, digits: int = 2) -> str:
    """Return a share as it is printed: .05, 1, and a dash for none.

    >>> short(0.05), short(1.0), short(None)
    ('.05', '1', '–')
    """
    if value is None or value != value:
        return "–"
    text = f"{value:.{digits}f}"
    return "1" if float(text) == 1 else text.removeprefix("0") if float(text) else "0"
