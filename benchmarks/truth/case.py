"""A dataset with a known answer, and how generators of such datasets are found."""

from __future__ import annotations

import importlib
import json
import pkgutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

LABEL = "label"

Answer = Literal["clean", "shortcut", "aliased", "unrecorded", "leakage"]
"""What is true of a dataset. ``clean``: no column is a shortcut, whatever else may be the case."""

Question = Literal["confounding", "unrecorded", "leakage"]

Kind = Literal["null", "alternative", "decision", "report"]

Medium = Literal["table", "image", "audio"]


@dataclass(frozen=True)
class ColumnTruth:
    """What is true of one metadata column in the population.

    Parameters
    ----------
    shortcut : both edges exist.
    v : Cramér's V with the label; for a number against location and spread of its rank. None where it is not known exactly.
    kappa : AUC with which the column alone tells two labels apart; None for other labels.
    readable : the largest AUC with which anything could tell two levels apart within a label, from the data; None if unknown.
    """

    shortcut: bool
    v: float | None = None
    kappa: float | None = None
    readable: float | None = None


@dataclass(frozen=True)
class Case:
    """One dataset: the table, how it is declared, and the truth.

    Parameters
    ----------
    frame : the table.
    arguments : of ``audit_pipeline.audit``, beside the table.
    answer : what is true of the dataset.
    columns : what is true of its metadata columns.
    files : yields name and content of each file that the table names, the same at every call; None for a table alone.
        They are made when they are written, since most of what is asked of a case needs none of them.
    """

    frame: pd.DataFrame
    arguments: Mapping[str, Any]
    answer: Answer
    columns: Mapping[str, ColumnTruth] = field(default_factory=dict)
    files: Callable[[], Iterator[tuple[str, bytes]]] | None = None


def one_column(frame: pd.DataFrame, truth: ColumnTruth, name: str = "site", subject: bool = False, **more: Any) -> Case:
    """Return a case with one nuisance column, whose truth is the answer; ``more`` goes to the audit."""
    arguments = {"label": LABEL, "nuisance": [name], **({"subject": "subject"} if subject else {}), **more}
    return Case(frame, arguments, "shortcut" if truth.shortcut else "clean", {name: truth})


Generator = Callable[..., Case]
Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """A kind of dataset.

    Parameters
    ----------
    name, title : for machines, and for a person.
    kind : ``null``: nothing may fail; ``alternative``: something is wrong; ``decision``: how many records decide; ``report``:
        cells of several kinds, told in a table of their own.
    question : what the family is about.
    cells : parameters beside n; every cell is scored by itself.
    sizes : numbers of records at which the family makes sense.
    generate : (rng, n, **parameters) -> Case.
    medium : what the model sees.
    """

    name: str
    title: str
    kind: Kind
    question: Question
    cells: tuple[Cell, ...]
    sizes: tuple[int, ...]
    generate: Generator
    medium: Medium = "table"

    def case(self, cell: Cell, n: int, replicate: int) -> Case:
        """Return one dataset; the same arguments give the same one."""
        return self.generate(np.random.default_rng(self.seed(cell, n, replicate)), n, **cell)

    def seed(self, cell: Cell, n: int, replicate: int) -> list[int]:
        """Return the seed of a dataset, unlike that of any other family, cell, size or replicate."""
        return [zlib.crc32(f"{self.name} {named(cell)}".encode()), n, replicate]


_FAMILIES: dict[str, Family] = {}

SIZES = (100, 300, 1000)


def family(
    title: str,
    *,
    kind: Kind,
    question: Question = "confounding",
    cells: Sequence[Cell] = ({},),
    sizes: Sequence[int] = SIZES,
    medium: Medium = "table",
) -> Callable[[Generator], Generator]:
    """Register a generator under its own name."""

    def register(generate: Generator) -> Generator:
        name = generate.__name__
        _FAMILIES[name] = Family(name, title, kind, question, tuple(cells), tuple(sizes), generate, medium)
        return generate

    return register


@lru_cache(maxsize=1)
def families() -> dict[str, Family]:
    """Return all families by name, in the order of their files."""
    package = importlib.import_module("benchmarks.truth.families")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"benchmarks.truth.families.{module}")
    return dict(_FAMILIES)


def named(cell: Cell) -> str:
    """Return the parameters as JSON, the same text for the same parameters."""
    return json.dumps(dict(cell), sort_keys=True)
