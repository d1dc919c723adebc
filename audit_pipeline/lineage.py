"""Where a verdict came from, by value: digests of files and columns, spec, code, packages, seed, run, and outputs.

Nothing here points into a database that may be gone when the verdict is read.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_pipeline import __version__, digests
from audit_pipeline.parquet import read_table
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import StageRecord

if TYPE_CHECKING:
    import pyarrow as pa

PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "torch", "dagster")

IN_MEMORY = "(a table in memory)"
"""Stands for the whereabouts of data that were no file."""

RECORDING = "recording"
"""What ``entry`` of a manifest says of the rows of recordings."""

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"


def provenance(
    spec: AuditSpec, records: Mapping[str, StageRecord], manifest: Path, run_info: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the lineage of a verdict.

    Parameters
    ----------
    records : the upstream stages, whose inputs and outputs are copied by value.
    manifest : ``manifest.parquet`` with the digest of every file and column.
    run_info : who ran this, e.g. a Dagster run's id.
    """
    table = read_table(manifest, ["entry", "name", "role", "sha256"])
    recordings = of_recordings(table)
    entries = without_recordings(table).to_pylist()
    return {
        "spec": spec.content(),
        "spec_sha256": spec.digest(),
        "seed": spec.seed,
        "files": {entry["name"]: entry["sha256"] for entry in entries if entry["entry"] == "file"},
        "columns": {
            entry["name"]: {"role": entry["role"], "sha256": entry["sha256"]}
            for entry in entries
            if entry["entry"] == "column"
        },
        **({"recordings": recordings} if recordings else {}),
        "stages": {
            name: {"key": record.key, "content": record.content, "inputs": dict(record.inputs)}
            for name, record in records.items()
        },
        "code": {"audit_pipeline": __version__, "sha256": digests.of_code()},
        "python": platform.python_version(),
        "packages": installed_packages(),
        "run": {"created": datetime.now(UTC).isoformat(timespec="seconds"), **run_info},
    }


def without_recordings(manifest: pa.Table) -> pa.Table:
    """Return a manifest's rows of files and columns: there may be a hundred thousand recordings, and few of these."""
    import pyarrow.compute as pc

    return manifest.filter(pc.not_equal(manifest.column("entry"), RECORDING))


def of_recordings(manifest: pa.Table) -> dict[str, Any] | None:
    """Return the number of recordings and one digest over all of their names and digests; None where there are none.

    The digest is that of lines ``["name", "SHA-256"]`` as JSON, sorted by name: the order of the records does not matter.
    """
    import pyarrow.compute as pc

    rows = manifest.filter(pc.equal(manifest.column("entry"), RECORDING)).select(["name", "sha256"])
    if not rows.num_rows:
        return None
    rows = rows.sort_by([("name", "ascending"), ("sha256", "ascending")])
    return {"number": rows.num_rows, "sha256": digests.of_rows(rows)}


def whereabouts(spec: AuditSpec, out: Path) -> list[str]:
    """Return where the data lie as seen from the output folder, for ``verify`` to look there first.

    It belongs into ``run_info``: a place says nothing about content, and no digest may hang on it.
    """
    return [path if "://" in path else _relative(path, out) for path in spec.data_paths]


def _relative(path: str, start: Path) -> str:
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # on another drive
        return path


def statement(verdict: str, dataset: str, lineage: Mapping[str, Any], outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return an unsigned in-toto Statement v1 with a test-result predicate; signing it is the user's.

    Parameters
    ----------
    outputs : SHA-256 of every output file by name, the statement's subjects.
    """
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha}} for name, sha in sorted(outputs.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": {"fail": "FAILED", "pass": "PASSED"}.get(verdict, "WARNED"),
            "configuration": [
                {"name": "spec", "digest": {"sha256": lineage["spec_sha256"]}},
                {"name": "audit_pipeline", "digest": {"sha256": lineage["code"]["sha256"]}},
                *({"name": name, "digest": {"sha256": sha}} for name, sha in sorted(lineage["files"].items())),
                *(
                    {"name": "recordings", "digest": {"sha256": found["sha256"]}}
                    for found in [lineage.get("recordings")]
                    if found
                ),
            ],
            "passedTests": [dataset] if verdict == "pass" else [],
            "warnedTests": [dataset] if verdict in {"warn", "inconclusive"} else [],
            "failedTests": [dataset] if verdict == "fail" else [],
        },
    }


def installed_packages() -> dict[str, str]:
    """Return the versions of the packages that a verdict names, of those that are installed."""
    return {name: installed for name in PACKAGES if (installed := _version(name))}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
