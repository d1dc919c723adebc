"""An output folder as the page needs it: read once, leniently, since folders outlive the code that wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audit_pipeline import evidence
from audit_pipeline.errors import DataError
from audit_pipeline.evidence import Evidence, EvidenceBook
from audit_pipeline.models.maps.table import Maps
from audit_pipeline.models.maps.table import load as load_maps
from audit_pipeline.report.levels import worst_first
from audit_pipeline.verdict_types import Finding, Verdict, from_dict

MOST_FINDINGS = 100
"""Columns that the page shows one by one; the files have all of them."""

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError)
"""What reading a file raises that is none of this version; Arrow's errors are among these."""


@dataclass(frozen=True)
class Fold:
    """One fold of a split: its name, records, and subjects (None: the file has no subjects)."""

    name: str
    records: int
    subjects: int | None


@dataclass(frozen=True)
class Splits:
    """The summary of ``splits.parquet``; ``facts`` is what was stored with it (objective, lower bound, deviations)."""

    folds: tuple[Fold, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class AuditFolder:
    """What an audit left behind; ``splits`` and ``maps`` are None and ``manifest`` empty where the file is absent.

    ``manifest`` has files and columns, and no recordings.
    """

    verdict: Verdict
    book: EvidenceBook
    splits: Splits | None
    manifest: tuple[Mapping[str, Any], ...]
    maps: Maps | None = None

    @property
    def findings(self) -> list[Finding]:
        """The findings, worst first."""
        return worst_first(self.verdict.findings)

    @property
    def columns(self) -> list[str | None]:
        """The names of the judged columns."""
        return [finding.column for finding in self.verdict.findings]

    @property
    def shown(self) -> list[Finding]:
        """The findings that the page shows in full, worst first; thousands of them would not load."""
        return self.findings[:MOST_FINDINGS]

    @property
    def hidden(self) -> int:
        """How many findings only the files have."""
        return max(0, len(self.verdict.findings) - MOST_FINDINGS)

    @cached_property
    def _by_metric(self) -> dict[tuple[str | None, str], list[Evidence]]:
        found: dict[tuple[str | None, str], list[Evidence]] = {}
        for row in self.book.rows:
            found.setdefault((row.column, row.metric), []).append(row)
        return found

    def rows(self, finding: Finding, metric: str) -> list[Evidence]:
        """Return the evidence of one metric about a finding's column, in the probes' order."""
        return list(self._by_metric.get((finding.column, metric), ()))


def read_folder(folder: Path) -> AuditFolder:
    """Read an output folder.

    Raises
    ------
    DataError : there is no readable ``verdict.json``; everything else may be absent.
    """
    path = folder / "verdict.json"
    try:
        verdict = from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "is no verdict that can be shown", file=path, remedy="give the output folder of an audit, or run it again"
        ) from error
    rows = evidence.read(folder / "evidence.parquet") if (folder / "evidence.parquet").is_file() else []
    return AuditFolder(
        verdict=verdict,
        book=EvidenceBook(rows),
        splits=_read_splits(folder / "splits.parquet"),
        manifest=_read_manifest(folder / "manifest.parquet"),
        maps=_read_maps(folder / "maps.parquet"),
    )


def _read_maps(path: Path) -> Maps | None:
    if not path.is_file():
        return None
    try:
        return load_maps(path)
    except _UNREADABLE:
        return None


def _read_splits(path: Path) -> Splits | None:
    if not path.is_file():
        return None
    from audit_pipeline.parquet import read_table

    table = read_table(path)
    facts = _facts((table.schema.metadata or {}).get(b"audit_pipeline.splits"))
    if "fold" not in table.column_names:
        return Splits(folds=(), facts=facts)
    has_subject = "subject" in table.column_names
    columns = ["fold", "subject"] if has_subject else ["fold"]
    # (column, function) pairs name the aggregates "column_function".
    wanted = [("fold", "count", _count_all())] + ([("subject", "count_distinct")] if has_subject else [])
    grouped = table.select(columns).group_by("fold").aggregate(wanted).sort_by("fold")
    return Splits(
        folds=tuple(
            Fold(name=str(row["fold"]), records=int(row["fold_count"]), subjects=row.get("subject_count_distinct"))
            for row in grouped.to_pylist()
        ),
        facts=facts,
    )


def _count_all() -> Any:
    import pyarrow.compute as pc

    return pc.CountOptions(mode="all")


def _read_manifest(path: Path) -> tuple[Mapping[str, Any], ...]:
    if not path.is_file():
        return ()
    from audit_pipeline.lineage import without_recordings
    from audit_pipeline.parquet import read_table

    table = read_table(path)
    # The page shows no recording by itself, and there may be a hundred thousand.
    return tuple((without_recordings(table) if "entry" in table.column_names else table).to_pylist())


def _facts(stored: bytes | None) -> Mapping[str, Any]:
    try:
        found = json.loads(stored or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
