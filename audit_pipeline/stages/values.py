"""Stage ``values``: records in, the matrix that a model sees out: of a table its columns, of recordings their embedding."""

from __future__ import annotations

from typing import Any

from audit_pipeline.dataset.records import load_info
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.recordings.matrices import read_look
from audit_pipeline.recordings.names import ENCODER, FULL
from audit_pipeline.views.matrix import View, save
from audit_pipeline.views.recordings.registry import recording_view
from audit_pipeline.views.values import values_view


def run(context: StageContext) -> dict[str, Any]:
    """Write ``view.parquet``."""
    folder = context.inputs["dataset"]
    medium = context.spec.medium
    if medium is not None:
        if context.spec.encoder is not None:
            matrix = read_look(folder / f"look_{ENCODER}.parquet")
            names = tuple(f"{context.spec.encoder} {column + 1}" for column in range(matrix.shape[1]))
            save(context.out, View(ENCODER, matrix, names))
            return {"features": len(names), "columns": len(names)}
        full = recording_view(medium, FULL)
        save(context.out, View(FULL, read_look(folder / f"look_{FULL}.parquet"), full.columns))
        return {"features": len(full.columns), "columns": len(full.columns)}
    info = load_info(folder)["features"]
    table = read_table(folder / "records.parquet", [f"f{position}" for position in range(len(info))])
    view = values_view([table.column(position).to_numpy() for position in range(len(info))], info)
    save(context.out, view)
    return {"features": len(info), "columns": len(view.columns)}
