"""Stage ``values``: records in, the matrix that a model of the table sees out."""

from __future__ import annotations

from typing import Any

from audit_pipeline.dataset.records import load_info
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.views.matrix import save
from audit_pipeline.views.values import values_view


def run(context: StageContext) -> dict[str, Any]:
    """Write ``view.parquet``."""
    folder = context.inputs["dataset"]
    info = load_info(folder)["features"]
    table = read_table(folder / "records.parquet", [f"f{position}" for position in range(len(info))])
    view = values_view([table.column(position).to_numpy() for position in range(len(info))], info)
    save(context.out, view)
    return {"features": len(info), "columns": len(view.columns)}
