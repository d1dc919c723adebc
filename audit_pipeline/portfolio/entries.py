"""One line a verdict: what a person who is responsible for many datasets wants to know of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_pipeline import digests
from audit_pipeline.report.levels import worst_first
from audit_pipeline.verdict_types import LEVELS, Finding, Level, Verdict, from_dict

DIGITS = 12
"""Digits of a digest that are kept: enough to tell versions apart, short enough for a table."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """An audit that the portfolio covers.

    Parameters
    ----------
    dataset : the audit's name as a person wrote it.
    slug : name of its folder.
    spec : first digits of the spec's digest now; a verdict on another spec is shown as outdated. Empty: not known.
    fail_on : from which verdict on the audit counts as failed; ``never`` for none.
    """

    dataset: str
    slug: str
    spec: str = ""
    fail_on: str = "fail"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A verdict in one row.

    Parameters
    ----------
    slug, dataset : which audit.
    version : digest of all that the verdict says and rests on; the same for two runs that found the same.
    created : when it was judged, ISO 8601 in UTC; empty if the file does not say.
    verdict, headline : of the dataset.
    column : the column of the worst finding; None if that is about the dataset as a whole, or there is none.
    association_v : the largest V of a nuisance column with the label.
    inflation : the largest inflation of a nuisance column, in units of AUC.
    n : records.
    spec, code : first digits of the digests of spec and code; ``release`` is the package's version.
    """

    slug: str
    dataset: str
    version: str
    created: str
    verdict: Level
    headline: str
    column: str | None
    association_v: float | None
    inflation: float | None
    n: int | None
    spec: str
    code: str
    release: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an audit stands: its current verdict, or in ``problem`` why there is none that can be shown."""

    member: Member
    entry: Entry | None
    problem: str = ""

    @property
    def failed(self) -> bool:
        """Whether the current verdict is at or above the audit's ``fail_on``."""
        line = self.member.fail_on
        return self.entry is not None and line in LEVELS and LEVELS.index(self.entry.verdict) >= LEVELS.index(line)

    @property
    def outdated(self) -> bool:
        """Whether the verdict is on another spec than the audit has now."""
        return self.entry is not None and bool(self.member.spec) and self.entry.spec != self.member.spec


def standings(members: Iterable[Member], root: Path) -> list[Standing]:
    """Return where each audit stands, from the output folders below ``root``; the worst verdict first, those never run last."""
    found = [_standing(member, root / member.slug / "verdict.json") for member in members]
    return sorted(found, key=_place)


def _place(standing: Standing) -> tuple[int, str]:
    entry = standing.entry
    return (-LEVELS.index(entry.verdict) if entry is not None else 1, standing.member.slug)


def _standing(member: Member, path: Path) -> Standing:
    if not path.is_file():
        return Standing(member=member, entry=None, problem="never run")
    entry = read_entry(path, slug=member.slug)
    return Standing(member=member, entry=entry, problem="" if entry is not None else f"{path.name} cannot be read")


def former(member: Member, root: Path) -> list[Entry]:
    """Return the verdicts of an audit that the store still has, the oldest first; what cannot be read is left out."""
    paths = (root / ".store" / member.slug / "verdict").glob("*/verdict.json")
    found = [entry for path in paths if (entry := read_entry(path, slug=member.slug)) is not None]
    return sorted(found, key=lambda entry: (entry.created, entry.version))


def read_entry(path: Path, *, slug: str) -> Entry | None:
    """Return the row of a ``verdict.json``; None if it is not one."""
    try:
        verdict = from_dict(json.loads(path.read_text(encoding="utf-8")))
        if verdict.verdict not in LEVELS:
            return None
        return _entry(verdict, slug)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _entry(verdict: Verdict, slug: str) -> Entry:
    lineage = verdict.lineage
    code, run = lineage.get("code") or {}, lineage.get("run") or {}
    ordered = worst_first(verdict.findings)
    nuisance = [finding for finding in verdict.findings if finding.role == "nuisance"]
    return Entry(
        slug=slug,
        dataset=verdict.dataset,
        version=_version(verdict),
        created=str(run.get("created") or ""),
        verdict=verdict.verdict,
        headline=verdict.headline,
        column=ordered[0].column if ordered else None,
        association_v=_largest(nuisance, "association_v"),
        inflation=_largest(nuisance, "inflation"),
        n=max((finding.n for finding in verdict.findings if finding.n is not None), default=None),
        spec=str(lineage.get("spec_sha256") or "")[:DIGITS],
        code=str(code.get("sha256") or "")[:DIGITS],
        release=str(code.get("audit_pipeline") or ""),
    )


def _version(verdict: Verdict) -> str:
    """Return a digest of the verdict without the run that made it: the clock and the run's number are no news."""
    kept = ("spec_sha256", "files", "columns", "recordings", "code")
    content = verdict.as_dict() | {"lineage": {name: verdict.lineage.get(name) for name in kept}}
    return digests.of_value(content)[:DIGITS]


def _largest(findings: Sequence[Finding], field: str) -> float | None:
    values: list[Any] = [getattr(finding, field) for finding in findings]
    return max((float(value) for value in values if value is not None), default=None)
