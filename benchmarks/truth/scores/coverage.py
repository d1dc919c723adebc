"""Do 95% intervals hold what they are about?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.cases import numbers

FIGURES = {
    "V": ("association_v", "association_low", "association_high", "true_v"),
    "metadata-only AUC": ("metadata_auc", "metadata_auc_low", "metadata_auc_high", "true_kappa"),
    "within-label AUC of the column": ("separability_auc", "separability_low", "separability_high", None),
    "AUC of the model within levels": ("auc_adjusted", "auc_adjusted_low", "auc_adjusted_high", None),
    "inflation": ("inflation", "inflation_low", "inflation_high", None),
}
"""Estimate, ends, and what they are about: the population's figure where the generator knows it. The last three are about cross-fitted
models of this size of dataset; their truth is the mean of the estimates over all datasets of the cell."""

FEWEST = 20
"""Datasets of a cell from which a mean may stand for the truth."""


def table(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return coverage over all cells, apart for figures that are truly 0 (one end cannot miss there)."""
    out: list[dict[str, object]] = []
    own = rows[rows["role"].eq("nuisance")]
    for name, columns in FIGURES.items():
        hits: dict[str, list[np.ndarray]] = {}
        above: dict[str, list[np.ndarray]] = {}
        for truth, group in _targets(own, *columns):
            low, high = numbers(group[columns[1]]), numbers(group[columns[2]])
            known = ~(np.isnan(low) | np.isnan(high))
            at_end = name in {"V", "metadata-only AUC"} and truth <= (0.0 if name == "V" else 0.5) + 1e-9
            where = "truly none" if at_end else "all others" if name in {"V", "metadata-only AUC"} else "all"
            hits.setdefault(where, []).append(((low <= truth + 1e-9) & (truth <= high + 1e-9))[known])
            above.setdefault(where, []).append((low > truth + 1e-9)[known])
        for where, parts in hits.items():
            inside, over = np.concatenate(parts), np.concatenate(above[where])
            if len(inside):
                out.append(
                    {
                        "interval of": name,
                        "where": where,
                        "intervals": f"{len(inside):,}",
                        "coverage": str(Share(int(inside.sum()), len(inside))),
                        "worst cell": short(min(float(part.mean()) for part in parts if len(part) >= FEWEST))
                        if any(len(part) >= FEWEST for part in parts)
                        else "–",
                        "too high": short(float(over.mean()), 3),
                        "too low": short(float(1 - inside.mean() - over.mean()), 3),
                    }
                )
    return out


def _targets(
    rows: pd.DataFrame, estimate: str, low: str, high: str, truth: str | None
) -> Iterator[tuple[float, pd.DataFrame]]:
    """Yield the true figure and the rows about it: a column of a cell at one number of records."""
    for _, group in rows.groupby(["family", "cell", "n", "column"], sort=False):
        if truth is not None:
            values = numbers(group[truth])
            if not np.isnan(values).any():
                yield float(values[0]), group
        else:
            values = numbers(group[estimate])
            if (~np.isnan(values)).sum() >= FEWEST:
                yield float(np.nanmean(values)), group
