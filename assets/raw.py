"""Assets that write the data of built-in cases, so that their audits have something to read."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from audit_pipeline import digests
from audit_pipeline.demo import get_case

DATA = Path(__file__).resolve().parent.parent / "audits" / "data"
"""Below the folder that git ignores. The ``data:`` of each ``defs.yaml`` points here."""


def raw_asset(name: str) -> dg.AssetsDefinition:
    """Return the asset ``audit/<name>/raw``, in the group of its audit.

    Its data version covers every file: that of a table is its digest, that of recordings a digest of all digests by name.
    """
    case = get_case(name)
    path = DATA / case.name / case.data_name

    @dg.asset(
        key=["audit", case.name, "raw"],
        group_name=case.name,
        kinds={"python", "csv"},
        description=f"{case.story} Written anew, the same bytes every time.",
        code_version=digests.of_code()[:12],
    )
    def raw() -> dg.MaterializeResult:  # type: ignore[type-arg]
        case.write_data(path)
        files = case.files(path)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(_version(path.parent, files)),
            metadata={
                "data": dg.MetadataValue.path(str(path)),
                "files": len(files),
                "expected_verdict": case.expected,
                "expected_reasons": dict(case.reasons),
            },
        )

    return raw


def _version(home: Path, files: Sequence[Path]) -> str:
    """Return the digest of one file, or of the names and digests of several."""
    if len(files) == 1:
        return digests.of_file(files[0])
    return digests.of_value({path.relative_to(home).as_posix(): digests.of_file(path) for path in files})
