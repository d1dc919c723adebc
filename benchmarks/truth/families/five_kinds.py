"""Five kinds of one collection of images, which differ in what is wrong with them and not in how they look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.truth.case import Case, family
from benchmarks.truth.recordings.cases import image_case
from benchmarks.truth.recordings.images import Trace


@dataclass(frozen=True)
class FiveKind:
    """One of the five: V of label and site, what shows the site, the share of positives, and the verdicts that are right.

    ``reason``: the only right reason of the site's verdict; None where several are.
    """

    v: float
    trace: Trace
    prevalence: float
    right: tuple[str, ...]
    reason: str | None = None


KINDS: Mapping[str, FiveKind] = {
    "association .9": FiveKind(0.9, "sensor", 0.5, ("fail",)),
    "association 1": FiveKind(1.0, "sensor", 0.5, ("fail",), "aliased"),
    "independent": FiveKind(0.0, "sensor", 0.5, ("pass",), "independent"),
    "associated, without a trace": FiveKind(0.6, "none", 0.5, ("pass", "warn")),
    "10% positives, independent": FiveKind(0.0, "sensor", 0.1, ("pass", "inconclusive")),
}
"""Without a trace V is .6: at .9 half of the datasets have less overlap than is tolerated, and fail for that whatever is seen."""


@family(
    "Five kinds of one collection of images",
    kind="report",
    cells=[{"kind": kind} for kind in KINDS],
    sizes=(600,),
    medium="image",
)
def five_kinds(rng: np.random.Generator, n: int, kind: str) -> Case:
    """Label: a faint blob of 8 pixels. Site: a fixed pattern of 2 grey levels with 3 levels of brightness between the two sites,
    where brightness varies by 8 from image to image."""
    what = KINDS[kind]
    return image_case(rng, n, what.trace, what.v, prevalence=what.prevalence)
