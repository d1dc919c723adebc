"""What a comparison of two audits is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from audit_pipeline.verdict_types import LEVELS, Finding, Level, Verdict

JSON_VERSION = 1

Direction = Literal["worse", "better", "same", "came", "went"]


@dataclass(frozen=True, kw_only=True)
class FigureMove:
    """A figure in both audits, with its intervals; None where it was not measured.

    Parameters
    ----------
    name : field of the finding, e.g. ``association_v``.
    label : in words, e.g. ``association, V``.
    overlap : whether the two 95% intervals overlap; None when one of them is missing.
    """

    name: str
    label: str
    before: float | None
    after: float | None
    before_interval: tuple[float, float] | None = None
    after_interval: tuple[float, float] | None = None

    @property
    def overlap(self) -> bool | None:
        """Whether the intervals overlap: if so, chance alone may have moved the figure."""
        if self.before_interval is None or self.after_interval is None:
            return None
        return self.before_interval[0] <= self.after_interval[1] and self.after_interval[0] <= self.before_interval[1]


@dataclass(frozen=True, kw_only=True)
class FindingChange:
    """A finding in both audits; ``before`` is None for one that came, ``after`` for one that went."""

    before: Finding | None
    after: Finding | None
    figures: tuple[FigureMove, ...] = ()

    @property
    def finding(self) -> Finding:
        """The finding to name it by: the later one if there is one."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def direction(self) -> Direction:
        """How the verdict moved."""
        if self.before is None:
            return "came"
        if self.after is None:
            return "went"
        step = LEVELS.index(self.after.verdict) - LEVELS.index(self.before.verdict)
        return "worse" if step > 0 else "better" if step < 0 else "same"

    @property
    def worse(self) -> bool:
        """True if the verdict got worse. What was not judged before counts as pass: a new failure is worse than none."""
        now: Level = self.after.verdict if self.after is not None else "pass"
        then: Level = self.before.verdict if self.before is not None else "pass"
        return LEVELS.index(now) > LEVELS.index(then)

    @property
    def redeclared(self) -> bool:
        """True if the column has another role now, so that another table of decisions applies to it."""
        return self.before is not None and self.after is not None and self.before.role != self.after.role

    @property
    def unchanged(self) -> bool:
        """True if verdict, reason, role and all figures are as they were."""
        if self.before is None or self.after is None:
            return False
        same = (self.before.verdict, self.before.reason, self.before.role) == (
            self.after.verdict,
            self.after.reason,
            self.after.role,
        )
        return same and not self.figures


@dataclass(frozen=True, kw_only=True)
class Change:
    """Anything else that is not the same: ``before`` is None for what came, ``after`` for what went."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two audits side by side.

    Parameters
    ----------
    findings : every finding of either audit, worst change first.
    spec, policy, files, columns, code, packages : what is not the same of each.
    same_data : whether the audited columns hold the same content; None if an audit does not say.
    """

    before: Verdict
    after: Verdict
    before_folder: Path
    after_folder: Path
    findings: tuple[FindingChange, ...]
    spec: tuple[Change, ...] = ()
    policy: tuple[Change, ...] = ()
    files: tuple[Change, ...] = ()
    columns: tuple[Change, ...] = ()
    code: tuple[Change, ...] = ()
    packages: tuple[Change, ...] = ()
    same_data: bool | None = None
    groups: tuple[str, ...] = field(default=("spec", "policy", "files", "columns", "code", "packages"), repr=False)

    @property
    def worse(self) -> tuple[FindingChange, ...]:
        """The findings whose verdict got worse."""
        return tuple(change for change in self.findings if change.worse)

    @property
    def identical(self) -> bool:
        """True if nothing at all differs."""
        return all(change.unchanged for change in self.findings) and not any(self.changes(name) for name in self.groups)

    def changes(self, group: str) -> tuple[Change, ...]:
        """Return the changes of one of :attr:`groups`."""
        found: tuple[Change, ...] = getattr(self, group)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        return {
            "schema_version": JSON_VERSION,
            "before": _audit(self.before, self.before_folder),
            "after": _audit(self.after, self.after_folder),
            "worse": bool(self.worse),
            "same_data": self.same_data,
            "findings": [_finding(change) for change in self.findings],
            **{name: [_change(change) for change in self.changes(name)] for name in self.groups},
        }


def _audit(verdict: Verdict, folder: Path) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "dataset": verdict.dataset,
        "verdict": verdict.verdict,
        "headline": verdict.headline,
        "created": _created(verdict.lineage),
    }


def _created(lineage: Mapping[str, Any]) -> str | None:
    run = lineage.get("run")
    return run.get("created") if isinstance(run, Mapping) else None


def _finding(change: FindingChange) -> dict[str, Any]:
    return {
        "column": change.finding.column,
        "change": change.direction,
        "worse": change.worse,
        "before": _side(change.before),
        "after": _side(change.after),
        "figures": [
            {
                "name": move.name,
                "before": move.before,
                "before_interval": list(move.before_interval) if move.before_interval else None,
                "after": move.after,
                "after_interval": list(move.after_interval) if move.after_interval else None,
                "intervals_overlap": move.overlap,
            }
            for move in change.figures
        ],
    }


def _side(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {name: getattr(finding, name) for name in ("role", "verdict", "reason", "headline", "next_step")}


def _change(change: Change) -> dict[str, Any]:
    return {"name": change.name, "before": change.before, "after": change.after}
