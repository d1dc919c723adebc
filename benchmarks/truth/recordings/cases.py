"""From a design and a trace to a case: the table, the files, and what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.truth import draw
from benchmarks.truth.case import LABEL, Answer, Case, ColumnTruth
from benchmarks.truth.recordings import images, sounds
from benchmarks.truth.recordings.design import PATH, Design, design

HEADERS = ("file.jpeg_tables", "file.jpeg_tables_sum", "file.jpeg_quality")
"""Columns of the header that tell the quality of a JPEG file, and so the site, where that is its trace. An audit names one of
those that part the files alike, and none where the site is declared and parts them so."""

Recorder = Callable[[Design, int], Iterator[tuple[str, bytes]]]


def image_case(
    rng: np.random.Generator, n: int, trace: images.Trace, v: float, strength: float = 1.0, **more: Any
) -> Case:
    """Return images; ``trace`` and ``strength`` as in :func:`images.files`, ``more`` as in :func:`design`."""
    record = partial(images.files, trace=trace, strength=strength)
    case = _case(rng, n, "image", images.ending(trace), record, v, shortcut=v > 0 and trace != "none", **more)
    if trace != "jpeg":
        return case
    truth = case.columns["site"]
    # The header's numbers of more than two sites have a V by their rank, which is not worked out here.
    header = truth if more.get("levels", 2) == 2 else ColumnTruth(truth.shortcut)
    return Case(case.frame, case.arguments, case.answer, {"site": truth, **dict.fromkeys(HEADERS, header)}, case.files)


def sound_case(
    rng: np.random.Generator, n: int, trace: sounds.Trace, v: float, strength: float = 1.0, **more: Any
) -> Case:
    """Return sounds; ``trace`` and ``strength`` as in :func:`sounds.files`, ``more`` as in :func:`design`."""
    record = partial(sounds.files, trace=trace, strength=strength)
    return _case(rng, n, "audio", "wav", record, v, shortcut=v > 0 and trace != "none", **more)


def _case(
    rng: np.random.Generator,
    n: int,
    medium: str,
    ending: str,
    record: Recorder,
    v: float,
    *,
    shortcut: bool,
    levels: int = 2,
    per: int = 1,
    prevalence: float = 0.5,
    declared: bool = True,
) -> Case:
    """Draw who is recorded, and leave the recording for when it is written.

    ``declared``: the table names the site; else nobody does.
    """
    records = design(rng, n, v, levels, per, prevalence)
    files = partial(record, records, int(rng.integers(2**62)))
    nuisance = ["site"] if declared else []
    arguments = {"label": LABEL, "nuisance": nuisance, medium: PATH, **({"subject": "subject"} if per > 1 else {})}
    answer: Answer = "aliased" if v == 1 else "shortcut" if shortcut else "clean"
    truth = draw.binary_truth(v, levels, prevalence, shortcut=shortcut)
    table = records.table(ending)
    return Case(table if declared else table.drop(columns="site"), arguments, answer, {"site": truth}, files)
