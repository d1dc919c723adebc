"""The view ``rounding``: how numbers were rounded, and not how large they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from audit_pipeline.views.matrix import View
from audit_pipeline.views.table import table_view

FINEST, COARSEST = -6, 6
"""Powers of ten between which digits are looked at; finer ones are noise of the computer's arithmetic."""

MIN_RECORDS = 5
MIN_KNOWN = 20
"""A feature with fewer known numbers shows no habit of rounding."""

MIN_SPREAD = 1.5
"""A multiple of M is looked for where the middle half of the numbers spans this many M: otherwise being a multiple of M says how
large a number is."""

MAX_COLUMNS = 1000


@table_view("rounding", empty="no feature holds numbers that were rounded differently from record to record")
def rounding(columns: Sequence[np.ndarray], info: Sequence[dict[str, Any]]) -> View:
    """Mark how each number was rounded: its last digit, whether it is a multiple of 1, 5, 10, 50 ... or of .1, .5 and so on.

    Digits are those of the finest unit in use: a twentieth of the numbers reaches it. Each mark is taken minus its mean among
    numbers of about the same size, so that a habit of rounding large numbers more coarsely tells nothing of their size. Zero has
    no digits, and is neutral, as is a missing number.

    Must not contain: the size of a number, whether it is missing, the label, the subject, metadata columns. Dates, yes/no
    features and numbers with so few values that the last digit is the value are left out.

    Parameters
    ----------
    columns : float64 arrays (NaN for missing) or int32 codes, in the order of ``info``.
    info : name, kind and levels of each column, as the ``dataset`` stage wrote them.
    """
    marks: list[np.ndarray] = []
    names: list[str] = []
    for values, entry in zip(columns, info, strict=True):
        if entry["kind"] != "numeric" or entry["levels"]:
            continue
        for name, mark in _marks(values):
            marks.append(mark)
            names.append(f"{entry['name']} {name}")
        if len(marks) > 2 * MAX_COLUMNS:
            marks, names = _strongest(marks, names)
    n = len(columns[0]) if columns else 0
    marks, names = _strongest(marks, names)
    return View("rounding", np.column_stack(marks) if marks else np.zeros((n, 0)), tuple(names))


def _strongest(marks: list[np.ndarray], names: list[str]) -> tuple[list[np.ndarray], list[str]]:
    """Keep the marks that vary most, in their order: a very wide table would not fit into memory otherwise."""
    if len(marks) <= MAX_COLUMNS:
        return marks, names
    strength = np.array([float(mark @ mark) for mark in marks])
    kept = np.sort(np.argsort(-strength, kind="stable")[:MAX_COLUMNS])
    return [marks[j] for j in kept], [names[j] for j in kept]


def _marks(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and mark (n,) of every way in which the numbers of one feature were rounded."""
    used = np.flatnonzero(np.isfinite(values) & (values != 0))
    if len(used) < MIN_KNOWN:
        return
    order = used[np.argsort(values[used], kind="stable")]
    ranked = values[order]
    spread = float(ranked[(3 * len(order)) // 4] - ranked[len(order) // 4])
    if spread <= 0:
        return
    finest = last_digit_power(ranked)
    unit = int(np.sort(finest)[len(order) // 20])

    def centred(mark: np.ndarray, multiple: float) -> np.ndarray:
        out = np.zeros(len(values))
        out[order] = mark - _local_mean(mark, ranked, max(multiple / 2, spread / 6))
        return out

    for power in range(unit, COARSEST + 1):
        for factor in (1, 5):
            multiple = factor * 10.0**power
            if (power == unit and factor == 5) or power < FINEST or spread < MIN_SPREAD * multiple:
                # Multiples of five units are told by the last digit.
                continue
            mark = finest >= power if factor == 1 else _is_multiple(ranked, power, 5)
            if _varies(mark):
                yield f"is a multiple of {multiple:g}", centred(mark.astype(np.float64), multiple)
    ten = 10.0 ** (unit + 1)
    if unit < FINEST or spread < MIN_SPREAD * ten:
        return
    digit = np.abs(np.rint(ranked * 10.0**-unit)) % 10
    for code in range(10):
        mark = (digit == code) & (finest >= unit)
        if _varies(mark):
            yield f"has {code} as its last digit ({10.0**unit:g})", centred(mark.astype(np.float64), ten)


def last_digit_power(values: np.ndarray) -> np.ndarray:
    """Return the power of ten of each number's last digit that is not 0: 2 for 1200, -1 for 3.5.

    Numbers with more than six decimals get ``FINEST - 1``; the last digits that arithmetic left behind (0.1 + 0.2) do not count.
    """
    out = np.full(len(values), FINEST - 1, dtype=np.int64)
    for power in range(FINEST, COARSEST + 1):
        out[_is_multiple(values, power, 1)] = power
    return out


def _is_multiple(values: np.ndarray, power: int, factor: int) -> np.ndarray:
    # Multiplied by a power of ten that is exact in binary wherever there is one: 10^-6 is not.
    scaled = values * 10.0**-power if power <= 0 else values / 10.0**power
    scaled = scaled / factor
    return np.asarray(np.abs(scaled - np.rint(scaled)) <= 4 * np.finfo(np.float64).eps * np.abs(scaled))


def _varies(mark: np.ndarray) -> bool:
    return MIN_RECORDS <= int(mark.sum()) <= len(mark) - MIN_RECORDS


def _local_mean(mark: np.ndarray, ranked: np.ndarray, reach: float) -> np.ndarray:
    """Return the mean of ``mark`` among the numbers at most ``reach`` away; ``ranked`` is sorted."""
    total = np.concatenate([[0.0], np.cumsum(mark, dtype=np.float64)])
    low = np.searchsorted(ranked, ranked - reach, side="left")
    high = np.searchsorted(ranked, ranked + reach, side="right")
    return np.asarray((total[high] - total[low]) / (high - low))
