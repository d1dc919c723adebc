"""The columns of what a node wrote.

Dagster shows a column schema above all other metadata. That is right for the data, where columns, kinds and roles are the
story. On a verdict or a probe it would push what was found off the screen, so there it stands below, one click away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from audit_pipeline.orchestration.metadata import Metadata
from audit_pipeline.pipeline import Stage
from audit_pipeline.report.text import visible
from audit_pipeline.store import StageRecord

if TYPE_CHECKING:
    import pyarrow as pa

MOST_COLUMNS = 80
"""Columns listed; a matrix of an image may have hundreds, named by position."""

ON_TOP, BELOW = "dagster/column_schema", "columns"

DESCRIBED = {
    "dataset": "The audit's name",
    "probe": "The question that was asked",
    "column": "Metadata column; none for the dataset as a whole",
    "role": "nuisance, covariate or group, as declared",
    "view": "What was looked at: a view of the record and the learner, or a model",
    "level": "Level of the column, pair of labels or cell that the figure is about; none for all",
    "metric": "What was measured; the probe's page says in which unit",
    "estimate": "The figure; none where it has no meaning",
    "ci_low": "Lower end of the 95% interval",
    "ci_high": "Upper end of the 95% interval",
    "p_value": "Of the null hypothesis that the probe's page names",
    "n": "Records that the figure rests on",
    "n_subjects": "Independent units that the figure rests on",
    "detail": "Further facts, as JSON",
    "verdict": "pass, warn, inconclusive or fail",
    "reason": "Which line of the decision table",
    "headline": "What was found, in one sentence",
    "next_step": "What to do",
    "association_v": "Bias-corrected Cramér's V of label and column",
    "metadata_auc": "AUC of the column alone for the label",
    "overlap": "Smallest overlap of two labels over the column's levels; 0: aliased",
    "p_design": "Are label and column independent?",
    "p_sensor": "Do the data show nothing of the column, given the label?",
    "p_adjusted": "The larger of both, adjusted for all columns",
    "separability_auc": "AUC of the column from the data, within label",
    "auc_pooled": "AUC of the model over all records",
    "auc_adjusted": "AUC of the model within levels of the column",
    "inflation": "Pooled minus adjusted AUC",
    "min_detectable_v": "Smallest V that would be noticed with 80% power",
    "n_to_decide": "Records that would decide",
    "row": "Position of the record in the data, from 0",
    "subject": "Number of the subject",
    "fold": "Fold of the record",
    "counterbalanced_test": "Whether the record belongs to a test part in which metadata say nothing of the label",
    "position": "Position of the record in canonical order",
    "model": "Baseline that predicted",
    "label": "The true label",
}


def column_schema(stage: Stage, record: StageRecord) -> Metadata:
    """Return what Dagster shows of the columns of a stage's table; of the dataset those of the data, with kind and role."""
    import pyarrow.parquet as pq

    if "manifest.parquet" in stage.outputs and stage.name == "dataset":
        return _shown(_audited(record), on_top=True)
    # The verdict's own table is one row of bookkeeping; what a person wants to look up are the findings.
    wanted = ("findings.parquet", *(name for name in stage.outputs if name.endswith(".parquet")))
    name = next((name for name in wanted if name in stage.outputs and (record.folder / name).is_file()), None)
    found = stage.judging or "probe" in stage.options
    return _shown(_stored(pq.read_schema(record.folder / name)), on_top=not found) if name else {}


def _shown(columns: list[dg.TableColumn], *, on_top: bool) -> Metadata:
    if not columns:
        return {}
    schema = dg.TableSchema(columns=columns[:MOST_COLUMNS])
    return {ON_TOP: schema} if on_top else {BELOW: dg.MetadataValue.table_schema(schema)}


def _stored(schema: pa.Schema) -> list[dg.TableColumn]:
    return [
        dg.TableColumn(visible(field.name, limit=60), str(field.type), description=DESCRIBED.get(field.name))
        for field in schema
    ]


def _audited(record: StageRecord) -> list[dg.TableColumn]:
    from audit_pipeline.lineage import without_recordings
    from audit_pipeline.parquet import read_table

    if not (record.folder / "manifest.parquet").is_file():
        return []
    rows = without_recordings(read_table(record.folder / "manifest.parquet", ["entry", "name", "role", "kind"]))
    return [
        dg.TableColumn(visible(row["name"], limit=60), str(row["kind"] or "string"), description=str(row["role"] or ""))
        for row in rows.to_pylist()
        if row["entry"] == "column"
    ]
