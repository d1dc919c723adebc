"""Stage ``views``: records in, the views of the table out that should tell nothing of the label."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import load, load_info
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import StageContext
from audit_pipeline.stages.recording_views import recording_parts
from audit_pipeline.stats.thinning import viewed
from audit_pipeline.views.matrix import save_part
from audit_pipeline.views.table import table_views


def run(context: StageContext) -> dict[str, Any]:
    """Write one file a view, ``<name>.parquet``, all with the same records."""
    folder = context.inputs["dataset"]
    if context.spec.medium is not None:
        return recording_parts(context, context.spec.medium)
    info = load_info(folder)["features"]
    kept = viewed(load(folder).subject, context.spec.seed)
    columns: list[np.ndarray] = []
    for position in range(len(info)):
        # Column by column: a wide table of a million rows is never in memory as a whole.
        table = read_table(folder / "records.parquet", [f"f{position}"])
        columns.append(table.column(0).to_numpy()[kept])
    views = table_views()
    for done, view in enumerate(views):
        context.progress(done, len(views), view.name)
        save_part(context.out / f"{view.name}.parquet", view.function(columns, info), kept)
    return {"views": {view.name: view.doc.splitlines()[0] for view in views}, "records": len(kept)}
