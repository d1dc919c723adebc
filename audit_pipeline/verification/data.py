"""The data's digests derived again, file by file and column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from audit_pipeline import digests, pipeline
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.lineage import IN_MEMORY
from audit_pipeline.parquet import read_table
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import Store
from audit_pipeline.verification.folder import VERDICT, SignedFolder
from audit_pipeline.verification.remarks import Remarks, short

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """Digests of files, as (name, SHA-256), and of columns, by name with role and SHA-256."""

    files: tuple[tuple[str, str], ...]
    columns: Mapping[str, tuple[str, str | None]]
    rows: int | None = None


def check_manifest(folder: SignedFolder, remarks: Remarks) -> None:
    """Compare ``manifest.parquet`` with the digests in the verdict's lineage."""
    table = folder.table("manifest.parquet")
    if folder.verdict is None or table is None:
        return
    try:
        found = _read(table.to_pylist())
    except (KeyError, TypeError):
        remarks.differs("manifest.parquet", "is no list of files and columns")
        return
    signed = _signed(folder)
    if dict(found.files) != dict(signed.files):
        remarks.differs("manifest.parquet", f"names other files, or other digests, than {VERDICT}")
    for name, told in _columns(signed, found):
        remarks.differs("manifest.parquet", f"column {name}: {told}")


def check_data(folder: SignedFolder, paths: Sequence[str], remarks: Remarks) -> None:
    """Read the data again and compare digests.

    Parameters
    ----------
    paths : files, globs or folders that a person gave; empty: where the audit was made from.

    Raises
    ------
    DataError : a given path does not exist.
    """
    if folder.verdict is None:
        return
    signed = _signed(folder)
    if not signed.columns:
        remarks.note("data", f"{VERDICT} holds no digests of the data")
        return
    in_memory = _places(folder) == [IN_MEMORY]
    found_at = _given(paths, signed, remarks) if paths else _remembered(folder, remarks)
    if not found_at:
        return
    try:
        spec = AuditSpec.model_validate({**folder.group("spec"), "data": tuple(found_at)})
    except ValidationError:
        remarks.note("data", f"could not be read, since {VERDICT} holds no spec that this version understands")
        return
    try:
        found = _derive(spec)
    except AuditError as error:
        _compare_files(signed, _digests_of(spec), remarks)
        remarks.differs("data", f"can no longer be audited: {error.message}")
        return
    if not in_memory:
        _compare_files(signed, found.files, remarks)
    different = list(_columns(signed, found))
    remarks.count("column", len(signed.columns))
    same_files = Counter(sha for _, sha in found.files) == Counter(sha for _, sha in signed.files)
    for name, told in different:
        hint = f"; the files are the same, so it is {VERDICT} or the reading code that changed" if same_files else ""
        remarks.differs(f"column {name}", told + hint)
    if not different and not same_files and not in_memory:
        remarks.note("columns", "hold what was signed, in another file or another order of files")


def _derive(spec: AuditSpec) -> Manifest:
    """Run the first stage on the data: its manifest is what an audit of today would sign."""
    stage = pipeline.graph(spec)[0]
    with TemporaryDirectory() as place:
        record = pipeline.execute(stage, spec, Store(Path(place)), {})
        return _read(read_table(record.folder / "manifest.parquet").to_pylist())


def _read(entries: Sequence[Entry]) -> Manifest:
    files = tuple((entry["name"], entry["sha256"]) for entry in entries if entry["entry"] == "file")
    columns = {entry["name"]: (entry["role"], entry["sha256"]) for entry in entries if entry["entry"] == "column"}
    rows = [entry["rows"] for entry in entries if entry["entry"] == "column"]
    return Manifest(files, columns, rows[0] if rows else None)


def _signed(folder: SignedFolder) -> Manifest:
    columns = {
        str(name): (str(entry.get("role")), entry.get("sha256"))
        for name, entry in folder.group("columns").items()
        if isinstance(entry, Mapping)
    }
    files = tuple((str(name), str(sha)) for name, sha in folder.group("files").items())
    table = folder.table("manifest.parquet")
    if table is None:
        return Manifest(files, columns)
    try:
        listed = _read(table.to_pylist())
    except (KeyError, TypeError):
        return Manifest(files, columns)
    # Two files of one name, from two folders, are one entry in the lineage and two in the manifest.
    return Manifest(listed.files if dict(listed.files) == dict(files) else files, columns, listed.rows)


def _columns(signed: Manifest, found: Manifest) -> list[tuple[str, str]]:
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


def _compare_files(signed: Manifest, found: Sequence[tuple[str, str]], remarks: Remarks) -> None:
    remarks.count("data file", len(signed.files))
    missing = Counter(signed.files) - Counter(found)
    extra = Counter(found) - Counter(signed.files)
    wanted = dict(missing.keys())
    by_content = {sha: name for name, sha in missing}
    for name, sha in extra:
        if sha in by_content:
            remarks.note(f"file {name}", f"is signed under the name {by_content[sha]}; its content is the same")
            missing.pop((by_content[sha], sha), None)
        elif name in wanted:
            remarks.differs(f"file {name}", f"content differs: SHA-256 {short(sha)}, signed {short(wanted[name])}")
            missing.pop((name, wanted[name]), None)
        else:
            remarks.differs(f"file {name}", "is not among the signed files")
    for name, _ in missing:
        remarks.differs(f"file {name}", "is signed, but not among the data")


def _digests_of(spec: AuditSpec) -> list[tuple[str, str]]:
    return [(path.name, digests.of_file(path)) for path in map(Path, spec.data_paths) if path.is_file()]


def _given(paths: Sequence[str], signed: Manifest, remarks: Remarks) -> list[str]:
    found: list[str] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = [path / name for name in dict(signed.files) if (path / name).is_file()]
            if not inside:
                names = ", ".join(list(dict(signed.files))[:5])
                raise DataError(
                    f"holds none of the signed files ({names})", file=path, remedy="name the data file itself"
                )
            found += map(str, inside)
        elif "://" in given or path.exists() or any(sign in given for sign in "*?["):
            found.append(given)
        else:
            raise DataError("there is no such file", file=path, remedy="check the path after --data")
    return found


def _places(folder: SignedFolder) -> list[str]:
    places = folder.group("run").get("data")
    return [str(place) for place in places] if isinstance(places, list) else []


def _remembered(folder: SignedFolder, remarks: Remarks) -> list[str]:
    """Return the places that the verdict remembers, seen from the output folder, if all of them are still there."""
    places = _places(folder)
    hint = "give them with --data"
    if places == [IN_MEMORY]:
        remarks.note("data", "were a table in memory, which is gone; their digests were not derived again")
        return []
    if not places:
        remarks.note("data", f"{VERDICT} does not say where they lay; {hint}")
        return []
    found = []
    for place in places:
        if "://" in place:
            remarks.note("data", f"lie at {place}; nothing is fetched unasked: {hint}")
            return []
        # An absolute place stays as it is when it is appended to a folder.
        path = folder.path.absolute() / place
        if not any(sign in place for sign in "*?[") and not path.exists():
            remarks.note("data", f"not found at {place}, seen from the folder of the audit; {hint}")
            return []
        found.append(str(path))
    return found
