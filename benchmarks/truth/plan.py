"""Which datasets are audited: three sizes of the same benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.truth.case import Cell, Family, Medium, families

Size = Literal["smoke", "standard", "full"]

REPLICATES: dict[Size, dict[str, int]] = {
    "smoke": {"null": 1, "alternative": 1, "decision": 1},
    "standard": {"null": 25, "alternative": 20, "decision": 20},
    "full": {"null": 400, "alternative": 200, "decision": 200},
}
"""Datasets of tables, a cell and number of records."""

RECORDED: dict[Size, dict[str, int]] = {
    "smoke": {"null": 1, "alternative": 1, "report": 1},
    "standard": {"null": 16, "alternative": 6, "report": 10},
    "full": {"null": 200, "alternative": 50, "report": 50},
}
"""Datasets of recordings, which take several times as long: files are written, decoded and looked at."""

MEDIA: tuple[Medium, ...] = ("table", "image", "audio")

SHARE = {"twenty": 0.34, "among_twenty": 0.4, "large": 0.1, "mean_shift": 1.5}
"""Families whose audits take many times longer get this share of the replicates; the one with an oracle gets more."""

SLOW = ("twenty", "among_twenty", "large")
"""The smoke run leaves these families out."""

LARGE = 1000
"""From this number of records on, two thirds of the replicates."""

SMOKE_MOST = 120
"""The smoke run leaves out larger datasets, where a family has smaller ones, and takes but the first cells of each."""
SMOKE_CELLS = 3
SMOKE_RECORDED = 60
"""Recordings of a dataset in the smoke run, which takes the first cell of each family of them."""


@dataclass(frozen=True)
class Part:
    """The tasks of one family, cell and number of records: what is done or not done as a whole."""

    family: Family
    position: int
    n: int
    replicates: range

    @property
    def cell(self) -> Cell:
        """Return the family's parameters."""
        return self.family.cells[self.position]

    @property
    def name(self) -> str:
        """Return a name for the part's file."""
        return f"{self.family.name}-{self.position:02d}-{self.n:06d}"


def _sizes(family: Family, size: Size, position: int) -> Sequence[int]:
    """Return the numbers of records at which a cell is run."""
    if size != "smoke":
        return family.sizes
    if family.medium != "table":
        return (SMOKE_RECORDED,) if position == 0 else ()
    most = 0 if family.name in SLOW else max(SMOKE_MOST, family.sizes[0])
    return [n for n in family.sizes if n <= most and position < SMOKE_CELLS]


def _replicates(family: Family, size: Size, n: int) -> int:
    if family.medium != "table":
        return RECORDED[size][family.kind]
    share = SHARE.get(family.name, 1.0) * (2 / 3 if n >= LARGE else 1.0)
    return max(1, round(REPLICATES[size][family.kind] * share))


def parts(size: Size, only: Sequence[str] = (), media: Sequence[Medium] = MEDIA) -> Iterator[Part]:
    """Yield the parts of a run, small datasets first, so that peak memory can be read off as it grows.

    Parameters
    ----------
    only : families; all if empty.
    media : what the model sees in them.

    Raises
    ------
    KeyError : ``only`` names a family that does not exist.
    """
    known = families()
    chosen = [known[name] for name in only] if only else list(known.values())
    found = [
        Part(family, position, n, range(_replicates(family, size, n)))
        for family in chosen
        if family.medium in media
        for position in range(len(family.cells))
        for n in _sizes(family, size, position)
    ]
    return iter(sorted(found, key=lambda part: part.n))
