"""Two verdicts in, one comparison out. Pure, but for :func:`read`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from audit_pipeline.comparison.types import Change, Comparison, FigureMove, FindingChange
from audit_pipeline.errors import DataError
from audit_pipeline.verdict_types import LEVELS, Finding, Verdict, from_dict

VERDICT = "verdict.json"

FIGURES = (
    ("association_v", "association, V", "association_low", "association_high"),
    ("metadata_auc", "label alone, AUC", "metadata_auc_low", "metadata_auc_high"),
    ("overlap", "overlap of labels", None, None),
    ("separability_auc", "readable, AUC", "separability_low", "separability_high"),
    ("auc_pooled", "model, AUC", None, None),
    ("auc_adjusted", "model within, AUC", "auc_adjusted_low", "auc_adjusted_high"),
    ("inflation", "inflation", "inflation_low", "inflation_high"),
    ("p_adjusted", "p of both edges", None, None),
    ("n", "records", None, None),
    ("n_subjects", "subjects", None, None),
)
"""Figures of a finding that are compared: field, words, lower and upper end of the interval."""

# Not in a spec's digest, or compared on their own.
_APART = ("policy",)


def read(folder: Path) -> tuple[Path, Verdict]:
    """Read the verdict of an output folder; its ``verdict.json`` itself may be named too.

    Raises
    ------
    DataError : there is no readable verdict.
    """
    path = folder if folder.name == VERDICT and folder.is_file() else folder / VERDICT
    try:
        verdict = from_dict(json.loads(path.read_text(encoding="utf-8")))
        for level in (verdict.verdict, *(finding.verdict for finding in verdict.findings)):
            LEVELS.index(level)  # raises a ValueError for a word that is none of the four
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = "there is no such audit" if not path.exists() else "is no verdict that can be read"
        raise DataError(why, file=path, remedy="give the output folder of an audit, or run it again") from error
    return path.parent, verdict


def compare(before: Path, after: Path) -> Comparison:
    """Compare two output folders.

    Raises
    ------
    DataError : one of them holds no readable verdict.
    """
    before_folder, first = read(before)
    after_folder, second = read(after)
    data = {**_columns(first), **_recordings(first)}, {**_columns(second), **_recordings(second)}
    return Comparison(
        before=first,
        after=second,
        before_folder=before_folder,
        after_folder=after_folder,
        findings=tuple(sorted(_findings(first, second), key=_rank)),
        spec=tuple(_changes(_spec(first), _spec(second))),
        policy=tuple(_changes(first.policy, second.policy)),
        files=tuple(
            _changes(
                {**_group(first, "files"), **_recordings(first)}, {**_group(second, "files"), **_recordings(second)}
            )
        ),
        columns=tuple(_changes(_columns(first), _columns(second))),
        code=tuple(_changes(_group(first, "code"), _group(second, "code"))),
        packages=tuple(_changes(_packages(first), _packages(second))),
        same_data=None if not data[0] or not data[1] else data[0] == data[1],
    )


def _findings(first: Verdict, second: Verdict) -> Iterator[FindingChange]:
    before, after = _by_key(first.findings), _by_key(second.findings)
    for key in dict.fromkeys([*after, *before]):
        then, now = before.get(key), after.get(key)
        moves = tuple(_moves(then, now)) if then is not None and now is not None else ()
        yield FindingChange(before=then, after=now, figures=moves)


def _by_key(findings: Sequence[Finding]) -> dict[tuple[str, int], Finding]:
    """Return findings by column. Those about the dataset as a whole go by their reason and their place among its kind."""
    found: dict[tuple[str, int], Finding] = {}
    for finding in findings:
        name = f"column {finding.column}" if finding.column is not None else f"{finding.role} {finding.reason}"
        place = 0
        while (name, place) in found:
            place += 1
        found[name, place] = finding
    return found


def _moves(then: Finding, now: Finding) -> Iterator[FigureMove]:
    for name, label, low, high in FIGURES:
        before, after = getattr(then, name), getattr(now, name)
        intervals = _interval(then, low, high), _interval(now, low, high)
        if not _close(before, after) or not all(map(_close, intervals[0] or (None,) * 2, intervals[1] or (None,) * 2)):
            yield FigureMove(
                name=name,
                label=label,
                before=before,
                after=after,
                before_interval=intervals[0],
                after_interval=intervals[1],
            )


def _interval(finding: Finding, low: str | None, high: str | None) -> tuple[float, float] | None:
    if low is None or high is None:
        return None
    first, last = getattr(finding, low), getattr(finding, high)
    return None if first is None or last is None else (first, last)


def _close(first: float | None, second: float | None) -> bool:
    """Tell whether two figures are the same but for the last bits, in which machines differ."""
    if first is None or second is None:
        return first is second
    return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)


def _rank(change: FindingChange) -> tuple[int, int]:
    """Worse first, then what went, better, moved, unchanged; within these the most harmful verdict first."""
    order = ("worse", "went", "came", "better", "same")
    kind = 0 if change.worse else order.index(change.direction) + (5 if change.unchanged else 0)
    return kind, -LEVELS.index(change.finding.verdict)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        then, now = _text(before.get(name)), _text(after.get(name))
        if then != now:
            yield Change(name=str(name), before=then, after=now)


def _text(found: object) -> str | None:
    if found is None:
        return None
    if isinstance(found, list | tuple):
        return ", ".join(map(str, found)) or "(none)"
    return str(found)


def _group(verdict: Verdict, name: str) -> Mapping[str, Any]:
    found = verdict.lineage.get(name)
    return found if isinstance(found, Mapping) else {}


def _spec(verdict: Verdict) -> dict[str, Any]:
    return {name: found for name, found in _group(verdict, "spec").items() if name not in _APART}


def _packages(verdict: Verdict) -> dict[str, Any]:
    return {"python": verdict.lineage.get("python"), **_group(verdict, "packages")}


def _columns(verdict: Verdict) -> dict[str, str]:
    """Return a column's digest by name. Roles are the spec's, which is compared on its own."""
    return {
        str(name): str(entry.get("sha256"))
        for name, entry in _group(verdict, "columns").items()
        if isinstance(entry, Mapping)
    }


def _recordings(verdict: Verdict) -> dict[str, str]:
    """Return the digest of all recordings under a name that no file has; empty for a table."""
    found = _group(verdict, "recordings")
    return {"(all recordings)": str(found.get("sha256"))} if found else {}
