"""An output folder as it lies there, whatever was done to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_pipeline import digests
from audit_pipeline.errors import DataError
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.verdict_types import Verdict, from_dict
from audit_pipeline.verification.remarks import Remarks, short

if TYPE_CHECKING:
    import pyarrow as pa

VERDICT, STATEMENT = "verdict.json", "verdict.intoto.json"


@dataclass(frozen=True)
class SignedFolder:
    """What could be read of an output folder.

    Parameters
    ----------
    signed : SHA-256 by file name as the in-toto statement has them; empty when there is no readable statement.
    statement : the statement itself, or None.
    verdict : the stored verdict with its lineage, or None when ``verdict.json`` cannot be read as one.
    """

    path: Path
    signed: Mapping[str, str]
    statement: Mapping[str, Any] | None
    verdict: Verdict | None
    changed: frozenset[str] = field(default_factory=frozenset)

    @property
    def lineage(self) -> Mapping[str, Any]:
        """The verdict's lineage; empty when there is none."""
        return self.verdict.lineage if self.verdict is not None else {}

    def table(self, name: str) -> pa.Table | None:
        """Return one of the tables, or None when it is missing or no Parquet file; the digests have told that already."""
        from audit_pipeline.parquet import read_table

        try:
            return read_table(self.path / name)
        except Exception:  # a damaged file raises whatever its bytes suggest
            return None

    def group(self, *keys: str) -> Mapping[str, Any]:
        """Return a mapping of the lineage; empty when it is absent or no mapping."""
        found: Any = self.lineage
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}


def open_folder(path: Path, remarks: Remarks) -> SignedFolder:
    """Read verdict and statement, and compare every file's digest with the signed one.

    Raises
    ------
    DataError : there is no such folder, or neither a verdict nor a statement in it.
    """
    if path.name in OUTPUT_FILES and path.is_file():
        path = path.parent
    if not path.is_dir():
        raise DataError("there is no such folder", file=path, remedy=f"give the output folder of an audit{_near(path)}")
    stored, statement = _read_json(path / VERDICT), _read_json(path / STATEMENT)
    if stored is None and statement is None:
        raise DataError(
            f"holds neither {VERDICT} nor {STATEMENT} that can be read, so there is nothing to verify against",
            file=path,
            remedy=f"give the output folder of an audit{_near(path)}",
        )
    verdict = _verdict(stored)
    folder = SignedFolder(path=path, signed=_subjects(statement), statement=statement, verdict=verdict)
    if statement is None:
        why = "cannot be read" if (path / STATEMENT).exists() else "is missing"
        remarks.differs(STATEMENT, f"{why}; the digests in {VERDICT} are used instead")
    if verdict is None:
        why = "is missing" if not (path / VERDICT).exists() else "is no verdict that can be read"
        remarks.differs(VERDICT, f"{why}; nothing can be said about findings, data and code")
    changed = frozenset(_compare_files(folder, remarks))
    return SignedFolder(path=path, signed=folder.signed, statement=statement, verdict=verdict, changed=changed)


def _compare_files(folder: SignedFolder, remarks: Remarks) -> list[str]:
    """Compare the files with the statement, and the statement with the digests in the verdict's lineage."""
    inside = {name: str(sha) for name, sha in folder.group("outputs").items()}
    changed = []
    for name in OUTPUT_FILES:
        wanted = folder.signed.get(name) or inside.get(name)
        path = folder.path / name
        if name == STATEMENT:
            continue
        if not path.is_file():
            remarks.differs(name, "is missing")
            changed.append(name)
            continue
        if wanted is None:
            if folder.statement is not None or name != VERDICT:
                remarks.differs(name, "is signed nowhere")
            continue
        remarks.count("file")
        found = digests.of_file(path)
        if found != wanted:
            remarks.differs(name, f"is not the file that was signed: SHA-256 {short(found)}, signed {short(wanted)}")
            changed.append(name)
        other = inside.get(name, wanted)
        if other != wanted:
            remarks.differs(
                name, f"is signed as {short(wanted)} in {STATEMENT}, but as {short(other)} in the lineage of {VERDICT}"
            )
    for name in folder.signed:
        if name not in OUTPUT_FILES:
            remarks.differs(STATEMENT, f"signs {name!r}, which no audit writes")
    for path in sorted(folder.path.iterdir()):
        if path.name not in OUTPUT_FILES:
            remarks.note(path.name, "is no part of the audit and was not looked at")
    return changed


def _read_json(path: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        # Half a character can be spelt in JSON, yet no audit could have written it, and nothing could digest it.
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _verdict(stored: Mapping[str, Any] | None) -> Verdict | None:
    try:
        verdict = None if stored is None else from_dict(stored)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None
    if verdict is None or not isinstance(verdict.lineage, Mapping) or not isinstance(verdict.policy, Mapping):
        return None
    return verdict


def _subjects(statement: Mapping[str, Any] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    subjects = statement.get("subject") if statement else None
    for entry in subjects if isinstance(subjects, list) else []:
        digest = entry.get("digest") if isinstance(entry, dict) else None
        if isinstance(digest, dict) and "sha256" in digest:
            found[str(entry.get("name"))] = str(digest["sha256"])
    return found


def _near(path: Path) -> str:
    """Name audits in the neighbourhood, for a folder that was mistyped or is one too high."""
    for home in (path, path.parent):
        if home.is_dir():
            found = sorted(other.name for other in home.iterdir() if (other / VERDICT).is_file())
            if found:
                return f"; in {home} there {'is' if len(found) == 1 else 'are'} {', '.join(found[:5])}"
    return ""
