"""What a built-in case is: data, a spec, and what an audit has to say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_pipeline.verdict_types import Level, Reason, Verdict


@dataclass(frozen=True, kw_only=True)
class Case:
    """A dataset whose verdict is known beforehand.

    Parameters
    ----------
    name : also the folder, the spec's name and the Dagster group.
    story : one line for a person who chooses among the cases.
    expected : the verdict that an audit with the default policy reaches.
    data_name : file name of the table, as the spec's ``data:`` has it.
    spec : the YAML.
    write_data : writes the table to a path, and recordings to a folder beside it; the same bytes every time.
    reasons : for each column that the case is about, the reason of its finding.
    recordings : name of the folder beside the table; None for a case that is a table alone.
    """

    name: str
    story: str
    expected: Level
    data_name: str
    spec: str
    write_data: Callable[[Path], None]
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    recordings: str | None = None

    def write(self, folder: Path) -> Path:
        """Write data and spec to ``folder/<name>/`` and return the path of the spec, ``folder/<name>/audit.yaml``."""
        path = self.write_spec(folder)
        self.write_data(path.parent / self.data_name)
        return path

    def write_spec(self, folder: Path) -> Path:
        """Write the spec alone, and return its path."""
        path = folder / self.name / "audit.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.spec, encoding="utf-8", newline="\n")
        return path

    def files(self, table: Path) -> list[Path]:
        """Return all files of the data whose table was written to a path: the table, then the recordings by name."""
        beside = sorted((table.parent / self.recordings).iterdir()) if self.recordings else []
        return [table, *beside]

    def surprises(self, verdict: Verdict) -> list[str]:
        """Return in words what of a verdict is not as expected; an empty list where everything is."""
        told = []
        if verdict.verdict != self.expected:
            told.append(f"the verdict is {verdict.verdict}, expected {self.expected}")
        found = {finding.column: finding.reason for finding in verdict.findings}
        told += [
            f"{column} is {found.get(column, 'not judged')}, expected {reason}"
            for column, reason in self.reasons.items()
            if found.get(column) != reason
        ]
        return told
