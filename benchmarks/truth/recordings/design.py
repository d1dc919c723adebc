"""Who is recorded: labels and sites by subject, the table that says so, and what varies by nature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.truth import draw
from benchmarks.truth.case import LABEL

PATH = "path"
"""The column that names the files, relative to the table."""

SHARED = 0.5
"""Share of the natural variance that records of one subject have in common."""


@dataclass(frozen=True)
class Design:
    """The records in their order.

    Parameters
    ----------
    y : (n,) labels, 0 or 1; a subject's records have one.
    site : (n,) codes 0..levels - 1; a subject's records have one.
    who : (n,) codes of subjects.
    levels : number of sites.
    """

    y: draw.Ints
    site: draw.Ints
    who: draw.Ints
    levels: int

    @property
    def direction(self) -> draw.Floats:
        """The site as a number (n,) of mean 0 and mean square 1."""
        return draw.direction_of(self.site, self.levels)

    def natural(self, rng: np.random.Generator, count: int = 1) -> draw.Floats:
        """Return standard normal numbers (n, count), of which records of one subject share half the variance."""
        subjects = rng.standard_normal((int(self.who.max()) + 1, count))
        own = rng.standard_normal((len(self.y), count))
        alone = len(subjects) == len(own)
        return own if alone else np.sqrt(SHARED) * subjects[self.who] + np.sqrt(1 - SHARED) * own

    def table(self, ending: str) -> pd.DataFrame:
        """Return the table: path, label, site, and the subject where it has several records. Names of files say nothing."""
        columns = {
            PATH: [f"files/{row:06d}.{ending}" for row in range(len(self.y))],
            LABEL: np.where(self.y == 1, "ill", "healthy"),
            "site": np.char.add("site ", self.site.astype(str)),
        }
        if len(np.unique(self.who)) < len(self.who):
            columns["subject"] = np.char.add("s", self.who.astype(str))
        return pd.DataFrame(columns)


def design(
    rng: np.random.Generator, n: int, v: float, levels: int = 2, per: int = 1, prevalence: float = 0.5
) -> Design:
    """Draw ``n // per`` subjects with ``per`` records each, in random order of sites of equal size.

    Parameters
    ----------
    v : Cramér's V of label and site in the population of subjects.
    levels : number of sites.
    per : records of a subject.
    prevalence : share of positives.
    """
    subjects = n // per
    site = draw.levels(rng, subjects, levels)
    y = draw.binary(rng, draw.direction_of(site, levels), v, prevalence)
    if prevalence != 0.5:
        # A rare label has a few records whatever the draw.
        y[:3], y[3:6] = 1, 0
    who = np.repeat(np.arange(subjects), per)
    return Design(y[who], site[who], who, levels)
