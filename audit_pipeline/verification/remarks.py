"""What a verification has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JSON_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing that differs, or one that is worth knowing.

    Parameters
    ----------
    what : the file, column, finding, figure or other thing that this is about.
    told : what is the matter with it, in one sentence.
    """

    what: str
    told: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of :func:`~audit_pipeline.verification.verify`.

    Parameters
    ----------
    folder, dataset : what was verified; ``dataset`` is None if not even its name could be read.
    differences : what is not as it was signed, by file, finding, figure, column.
    notes : what could not be checked, and what differs without touching the audit (packages of today, say).
    checked : how many of what were compared, for a person to see that something was.
    """

    folder: Path
    dataset: str | None
    differences: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    checked: Mapping[str, int]

    @property
    def as_signed(self) -> bool:
        """True when nothing differs."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        return {
            "schema_version": JSON_VERSION,
            "folder": str(self.folder),
            "dataset": self.dataset,
            "as_signed": self.as_signed,
            "differences": [{"what": remark.what, "told": remark.told} for remark in self.differences],
            "notes": [{"what": remark.what, "told": remark.told} for remark in self.notes],
            "checked": dict(self.checked),
        }


@dataclass
class Remarks:
    """Collects remarks while the checks go on."""

    differences: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    def differs(self, what: str, told: str) -> None:
        """Add something that is not as it was signed."""
        remark = Remark(what=what, told=told)
        if remark not in self.differences:
            self.differences.append(remark)

    def note(self, what: str, told: str) -> None:
        """Add something that is worth knowing and is no difference."""
        self.notes.append(Remark(what=what, told=told))

    def count(self, what: str, number: int = 1) -> None:
        """Count what was compared."""
        self.checked[what] = self.checked.get(what, 0) + number


def short(sha: object) -> str:
    """Return the first digits of a digest, enough to find it in ``verdict.json``."""
    text = str(sha)
    return f"{text[:12]}…" if len(text) > 12 else text


def value(found: object) -> str:
    """Return a value of a finding or a spec, short enough for a line."""
    if found is None:
        return "none"
    if isinstance(found, float):
        return f"{found:.6g}"
    shown = str(found) if not isinstance(found, str) else repr(found)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
