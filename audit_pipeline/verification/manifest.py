"""The data as they were signed: digests of files, of columns and of recordings, in the manifest and in the verdict's lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit_pipeline import lineage
from audit_pipeline.verification.folder import VERDICT, SignedFolder
from audit_pipeline.verification.remarks import Remarks, short

if TYPE_CHECKING:
    import pyarrow as pa

Entry = Mapping[str, Any]
NAME = "manifest.parquet"


@dataclass(frozen=True)
class Manifest:
    """Digests of files, as (name, SHA-256), and of columns, by name with role and SHA-256."""

    files: tuple[tuple[str, str], ...]
    columns: Mapping[str, tuple[str, str | None]]
    rows: int | None = None


def read_manifest(table: pa.Table) -> Manifest:
    """Return the files and columns of a manifest.

    Raises
    ------
    KeyError, TypeError, ValueError : the table is none.
    """
    entries: Sequence[Entry] = lineage.without_recordings(table).to_pylist()
    files = tuple((entry["name"], entry["sha256"]) for entry in entries if entry["entry"] == "file")
    columns = {entry["name"]: (entry["role"], entry["sha256"]) for entry in entries if entry["entry"] == "column"}
    rows = [entry["rows"] for entry in entries if entry["entry"] == "column"]
    return Manifest(files, columns, rows[0] if rows else None)


def signed_manifest(folder: SignedFolder) -> Manifest:
    """Return what the verdict's lineage says of the data; the manifest adds what a mapping by name cannot hold."""
    columns = {
        str(name): (str(entry.get("role")), entry.get("sha256"))
        for name, entry in folder.group("columns").items()
        if isinstance(entry, Mapping)
    }
    files = tuple((str(name), str(sha)) for name, sha in folder.group("files").items())
    table = folder.table(NAME)
    if table is None:
        return Manifest(files, columns)
    try:
        listed = read_manifest(table)
    except (KeyError, TypeError, ValueError):
        return Manifest(files, columns)
    # Two files of one name, from two folders, are one entry in the lineage and two in the manifest.
    return Manifest(listed.files if dict(listed.files) == dict(files) else files, columns, listed.rows)


def check_manifest(folder: SignedFolder, remarks: Remarks) -> None:
    """Compare ``manifest.parquet`` with the digests in the verdict's lineage."""
    table = folder.table(NAME)
    if folder.verdict is None or table is None:
        return
    try:
        found, recordings = read_manifest(table), lineage.of_recordings(table)
    except (KeyError, TypeError, ValueError):
        remarks.differs(NAME, "is no list of files and columns")
        return
    signed = signed_manifest(folder)
    if dict(found.files) != dict(signed.files):
        remarks.differs(NAME, f"names other files, or other digests, than {VERDICT}")
    for name, told in column_differences(signed, found):
        remarks.differs(NAME, f"column {name}: {told}")
    if (recordings or {}) != dict(folder.group("recordings")):
        remarks.differs(NAME, f"names other recordings, or other digests of them, than {VERDICT}")


def column_differences(signed: Manifest, found: Manifest) -> list[tuple[str, str]]:
    """Return the columns that are not as they were signed, each with what is the matter with it."""
    told = []
    for name in dict.fromkeys([*signed.columns, *found.columns]):
        if name not in found.columns:
            told.append((name, "is gone"))
        elif name not in signed.columns:
            told.append((name, "is new"))
        else:
            (role, sha), (role_now, sha_now) = signed.columns[name], found.columns[name]
            if sha != sha_now:
                told.append((name, f"content differs: SHA-256 {short(sha_now)}, signed {short(sha)}"))
            if role != role_now:
                told.append((name, f"has the role {role_now}, signed {role}"))
    if signed.rows is not None and found.rows is not None and signed.rows != found.rows and told:
        # Every column differs then, and for one reason.
        kept = [(name, sentence) for name, sentence in told if not sentence.startswith("content differs")]
        return [("(all)", f"{found.rows:,} records, signed {signed.rows:,}"), *kept]
    return told
