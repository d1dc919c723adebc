"""The data's digests derived again, file by file and column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from audit_pipeline import digests, pipeline
from audit_pipeline.errors import AuditError, DataError
from audit_pipeline.lineage import IN_MEMORY
from audit_pipeline.parquet import read_table
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.store import Store
from audit_pipeline.verification.folder import VERDICT, SignedFolder
from audit_pipeline.verification.manifest import Manifest, column_differences, read_manifest, signed_manifest
from audit_pipeline.verification.remarks import Remarks, short


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
    signed = signed_manifest(folder)
    if not signed.columns:
        remarks.note("data", f"{VERDICT} holds no digests of the data")
        return
    in_memory = _places(folder) == [IN_MEMORY]
    recordings = any(folder.group("spec").get(key) for key in ("image", "audio"))
    found_at = _given(paths, signed, recordings=recordings) if paths else _remembered(folder, remarks)
    if not found_at:
        return
    try:
        spec = AuditSpec.model_validate({**folder.group("spec"), "data": tuple(found_at)})
    except ValidationError:
        remarks.note("data", f"could not be read, since {VERDICT} holds no spec that this version understands")
        return
    try:
        if spec.medium is None:
            found: Manifest | None = _derive(spec)
        else:
            from audit_pipeline.verification.recordings import check_recordings

            found = check_recordings(folder, spec, fetch=bool(paths), remarks=remarks)
            # Columns of headers follow from the recordings, which were compared themselves.
            signed = _without_headers(signed)
    except AuditError as error:
        _compare_files(signed, _digests_of(spec), remarks)
        remarks.differs("data", f"can no longer be audited: {error.message}")
        return
    if found is None:
        return
    in_memory = in_memory or not found.files  # a folder's content is its recordings
    if not in_memory:
        _compare_files(signed, found.files, remarks)
    different = column_differences(signed, found)
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
        return read_manifest(read_table(record.folder / "manifest.parquet"))


def _without_headers(signed: Manifest) -> Manifest:
    columns = {name: entry for name, entry in signed.columns.items() if not name.startswith(FILE)}
    return replace(signed, columns=columns)


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


def _given(paths: Sequence[str], signed: Manifest, *, recordings: bool) -> list[str]:
    found: list[str] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = [path / name for name in dict(signed.files) if (path / name).is_file()]
            if not inside and recordings:
                inside = [path]  # a folder of recordings is the data itself
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
