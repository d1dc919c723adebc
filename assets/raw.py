"""Assets that write the data of built-in cases, so that their audits have something to read."""

from pathlib import Path

import dagster as dg

from audit_pipeline import digests
from audit_pipeline.demo import get_case

DATA = Path(__file__).resolve().parent.parent / "audits" / "data"
"""Below the folder that git ignores. The ``data:`` of each ``defs.yaml`` points here."""


def raw_asset(name: str) -> dg.AssetsDefinition:
    """Return the asset ``audit/<name>/raw``, in the group of its audit."""
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
        return dg.MaterializeResult(
            data_version=dg.DataVersion(digests.of_file(path)),
            metadata={"data": dg.MetadataValue.path(str(path)), "expected_verdict": case.expected},
        )

    return raw
